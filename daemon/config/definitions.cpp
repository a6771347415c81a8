#include "daemon/config/definitions.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "daemon/config/line.h"
#include "daemon/config/schema.h"
#include "daemon/config/text.h"

namespace holdfast::config {
namespace {

/// A reference: `$NAME`, `${NAME}`, `${_ENV NAME}`.
struct Reference {
  std::size_t begin = 0, size = 0;  ///< in the line
  std::string_view name, arguments;
  bool braced = false;
};

std::size_t name_length(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return 0;
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is_name_character) - text.begin());
}

/// The reference that begins with the `$` at `at`.
std::optional<Reference> reference_at(std::string_view line, std::size_t at) {
  const bool braced = line.substr(at + 1).starts_with('{');
  const std::string_view rest = line.substr(at + (braced ? 2 : 1));
  const std::size_t size = name_length(rest);
  if (size == 0) return std::nullopt;
  const std::string_view name = rest.substr(0, size);
  if (!braced) {
    // grammar.md 8: `10.0.0.$i/24` stays as it is.
    const bool ends =
        size == rest.size() || is_blank(rest[size]) || rest[size] == ',' || rest[size] == ')';
    return ends ? std::optional{Reference{at, size + 1, name, {}, false}} : std::nullopt;
  }
  const std::size_t close = rest.find('}');
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view arguments = rest.substr(size, close - size);
  if (!arguments.empty() && !is_blank(arguments[0])) return std::nullopt;
  if (!arguments.empty() && name != "_ENV" && name != "_RANDOM") return std::nullopt;
  return Reference{at, close + 3, name, arguments, true};
}

Result<std::string> random_number(std::string_view arguments, const Surroundings& surroundings) {
  std::uint64_t bounds[2] = {0, 32767};
  for (std::uint64_t& bound : bounds) {
    const std::string_view word = first_word(arguments);
    if (word.empty()) break;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), bound);
    if (error != std::errc{} || end != word.data() + word.size() || bound > UINT32_MAX)
      return fail("'${{_RANDOM}}' needs numbers up to {}, found '{}'", UINT32_MAX, word);
    arguments.remove_prefix(static_cast<std::size_t>(word.data() + word.size() - arguments.data()));
  }
  if (!first_word(arguments).empty())
    return fail("'${{_RANDOM}}' takes a smallest and a largest number, found more");
  if (bounds[0] > bounds[1])
    return fail("'${{_RANDOM {} {}}}': the smallest number is above the largest", bounds[0],
                bounds[1]);
  return fmt::format("{}", bounds[0] + surroundings.random_below(bounds[1] - bounds[0] + 1));
}

/// The value of a built-in name; nothing for every other one.
std::optional<Result<std::string>> built_in(const Reference& reference,
                                            const Surroundings& surroundings) {
  if (reference.name == "_PWD") return surroundings.folder;
  if (reference.name == "_INSTANCE") return surroundings.config_id;
  if (reference.name == "_HASH") return std::string{"#"};
  if (reference.name == "_BANG") return std::string{"!"};
  if (reference.name == "_RANDOM") return random_number(reference.arguments, surroundings);
  if (reference.name != "_ENV") return std::nullopt;
  const std::string variable{first_word(reference.arguments)};
  const char* value = variable.empty() ? nullptr : surroundings.variable(variable);
  return std::string{value == nullptr ? "" : value};
}

/// One line on its way: what is in `open_` led to the text up to the place it names.
class Substitution {
 public:
  Substitution(std::string_view line, const Definitions& definitions,
               const Surroundings& surroundings)
      : definitions_{definitions}, surroundings_{surroundings} {
    out_.text = line;
  }

  Result<Substituted> run() {
    for (std::size_t at = out_.text.find('$'); at != std::string::npos;
         at = out_.text.find('$', at)) {
      const auto reference = reference_at(out_.text, at);
      if (!reference) {
        ++at;
        continue;
      }
      const std::size_t behind = out_.text.size() - reference->begin - reference->size;
      std::erase_if(open_, [&](const Open& open) { return behind < open.behind; });
      const auto next = replace(*reference, behind);
      if (!next) return tl::make_unexpected(next.error());
      if (!out_.lines_of.empty()) break;
      at += *next;
    }
    return std::move(out_);
  }

 private:
  /// A definition whose text ends `behind` characters before the end of the line.
  struct Open {
    std::string name;
    std::size_t behind;
  };

  /// @return how many characters from its place on are not looked at again
  Result<std::size_t> replace(const Reference& reference, std::size_t behind) {
    const Definition* definition = definitions_.find(reference.name);
    std::string value;
    if (definition != nullptr) {
      const std::string name{reference.name};
      if (std::ranges::find(open_, name, &Open::name) != open_.end())
        return fail("'${}' leads back to itself: {}", name, way_to(name));
      if (definition->body.size() > 1) return take_lines(name, reference.begin, behind);
      value = definition->body.front().text;
      open_.push_back({name, behind});
    } else if (auto known = built_in(reference, surroundings_)) {
      if (!*known) return tl::make_unexpected(known->error());
      value = std::move(**known);
    } else {
      if (reference.braced) out_.unknown.emplace_back(reference.name);
      return reference.size;
    }
    if (++count_ > max_references)
      return fail("this line leads to more than {} references", max_references);
    if (out_.text.size() - reference.size + value.size() > max_line_length)
      return fail("this line grows beyond {} bytes by its references", max_line_length);
    out_.text.replace(reference.begin, reference.size, value);
    out_.changed = true;
    return definition == nullptr ? value.size() : 0;  // a `$` of the environment is no reference
  }

  Result<std::size_t> take_lines(const std::string& name, std::size_t begin, std::size_t behind) {
    if (first_word(std::string_view{out_.text}.substr(out_.text.size() - behind)) != "")
      return fail("'${}' has several lines, so it must end the line", name);
    out_.lines_of = name;
    out_.text.resize(begin);
    out_.changed = true;
    return 0;
  }

  [[nodiscard]] std::string way_to(const std::string& name) const {
    std::string way;
    for (const Open& open : open_) way += fmt::format("${} -> ", open.name);
    return way + "$" + name;
  }

  const Definitions& definitions_;
  const Surroundings& surroundings_;
  Substituted out_;
  std::vector<Open> open_;
  std::size_t count_ = 0;
};

}  // namespace

const Definition* Definitions::find(std::string_view name) const {
  const auto found = known_.find(name);
  return found == known_.end() ? nullptr : &found->second;
}

std::string_view Definitions::closest_to(std::string_view name) const {
  std::vector<std::string_view> names;
  for (const auto& [known, definition] : known_) names.push_back(known);
  return closest(name, names);
}

Result<Substituted> substitute(std::string_view line, const Definitions& definitions,
                               const Surroundings& surroundings) {
  return Substitution{line, definitions, surroundings}.run();
}

}  // namespace holdfast::config
