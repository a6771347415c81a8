// grammar.md sections 2, 3, 8 to 11, on files in a directory of its own.
#include "daemon/config/expand.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/config/support.h"

namespace holdfast::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Expand : public testing::Test {
 protected:
  Expand() {
    std::string pattern = testing::TempDir() + "holdfast-expand-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~Expand() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, std::string_view content) {
    const std::filesystem::path path = directory_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream{path, std::ios::binary} << content;
    return path.string();
  }
  /// The expansion of `content` as main.conf.
  Expanded run(std::string_view content, ExpandOptions options = {}) {
    return expand(write("main.conf", content), options);
  }
  /// `file:line text` of every line that is not empty.
  std::vector<std::string> lines(const Expanded& expanded) {
    std::vector<std::string> out;
    for (const Line& line : expanded.text.lines)
      if (!line.text.empty())
        out.push_back(fmt::format("{}:{} {}", name(expanded.text.files.at(line.file)), line.number,
                                  line.text));
    return out;
  }
  /// Findings with the places of the files, and without the name of the directory.
  std::vector<std::string> found(const Expanded& expanded) {
    std::vector<std::string> out;
    for (const Diagnostic& each : expanded.diagnostics.all()) {
      const Line& line = expanded.text.lines.at(each.place.line);
      out.push_back(
          name(fmt::format("{}:{}:{} {} {}", name(expanded.text.files.at(line.file)), line.number,
                           each.place.column, to_string(each.severity), each.message)));
    }
    return out;
  }
  std::string name(std::string text) const {
    const std::string prefix = directory_.string() + "/";
    for (std::size_t at; (at = text.find(prefix)) != std::string::npos;)
      text.erase(at, prefix.size());
    return text;
  }

  std::filesystem::path directory_;
};

TEST_F(Expand, KeepsEveryLineWithItsOrigin) {
  const auto expanded = run("a # comment\n\n  b\n");
  EXPECT_TRUE(expanded.readable);
  EXPECT_EQ(expanded.text.lines.size(), 3U);
  EXPECT_THAT(lines(expanded), ElementsAre("main.conf:1 a", "main.conf:3   b"));
}

TEST_F(Expand, ReadsALastLineWithoutNewline) {
  EXPECT_THAT(lines(run("a\nb")), ElementsAre("main.conf:1 a", "main.conf:2 b"));
}

TEST_F(Expand, ReadsLineEndsOfDosAndAByteOrderMark) {
  EXPECT_THAT(lines(run("\xEF\xBB\xBF"
                        "a\r\nb\r\n")),
              ElementsAre("main.conf:1 a", "main.conf:2 b"));
}

TEST_F(Expand, ReadsAnEmptyFile) {
  const auto expanded = run("");
  EXPECT_TRUE(expanded.readable);
  EXPECT_THAT(expanded.text.lines, IsEmpty());
}

TEST_F(Expand, SaysThatTheTopLevelFileIsMissing) {
  const auto expanded = expand((directory_ / "none.conf").string(), {});
  EXPECT_FALSE(expanded.readable);
  EXPECT_THAT(expanded.diagnostics.all().at(0).message, HasSubstr("none.conf"));
  EXPECT_THAT(expanded.diagnostics.all().at(0).message, HasSubstr("No such file"));
}

TEST_F(Expand, DoesNotReadADirectoryAnExecutableOrAPipe) {
  EXPECT_FALSE(expand(directory_.string(), {}).readable);
  const std::string script = write("script.conf", "a\n");
  ::chmod(script.c_str(), 0755);
  EXPECT_FALSE(expand(script, {}).readable);
  const std::string pipe = (directory_ / "pipe").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_FALSE(expand(pipe, {}).readable);
}

TEST_F(Expand, IgnoresALineWithANulByte) {
  const auto expanded = run(std::string_view{"a\nb\0c\nd\n", 8});
  EXPECT_THAT(lines(expanded), ElementsAre("main.conf:1 a", "main.conf:3 d"));
  EXPECT_THAT(found(expanded),
              ElementsAre("main.conf:2:1 warning this line holds a NUL byte and is ignored"));
}

TEST_F(Expand, RefusesALineBeyondItsLimit) {
  const auto expanded =
      run(std::string(max_line_length + 1, 'a') + "\n" + std::string(max_line_length, 'b') + "\n");
  EXPECT_EQ(lines(expanded).size(), 1U);
  EXPECT_THAT(found(expanded),
              ElementsAre("main.conf:1:1 error this line has 65537 bytes, more than 65536"));
}

TEST_F(Expand, PutsAnIncludedFileInItsPlace) {
  write("b.conf", "b1\nb2\n");
  const auto expanded = run("a\ninclude b.conf\nc\n");
  EXPECT_THAT(lines(expanded),
              ElementsAre("main.conf:1 a", "b.conf:1 b1", "b.conf:2 b2", "main.conf:3 c"));
  EXPECT_THAT(found(expanded), IsEmpty());
}

TEST_F(Expand, FindsAnIncludedFileFromTheDirectoryOfTheIncludingOne) {
  write("sub/b.conf", "include c.conf\ninclude \"../d e.conf\"\n");
  write("sub/c.conf", "c\n");
  write("d e.conf", "d\n");
  EXPECT_THAT(lines(run("include sub/b.conf\n")),
              ElementsAre("sub/c.conf:1 c", "sub/../d e.conf:1 d"));
}

TEST_F(Expand, TakesADirectoryWithWildcardCharactersLiterally) {
  write("[x]/b.conf", "include c.conf\n");
  write("[x]/c.conf", "c\n");
  EXPECT_THAT(lines(run("include \\[x\\]/b.conf\n")), ElementsAre("[x]/c.conf:1 c"));
}

TEST_F(Expand, IncludesWhatAPatternMatchesInOrder) {
  write("d/2.conf", "two\n");
  write("d/1.conf", "one\n");
  write("d/x.txt", "no\n");
  EXPECT_THAT(lines(run("include d/{2,*}.conf\n")),
              ElementsAre("d/2.conf:1 two", "d/1.conf:1 one", "d/2.conf:1 two"));
}

TEST_F(Expand, ReadsAnIncludeInsideABlockAndBehindABrace) {
  write("b.conf", "b\n");
  EXPECT_THAT(lines(run("a {\n include b.conf\n}\n")),
              ElementsAre("main.conf:1 a {", "b.conf:1 b", "main.conf:3 }"));
  EXPECT_THAT(lines(run("a { include b.conf\n}\n")),
              ElementsAre("main.conf:1 a {", "b.conf:1 b", "main.conf:2 }"));
}

TEST_F(Expand, OnlyNotesAnEmptyDirectoryOfSnippetsAndWarnsOfAMissingFile) {
  EXPECT_THAT(found(run("include d/*.conf\n include x.conf\n")),
              ElementsAre("main.conf:1:9 note no file matches 'd/*.conf'",
                          "main.conf:2:10 warning no file matches 'x.conf'"));
}

TEST_F(Expand, MakesAFailureAnErrorWhereTheKeywordChecksIt) {
  EXPECT_THAT(found(run("includem x.conf\n")),
              ElementsAre("main.conf:1:10 error no file matches 'x.conf'"));
  EXPECT_THAT(found(run("includem *.none\n")),
              ElementsAre("main.conf:1:10 note no file matches '*.none'"));
  EXPECT_THAT(found(run("includew *.none\n")),
              ElementsAre("main.conf:1:10 error no file matches '*.none'"));
  EXPECT_THAT(found(run("include *.none\n", {.config_id = "", .all_include_checks = true})),
              ElementsAre("main.conf:1:9 error no file matches '*.none'"));
}

TEST_F(Expand, ChecksEveryBraceAlternativeWhereAsked) {
  write("a.conf", "a\n");
  EXPECT_THAT(found(run("include {a,b}.conf\n")), IsEmpty());
  EXPECT_THAT(found(run("includeb {a,b}.conf\n")),
              ElementsAre("main.conf:1:10 error no file matches 'b.conf'"));
}

TEST_F(Expand, SkipsAnExecutableFileWithAMessage) {
  ::chmod(write("b.conf", "b\n").c_str(), 0755);
  const std::string message =
      "'b.conf' is executable, so it is not read as configuration (chmod -x it); it is skipped";
  EXPECT_THAT(found(run("include b.conf\n")), ElementsAre("main.conf:1:9 warning " + message));
  EXPECT_THAT(found(run("include b*.conf\n")), ElementsAre("main.conf:1:9 note " + message));
  EXPECT_THAT(found(run("includer b.conf\n")), ElementsAre("main.conf:1:10 error " + message));
}

TEST_F(Expand, NeedsSomethingToInclude) {
  EXPECT_THAT(found(run("include\n")),
              ElementsAre("main.conf:1:1 error 'include' needs a file name or pattern"));
}

TEST_F(Expand, ReportsAnIncludeLoopWithTheWayThere) {
  write("b.conf", "b\ninclude c.conf\n");
  write("c.conf", "include ../" + directory_.filename().string() + "/main.conf\nc\n");
  const auto expanded = run("include b.conf\na\n");
  EXPECT_THAT(lines(expanded), ElementsAre("b.conf:1 b", "c.conf:2 c", "main.conf:2 a"));
  ASSERT_EQ(found(expanded).size(), 1U);
  EXPECT_THAT(found(expanded).at(0), HasSubstr("c.conf:1:9 error include loop: main.conf:1 -> "
                                               "b.conf:2 -> c.conf:1 -> "));
}

TEST_F(Expand, ReadsAFileTwiceThatIsNotALoop) {
  write("b.conf", "b\n");
  EXPECT_THAT(lines(run("include b.conf\ninclude b.conf\n")),
              ElementsAre("b.conf:1 b", "b.conf:1 b"));
}

TEST_F(Expand, BoundsTheDepthOfIncludes) {
  for (int i = 0; i < 10; ++i)
    write(fmt::format("{}.conf", i), fmt::format("l{}\ninclude {}.conf\n", i, i + 1));
  write("10.conf", "end\n");
  ExpandOptions options;
  options.max_include_depth = 3;
  const auto expanded = run("include 0.conf\n", options);
  EXPECT_EQ(lines(expanded).size(), 3U);
  ASSERT_EQ(found(expanded).size(), 1U);
  EXPECT_THAT(found(expanded).at(0),
              HasSubstr("2.conf:2:9 error includes are nested more than 3 deep: main.conf:1 -> "
                        "0.conf:2 -> 1.conf:2 -> 2.conf:2 -> 3.conf"));
}

TEST_F(Expand, EndsWhenEveryFileIncludesAllOthers) {
  for (int i = 0; i < 7; ++i) write(fmt::format("{}.inc", i), "x\ninclude *.inc\n");
  const auto expanded = run("include *.inc\n");
  EXPECT_GE(expanded.text.lines.size(), 1000U);
  EXPECT_LE(expanded.text.files.size(), 10'001U);
  EXPECT_TRUE(expanded.diagnostics.has(Severity::error));
}

TEST_F(Expand, AnswersConditionsBeforeIncludes) {
  write("b.conf", "b\n");
  const std::string_view content = "@one include b.conf\n@^one c\n";
  EXPECT_THAT(lines(run(content, {.config_id = "one"})), ElementsAre("b.conf:1 b"));
  EXPECT_THAT(lines(run(content, {.config_id = "two"})), ElementsAre("main.conf:2       c"));
}

TEST_F(Expand, ReplacesReferences) {
  EXPECT_THAT(
      lines(run("$A=10.0.0\n$P = no definition\n$B=  x y \na ${A}.1 $B, ($A) $A\n")),
      ElementsAre("main.conf:2 $P = no definition", "main.conf:4 a 10.0.0.1 x y, (10.0.0) 10.0.0"));
}

TEST_F(Expand, LeavesAReferenceThatIsGluedToSomethingAsItStands) {
  EXPECT_THAT(lines(run("$i=7\na 10.0.0.$i/24 10.0.0.${i}/24\n")),
              ElementsAre("main.conf:2 a 10.0.0.$i/24 10.0.0.7/24"));
}

TEST_F(Expand, ExpandsWhenTheLineIsUsed) {
  EXPECT_THAT(lines(run("$A=${B}1\n$B=x\na $A\n$B=y\na $A\n$EMPTY=\nb${EMPTY}c\n")),
              ElementsAre("main.conf:3 a x1", "main.conf:5 a y1", "main.conf:7 bc"));
}

TEST_F(Expand, TakesDefinitionsOfSeveralLinesAtTheEndOfALine) {
  const auto expanded =
      run("$VS=virtual_server 10.0.0.${i} 80 { \\\n  protocol TCP\\\n\\\n}\n$i=3\nx $VS\n");
  EXPECT_THAT(lines(expanded), ElementsAre("main.conf:1 x virtual_server 10.0.0.3 80 {",
                                           "main.conf:2   protocol TCP", "main.conf:4 }"));
  EXPECT_THAT(lines(run("$A=b\\\n # c \\\nd\ne\n$A\n")),
              ElementsAre("main.conf:4 e", "main.conf:1 b", "main.conf:3 d"))
      << "a comment is no part of it";
  EXPECT_THAT(found(run("$A=b\\\nc\nx $A d\n")),
              ElementsAre("main.conf:3:1 error '$A' has several lines, so it must end the line"));
  EXPECT_THAT(lines(run("$A=\\\none\\\n\nx $A d\n")), ElementsAre("main.conf:4 x one d"))
      << "one line is one line";
}

TEST_F(Expand, RefusesDefinitionsThatLeadBackToThemselves) {
  EXPECT_THAT(found(run("$A=$A\nx $A\n")),
              ElementsAre("main.conf:2:1 error '$A' leads back to itself: $A -> $A"));
  EXPECT_THAT(found(run("$A=1 ${B} 2\n$B=3 $C\n$C=a ${A}\nx $A\n")),
              ElementsAre("main.conf:4:1 error '$A' leads back to itself: $A -> $B -> $C -> $A"));
  EXPECT_THAT(found(run("$A=b\\\nc $A\nx $A\n")),
              ElementsAre("main.conf:2:1 error '$A' leads back to itself: $A -> $A"));
  EXPECT_THAT(found(run("$A=1\nx $A $A ${A}\n")), IsEmpty()) << "side by side is no loop";
}

TEST_F(Expand, BoundsWhatReferencesLeadTo) {
  std::string doubling = "$A0=x\n$E0=\n";
  for (int i = 1; i <= 40; ++i) {
    doubling += fmt::format("$A{0}=${{A{1}}}${{A{1}}}\n$E{0}=${{E{1}}}${{E{1}}}\n", i, i - 1);
  }
  const auto expanded = run(doubling + "a $A40\nb $E40\n");
  EXPECT_THAT(lines(expanded), IsEmpty());
  EXPECT_EQ(expanded.diagnostics.all().size(), 2U);
}

TEST_F(Expand, KnowsTheBuiltInNames) {
  ::setenv("HOLDFAST_TEST", "of $HOME", 1);
  const auto expanded =
      run("a ${_INSTANCE} ${_PWD}\nb ${_ENV HOLDFAST_TEST} ${_ENV HOLDFAST_NONE}c\n"
          "d${_HASH}e ${_BANG}\n$_INSTANCE=own\nf ${_INSTANCE}\n",
          {.config_id = "lb1"});
  EXPECT_THAT(lines(expanded),
              ElementsAre("main.conf:1 a lb1 " + directory_.string(), "main.conf:2 b of $HOME c",
                          "main.conf:3 d#e !", "main.conf:5 f own"));
}

TEST_F(Expand, DrawsRandomNumbersWithinTheirBounds) {
  for (const std::string& line : lines(run("~SEQ(i, 1, 200) ${_RANDOM 5 7}\n")))
    EXPECT_THAT(line, testing::MatchesRegex("main.conf:1 +[567]"));
  const std::string seeded = "random_seed 7\na ${_RANDOM}\n";
  EXPECT_EQ(lines(run(seeded)), lines(run(seeded)));
  const std::string in_block = "global_defs { random_seed 7 }\na ${_RANDOM}\n";
  EXPECT_EQ(lines(run(in_block)).back(), lines(run(seeded)).back());
  EXPECT_THAT(
      found(run("a ${_RANDOM 9 3}\n")),
      ElementsAre(
          "main.conf:1:1 error '${_RANDOM 9 3}': the smallest number is above the largest"));
}

TEST_F(Expand, AReferenceMaySwitchALineOffOrMakeItConditional) {
  EXPECT_THAT(lines(run("$OFF=${_HASH}\n$ON=\n$OFF a\n$ON b\n")), ElementsAre("main.conf:4  b"));
  const std::string_view content = "$IF_MAIN=@main\n$IF_MAIN priority 240\n@main $P=1\np $P\n";
  EXPECT_THAT(lines(run(content, {.config_id = "main"})),
              ElementsAre("main.conf:2       priority 240", "main.conf:4 p 1"));
  EXPECT_THAT(lines(run(content, {.config_id = "other"})), ElementsAre("main.conf:4 p $P"));
}

TEST_F(Expand, RepeatsSequences) {
  const auto texts = [&](std::string_view content) {
    std::vector<std::string> out;
    for (const Line& line : run(content).text.lines)
      if (!line.text.empty()) out.emplace_back(line.text.substr(line.text.find_first_not_of(' ')));
    return out;
  };
  EXPECT_THAT(texts("~SEQ(i, 3) a${i}\n"), ElementsAre("a1", "a2", "a3"));
  EXPECT_THAT(texts("~SEQ(i, -2) a${i}\n"), ElementsAre("a-1", "a-2"));
  EXPECT_THAT(texts("~SEQ(i, 3, 1) a${i}\n"), ElementsAre("a3", "a2", "a1"));
  EXPECT_THAT(texts("~SEQ(i,0,4,9) a${i}\n"), ElementsAre("a0", "a4", "a8"));
  EXPECT_THAT(texts("~SEQx(i, 0x0e, 16) a${i}\n"), ElementsAre("ae", "af", "a10"));
  EXPECT_THAT(texts("$N=2\n~SEQ(i, 1, $N) ~SEQ(j, 8, 9) ${i}-${j}\n"),
              ElementsAre("1-8", "1-9", "2-8", "2-9"));
  EXPECT_THAT(texts("~LST(x, a, b c, ) [${x}]\n"), ElementsAre("[a]", "[b c]", "[]"));
  EXPECT_THAT(texts("~LST({A, B}, {1, 2}, {3}) ${A}/${B}\n"), ElementsAre("1/2", "3/"));
  EXPECT_THAT(texts("$i=kept\n~SEQ(i, 1, 1) a\nb ${i}\n"), ElementsAre("a", "b kept"));
  EXPECT_THAT(texts("block { ~SEQ(i, 1, 2) v ${i}\n}\n"),
              ElementsAre("block {", "v 1", "v 2", "}"));
  EXPECT_THAT(texts("$S=~SEQ(i, 1, 2) s${i}\n$S\n"), ElementsAre("s1", "s2"));
  EXPECT_THAT(texts("$B=a${i}\\\nb${i}\n~SEQ(i, 1, 2) $B\n"), ElementsAre("a1", "b1", "a2", "b2"));
  EXPECT_THAT(texts("$B=a${i}\\\nb${i}\n$S=~SEQ(i, 1, 2) $B\n$S\n"),
              ElementsAre("a1", "b1", "a2", "b2"));
  EXPECT_THAT(texts("~OTHER a\n"), ElementsAre("~OTHER a"));
}

TEST_F(Expand, SaysWhatIsWrongWithASequence) {
  const auto one = [&](const std::string& content) {
    const auto all = found(run(content));
    return all.empty() ? "" : all.front().substr(all.front().find("error"));
  };
  EXPECT_EQ(one("~SEQ(i, 1, 2, 3, 4) a\n"),
            "error ~SEQ: expected (NAME, [START,] [STEP,] END), found 5 parts");
  EXPECT_EQ(one("~SEQ(i, 1, -1, 5) a\n"), "error ~SEQ: in steps of -1 no number leads from 1 to 5");
  EXPECT_EQ(one("~SEQ(i, 1, x) a\n"), "error ~SEQ: 'x' is not a whole number");
  EXPECT_EQ(one("~SEQ(i, 1, 3 a\n"), "error ~SEQ: ')' is missing");
  EXPECT_EQ(one("~SEQ(1i, 3) a\n"), "error ~SEQ: '1i' is no name: letters, digits and _");
  EXPECT_EQ(one("~SEQ(i, 3)\n"), "error ~SEQ(...) has nothing to repeat behind it");
  EXPECT_EQ(one("~LST({A}, {1, 2}) a\n"), "error ~LST: '{1, 2}' has 2 values for 1 names");
}

TEST_F(Expand, BoundsSequences) {
  const auto expanded = run("~SEQ(a, 1000000000) ~SEQ(b, 1000000000) @no x\n",
                            {.config_id = "yes", .most_lines = 10'000});
  EXPECT_LE(expanded.text.lines.size(), 10'000U);
  EXPECT_TRUE(expanded.diagnostics.has(Severity::error));
}

TEST_F(Expand, AMessageShowsTheWayThatLedToALine) {
  write("inc.conf", "$VS=a {\\\n  b ${i} c\\\n}\n~SEQ(i, 5, 5) $VS\n");
  const auto expanded = run("include inc.conf\n");
  ASSERT_THAT(lines(expanded), testing::Contains("inc.conf:2   b 5 c"));
  std::uint32_t at = 0;
  while (expanded.text.lines[at].text != "  b 5 c") ++at;
  EXPECT_EQ(name(render({Severity::error, {at, 7}, "no"}, expanded.text)),
            "inc.conf:2:10: error: no\n"
            "    b ${i} c\n"
            "           ^\n"
            "  read as: b 5 c\n"
            "  in the definition of $VS, used at inc.conf:4\n"
            "  included from main.conf:1");
}

TEST_F(Expand, LeavesAnUnknownReferenceAsItStands) {
  EXPECT_THAT(lines(run("priority $PRIO\n")), ElementsAre("main.conf:1 priority $PRIO"));
  EXPECT_THAT(found(run("$PRIO=1\npriority ${PRI}\n")),
              ElementsAre("main.conf:2:10 note '${PRI}' is not defined and stays as it stands "
                          "(did you mean '${PRIO}'?)"));
  EXPECT_THAT(found(run("auth_pass ${se}cret\n")), IsEmpty()) << "a password is not shown";
}

TEST_F(Expand, KeepsTheCommentsThatSilenceLint) {
  const auto expanded = run("a # holdfast: ignore one two\n# holdfast: ignore three\nb\n");
  EXPECT_THAT(expanded.text.ignored,
              ElementsAre(std::tuple{0U, 1U, "one"}, std::tuple{0U, 1U, "two"},
                          std::tuple{0U, 3U, "three"}));
}

TEST_F(Expand, BoundsTheDirectivesOfOneLine) {
  std::string line;
  for (int i = 0; i < 20'000; ++i) line += "{@a";
  line.insert(0, "a ");
  const auto expanded = run(line, {.config_id = "a"});
  EXPECT_LE(expanded.text.lines.size(), 32U);
}

}  // namespace
}  // namespace holdfast::config
