#include "daemon/sarif.h"

#include <algorithm>
#include <boost/json/array.hpp>

#include "daemon/base/utf8.h"

namespace holdfast {
namespace {

namespace json = boost::json;

constexpr std::string_view other_rule = "configuration";

std::string_view rule_of(const Found& found) {
  return found.shown.rule.empty() ? other_rule : found.shown.rule;
}

/// A URI, or a relative reference where the path is relative. @source RFC 3986 2.3, RFC 8089 2
std::string uri_of(std::string_view path) {
  constexpr std::string_view plain = "-._~/";
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || plain.find(c) != std::string_view::npos;
    if (is_plain)
      uri += c;
    else
      uri += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return uri;
}

/// Bytes of a line, counted as characters. @return 1 for the first
std::size_t character_column(std::string_view line, std::size_t column) {
  std::size_t characters = 1;
  for (std::size_t i = 0; i + 1 < column;) {
    i += i < line.size() ? std::max<std::size_t>(utf8_size(line, i), 1) : 1;
    ++characters;
  }
  return characters;
}

json::object place(const std::string& file, json::object region) {
  return {
      {"physicalLocation", json::object{{"artifactLocation", json::object{{"uri", uri_of(file)}}},
                                        {"region", std::move(region)}}}};
}

json::object result(const Found& found, std::span<const std::string_view> rules) {
  const config::Shown& shown = found.shown;
  const auto rule = std::ranges::find(rules, rule_of(found));
  json::object out{{"ruleId", *rule},
                   {"ruleIndex", rule - rules.begin()},
                   {"level", config::to_string(shown.severity)},
                   {"message", json::object{{"text", shown.message}}},
                   {"occurrenceCount", found.count}};
  if (shown.file.empty()) return out;
  json::object region{{"startLine", std::max<std::uint32_t>(shown.line, 1)},
                      {"startColumn", character_column(shown.source, shown.column)}};
  out["locations"] = json::array{place(shown.file, std::move(region))};
  json::array related;
  for (const config::Origin& origin : shown.chain) {
    json::object link =
        place(origin.file, {{"startLine", std::max<std::uint32_t>(origin.line, 1)}});
    link["id"] = related.size() + 1;
    link["message"] = json::object{{"text", config::to_string(origin)}};
    related.emplace_back(std::move(link));
  }
  if (!related.empty()) out["relatedLocations"] = std::move(related);
  return out;
}

}  // namespace

json::object to_sarif(std::span<const Found> findings) {
  std::vector<std::string_view> rules;
  for (const Found& found : findings)
    if (std::ranges::find(rules, rule_of(found)) == rules.end()) rules.push_back(rule_of(found));
  json::array described;
  for (const std::string_view rule : rules) described.emplace_back(json::object{{"id", rule}});
  json::array results;
  for (const Found& found : findings) results.emplace_back(result(found, rules));
  const json::object driver{
      {"name", "holdfast"}, {"version", HOLDFAST_VERSION}, {"rules", std::move(described)}};
  return {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
          {"version", "2.1.0"},
          {"runs", json::array{json::object{{"tool", json::object{{"driver", driver}}},
                                            {"columnKind", "unicodeCodePoints"},
                                            {"results", std::move(results)}}}}};
}

}  // namespace holdfast
