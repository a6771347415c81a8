// Files are read whole, cut into lines, stripped of comments; include lines are replaced by the
// lines of the files they name. What a line came from stays with it.
#include "daemon/config/expand.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <utility>

#include "daemon/base/fd.h"

namespace holdfast::config {
namespace {

/// Largest file that is read. @source 100,000 real servers need 12 MB
constexpr std::size_t max_file_size = 256UL * 1024 * 1024;

/// Which problems of an include are reported as warnings instead of notes (grammar.md 11).
struct IncludeChecks {
  bool readable = false;  ///< r: must be a readable regular file
  bool literal = false;   ///< m: a name without wildcards must exist
  bool wildcard = false;  ///< w: a pattern must match something
  bool braces = false;    ///< b: each brace alternative must match
};

struct IncludeKeyword {
  std::string_view word;
  IncludeChecks checks;
};

constexpr std::array<IncludeKeyword, 6> include_keywords{{
    {"include", {}},
    {"includer", {true, false, false, false}},
    {"includem", {true, true, false, false}},
    {"includew", {true, true, true, false}},
    {"includeb", {true, false, false, true}},
    {"includea", {true, true, true, true}},
}};

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Removes a comment: `#` or `!` outside double quotes; `\#` and `\!` become the character.
/// Leading blanks stay, so that columns are those of the file.
std::string without_comment(std::string_view line) {
  std::string kept;
  kept.reserve(line.size());
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && i + 1 < line.size()) {
      const char escaped = line[++i];
      if (quoted || (escaped != '#' && escaped != '!')) kept += c;
      kept += escaped;
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '#' || c == '!')) break;
    kept += c;
  }
  while (!kept.empty() && is_blank(kept.back())) kept.pop_back();
  return kept;
}

Result<std::string> read_file(const std::string& path) {
  const Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!file) return fail_errno(errno, "cannot read {}", path);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail_errno(errno, "cannot read {}", path);
  if (!S_ISREG(status.st_mode)) return fail("{} is not a regular file", path);
  if ((status.st_mode & 0111) != 0)
    return fail("{} is executable, so it is not read as configuration (chmod -x it)", path);
  if (static_cast<std::size_t>(status.st_size) > max_file_size)
    return fail("{} is larger than {} MB", path, max_file_size >> 20);
  std::string content;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "cannot read {}", path);
    if (got == 0 || content.size() > max_file_size) return content;
    content.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

/// The alternatives of the first brace group, or the pattern itself: `{a,b}.conf` -> a.conf b.conf.
std::vector<std::string> brace_alternatives(const std::string& pattern) {
  const std::size_t open = pattern.find('{');
  const std::size_t close = open == std::string::npos ? open : pattern.find('}', open);
  if (close == std::string::npos) return {pattern};
  std::vector<std::string> expanded;
  std::size_t begin = open + 1;
  while (begin <= close) {
    const std::size_t end = std::min(pattern.find(',', begin), close);
    expanded.push_back(pattern.substr(0, open) + pattern.substr(begin, end - begin) +
                       pattern.substr(close + 1));
    begin = end + 1;
  }
  return expanded;
}

std::vector<std::string> matches_of(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0)
    for (std::size_t i = 0; i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
  ::globfree(&found);
  std::ranges::sort(paths);
  return paths;
}

class Expander {
 public:
  explicit Expander(const ExpandOptions& options) : options_{options} {}

  Expanded run(const std::string& path) {
    Expanded& out = out_;
    const auto content = read_file(path);
    if (!content) {
      out.readable = false;
      out.text.files.push_back(path);
      out.diagnostics.add(Severity::error, {0, 1}, content.error().what);
      return std::move(out_);
    }
    read_lines(path, *content);
    return std::move(out_);
  }

 private:
  void add_line(std::string text, std::uint32_t file, std::uint32_t number) {
    out_.text.lines.push_back({std::move(text), file, number});
  }
  [[nodiscard]] Place here(std::size_t column = 1) const {
    return {static_cast<std::uint32_t>(out_.text.lines.size() - 1),
            static_cast<std::uint32_t>(column)};
  }

  void read_lines(const std::string& path, std::string_view content) {
    const auto file = static_cast<std::uint32_t>(out_.text.files.size());
    out_.text.files.push_back(path);
    chain_.push_back(path);
    if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
    for (std::uint32_t number = 1; !content.empty(); ++number) {
      const std::size_t end = std::min(content.find('\n'), content.size());
      read_line(content.substr(0, end), file, number);
      content.remove_prefix(std::min(end + 1, content.size()));
      if (out_.text.lines.size() >= max_lines) {
        if (!std::exchange(full_, true))
          out_.diagnostics.add(Severity::error, here(),
                               fmt::format("more than {} lines of configuration", max_lines));
        break;
      }
    }
    chain_.pop_back();
  }

  void read_line(std::string_view raw, std::uint32_t file, std::uint32_t number) {
    if (raw.size() > max_line_length || raw.find('\0') != std::string_view::npos) {
      add_line("", file, number);
      out_.diagnostics.add(
          Severity::error, here(),
          raw.size() > max_line_length
              ? fmt::format("this line has {} bytes, more than {}", raw.size(), max_line_length)
              : "this line holds a NUL byte and is ignored");
      return;
    }
    std::string line = without_comment(raw);
    if (!apply_condition(line)) line.clear();
    add_line(std::move(line), file, number);
    const std::string_view text = trimmed(out_.text.lines.back().text);
    if (!text.empty()) directive(std::string{text}, file);
  }

  /// `@ID rest` and `@^ID rest`: blanks the condition out, so that columns stay. False: not for us.
  bool apply_condition(std::string& line) const {
    const std::size_t at = line.find_first_not_of(" \t");
    if (at == std::string::npos || line[at] != '@') return true;
    const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
    std::string_view id = std::string_view{line}.substr(at + 1, end - at - 1);
    const bool wants_other = id.starts_with('^');
    if (wants_other) id.remove_prefix(1);
    if ((id == options_.config_id && !options_.config_id.empty()) == wants_other) return false;
    std::fill(line.begin() + static_cast<std::ptrdiff_t>(at),
              line.begin() + static_cast<std::ptrdiff_t>(end), ' ');
    return true;
  }

  /// Lines that the language itself reads: include, definitions, sequences.
  void directive(const std::string& text, std::uint32_t file) {
    const std::size_t column = out_.text.lines.back().text.find_first_not_of(" \t") + 1;
    const std::string_view word = std::string_view{text}.substr(0, text.find_first_of(" \t"));
    if (word.starts_with('$') || word.starts_with("~SEQ") || word.starts_with("~LST")) {
      out_.diagnostics.add(Severity::error, here(column),
                           fmt::format("{} are not supported yet", word.starts_with('$')
                                                                       ? "definitions ($NAME=...)"
                                                                       : "sequences (~SEQ, ~LST)"));
      out_.text.lines.back().text.clear();
      return;
    }
    const auto* keyword = std::ranges::find(include_keywords, word, &IncludeKeyword::word);
    if (keyword == include_keywords.end()) return;
    std::string_view pattern = trimmed(std::string_view{text}.substr(word.size()));
    if (pattern.size() >= 2 && pattern.front() == '"' && pattern.back() == '"')
      pattern = pattern.substr(1, pattern.size() - 2);
    const Place place = here(column);
    out_.text.lines.back().text.clear();
    include(std::string{pattern}, keyword->checks, std::string{out_.text.files[file]}, place);
  }

  void include(const std::string& pattern, IncludeChecks checks, const std::string& from,
               Place place) {
    if (options_.all_include_checks) checks = {true, true, true, true};
    if (pattern.empty()) {
      out_.diagnostics.add(Severity::error, place, "'include' needs a file name or pattern");
      return;
    }
    std::size_t matched = 0;
    const auto alternatives = brace_alternatives(pattern);
    for (const std::string& alternative : alternatives) {
      std::filesystem::path full{alternative};
      if (full.is_relative()) full = std::filesystem::path{from}.parent_path() / full;
      const auto paths = matches_of(full.string());
      matched += paths.size();
      if (paths.empty() && checks.braces && alternatives.size() > 1)
        out_.diagnostics.add(Severity::error, place,
                             fmt::format("no file matches '{}'", full.string()));
      for (const std::string& path : paths) include_file(path, checks, place);
    }
    if (matched == 0) report_no_match(pattern, checks, place);
  }

  void report_no_match(const std::string& pattern, const IncludeChecks& checks, Place place) {
    const bool has_wildcard = pattern.find_first_of("*?[") != std::string::npos;
    const bool checked = has_wildcard ? checks.wildcard : checks.literal;
    out_.diagnostics.add(checked ? Severity::error : Severity::warning, place,
                         fmt::format("no file matches '{}'", pattern));
  }

  void include_file(const std::string& path, const IncludeChecks& checks, Place place) {
    if (chain_.size() >= options_.max_include_depth ||
        std::ranges::find(chain_, path) != chain_.end()) {
      out_.diagnostics.add(
          Severity::error, place,
          fmt::format("'{}' includes itself: {} -> {}", path, fmt::join(chain_, " -> "), path));
      return;
    }
    const auto content = read_file(path);
    if (!content) {
      out_.diagnostics.add(checks.readable ? Severity::error : Severity::warning, place,
                           content.error().what);
      return;
    }
    read_lines(path, *content);
  }

  const ExpandOptions& options_;
  Expanded out_;
  std::vector<std::string> chain_;  ///< files being read, outermost first
  bool full_ = false;
};

}  // namespace

Expanded expand(const std::string& path, const ExpandOptions& options) {
  return Expander{options}.run(path);
}

}  // namespace holdfast::config
