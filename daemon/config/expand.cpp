// Files are read whole and cut into lines; include lines are replaced by the lines of the files
// they name. What a line came from stays with it. line.h has the rules for one line, include.h
// those for patterns.
#include "daemon/config/expand.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <random>
#include <utility>

#include "daemon/config/definitions.h"
#include "daemon/config/include.h"
#include "daemon/config/line.h"
#include "daemon/config/secret.h"
#include "daemon/config/sequence.h"

namespace holdfast::config {
namespace {

/// Most files that one configuration may include.
constexpr std::size_t max_files = 10'000;
/// Most includes, conditions and definitions behind braces of one line.
constexpr std::size_t max_directives_on_a_line = 16;
constexpr std::string_view seed_keyword = "random_seed";

/// A file that is being read.
struct Visit {
  std::string path;
  dev_t device;
  ino_t inode;
  std::uint32_t number = 0;  ///< of the include that is carried out
};

/// Where the line that is being taken stands.
struct Spot {
  std::uint32_t file = 0, number = 0;
  std::uint32_t via = 0;  ///< as in Line
};

class Expander {
 public:
  explicit Expander(const ExpandOptions& options) : options_{options} {}

  Expanded run(const std::string& path) {
    auto file = options_.files.read(path);
    if (file) {
      read_lines(path, std::move(*file));
    } else {
      out_.readable = false;
      out_.text.files.push_back(path);
      report(add_line(""), Severity::error, file.error().what);
    }
    return std::move(out_);
  }

 private:
  void report(Place place, Severity severity, std::string message) {
    out_.diagnostics.add(severity, place, std::move(message));
  }
  Place add_line(std::string text) {
    size_ += text.size();
    return add_kept(text.empty() ? std::string_view{} : out_.text.storage.keep(std::move(text)));
  }
  /// For what is in the storage already.
  Place add_kept(std::string_view text) {
    out_.text.lines.push_back({text, at_.file, at_.number, at_.via});
    return {static_cast<std::uint32_t>(out_.text.lines.size() - 1), 1};
  }
  std::uint32_t add_via(Via::Kind kind, std::string text) {
    out_.text.vias.push_back({kind, at_.file, at_.number, at_.via, std::move(text)});
    return static_cast<std::uint32_t>(out_.text.vias.size());
  }
  /// Leaves an empty line where `line` was, which the language has used up.
  Place consume(std::string_view line) {
    Place place = add_line("");
    place.column = static_cast<std::uint32_t>(line.find_first_not_of(" \t\f\v") + 1);
    return place;
  }
  /// The same for one that cannot be used; messages show it.
  void reject(const std::string& line, std::string message) {
    const Spot spot = at_;
    at_.via = add_via(Via::Kind::replaced, line);
    report(consume(line), Severity::error, std::move(message));
    at_ = spot;
  }

  void read_lines(const std::string& path, SourceFile file) {
    const Spot outer = at_;
    const std::uint32_t via = chain_.empty() ? 0 : add_via(Via::Kind::included, "");
    at_ = {static_cast<std::uint32_t>(out_.text.files.size()), 0, via};
    out_.text.files.push_back(path);
    chain_.push_back({path, file.device, file.inode});
    size_ += file.content.size();
    std::string_view content = out_.text.storage.keep(std::move(file.content));
    constexpr std::size_t usual_line = 16;  // bytes; what is not used of the memory costs nothing
    if (out_.text.lines.empty())
      out_.text.lines.reserve(std::min(content.size() / usual_line, options_.most_lines));
    if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
    while (!content.empty() && !is_full()) {
      ++at_.number;
      const std::size_t end = std::min(content.find('\n'), content.size());
      read_line(content.substr(0, end));
      content.remove_prefix(std::min(end + 1, content.size()));
    }
    chain_.pop_back();
    at_ = outer;
  }

  bool is_full() {
    if (out_.text.lines.size() < options_.most_lines && size_ < max_text_size) return false;
    if (!std::exchange(full_, true))
      report({static_cast<std::uint32_t>(out_.text.lines.size() - 1), 1}, Severity::error,
             fmt::format("more than {} lines or {} MB of configuration", options_.most_lines,
                         max_text_size >> 20));
    return true;
  }

  void read_line(std::string_view raw) {
    if (raw.size() > max_line_length) {
      report(add_line(""), Severity::error,
             fmt::format("this line has {} bytes, more than {}", raw.size(), max_line_length));
    } else if (raw.find('\0') != std::string_view::npos) {
      report(add_line(""), Severity::warning, "this line holds a NUL byte and is ignored");
    } else if (!collecting_.empty()) {
      // A line that is all comment is not part of it, and does not end it.
      const std::string_view word = first_word(raw);
      if (!word.starts_with('#') && !word.starts_with('!')) collect(without_comment(raw));
      add_line("");
    } else if (is_plain(raw)) {
      add_kept(without_trailing_blanks(raw));
    } else {
      std::string line = without_comment(raw);
      if (line.size() < raw.size())  // there is a comment, or only blanks at the end
        note_ignored(out_.text, raw.substr(std::min(raw.find_first_of("#!"), raw.size())), at_.file,
                     at_.number + (line.empty() ? 1 : 0));
      take(std::move(line), 0);
    }
  }

  /// Reads what the language itself says on a line, and keeps what is for the tree.
  void take(std::string line, std::size_t depth) {
    if (depth > options_.max_include_depth) {
      reject(line, fmt::format("definitions and sequences lead on more than {} deep",
                               options_.max_include_depth));
    } else if (!apply_condition(line, options_.config_id)) {
      add_line("");
    } else if (const auto name = definition_name(line); !name.empty()) {
      define(line, name);
    } else if (!sequence_keyword(line).empty()) {
      repeat(line, depth);
    } else if (line.find('$') != std::string::npos) {
      replace_references(line, depth);
    } else {
      hand_over(std::move(line), depth);
    }
  }

  void define(const std::string& line, std::string_view name) {
    const auto behind = static_cast<std::size_t>(name.data() + name.size() - line.data());
    std::size_t begin = line.find('=', behind) + 1;
    while (begin < line.size() && is_blank(line[begin])) ++begin;
    collecting_ = name;
    body_.clear();
    collect(line.substr(begin));
    add_line("");
  }

  /// A line of the definition that is being read; the last one does not end in a backslash.
  void collect(std::string line) {
    const bool goes_on = line.ends_with('\\');
    if (goes_on) line.pop_back();
    line.resize(without_trailing_blanks(line).size());
    const bool first_of_several = body_.empty() && goes_on;
    if (!line.empty() || (body_.empty() && !first_of_several))
      body_.push_back({std::move(line), at_.file, at_.number});
    if (goes_on) return;
    definitions_.set(std::exchange(collecting_, {}), {std::exchange(body_, {})});
  }

  [[nodiscard]] Surroundings surroundings() {
    const std::string& path = chain_.back().path;
    const std::size_t slash = path.rfind('/');
    return {slash == std::string::npos ? "." : path.substr(0, slash), options_.config_id,
            [](const std::string& name) { return std::getenv(name.c_str()); },
            [this](std::uint64_t bound) {
              return std::uniform_int_distribution<std::uint64_t>{0, bound - 1}(random_);
            }};
  }

  void replace_references(const std::string& line, std::size_t depth) {
    auto found = substitute(line, definitions_, surroundings());
    if (!found) return reject(line, found.error().what);
    if (!found->changed) return hand_over(line, depth, found->unknown);
    const Spot spot = at_;
    at_.via = add_via(Via::Kind::replaced, line);
    if (!found->lines_of.empty() && !sequence_keyword(found->text).empty())
      repeat(found->text + "$" + found->lines_of, depth);  // all lines of it, each time
    else if (!found->lines_of.empty())
      take_body(found->lines_of, found->text, depth);
    else
      take_again(std::move(found->text), depth, found->unknown);
    at_ = spot;
  }

  /// A line whose references are replaced: a comment, a condition or a sequence may have come out.
  void take_again(std::string line, std::size_t depth, const std::vector<std::string>& unknown) {
    const std::string_view word = first_word(line);
    if (word.starts_with('#') || word.starts_with('!') ||
        !apply_condition(line, options_.config_id)) {
      add_line("");
    } else if (!sequence_keyword(line).empty()) {
      repeat(line, depth);
    } else {
      hand_over(std::move(line), depth, unknown);
    }
  }

  /// The lines of a definition in the place of a reference to it.
  void take_body(const std::string& name, const std::string& before, std::size_t depth) {
    if (std::ranges::find(open_bodies_, name) != open_bodies_.end())
      return reject(before + "$" + name, fmt::format("'${}' leads back to itself: ${} -> ${}", name,
                                                     fmt::join(open_bodies_, " -> $"), name));
    open_bodies_.push_back(name);
    const auto body = definitions_.find(name)->body;  // a copy: its lines may define it anew
    const std::uint32_t via = add_via(Via::Kind::body, name);
    const Spot spot = at_;
    for (std::size_t i = 0; i < body.size() && !is_full(); ++i) {
      at_ = {body[i].file, body[i].number, via};
      take(i == 0 ? before + body[i].text : body[i].text, depth + 1);
    }
    at_ = spot;
    open_bodies_.pop_back();
  }

  void repeat(std::string line, std::size_t depth) {
    const std::string keyword{sequence_keyword(line)};
    const auto where = find_sequence_arguments(line);
    if (!where) return reject(line, fmt::format("{}: {}", keyword, where.error().what));
    const auto arguments = substitute(line.substr(where->begin, where->end - where->begin),
                                      definitions_, surroundings());
    if (!arguments) return reject(line, fmt::format("{}: {}", keyword, arguments.error().what));
    if (!arguments->lines_of.empty())
      return reject(line, fmt::format("{}: '${}' has several lines", keyword, arguments->lines_of));
    const auto sequence = parse_sequence(keyword, arguments->text);
    if (!sequence) return reject(line, fmt::format("{}: {}", keyword, sequence.error().what));
    if (std::string_view{line}.find_first_not_of(" \t\f\v\r", where->end + 1) == std::string::npos)
      return reject(line, fmt::format("{}(...) has nothing to repeat behind it", keyword));
    line.replace(0, where->end + 1, where->end + 1, ' ');
    std::vector<std::optional<Definition>> before;
    for (const std::string& variable : sequence->variables) {
      const Definition* known = definitions_.find(variable);
      before.push_back(known == nullptr ? std::nullopt : std::optional{*known});
    }
    for (std::uint64_t i = 0; i < sequence->size() && !is_full(); ++i) {
      for (std::size_t v = 0; v < sequence->variables.size(); ++v)
        definitions_.set(sequence->variables[v], {{{sequence->value(i, v), at_.file, at_.number}}});
      take(line, depth + 1);
    }
    for (std::size_t v = 0; v < before.size(); ++v) {
      if (before[v])
        definitions_.set(sequence->variables[v], std::move(*before[v]));
      else
        definitions_.forget(sequence->variables[v]);
    }
  }

  /// A line without references: an include, or text for the tree.
  void hand_over(std::string line, std::size_t depth,
                 const std::vector<std::string>& unknown = {}) {
    const std::string_view word = first_word(line);
    if (const auto* keyword = find_include_keyword(word))
      return include(line, keyword->word, keyword->checks);
    if (const auto at = line.find(seed_keyword); at != std::string::npos) seed_random(line, at);
    const auto cut = directive_after_brace(line);
    if (!cut) {
      const bool secret = holds_secret(word);
      const Place place = add_line(std::move(line));
      if (!secret) note_unknown(place, unknown);
    } else if (depth >= max_directives_on_a_line) {
      report(
          add_line(""), Severity::error,
          fmt::format("more than {} includes or conditions on one line", max_directives_on_a_line));
    } else {
      // Two lines of the tree from one of the file; blanks keep the columns of the second.
      add_line(line.substr(0, *cut));
      line.replace(0, *cut, *cut, ' ');
      take(std::move(line), depth + 1);
    }
  }

  /// grammar.md 8: an unknown name stays as it stands, and may be meant so (a password).
  void note_unknown(Place place, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const std::string reference = "${" + name + "}";
      const std::size_t at = out_.text.lines[place.line].text.find(reference);
      if (at != std::string::npos) place.column = static_cast<std::uint32_t>(at + 1);
      const std::string_view like = definitions_.closest_to(name);
      report(place, Severity::note,
             fmt::format("'{}' is not defined and stays as it stands{}", reference,
                         like.empty() ? "" : fmt::format(" (did you mean '${{{}}}'?)", like)));
    }
  }

  /// `random_seed N`: the same numbers from ${_RANDOM} from here on.
  void seed_random(std::string_view line, std::size_t at) {
    const bool begins = at == 0 || is_blank(line[at - 1]) || line[at - 1] == '{';
    line.remove_prefix(at + seed_keyword.size());
    if (!begins || line.empty() || !is_blank(line.front())) return;
    random_.seed(std::strtoull(std::string{first_word(line)}.c_str(), nullptr, 10));
  }

  void include(const std::string& line, std::string_view keyword, IncludeChecks checks) {
    const Spot spot = at_;
    chain_.back().number = at_.number;
    at_.via = add_via(Via::Kind::replaced, line);
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
      report(place, Severity::error, fmt::format("'{}' needs a file name or pattern", keyword));
    } else if (!alternatives) {
      report(place, Severity::error, alternatives.error().what);
    } else {
      include_all(*alternatives, checks, place);
    }
    at_ = spot;
  }

  void include_all(const std::vector<std::string>& alternatives, const IncludeChecks& checks,
                   Place place) {
    const std::string from = chain_.back().path;
    std::size_t matched = 0;
    for (const std::string& pattern : alternatives) {
      const auto paths = options_.files.match(pattern, from);
      matched += paths.size();
      if (paths.empty() && alternatives.size() > 1 && checks.braces)
        report(place, Severity::error, fmt::format("no file matches '{}'", pattern));
      for (const std::string& path : paths)
        include_file(path, checks, has_wildcard(pattern), place);
    }
    if (matched > 0) return;
    // An empty directory of snippets is usual; a file that was named is missed.
    const bool wild = std::ranges::any_of(alternatives, has_wildcard);
    const bool checked = wild ? checks.wildcard : checks.literal;
    report(place,
           checked ? Severity::error
           : wild  ? Severity::note
                   : Severity::warning,
           fmt::format("no file matches '{}'", fmt::join(alternatives, "', '")));
  }

  void include_file(const std::string& path, const IncludeChecks& checks, bool wild, Place place) {
    if (is_full()) return;
    if (out_.text.files.size() >= max_files) {
      if (!std::exchange(too_many_files_, true))
        report(place, Severity::error, fmt::format("more than {} included files", max_files));
      return;
    }
    auto file = options_.files.read(path);
    if (!file) {
      // What a wildcard happens to match may be a directory or a script: keepalived skips it too.
      report(place,
             checks.readable ? Severity::error
             : wild          ? Severity::note
                             : Severity::warning,
             file.error().what + "; it is skipped");
    } else if (is_being_read(*file)) {
      report(place, Severity::error, fmt::format("include loop: {} -> {}", chain(), path));
    } else if (chain_.size() > options_.max_include_depth) {
      report(place, Severity::error,
             fmt::format("includes are nested more than {} deep: {} -> {}",
                         options_.max_include_depth, chain(), path));
    } else {
      read_lines(path, std::move(*file));
    }
  }

  [[nodiscard]] bool is_being_read(const SourceFile& file) const {
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
  std::size_t size_ = 0;      ///< bytes in out_.text.storage
  std::vector<Visit> chain_;  ///< files being read, outermost first
  Spot at_;
  Definitions definitions_;
  std::string collecting_;  ///< the name of a definition of which more lines follow
  std::vector<BodyLine> body_;
  std::vector<std::string> open_bodies_;  ///< definitions whose lines are being taken
  std::mt19937_64 random_{std::random_device{}()};
  bool full_ = false;
  bool too_many_files_ = false;
};

}  // namespace

Expanded expand(const std::string& path, const ExpandOptions& options) {
  return Expander{options}.run(path);
}

}  // namespace holdfast::config
