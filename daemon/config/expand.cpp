// Files are read whole and cut into lines; include lines are replaced by the lines of the files
// they name. What a line came from stays with it. line.h has the rules for one line, include.h
// those for patterns.
#include "daemon/config/expand.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/base/fd.h"
#include "daemon/config/include.h"
#include "daemon/config/line.h"

namespace holdfast::config {
namespace {

/// Largest file that is read. @source 100,000 real servers need 12 MB
constexpr std::size_t max_file_size = 256UL * 1024 * 1024;
/// Most files that one configuration may include.
constexpr std::size_t max_files = 10'000;
/// Most includes, conditions and definitions behind braces of one line.
constexpr std::size_t max_directives_on_a_line = 16;

struct File {
  std::string content;
  dev_t device = 0;
  ino_t inode = 0;
};

Result<File> read_file(const std::string& path) {
  const Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return fail_errno(errno, "cannot read '{}'", path);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail_errno(errno, "cannot read '{}'", path);
  if (!S_ISREG(status.st_mode)) return fail("'{}' is not a regular file", path);
  if ((status.st_mode & 0111) != 0)
    return fail("'{}' is executable, so it is not read as configuration (chmod -x it)", path);
  File file{{}, status.st_dev, status.st_ino};
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "cannot read '{}'", path);
    if (got == 0) return file;
    file.content.append(buffer.data(), static_cast<std::size_t>(got));
    if (file.content.size() > max_file_size)
      return fail("'{}' is larger than {} MB", path, max_file_size >> 20);
  }
}

/// A file that is being read, and how far.
struct Visit {
  std::string path;
  dev_t device;
  ino_t inode;
  std::uint32_t number = 0;  ///< 1-based line
};

class Expander {
 public:
  explicit Expander(const ExpandOptions& options) : options_{options} {}

  Expanded run(const std::string& path) {
    const auto file = read_file(path);
    if (file) {
      read_lines(path, *file);
    } else {
      out_.readable = false;
      out_.text.files.push_back(path);
      out_.diagnostics.add(Severity::error, {0, 1}, file.error().what);
    }
    return std::move(out_);
  }

 private:
  void report(Severity severity, Place place, std::string message) {
    out_.diagnostics.add(severity, place, std::move(message));
  }
  Place add_line(std::string text) {
    out_.text.lines.push_back({std::move(text), file_, chain_.back().number});
    return {static_cast<std::uint32_t>(out_.text.lines.size() - 1), 1};
  }
  /// Leaves an empty line where `line` was, which the language has used up.
  Place consume(std::string_view line) {
    Place place = add_line("");
    place.column = static_cast<std::uint32_t>(line.find_first_not_of(" \t\f\v") + 1);
    return place;
  }

  void read_lines(const std::string& path, const File& file) {
    const std::uint32_t outer = file_;
    file_ = static_cast<std::uint32_t>(out_.text.files.size());
    out_.text.files.push_back(path);
    chain_.push_back({path, file.device, file.inode});
    std::string_view content = file.content;
    if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
    while (!content.empty() && !is_full()) {
      ++chain_.back().number;
      const std::size_t end = std::min(content.find('\n'), content.size());
      read_line(content.substr(0, end));
      content.remove_prefix(std::min(end + 1, content.size()));
    }
    chain_.pop_back();
    file_ = outer;
  }

  bool is_full() {
    if (out_.text.lines.size() < max_lines) return false;
    if (!std::exchange(full_, true))
      report(Severity::error, {static_cast<std::uint32_t>(out_.text.lines.size() - 1), 1},
             fmt::format("more than {} lines of configuration", max_lines));
    return true;
  }

  void read_line(std::string_view raw) {
    if (raw.size() > max_line_length) {
      report(Severity::error, add_line(""),
             fmt::format("this line has {} bytes, more than {}", raw.size(), max_line_length));
    } else if (raw.find('\0') != std::string_view::npos) {
      report(Severity::warning, add_line(""), "this line holds a NUL byte and is ignored");
    } else if (std::exchange(in_definition_, false)) {
      // The rest of a definition over several lines, which has been reported.
      const std::string line = without_comment(raw);
      in_definition_ = line.ends_with('\\');
      add_line("");
    } else {
      take(without_comment(raw));
    }
  }

  /// Reads what the language itself says on a line, and keeps what is for the tree.
  void take(std::string line, std::size_t depth = 0) {
    if (!apply_condition(line, options_.config_id)) {
      add_line("");
    } else if (const auto name = definition_name(line); !name.empty()) {
      in_definition_ = line.ends_with('\\');
      report(Severity::error, consume(line),
             fmt::format("definitions are not supported yet: '${}='", name));
    } else if (is_sequence(line)) {
      report(Severity::error, consume(line),
             fmt::format("sequences are not supported yet: '{}'", first_word(line).substr(0, 40)));
    } else if (const auto* keyword = find_include_keyword(first_word(line))) {
      include(line, keyword->word, keyword->checks);
    } else {
      keep(std::move(line), depth);
    }
  }

  void keep(std::string line, std::size_t depth) {
    if (const auto reference = builtin_reference(line); !reference.empty()) {
      const auto column = static_cast<std::uint32_t>(reference.data() - line.data() + 1);
      std::string message = fmt::format("'{}' is not supported yet", reference.substr(0, 40));
      Place place = add_line("");
      place.column = column;
      report(Severity::error, place, std::move(message));
      return;
    }
    const auto cut = directive_after_brace(line);
    if (!cut) {
      add_line(std::move(line));
    } else if (depth >= max_directives_on_a_line) {
      report(
          Severity::error, add_line(""),
          fmt::format("more than {} includes or conditions on one line", max_directives_on_a_line));
    } else {
      // Two lines of the tree from one of the file; blanks keep the columns of the second.
      add_line(line.substr(0, *cut));
      line.replace(0, *cut, *cut, ' ');
      take(std::move(line), depth + 1);
    }
  }

  void include(const std::string& line, std::string_view keyword, IncludeChecks checks) {
    Place place = consume(line);
    const std::size_t begin =
        line.find_first_not_of(" \t\f\v", line.find(keyword) + keyword.size());
    std::string pattern = begin == std::string::npos ? "" : line.substr(begin);
    if (!pattern.empty()) place.column = static_cast<std::uint32_t>(begin + 1);
    if (pattern.size() >= 2 && pattern.front() == '"' && pattern.back() == '"')
      pattern = pattern.substr(1, pattern.size() - 2);
    if (options_.all_include_checks) checks = {true, true, true, true};
    const auto alternatives = brace_alternatives(pattern);
    if (pattern.empty()) {
      report(Severity::error, place, fmt::format("'{}' needs a file name or pattern", keyword));
    } else if (!alternatives) {
      report(Severity::error, place, alternatives.error().what);
    } else {
      include_all(*alternatives, checks, place);
    }
  }

  void include_all(const std::vector<std::string>& alternatives, const IncludeChecks& checks,
                   Place place) {
    const std::string from = chain_.back().path;
    std::size_t matched = 0;
    for (const std::string& pattern : alternatives) {
      const auto paths = matching_files(pattern, from);
      matched += paths.size();
      if (paths.empty() && alternatives.size() > 1 && checks.braces)
        report(Severity::error, place, fmt::format("no file matches '{}'", pattern));
      for (const std::string& path : paths)
        include_file(path, checks, has_wildcard(pattern), place);
    }
    if (matched > 0) return;
    // An empty directory of snippets is usual; a file that was named is missed.
    const bool wild = std::ranges::any_of(alternatives, has_wildcard);
    const bool checked = wild ? checks.wildcard : checks.literal;
    report(checked ? Severity::error
           : wild  ? Severity::note
                   : Severity::warning,
           place, fmt::format("no file matches '{}'", fmt::join(alternatives, "', '")));
  }

  void include_file(const std::string& path, const IncludeChecks& checks, bool wild, Place place) {
    if (is_full()) return;
    if (out_.text.files.size() >= max_files) {
      if (!std::exchange(too_many_files_, true))
        report(Severity::error, place, fmt::format("more than {} included files", max_files));
      return;
    }
    const auto file = read_file(path);
    if (!file) {
      // What a wildcard happens to match may be a directory or a script: keepalived skips it too.
      report(checks.readable ? Severity::error
             : wild          ? Severity::note
                             : Severity::warning,
             place, file.error().what + "; it is skipped");
    } else if (is_being_read(*file)) {
      report(Severity::error, place, fmt::format("include loop: {} -> {}", chain(), path));
    } else if (chain_.size() > options_.max_include_depth) {
      report(Severity::error, place,
             fmt::format("includes are nested more than {} deep: {} -> {}",
                         options_.max_include_depth, chain(), path));
    } else {
      read_lines(path, *file);
    }
  }

  [[nodiscard]] bool is_being_read(const File& file) const {
    return std::ranges::any_of(chain_, [&](const Visit& visit) {
      return visit.device == file.device && visit.inode == file.inode;
    });
  }

  /// `a.conf:5 -> b.conf:2`: the include lines that led here.
  [[nodiscard]] std::string chain() const {
    std::vector<std::string> places;
    for (const Visit& visit : chain_)
      places.push_back(fmt::format("{}:{}", visit.path, visit.number));
    return fmt::format("{}", fmt::join(places, " -> "));
  }

  const ExpandOptions& options_;
  Expanded out_;
  std::vector<Visit> chain_;  ///< outermost first
  std::uint32_t file_ = 0;    ///< index of the file being read
  bool in_definition_ = false;
  bool full_ = false;
  bool too_many_files_ = false;
};

}  // namespace

Expanded expand(const std::string& path, const ExpandOptions& options) {
  return Expander{options}.run(path);
}

}  // namespace holdfast::config
