#include "daemon/report.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <tuple>

namespace holdfast {
namespace {

namespace json = boost::json;

struct Found {
  config::Shown shown;
  std::size_t count = 1;
};

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
  return {
      {"file", shown.file},       {"line", shown.line},
      {"column", shown.column},   {"severity", config::to_string(shown.severity)},
      {"message", shown.message}, {"source", shown.source},
      {"read_as", shown.read_as}, {"chain", json::array(shown.chain.begin(), shown.chain.end())},
      {"count", found.count}};
}

}  // namespace

std::string report_of(const std::vector<config::Diagnostic>& findings, const config::Text& text,
                      ReportFormat format, bool colours) {
  json::array list;
  std::string lines;
  for (Found& found : grouped(findings, text)) {
    if (format == ReportFormat::json) {
      list.emplace_back(to_json(found));
      continue;
    }
    if (found.count > 1) found.shown.message += fmt::format(" ({} times)", found.count);
    lines += config::render(found.shown, colours) + "\n";
  }
  if (format == ReportFormat::text) return lines;
  return json::serialize(json::object{{"findings", std::move(list)}}) + "\n";
}

}  // namespace holdfast
