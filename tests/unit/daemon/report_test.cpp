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
