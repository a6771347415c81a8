#include "daemon/report.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace holdfast {
namespace {

using config::Diagnostic;
using config::Severity;

config::Text three_lines() {
  config::Text text;
  text.files = {"a.conf"};
  text.lines = {{"x 1", 0, 4}, {"x 2", 0, 4}, {"  auth_pass secret", 0, 9}};
  return text;
}

TEST(Report, TellsOnceWhatASequenceRepeats) {
  const std::vector<Diagnostic> findings{{Severity::warning, {0, 1}, "unknown"},
                                         {Severity::warning, {1, 1}, "unknown"}};
  EXPECT_EQ(report_of(findings, three_lines(), ReportFormat::text, false),
            "a.conf:4:1: warning: unknown (2 times)\n  x 1\n  ^\n");
}

TEST(Report, AsJsonHasTheSameInFields) {
  const auto report = report_of({{Severity::error, {2, 13}, "too short"}}, three_lines(),
                                ReportFormat::json, false);
  const auto found = boost::json::parse(report).at("findings").at(0);
  EXPECT_EQ(found.at("file").as_string(), "a.conf");
  EXPECT_EQ(found.at("line").to_number<int>(), 9);
  EXPECT_EQ(found.at("column").to_number<int>(), 13);
  EXPECT_EQ(found.at("severity").as_string(), "error");
  EXPECT_EQ(found.at("source").as_string(), "  auth_pass ******");
  EXPECT_EQ(report_of({}, {}, ReportFormat::json, false), "{\"findings\":[]}\n");
}

TEST(Report, AsSarifHasAResultForEachFindingAtItsPlace) {
  config::Text text;
  text.files = {"/etc/a b.conf", "sub.conf"};
  text.vias = {{config::Via::Kind::included, 0, 7, 0, ""}};
  text.lines = {{"  caf\xC3\xA9 x", 1, 3, 1}, {"a", 0, 9}};
  const auto log = boost::json::parse(report_of({{Severity::warning, {0, 9}, "wrong"},
                                                 {Severity::note, {1, 1}, "bites", "some-rule"},
                                                 {Severity::error, {99, 1}, "nowhere"}},
                                                text, ReportFormat::sarif, false));
  EXPECT_EQ(log.at("version").as_string(), "2.1.0");
  const auto& run = log.at("runs").at(0);
  const auto& driver = run.at("tool").at("driver");
  EXPECT_EQ(driver.at("name").as_string(), "holdfast");
  EXPECT_EQ(driver.at("rules").at(0).at("id").as_string(), "configuration");
  EXPECT_EQ(driver.at("rules").at(1).at("id").as_string(), "some-rule");
  const auto& first = run.at("results").at(0);
  EXPECT_EQ(first.at("level").as_string(), "warning");
  EXPECT_EQ(first.at("message").at("text").as_string(), "wrong");
  const auto& place = first.at("locations").at(0).at("physicalLocation");
  EXPECT_EQ(place.at("artifactLocation").at("uri").as_string(), "sub.conf");
  EXPECT_EQ(place.at("region").at("startLine").to_number<int>(), 3);
  EXPECT_EQ(place.at("region").at("startColumn").to_number<int>(), 8);  // in characters
  const auto& from = first.at("relatedLocations").at(0);
  EXPECT_EQ(from.at("message").at("text").as_string(), "included from /etc/a b.conf:7");
  EXPECT_EQ(from.at("physicalLocation").at("artifactLocation").at("uri").as_string(),
            "file:///etc/a%20b.conf");
  const auto& second = run.at("results").at(1);
  EXPECT_EQ(second.at("ruleId").as_string(), "some-rule");
  EXPECT_EQ(second.at("ruleIndex").to_number<int>(), 1);
  EXPECT_FALSE(run.at("results").at(2).as_object().contains("locations"));
}

TEST(Report, AsSarifWithoutFindingsIsARunWithoutResults) {
  const auto log = boost::json::parse(report_of({}, {}, ReportFormat::sarif, false));
  EXPECT_TRUE(log.at("runs").at(0).at("results").as_array().empty());
}

TEST(Report, IsUtf8ForProgramsWhateverTheFileHolds) {
  config::Text text;
  text.files = {"a\xFF.conf"};
  text.lines = {{"x \xFF\xC3\xA9", 0, 1}};
  const auto report = report_of({{Severity::note, {0, 1}, "m"}}, text, ReportFormat::json, false);
  EXPECT_EQ(boost::json::parse(report).at("findings").at(0).at("source").as_string(),
            "x ?\xC3\xA9");
}

TEST(Report, HidesAKeyBehindAMistypedKeywordInEveryFormat) {
  config::Text text;
  text.files = {"a.conf"};
  text.lines = {{"auth_hmac", 0, 1}, {"{", 0, 2}, {"  kye 2 hex:5ec4e7", 0, 3}, {"}", 0, 4}};
  for (const auto format : {ReportFormat::text, ReportFormat::json, ReportFormat::sarif}) {
    const auto report =
        report_of({{Severity::warning, {2, 3}, "unknown keyword 'kye' and 'hex:5ec...'"}}, text,
                  format, false);
    EXPECT_EQ(report.find("5ec"), std::string::npos) << report;
    EXPECT_NE(report.find("'kye'"), std::string::npos);
  }
}

TEST(Report, HidesPasswordsAndColoursOnlyWhereAsked) {
  const std::vector<Diagnostic> findings{{Severity::error, {2, 13}, "too short"}};
  const auto plain = report_of(findings, three_lines(), ReportFormat::text, false);
  EXPECT_EQ(plain.find("secret"), std::string::npos);
  EXPECT_EQ(plain.find('\x1b'), std::string::npos);
  EXPECT_NE(report_of(findings, three_lines(), ReportFormat::text, true).find("\x1b[1;31m"),
            std::string::npos);
}

}  // namespace
}  // namespace holdfast
