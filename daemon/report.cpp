#include "daemon/report.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <tuple>

#include "daemon/base/utf8.h"
#include "daemon/sarif.h"

namespace holdfast {
namespace {

namespace json = boost::json;

std::vector<Found> grouped(const std::vector<config::Diagnostic>& findings,
                           const config::Text& text) {
  std::vector<Found> all;
  std::map<std::tuple<std::string, std::uint32_t, std::size_t, std::string>, std::size_t> known;
  for (const config::Diagnostic& finding : findings) {
    config::Shown shown = config::show(finding, text);
    const auto [entry, is_new] =
        known.try_emplace({shown.file, shown.line, shown.column, shown.message}, all.size());
    if (is_new)
      all.push_back({std::move(shown)});
    else
      ++all[entry->second].count;
  }
  return all;
}

json::object to_json(const Found& found) {
  const config::Shown& shown = found.shown;
  json::array chain;
  for (const config::Origin& origin : shown.chain) chain.emplace_back(config::to_string(origin));
  return {{"file", shown.file},        {"line", shown.line},
          {"column", shown.column},    {"severity", config::to_string(shown.severity)},
          {"message", shown.message},  {"rule", shown.rule},
          {"source", shown.source},    {"read_as", shown.read_as},
          {"chain", std::move(chain)}, {"count", found.count}};
}

json::object to_json(const std::vector<Found>& findings) {
  json::array list;
  for (const Found& found : findings) list.emplace_back(to_json(found));
  return {{"findings", std::move(list)}};
}

}  // namespace

std::optional<ReportFormat> report_format(std::string_view name) {
  if (name == "text") return ReportFormat::text;
  if (name == "json") return ReportFormat::json;
  if (name == "sarif") return ReportFormat::sarif;
  return std::nullopt;
}

std::string report_of(const std::vector<config::Diagnostic>& findings, const config::Text& text,
                      ReportFormat format, bool colours) {
  std::vector<Found> found = grouped(findings, text);
  if (format != ReportFormat::text)
    // A configuration may hold any byte.
    return valid_utf8(
        json::serialize(format == ReportFormat::json ? to_json(found) : to_sarif(found)) + "\n");
  std::string lines;
  for (Found& one : found) {
    if (one.count > 1) one.shown.message += fmt::format(" ({} times)", one.count);
    lines += config::render(one.shown, colours) + "\n";
  }
  return lines;
}

}  // namespace holdfast
