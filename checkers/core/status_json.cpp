// `holdfast servers --format json`.
#include <fmt/chrono.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <ctime>
#include <string_view>

#include "checkers/core/status.h"

namespace holdfast::checkers {
namespace {

namespace json = boost::json;

json::value time_json(TimePoint at, const Clocks& clocks) {
  const std::time_t wall = clocks.wall_time_of(at);
  std::tm parts{};
  if (::gmtime_r(&wall, &parts) == nullptr) return nullptr;
  return json::string{fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", parts)};
}

json::object counts_json(const ipvs::Counts& counts) {
  return {{"connections", counts.connections},
          {"packets_in", counts.packets_in},
          {"packets_out", counts.packets_out},
          {"bytes_in", counts.bytes_in},
          {"bytes_out", counts.bytes_out}};
}

json::object traffic_json(const ipvs::Traffic& traffic) {
  return {{"total", counts_json(traffic.total)}, {"per_second", counts_json(traffic.per_second)}};
}

json::object statistics_json(const ipvs::DestinationStatistics& statistics) {
  json::object object = traffic_json(statistics.traffic);
  object["active_connections"] = statistics.open.active;
  object["inactive_connections"] = statistics.open.inactive;
  object["persistent_connections"] = statistics.persistent;
  return object;
}

json::object finding_json(const Finding& finding, const Clocks& clocks) {
  return {{"at", time_json(finding.at, clocks)}, {"reason", finding.reason}};
}

json::object check_json(const Check& check, const CheckState& state, const Clocks& clocks) {
  json::object object{
      {"check", check.keyword()}, {"up", state.health.up}, {"checked", state.health.judged}};
  if (const auto& decision = state.findings.decision())
    object["decision"] = finding_json(*decision, clocks);
  if (const auto& last = state.findings.last()) object["last"] = finding_json(*last, clocks);
  return object;
}

/// @param statistics added where they are known
void add_statistics(json::object& object, const ServiceTraffic* traffic,
                    const ipvs::DestinationKey& key) {
  if (traffic == nullptr) return;
  const auto found = traffic->servers.find(key);
  object["statistics"] =
      found == traffic->servers.end() ? json::value{} : statistics_json(found->second);
}

json::object server_json(const ServiceView& view, std::size_t i, const Clocks& clocks) {
  const VirtualServer& service = view.pool.service();
  const RealServer& server = service.servers[i];
  json::object object{{"name", to_string(server.key, service.key.protocol)},
                      {"address", server.key.address.to_string()},
                      {"port", server.key.port},
                      {"up", view.pool.is_alive(i)},
                      {"in_use", view.pool.is_in_use(i)},
                      {"state", view.pool.state_of(i)},
                      {"weight", view.pool.weight_of(i)}};
  json::array checks;
  for (std::size_t check = 0; check < server.checks.size(); ++check)
    checks.emplace_back(check_json(server.checks[check], view.checks[i][check], clocks));
  object["checks"] = std::move(checks);
  add_statistics(object, view.traffic, server.key);
  return object;
}

}  // namespace

json::object status_json(const ServiceView& view, const Clocks& clocks) {
  const VirtualServer& service = view.pool.service();
  json::object object{{"name", service.name},
                      {"quorum", service.quorum},
                      {"has_quorum", view.pool.has_quorum()},
                      {"alive_weight", view.pool.alive_weight()},
                      {"suspended", view.suspended}};
  if (view.mark) object["fwmark"] = *view.mark;
  json::array servers;
  for (std::size_t i = 0; i < service.servers.size(); ++i)
    servers.emplace_back(server_json(view, i, clocks));
  object["servers"] = std::move(servers);
  json::array leaving;
  for (const auto& [key, open] : view.pool.leaving()) {
    json::object one{{"name", to_string(key, service.key.protocol)},
                     {"connections", open.active + open.inactive}};
    add_statistics(one, view.traffic, key);
    leaving.emplace_back(std::move(one));
  }
  object["leaving"] = std::move(leaving);
  if (service.sorry_server) {
    json::object sorry{{"name", to_string(service.sorry_server->key, service.key.protocol)}};
    add_statistics(sorry, view.traffic, service.sorry_server->key);
    object["sorry_server"] = std::move(sorry);
  }
  if (view.traffic == nullptr) return object;
  object["statistics"] = traffic_json(view.traffic->total);
  json::array unknown;
  for (const std::string& why : view.traffic->unknown) unknown.emplace_back(json::string{why});
  object["statistics_unknown"] = std::move(unknown);
  return object;
}

}  // namespace holdfast::checkers
