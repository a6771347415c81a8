// Splitter is the quoted and escaped tokenizer. A script line passes it twice, as in keepalived
// 2.2.7, where "echo \\\\x41" in quotes is seen to run echo with A.
#include "daemon/config/command.h"

#include <algorithm>
#include <array>

namespace holdfast::config {
namespace {

/// @source keywords.tsv: the scripts of instances, groups, servers, checks and the daemon
constexpr std::array<std::string_view, 19> script_keywords{"notify",
                                                           "notify_deleted",
                                                           "notify_master_rx_lower_pri",
                                                           "script",
                                                           "notify_master",
                                                           "notify_backup",
                                                           "notify_fault",
                                                           "notify_stop",
                                                           "notify_conflict",
                                                           "notify_up",
                                                           "notify_down",
                                                           "quorum_up",
                                                           "quorum_down",
                                                           "misc_path",
                                                           "startup_script",
                                                           "shutdown_script",
                                                           "notify_fifo_script",
                                                           "vrrp_notify_fifo_script",
                                                           "lvs_notify_fifo_script"};
/// More words than any script is called with.
constexpr std::size_t most_arguments = 1000;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

int digit_of(char c, int base) {
  const int value = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : 99;
  return value < base ? value : -1;
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : rest_{text} {}

  Result<std::vector<std::string>> run() {
    while (!rest_.empty()) {
      const char c = take();
      if (quote_ == 0 && is_blank(c)) {
        finish_word();
      } else if (c == '\\') {
        if (rest_.empty()) return fail("a backslash at the end of a command");
        escape();
      } else if (quote_ == 0 && (c == '"' || c == '\'')) {
        quote_ = c;
        in_word_ = true;
      } else if (c == quote_) {
        quote_ = 0;
      } else {
        put(c);
      }
    }
    if (quote_ != 0) return fail("a quote {} in a command is never closed", quote_);
    finish_word();
    if (words_.empty()) return fail("an empty command");
    if (words_.size() > most_arguments)
      return fail("a command of more than {} words", most_arguments);
    return std::move(words_);
  }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  void put(char c) {
    word_ += c;
    in_word_ = true;
  }
  void finish_word() {
    if (in_word_) words_.push_back(std::exchange(word_, {}));
    in_word_ = false;
  }
  /// Up to `most` digits of `base`, the first of which may be `value` already.
  void number(int base, int most, int value) {
    for (; most > 0 && !rest_.empty() && digit_of(rest_.front(), base) >= 0; --most)
      value = value * base + digit_of(take(), base);
    put(static_cast<char>(value));
  }
  void escape() {
    constexpr std::string_view names = "abEfnrtv";
    constexpr std::string_view values = "\a\b\033\f\n\r\t\v";
    const char c = take();
    if (const auto known = names.find(c); known != std::string_view::npos) {
      put(values[known]);
    } else if (c >= '0' && c <= '7') {
      number(8, 2, c - '0');
    } else if (c == 'x' && !rest_.empty() && digit_of(rest_.front(), 16) >= 0) {
      number(16, 2, 0);
    } else if (c == 'c' && !rest_.empty()) {
      put(static_cast<char>(take() & 0x1f));
    } else {
      put(c);
    }
  }

  std::string_view rest_;
  std::vector<std::string> words_;
  std::string word_;
  bool in_word_ = false;
  char quote_ = 0;
};

/// The line after the keyword, up to a brace outside double quotes.
std::string_view raw_arguments(const Statement& statement, const Text& text) {
  if (statement.words.size() < 2 || statement.line >= text.lines.size()) return {};
  const std::string_view line = text.lines[statement.line].text;
  const std::string_view rest =
      line.substr(std::min<std::size_t>(statement.words[1].column - 1, line.size()));
  bool quoted = false;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '"') quoted = !quoted;
    if (!quoted && (rest[i] == '{' || rest[i] == '}')) return rest.substr(0, i);
  }
  return rest;
}

}  // namespace

Result<std::vector<std::string>> split_command(std::string_view text) {
  return Splitter{text}.run();
}

Result<Command> read_command(const Statement& statement, const Text& text) {
  const std::string_view arguments = raw_arguments(statement, text);
  if (arguments.empty()) return fail("'{}' needs a command", statement.keyword());
  const auto words = split_command(arguments);
  if (!words) return tl::make_unexpected(words.error());
  // The first word is the command with its arguments: it is split once more, escapes included.
  auto argv = split_command(words->front());
  if (!argv) return tl::make_unexpected(argv.error());
  Command command{std::move(*argv), std::nullopt};
  if (words->size() > 1)
    command.user = make_script_user((*words)[1], words->size() > 2 ? (*words)[2] : "");
  return command;
}

bool is_script_keyword(std::string_view keyword) {
  return std::ranges::find(script_keywords, keyword) != script_keywords.end();
}

}  // namespace holdfast::config
