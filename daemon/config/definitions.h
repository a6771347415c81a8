// `$NAME=VALUE` and its references (grammar.md 8). Pure but for the environment, the folder and the
// random numbers that the built-in names stand for, which Surroundings hands in.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"

namespace holdfast::config {

/// One line of a definition, and where it stands.
struct BodyLine {
  std::string text;
  std::uint32_t file = 0, number = 0;
};

struct Definition {
  std::vector<BodyLine> body;  ///< never empty; more than one: only at the end of a line
};

/// What the built-in names are read from.
struct Surroundings {
  std::string folder;                                        ///< _PWD: of the file being read
  std::string config_id;                                     ///< _INSTANCE
  std::function<const char*(const std::string&)> variable;   ///< _ENV: null when it is not set
  std::function<std::uint64_t(std::uint64_t)> random_below;  ///< _RANDOM: 0 to the argument - 1
};

class Definitions {
 public:
  void set(std::string name, Definition definition) {
    known_.insert_or_assign(std::move(name), std::move(definition));
  }
  void forget(const std::string& name) { known_.erase(name); }
  [[nodiscard]] const Definition* find(std::string_view name) const;
  /// The defined name most like `name`, or empty.
  [[nodiscard]] std::string_view closest_to(std::string_view name) const;

 private:
  std::map<std::string, Definition, std::less<>> known_;
};

/// Most references that one line may lead to. @source ours: doubling definitions never end
inline constexpr std::size_t max_references = 10'000;

struct Substituted {
  std::string
      text;  ///< of a line that ends in a definition of several lines: what stands before it
  bool changed = false;
  std::string lines_of;  ///< that definition's name; empty: none
  std::vector<std::string>
      unknown;  ///< `${NAME}` that stay as they are, because nothing has that name
};

/// Replaces every reference, the results included: from left to right, as long as there are any.
/// Errors say what is wrong: a definition that leads back to itself with the way it takes, one of
/// several lines amid a line, too many references, a line that grows too long.
Result<Substituted> substitute(std::string_view line, const Definitions& definitions,
                               const Surroundings& surroundings);

}  // namespace holdfast::config
