// From keepalived.conf to YAML and back: the same tree, and the same typed configuration. The files
// from the wild (../shared/corpus) are not part of the tree.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <iostream>

#include "checkers/config/config.h"
#include "daemon/base/utf8.h"
#include "daemon/config/command.h"
#include "daemon/config/global.h"
#include "daemon/config/write.h"
#include "daemon/config/yaml.h"
#include "tests/unit/config/support.h"
#include "vrrp/config/config.h"

namespace holdfast::config {
namespace {

const std::filesystem::path corpus = HOLDFAST_SHARED "/corpus/conf";

struct Read {
  explicit Read(Expanded from)
      : expanded{std::move(from)}, tree{parse_tree(expanded.text, expanded.diagnostics)} {}
  Expanded expanded;
  Tree tree;
};

Files one_file(const std::string& content) {
  return {[&](const std::string&) { return Result<SourceFile>{{content, 0, 0}}; },
          [](const std::string&, const std::string&) { return std::vector<std::string>{}; }};
}

Read read_conf(const std::string& content) {
  ExpandOptions options;
  options.files = one_file(content);
  return Read{expand("written", options)};
}

std::vector<std::string> texts_of(const std::vector<Comment>& comments) {
  std::vector<std::string> texts;
  for (const Comment& comment : comments) texts.push_back(valid_utf8(comment.text));
  return texts;
}

void add_scripts(std::span<const Statement> statements, const Text& text,
                 std::vector<std::string>& out) {
  for (const Statement& statement : statements) {
    add_scripts(statement.children, text, out);
    if (!is_script_keyword(statement.keyword())) continue;
    const auto command = read_command(statement, text);
    out.push_back(command ? fmt::format("{} {}", fmt::join(command->argv, "|"),
                                        command->user ? command->user->user : "-")
                          : command.error().what);
  }
}

/// What all processes make of a tree.
struct Typed {
  explicit Typed(const Read& read) {
    Reader reader{diagnostics};
    globals = read_globals(read.tree, reader);
    vrrp = vrrp::read_vrrp(read.tree, reader);
    checkers = checkers::read_checkers(read.tree, reader);
    add_scripts(read.tree, read.expanded.text, scripts);
  }
  /// Without the places, which differ.
  [[nodiscard]] std::vector<std::string> messages() const {
    std::vector<std::string> out;
    for (const Diagnostic& found : diagnostics.all())
      out.push_back(fmt::format("{} {}", to_string(found.severity), found.message));
    return out;
  }
  Diagnostics diagnostics;
  GlobalDefs globals;
  vrrp::VrrpConfig vrrp;
  checkers::CheckersConfig checkers;
  std::vector<std::string> scripts;
};

void expect_same_service(const checkers::VirtualServer& a, const checkers::VirtualServer& b) {
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.settings, b.settings);
  EXPECT_EQ(a.sorry_server, b.sorry_server);
  ASSERT_EQ(a.servers.size(), b.servers.size());
  for (std::size_t i = 0; i < a.servers.size(); ++i) {
    EXPECT_EQ(a.servers[i].key, b.servers[i].key);
    EXPECT_EQ(a.servers[i].settings, b.servers[i].settings);
    ASSERT_EQ(a.servers[i].checks.size(), b.servers[i].checks.size());
    for (std::size_t c = 0; c < a.servers[i].checks.size(); ++c)
      EXPECT_TRUE(a.servers[i].checks[c].same_effect(b.servers[i].checks[c]));
  }
}

void expect_same_typed(const Read& before, const Read& after) {
  const Typed a{before};
  const Typed b{after};
  EXPECT_EQ(a.messages(), b.messages());
  EXPECT_EQ(a.scripts, b.scripts);
  ASSERT_EQ(a.vrrp.instances.size(), b.vrrp.instances.size());
  for (std::size_t i = 0; i < a.vrrp.instances.size(); ++i)
    EXPECT_TRUE(vrrp::equal_in_effect(a.vrrp.instances[i], b.vrrp.instances[i]));
  ASSERT_EQ(a.checkers.services.size(), b.checkers.services.size());
  for (std::size_t i = 0; i < a.checkers.services.size(); ++i)
    expect_same_service(a.checkers.services[i], b.checkers.services[i]);
}

TEST(RoundTrip, KeepsEveryFileOfTheCorpus) {
  if (!std::filesystem::exists(corpus)) GTEST_SKIP() << "no " << corpus << " here";
  std::size_t files = 0;
  std::size_t carried = 0;
  for (const auto& entry : std::filesystem::directory_iterator{corpus}) {
    if (entry.path().extension() != ".conf") continue;
    SCOPED_TRACE(entry.path());
    ++files;
    const Read conf{expand(entry.path().string(), {})};
    const auto comments = conf_comments(conf.expanded.text, file_system());
    const std::string as_yaml = to_yaml(conf.tree, conf.expanded.text, attach(conf.tree, comments));
    const Read yaml{read_yaml("yaml", as_yaml)};
    EXPECT_TRUE(yaml.expanded.diagnostics.all().empty());
    ASSERT_TRUE(same_tree(conf.tree, yaml.tree));
    const auto in_yaml = yaml_comments(yaml.expanded.text, as_yaml);
    EXPECT_EQ(texts_of(in_yaml), texts_of(comments));
    const auto written = to_conf(yaml.tree, yaml.expanded.text, attach(yaml.tree, in_yaml));
    ASSERT_TRUE(written) << written.error().what;
    const Read again = read_conf(*written);
    ASSERT_TRUE(same_tree(conf.tree, again.tree));
    EXPECT_EQ(texts_of(conf_comments(again.expanded.text, one_file(*written))), texts_of(comments));
    carried += comments.size();
    expect_same_typed(conf, yaml);
    expect_same_typed(conf, again);
  }
  std::cout << fmt::format("{} files with {} comments converted there and back\n", files, carried);
  EXPECT_GT(files, 100U);
}

std::string any_word() {
  // What one of the two languages or a script treats as special, and some that is not.
  static const std::vector<std::string> pieces{
      "a",  "b",    "10", "é",  "'", "\\",   "#",  "!",        "$",           "@",  "~",   ":",
      "-",  "?",    "*",  "&",  "[", "]",    ",",  "|",        ">",           "%",  "`",   "=",
      "<<", "null", " ",  "{",  "}", ".",    "\t", "---",      ": ",          " #", "yes", "/",
      "_",  "(",    ")",  "\\", "x", "\x01", "😀", "\xC2\x85", "\xE2\x80\xA8"};
  const auto chosen = *rc::gen::resize(4, rc::gen::container<std::vector<std::size_t>>(
                                              rc::gen::inRange<std::size_t>(0, pieces.size())));
  std::string word;
  for (const std::size_t piece : chosen) word += pieces[piece];
  return word;
}

/// Mostly keywords, so that some repeat.
std::string any_keyword() {
  static const std::vector<std::string> known{"a",      "b", "url", "group", "virtual_ipaddress",
                                              "include"};
  const auto at = *rc::gen::inRange<std::size_t>(0, known.size() + 1);
  return at < known.size() ? known[at] : any_word();
}

/// What a generated tree points to.
struct Made {
  Storage texts;
  std::deque<std::vector<Word>> words;
  std::deque<std::vector<Statement>> blocks;
};

Statement any_statement(Made& made, int depth) {
  Statement statement;
  const int count = *rc::gen::inRange(1, 4);
  std::vector<Word>& words = made.words.emplace_back();
  for (int i = 0; i < count; ++i) {
    Word word{made.texts.keep(i == 0 ? any_keyword() : any_word())};
    word.quoted = word.text.empty() || word.text.find_first_of(" \t{}") != std::string::npos ||
                  *rc::gen::inRange(0, 4) == 0;
    words.push_back(word);
  }
  statement.words = words;
  statement.has_block = depth > 0 && *rc::gen::inRange(0, 3) == 0;
  const int children = statement.has_block ? *rc::gen::inRange(0, 5) : 0;
  std::vector<Statement>& block = made.blocks.emplace_back();
  for (int i = 0; i < children; ++i) block.push_back(any_statement(made, depth - 1));
  statement.children = block;
  return statement;
}

RC_GTEST_PROP(RoundTripProperty, KeepsGeneratedTrees, ()) {
  std::size_t told = 0;                // what keepalived.conf can say
  constexpr int trees_of_a_run = 100;  // 100 runs: 10,000 trees
  for (int i = 0; i < trees_of_a_run; ++i) {
    Made made;
    std::vector<Statement> tree;
    const int statements = *rc::gen::inRange(0, 4);
    for (int s = 0; s < statements; ++s) tree.push_back(any_statement(made, 3));
    const std::string yaml = to_yaml(tree, {});
    const Read read{read_yaml("yaml", yaml)};
    if (!read.expanded.diagnostics.all().empty())
      RC_FAIL(render(read.expanded.diagnostics.all()[0], read.expanded.text) + "\n" + yaml);
    if (!same_tree(tree, read.tree)) RC_FAIL(shape(tree) + "\n" + shape(read.tree) + "\n" + yaml);
    const auto conf = to_conf(tree, {});
    if (!conf) continue;
    ++told;
    const Read again = read_conf(*conf);
    if (!same_tree(tree, again.tree))
      RC_FAIL(shape(tree) + "\n" + shape(again.tree) + "\n" + *conf);
    const Read back{read_yaml("yaml", to_yaml(again.tree, again.expanded.text))};
    if (!same_tree(tree, back.tree))
      RC_FAIL(*conf + "\n" + to_yaml(again.tree, again.expanded.text) + "\n" + shape(back.tree));
  }
  RC_ASSERT(told > trees_of_a_run * 8U / 10);
}

std::string any_comment() {
  static const std::vector<std::string> pieces{"a", " ", "#", "'", "\"", ":", "- ", "{", "\\", "é"};
  std::string text;
  for (const std::size_t piece : *rc::gen::container<std::vector<std::size_t>>(
           4, rc::gen::inRange<std::size_t>(0, pieces.size())))
    text += pieces[piece];
  return text + ".";
}

/// Comments for the statements of a tree, in their order in `texts`.
void add_comments(std::span<const Statement> tree, const Statement* owner, Comments& comments,
                  std::vector<std::string>& texts) {
  const auto some = [&](std::vector<std::string>& where) {
    for (int n = *rc::gen::inRange(0, 5) - 2; n > 0; --n)
      texts.push_back(where.emplace_back(any_comment()));
  };
  for (const Statement& statement : tree) {
    some(comments[&statement].before);
    if (*rc::gen::inRange(0, 3) == 0)
      texts.push_back(comments[&statement].trailing.emplace(any_comment()));
    if (statement.has_block) add_comments(statement.children, &statement, comments, texts);
  }
  some(comments[owner].at_end);
}

RC_GTEST_PROP(RoundTripProperty, KeepsGeneratedComments, ()) {
  for (int i = 0; i < 20; ++i) {
    Made made;
    std::vector<Statement> tree;
    const int statements = *rc::gen::inRange(0, 4);
    for (int s = 0; s < statements; ++s) tree.push_back(any_statement(made, 3));
    Comments comments;
    std::vector<std::string> texts;
    add_comments(tree, nullptr, comments, texts);
    const std::string yaml = to_yaml(tree, {}, comments);
    const Read read{read_yaml("yaml", yaml)};
    if (!read.expanded.diagnostics.all().empty())
      RC_FAIL(render(read.expanded.diagnostics.all()[0], read.expanded.text) + "\n" + yaml);
    if (!same_tree(tree, read.tree)) RC_FAIL(shape(tree) + "\n" + shape(read.tree) + "\n" + yaml);
    const auto in_yaml = yaml_comments(read.expanded.text, yaml);
    if (texts_of(in_yaml) != texts) RC_FAIL(yaml);
    const auto conf = to_conf(read.tree, read.expanded.text, attach(read.tree, in_yaml));
    if (!conf) continue;
    const Read again = read_conf(*conf);
    if (!same_tree(tree, again.tree)) RC_FAIL(yaml + "\n" + *conf);
    if (texts_of(conf_comments(again.expanded.text, one_file(*conf))) != texts)
      RC_FAIL(yaml + "\n" + *conf);
  }
}

}  // namespace
}  // namespace holdfast::config
