#include "daemon/config/include.h"

#include <glob.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace holdfast::config {
namespace {

constexpr std::array<IncludeKeyword, 6> keywords{{
    {"include", {}},
    {"includer", {true, false, false, false}},
    {"includem", {true, true, false, false}},
    {"includew", {true, true, true, false}},
    {"includeb", {true, false, false, true}},
    {"includea", {true, true, true, true}},
}};

/// @source linux/limits.h PATH_MAX
constexpr std::size_t longest_pattern = 4096;

/// The parts of the first outermost brace group.
struct BraceGroup {
  std::size_t begin = 0;  ///< of '{'
  std::size_t end = 0;    ///< behind '}'
  std::vector<std::string> parts;
};

/// Nothing found: `parts` is empty. A brace that is never closed is an ordinary character.
BraceGroup first_group(const std::string& pattern) {
  BraceGroup group;
  std::size_t depth = 0;
  std::size_t part = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '{' && depth++ == 0) {
      group.begin = i;
      part = i + 1;
    } else if (depth == 1 && (pattern[i] == ',' || pattern[i] == '}')) {
      group.parts.push_back(pattern.substr(part, i - part));
      part = i + 1;
    }
    if (pattern[i] != '}' || depth == 0 || --depth > 0) continue;
    group.end = i + 1;
    return group;
  }
  return {};
}

/// Makes glob() take the characters of a directory literally.
std::string escaped(const std::string& directory) {
  std::string out;
  for (const char c : directory) {
    if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

const IncludeKeyword* find_include_keyword(std::string_view word) {
  if (!word.starts_with("include")) return nullptr;
  const auto* found = std::ranges::find(keywords, word, &IncludeKeyword::word);
  return found == keywords.end() ? nullptr : found;
}

Result<std::vector<std::string>> brace_alternatives(const std::string& pattern) {
  if (pattern.size() > longest_pattern)
    return fail("the pattern of an include is longer than {} bytes", longest_pattern);
  // Each round replaces the first group of every pattern that has one left.
  std::vector<std::string> done;
  std::vector<std::string> open{pattern};
  while (!open.empty()) {
    const std::string current = std::move(open.back());
    open.pop_back();
    const BraceGroup group = first_group(current);
    if (group.parts.empty()) {
      done.push_back(current);
    } else {
      for (auto part = group.parts.rbegin(); part != group.parts.rend(); ++part)
        open.push_back(current.substr(0, group.begin) + *part + current.substr(group.end));
    }
    if (done.size() + open.size() > max_brace_alternatives)
      return fail("the braces of an include make more than {} alternatives",
                  max_brace_alternatives);
  }
  return done;
}

bool has_wildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

std::vector<std::string> matching_files(const std::string& pattern, const std::string& from) {
  std::string full = pattern;
  if (!pattern.starts_with('/')) {
    const std::string directory = std::filesystem::path{from}.parent_path().string();
    if (!directory.empty())
      full =
          fmt::format("{}{}{}", escaped(directory), directory.ends_with('/') ? "" : "/", pattern);
  }
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(full.c_str(), GLOB_NOSORT, nullptr, &found) == 0)
    for (std::size_t i = 0; i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
  ::globfree(&found);
  std::ranges::sort(paths);
  return paths;
}

}  // namespace holdfast::config
