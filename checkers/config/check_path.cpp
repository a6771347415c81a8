// check_path: which checks go through IPVS, and what keeps one from it.
#include <algorithm>
#include <tuple>

#include "checkers/config/schema.h"
#include "daemon/config/root.h"

namespace holdfast::checkers {
namespace {

using config::Reader;
using ipvs::Forwarding;

/// Where clients go; of a group the first address whose packets can reach the server.
const ipvs::ServiceKey* virtual_key(const RealServer& server, const VirtualServer& service) {
  const auto found = std::ranges::find_if(service.keys, [&](const ipvs::ServiceKey& key) {
    return key.fwmark == 0 && (key.address.family() == server.key.address.family() ||
                               server.settings.forwarding == Forwarding::tunnel);
  });
  return found == service.keys.end() ? nullptr : &*found;
}

/// It talks to something else than the service, or in its own way.
bool goes_elsewhere(const Check& check) {
  const Endpoint& endpoint = check.endpoint;
  return endpoint.connect_ip || endpoint.connect_port || endpoint.fwmark || is_agent(check) ||
         std::holds_alternative<PingCheck>(check.probe);
}

std::string_view obstacle_of_address(const Check& check, const RealServer& server,
                                     const ipvs::ServiceKey* key) {
  const Endpoint& endpoint = check.endpoint;
  if (!endpoint.connect_ip && key == nullptr)
    return "a firewall mark has no address; connect_ip names the virtual one";
  const IpAddress& address = endpoint.connect_ip ? *endpoint.connect_ip : key->address;
  if (endpoint.bindto == address) return "bindto is the virtual address, which the server has too";
  if (address.family() == server.key.address.family()) return "";
  if (server.settings.forwarding != Forwarding::tunnel)
    return "the virtual address is of another family than the server";
  return endpoint.bindto ? "" : "the server is of another family; bindto must say from where";
}

/// Why it cannot; empty: it can.
std::string_view obstacle(const Check& check, const RealServer& server,
                          const ipvs::ServiceKey* key) {
  if (std::holds_alternative<PingCheck>(check.probe)) return "IPVS does not forward pings";
  if (check.endpoint.fwmark) return "it has a fwmark, and this way is found by one";
  const bool sends_datagrams = std::holds_alternative<UdpCheck>(check.probe) ||
                               std::holds_alternative<DnsCheck>(check.probe);
  // Without a connection in the kernel the address of a reply would not be changed back.
  if (sends_datagrams && server.settings.forwarding == Forwarding::masquerade)
    return "with NAT every datagram would be a connection that IPVS keeps for minutes";
  return obstacle_of_address(check, server, key);
}

void send_through_ipvs(Endpoint& endpoint, const RealServer& server, const ipvs::ServiceKey* key) {
  const bool changes_port = server.settings.forwarding == Forwarding::masquerade;
  const std::uint16_t service_port = key != nullptr && key->port != 0 ? key->port : server.key.port;
  const std::uint16_t server_port = endpoint.connect_port.value_or(server.key.port);
  if (!endpoint.connect_ip) endpoint.connect_ip = key->address;
  if (!endpoint.connect_port && service_port != 0) endpoint.connect_port = service_port;
  endpoint.path = std::make_shared<const ForwardingPath>(
      ForwardingPath{endpoint.connect_ip->family(),
                     {server.key.address, changes_port ? server_port : std::uint16_t{0}},
                     server.settings.forwarding,
                     server.settings.tunnel});
}

bool has_path(const Check& check) { return check.endpoint.path != nullptr; }

const Check* first_with_path(const CheckersConfig& config) {
  for (const VirtualServer& service : config.services)
    for (const RealServer& server : service.servers)
      if (const auto check = std::ranges::find_if(server.checks, has_path);
          check != server.checks.end())
        return &*check;
  return nullptr;
}

/// The table of IPVS is one of another network namespace than that of the probes.
bool has_table_elsewhere(std::span<const config::Statement> tree) {
  config::Diagnostics reported_by_the_supervisor;
  Reader quiet{reported_by_the_supervisor};
  const config::RootDefs root = config::read_root(tree, quiet);
  return root.net_namespace_ipvs && *root.net_namespace_ipvs != root.net_namespace;
}

class MarkConflicts {
 public:
  MarkConflicts(std::uint32_t first, Reader& reader)
      : first_{first}, last_{first + config::check_path_marks - 1}, reader_{reader} {}
  /// Those that nftables_ipvs gives to `groups` groups.
  void look_at_groups(std::uint32_t from, std::size_t groups, config::Place place) {
    if (groups == 0 || from + (groups - 1) < first_ || from > last_) return;
    reader_.error(place,
                  fmt::format("nftables_ipvs gives the firewall marks from {} on to {} groups, and "
                              "check_path forwarding has {}..{} to itself; check_path_start_fwmark "
                              "and nftables_ipvs_start_fwmark move them",
                              from, groups, first_, last_));
  }
  void look_at(std::uint32_t mark, config::Place place) {
    if (mark < first_ || mark > last_) return;
    reader_.error(place,
                  fmt::format("firewall mark {} is one of {}..{}, which check_path forwarding has "
                              "to itself; check_path_start_fwmark moves them",
                              mark, first_, last_));
  }

 private:
  std::uint32_t first_, last_;
  Reader& reader_;
};

}  // namespace

bool Endpoint::operator==(const Endpoint& other) const {
  const auto plain = [](const Endpoint& one) {
    return std::tie(one.connect_ip, one.connect_port, one.bindto, one.bind_port, one.bind_if,
                    one.fwmark);
  };
  if (plain(*this) != plain(other)) return false;
  return path == other.path || (path && other.path && *path == *other.path);
}

void settle_path(Check& check, const RealServer& server, const VirtualServer& service,
                 Reader& reader) {
  const std::optional<CheckPath> inherited =
      server.check_path ? server.check_path : service.check_path;
  if (check.path.value_or(inherited.value_or(CheckPath::direct)) == CheckPath::direct) return;
  if (!check.path && goes_elsewhere(check)) return;
  const ipvs::ServiceKey* key = virtual_key(server, service);
  const std::string_view why = obstacle(check, server, key);
  if (why.empty())
    send_through_ipvs(check.endpoint, server, key);
  else if (check.path)
    reader.error(check.place,
                 fmt::format("{} cannot have check_path forwarding: {}", check.keyword(), why));
  else
    reader.note(check.place, fmt::format("{} goes straight to the server in spite of check_path "
                                         "forwarding: {}",
                                         check.keyword(), why));
}

void report_path_conflicts(const CheckersConfig& config, std::span<const config::Statement> tree,
                           Reader& reader) {
  const Check* check = first_with_path(config);
  if (check == nullptr) return;
  if (has_table_elsewhere(tree))
    reader.error(check->place,
                 fmt::format("{} cannot have check_path forwarding: net_namespace_ipvs has IPVS in "
                             "another network namespace than the checks",
                             check->keyword()));
  MarkConflicts marks{config.globals.check_path_first_mark, reader};
  const auto groups = std::ranges::count_if(
      config.services, [](const VirtualServer& service) { return !service.marked.empty(); });
  marks.look_at_groups(config.globals.firewall.ipvs_first_mark, static_cast<std::size_t>(groups),
                       check->place);
  for (const VirtualServer& service : config.services) {
    for (const ipvs::ServiceKey& key : service.keys) marks.look_at(key.fwmark, service.place);
    for (const RealServer& server : service.servers)
      for (const Check& other : server.checks)
        marks.look_at(other.endpoint.fwmark.value_or(0), other.place);
  }
}

}  // namespace holdfast::checkers
