// Configurations from the wild, and broken ones: read without crash or delay, and mistakes of the
// language found where they are. The files (../shared/corpus) are not part of the tree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include "checkers/config/config.h"
#include "daemon/config/command.h"
#include "daemon/config/expand.h"
#include "daemon/config/global.h"
#include "daemon/config/root.h"
#include "tests/unit/config/support.h"
#include "vrrp/config/config.h"

namespace holdfast::config {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::filesystem::path corpus = HOLDFAST_SHARED "/corpus";

/// Everything that the three processes say of a file, as `line:column severity message` with the
/// lines of the file itself.
std::vector<std::string> findings_of(const std::filesystem::path& file) {
  Expanded expanded = expand(file.string(), {});
  const auto sent = parse_text(serialize(expanded.text));
  EXPECT_TRUE(sent) << file;
  const auto tree = parse_tree(*sent, expanded.diagnostics);
  Reader reader{expanded.diagnostics};
  read_globals(tree, reader);
  read_root(tree, reader);
  vrrp::read_vrrp(tree, reader);
  checkers::read_checkers(tree, reader);
  std::vector<std::string> found;
  for (const Diagnostic& each : expanded.diagnostics.all()) {
    EXPECT_LT(each.place.line, std::max<std::size_t>(sent->lines.size(), 1)) << file;
    EXPECT_FALSE(render(each, *sent).empty());
    if (each.place.line < sent->lines.size())
      found.push_back(fmt::format("{}:{} {} {}", sent->lines[each.place.line].number,
                                  each.place.column, to_string(each.severity), each.message));
  }
  return found;
}

/// The rows of a list, without its heading, by column.
std::vector<std::vector<std::string>> rows_of(const std::filesystem::path& list) {
  std::vector<std::vector<std::string>> rows;
  std::ifstream file{list};
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    auto& fields = rows.emplace_back();
    for (std::size_t begin = 0; begin <= line.size();) {
      const std::size_t end = std::min(line.find('\t', begin), line.size());
      fields.push_back(line.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return rows;
}

class Corpus : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(corpus)) GTEST_SKIP() << "no " << corpus << " here";
  }
};

TEST_F(Corpus, IsReadWithoutACrash) {
  std::size_t files = 0;
  std::size_t clean = 0;
  for (const char* folder : {"conf", "bad"})
    for (const auto& entry : std::filesystem::directory_iterator{corpus / folder}) {
      if (entry.path().extension() != ".conf") continue;
      SCOPED_TRACE(entry.path());
      ++files;
      if (findings_of(entry.path()).empty()) ++clean;
    }
  std::cout << fmt::format("{} files read, {} of them without any finding\n", files, clean);
  EXPECT_GT(files, 100U);
}

/// Files of which keepalived 2.2.7 has nothing to say, and what we say of them; what is only not
/// built yet does not count.
TEST_F(Corpus, AgreesWithKeepalivedAboutFilesThatItTakesInSilence) {
  std::size_t files = 0;
  std::size_t disagreements = 0;
  for (const std::vector<std::string>& fields : rows_of(corpus / "conf" / "index.tsv")) {
    if (fields.size() < 5 || fields[3] != "0" || fields[4] != "0") continue;
    ++files;
    for (const std::string& found : findings_of(corpus / "conf" / fields[0])) {
      const bool counts = found.find(" note ") == std::string::npos &&
                          found.find("not supported yet") == std::string::npos;
      if (!counts) continue;
      ++disagreements;
      std::cout << fmt::format("{}:{}\n", fields[0], found);
      break;
    }
  }
  std::cout << fmt::format("{} files, {} disagreements\n", files, disagreements);
  EXPECT_GT(files, 50U);
  EXPECT_LE(disagreements, 6U);  // may only fall
}

/// The list names the line of each mistake; these few are told elsewhere, on purpose.
TEST_F(Corpus, ReportsEveryMistakeAtItsLine) {
  const std::set<std::string> elsewhere{
      "06-missing-close-brace-eof.conf",  // where the block begins, not at the end of the file
      "20-var-recursion.conf",            // where the definition is used, with the way it takes
      // What a machine does not have is for lint: the same file may be right for another one.
      "29-interface-unknown.conf", "43-vip-dev-unknown.conf", "46-track-interface-unknown.conf",
      // Keywords at the top level are the supervisor's to judge.
      "01-unknown-root-keyword.conf", "11-keyword-outside-block.conf"};
  std::set<std::string> missed;
  for (const std::vector<std::string>& fields : rows_of(corpus / "bad" / "index.tsv")) {
    const std::string line = fields[1].substr(0, fields[1].find(':')) + ":";
    const auto found = findings_of(corpus / "bad" / fields[0]);
    const bool told = std::ranges::any_of(
        found, [&](const std::string& finding) { return finding.starts_with(line); });
    if (!told && !elsewhere.contains(fields[0])) missed.insert(fields[0] + ":" + fields[1]);
  }
  EXPECT_THAT(missed, IsEmpty());
}

TEST_F(Corpus, ReportsMistakesOfTheLanguageWhereTheyAre) {
  const auto bad = [](const char* name) { return findings_of(corpus / "bad" / name); };
  // Where the block begins; the list names the end of the file.
  EXPECT_THAT(bad("06-missing-close-brace-eof.conf"), Contains(StartsWith("5:1 warning")));
  EXPECT_THAT(bad("07-missing-close-brace-nested.conf"),
              Contains(StartsWith("12:1 warning 'vrrp")));
  EXPECT_THAT(bad("08-extra-close-brace.conf"), Contains(StartsWith("15:1 warning '}'")));
  EXPECT_THAT(bad("09-missing-open-brace.conf"), Contains(StartsWith("11:5 warning 'virtual")));
  EXPECT_THAT(bad("14-keyword-equals-value.conf"), Contains(HasSubstr("9:5 warning unknown keyword "
                                                                      "'priority=100' in "
                                                                      "vrrp_instance (did you mean "
                                                                      "'priority 100'?)")));
  EXPECT_THAT(bad("13-two-keywords-one-line.conf"), Contains(StartsWith("6:18 note")));
  EXPECT_THAT(bad("15-semicolon-terminated.conf"), Contains(HasSubstr("remove ';'")));
  EXPECT_THAT(bad("16-slash-comment.conf"), Contains(StartsWith("11:5 warning unknown keyword")));
  EXPECT_THAT(bad("17-unterminated-quote-script.conf"),
              Contains(StartsWith("7:12 warning this quote is never closed")));
  EXPECT_THAT(bad("18-include-missing.conf"),
              Contains(StartsWith("5:9 warning no file matches 'no-such-file.conf'")));
  EXPECT_THAT(bad("19-include-loop.conf"), Contains(StartsWith("5:9 error include loop")));
  EXPECT_THAT(bad("20-var-recursion.conf"), Contains(HasSubstr("leads back to itself: $A -> $")));
  EXPECT_THAT(bad("22-missing-parameter.conf"),
              Contains(StartsWith("9:13 error 'priority' needs")));
}

TEST_F(Corpus, SuggestsTheKeywordThatWasMeant) {
  const auto bad = [](const char* name) { return findings_of(corpus / "bad" / name); };
  EXPECT_THAT(bad("02-unknown-vrrp-keyword.conf"),
              Contains(HasSubstr("8:5 warning unknown keyword 'virtual_routerid' in vrrp_instance "
                                 "(did you mean 'virtual_router_id'?)")));
  EXPECT_THAT(bad("03-unknown-global-keyword.conf"),
              Contains(HasSubstr("did you mean 'router_id'")));
  EXPECT_THAT(bad("04-unknown-vs-keyword.conf"), Contains(HasSubstr("did you mean 'lb_algo'")));
  EXPECT_THAT(bad("05-unknown-rs-keyword.conf"), Contains(HasSubstr("did you mean 'weight'")));
}

TEST_F(Corpus, SaysWhatToDoAboutWhatNoKeywordIsLike) {
  const auto bad = [](const char* name) { return findings_of(corpus / "bad" / name); };
  EXPECT_THAT(bad("12-global-defs-nested.conf"),
              Contains(HasSubstr("'global_defs' stands at top level, not in vrrp_instance")));
  EXPECT_THAT(bad("16-slash-comment.conf"),
              Contains(HasSubstr("a comment begins with '#' or '!'")));
  EXPECT_THAT(bad("21-var-undefined.conf"),
              Contains(HasSubstr("found '$PRIO': it is not defined before this line")));
  EXPECT_THAT(bad("23-vrid-0.conf"),
              Contains(HasSubstr("8:23 error vrrp_instance VI_1 cannot run without a valid")));
  EXPECT_THAT(bad("56-rs-bad-port.conf"),
              Contains(HasSubstr("'real_server' needs a port number 0..65535, found 'http'")));
}

TEST_F(Corpus, HasAFindingForEveryBadFile) {
  // What only the supervisor or the running host can tell, and what keepalived accepts.
  const std::set<std::string> elsewhere{
      "01-unknown-root-keyword.conf", "11-keyword-outside-block.conf", "29-interface-unknown.conf",
      "43-vip-dev-unknown.conf", "46-track-interface-unknown.conf"};
  for (const auto& entry : std::filesystem::directory_iterator{corpus / "bad"}) {
    if (entry.path().extension() != ".conf" || elsewhere.contains(entry.path().filename()))
      continue;
    EXPECT_THAT(findings_of(entry.path()), Not(IsEmpty())) << entry.path();
  }
}

}  // namespace
}  // namespace holdfast::config
