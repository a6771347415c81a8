#include "daemon/config/secret.h"

#include <algorithm>
#include <vector>

#include "daemon/config/braces.h"

namespace holdfast::config {
namespace {

constexpr std::uint32_t furthest_line = 1000;
/// What ends a keyword, here and in YAML; `=` is a slip that people make.
constexpr std::string_view behind_keyword = " \t=:,\"'{}[]";
/// Words of a message that are masked wherever they stand; shorter ones only between quotes, as
/// they may be words of the message itself.
constexpr std::size_t shortest_anywhere = 4;

/// A keyword as people write them; a key of which the keyword was forgotten is none.
bool is_like_keyword(std::string_view word) {
  constexpr std::size_t longest = 24;
  return word.size() <= longest &&
         std::ranges::all_of(word, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

std::vector<std::string_view> words_of(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = text.find_first_not_of(separators);
    if (begin == std::string_view::npos) return words;
    const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    text.remove_prefix(end);
  }
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

/// Keywords that a message may name although they stand in the secret part of the line, too.
bool is_keyword(std::string_view word) {
  return word == "auth_pass" || word == "auth_type" || word == "auth_hmac" ||
         word == "authentication" || word == "password";
}

/// What stands between quotes in a message, without the words that are part of a secret.
std::string quoted_part(std::string_view part, std::string_view secret) {
  std::string out{part};
  for (std::string_view word : words_of(part, " ="))
    if (const bool is_cut = word.ends_with("...");
        !is_keyword(word) &&
        secret.find(is_cut ? word.substr(0, word.size() - 3) : word) != std::string_view::npos)
      replace_all(out, word, mask);
  return out;
}

/// The keyword of a statement whose `{` comes next.
std::string_view keyword_of(std::string_view statement) {
  const auto words = words_of(statement, " \t\"");
  return words.empty() ? std::string_view{} : words.front();
}

/// Behind the first keyword that holds a secret; npos: there is none. Inside a block that does it
/// is any keyword, or the begin of what is none.
std::size_t end_of_keyword(std::string_view line, bool inside) {
  for (std::size_t begin = line.find_first_not_of(" \t-\"'{}[],"); begin < line.size();) {
    const std::size_t end = std::min(line.find_first_of(behind_keyword, begin), line.size());
    const std::string_view word = line.substr(begin, end - begin);
    if (inside) return is_like_keyword(word) ? end : begin;
    if (holds_secret(word)) return end;
    begin = line.find_first_not_of(behind_keyword, end);
  }
  return std::string_view::npos;
}

}  // namespace

std::size_t secret_begin(std::string_view line, bool inside) {
  const std::size_t end = end_of_keyword(line, inside);
  return line.find_first_not_of(behind_keyword, end) == std::string_view::npos
             ? std::string_view::npos
             : end;
}

bool names_secret(std::string_view line) {
  return end_of_keyword(line, false) != std::string_view::npos;
}

std::string masked(std::string_view line, bool inside) {
  std::string out{line};
  for (std::size_t i = secret_begin(line, inside); i < out.size(); ++i)
    if (out[i] != ' ' && out[i] != '\t') out[i] = '*';
  return out;
}

std::string without_secrets(std::string message, std::string_view line, bool inside) {
  const std::size_t begin = secret_begin(line, inside);
  if (begin >= line.size()) return message;
  const std::string_view secret = line.substr(begin);
  for (const std::string_view word : words_of(secret, " \t=\""))
    if (word.size() >= shortest_anywhere && !is_keyword(word)) replace_all(message, word, mask);
  std::string out;
  std::string_view rest = message;
  while (true) {
    const std::size_t open = rest.find('\'');
    const std::size_t close = open < rest.size() ? rest.find('\'', open + 1) : open;
    if (close >= rest.size()) return out.append(rest);
    out.append(rest.substr(0, open + 1));
    out.append(quoted_part(rest.substr(open + 1, close - open - 1), secret));
    out += '\'';
    rest.remove_prefix(close + 1);
  }
}

bool is_in_secret_block(const Text& text, std::uint32_t line) {
  std::size_t closed = 0;  // blocks that end between here and the line
  bool wanted = false;     // the keyword of a '{' that begins its line
  for (std::uint32_t i = line; i-- > 0 && line - i <= furthest_line;) {
    const std::string_view here = text.lines[i].text;
    std::size_t end = here.size();
    const auto braces = braces_of(here);
    for (std::size_t b = braces.size(); b-- > 0; end = braces[b]) {
      if (wanted && !keyword_of(here.substr(braces[b] + 1, end - braces[b] - 1)).empty()) {
        if (holds_secret(keyword_of(here.substr(braces[b] + 1, end - braces[b] - 1)))) return true;
        wanted = false;
      }
      if (here[braces[b]] == '}')
        ++closed;
      else if (closed > 0)
        --closed;
      else
        wanted = true;
    }
    const std::string_view keyword = keyword_of(here.substr(0, end));
    if (wanted && !keyword.empty()) {
      if (holds_secret(keyword)) return true;
      wanted = false;
    }
  }
  return false;
}

}  // namespace holdfast::config
