// A JSON Schema for editors, of the form of etc/YAML.md: a key is a line, so every keyword is a
// pattern. What is wrong in a value is said by holdfastd -t, not here.
#include "daemon/tool/json_schema.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>

namespace holdfast::tool {
namespace {

namespace json = boost::json;
using config::KeywordInfo;

/// Blocks by their path: "virtual_server/real_server".
using Blocks = std::map<std::string, std::vector<const KeywordInfo*>, std::less<>>;

std::string escaped(std::string_view word) {
  std::string out;
  for (const char c : word) {
    if (std::string_view{"\\^$.|?*+()[]{}"}.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

/// A path as the name of a definition: '/' separates the steps of a reference.
std::string path_name(std::string path) {
  std::ranges::replace(path, '/', '.');
  return path;
}

std::string description_of(const KeywordInfo& info) {
  std::string text = info.meaning;
  if (!info.arguments.empty()) text += fmt::format(" Takes: {}.", info.arguments);
  if (!info.default_value.empty()) text += fmt::format(" Default: {}.", info.default_value);
  if (!info.supported) text += " Not supported yet.";
  return text;
}

/// A keyword's own description, and for a block a reference to its definition; a list of blocks
/// where the keyword stands there more than once.
json::object keyword_schema(const Blocks& blocks, const KeywordInfo& info,
                            const std::string& path) {
  json::object schema{{"description", description_of(info)}};
  if (!blocks.contains(path)) return schema;
  const json::object one{{"$ref", "#/$defs/" + path_name(path)}};
  schema["anyOf"] = json::array{one, json::object{{"type", "array"}, {"items", one}},
                                json::object{{"type", "null"}}};
  return schema;
}

json::object block_schema(const Blocks& blocks, const std::string& path) {
  json::object patterns;
  for (const KeywordInfo* info : blocks.at(path)) {
    const std::string inner = path == "(root)" ? info->keyword : path + "/" + info->keyword;
    patterns["^" + escaped(info->keyword) + "( .*)?$"] = keyword_schema(blocks, *info, inner);
  }
  return {{"type", "object"}, {"patternProperties", patterns}, {"additionalProperties", false}};
}

}  // namespace

json::object json_schema(const std::vector<KeywordInfo>& keywords) {
  Blocks blocks;
  for (const KeywordInfo& info : keywords)
    if (!info.keyword.empty() && !info.block.starts_with('<')) blocks[info.block].push_back(&info);
  json::object schema = block_schema(blocks, "(root)");
  json::object definitions;
  for (const auto& [path, infos] : blocks)
    if (path != "(root)") definitions[path_name(path)] = block_schema(blocks, path);
  schema["$defs"] = std::move(definitions);
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "Configuration of holdfastd";
  return schema;
}

}  // namespace holdfast::tool
