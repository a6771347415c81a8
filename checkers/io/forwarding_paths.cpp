#include "checkers/io/forwarding_paths.h"

#include <algorithm>
#include <cerrno>

#include "daemon/config/global.h"

namespace holdfast::checkers {
namespace {

ipvs::ServiceKey key_of(const Endpoint& endpoint) {
  return ipvs::ServiceKey::of_mark(*endpoint.fwmark, endpoint.path->family);
}

std::string setting(const std::string& interface, const char* name) {
  return fmt::format("net/ipv4/conf/{}/{}", interface, name);
}

/// Answers come with the virtual address as their source, which IPv4 suspects.
bool has_suspicious_answers(const ForwardingPath& path) {
  return path.family == Family::ipv4 && path.forwarding != ipvs::Forwarding::masquerade;
}

/// Servers may have all of them.
std::set<IpAddress> virtual_addresses(const CheckersConfig& config) {
  std::set<IpAddress> found;
  for (const VirtualServer& service : config.services) {
    for (const ipvs::ServiceKey& key : service.keys)
      if (key.fwmark == 0) found.insert(key.address);
    for (const RealServer& server : service.servers)
      for (const Check& check : server.checks)
        if (check.endpoint.path) found.insert(*check.endpoint.connect_ip);
  }
  return found;
}

/// Nothing at all came back.
bool is_silence(std::string_view reason) {
  return reason.starts_with("connect") || reason.starts_with("no ");
}

/// What to look for; empty where the server has spoken.
std::string hint(const Endpoint& endpoint, std::string_view reason) {
  if (!is_silence(reason) || endpoint.path->forwarding == ipvs::Forwarding::masquerade) return "";
  const bool is_tunnel = endpoint.path->forwarding == ipvs::Forwarding::tunnel;
  return fmt::format("; has it {}{}?", is_tunnel ? "the tunnel and " : "",
                     endpoint.connect_ip->to_string());
}

}  // namespace

ForwardingPaths::ForwardingPaths(ipvs::Reconciler& reconciler, Log& log, FindRoute find_route,
                                 const std::string& sysctls)
    : reconciler_{reconciler},
      log_{log},
      find_route_{std::move(find_route)},
      sysctls_{log, sysctls} {}

void ForwardingPaths::apply(CheckersConfig& config) {
  const PathMarks::Change change = marks_.assign(config);
  for (const ipvs::ServiceKey& key : change.gone) reconciler_.unwant(key);
  for (const auto& [key, path] : change.made) reconciler_.want(key, service_of(path));
  sources_.set_virtual(marks_.empty() ? std::set<IpAddress>{} : virtual_addresses(config));
  if (marks_.empty()) {
    interfaces_.clear();
    reconciler_.own_marks(0, 0);
  } else {
    const std::uint32_t first = config.globals.check_path_first_mark;
    reconciler_.own_marks(first, first + config::check_path_marks - 1);
  }
  for (const auto& [key, path] : change.made)
    if (has_suspicious_answers(path))
      if (const auto route = find_route_(path.server.address); route && !route->is_local)
        interfaces_.insert(route->interface);
  let_in();
}

/// What says accept_local, on this interface or on all.
bool ForwardingPaths::is_on(const char* name, const std::string& interface) const {
  return sysctls_.get(setting(interface, name)) == "1" || sysctls_.get(setting("all", name)) == "1";
}

void ForwardingPaths::let_in() {
  process::Sysctls::Values wanted;
  for (const std::string& interface : interfaces_) {
    if (interface.empty()) continue;
    if (!is_on("accept_local", interface))
      log_.write(
          Event{Level::notice, "accept_local",
                fmt::format("net.ipv4.conf.{}.accept_local is set to 1: check_path forwarding "
                            "is answered from virtual addresses, which may be here as well",
                            interface)});
    wanted.emplace(setting(interface, "accept_local"), "1");
  }
  sysctls_.hold(std::move(wanted));
}

std::optional<IpAddress> ForwardingPaths::source(const Endpoint& endpoint, TimePoint now) {
  if (endpoint.bindto) return endpoint.bindto;
  return sources_.towards(endpoint.path->server.address, endpoint.path->family, now);
}

std::uint64_t ForwardingPaths::repairs(const Endpoint& endpoint) const {
  return reconciler_.repairs(key_of(endpoint));
}

Verdict ForwardingPaths::judge(const Endpoint& endpoint, std::uint64_t repairs, Verdict verdict) {
  if (verdict.kind != Verdict::Kind::failed) return verdict;
  if (repairs != this->repairs(endpoint))
    return Verdict::not_run("another program had changed its way through IPVS");
  if (const std::string fault = own_fault(endpoint); !fault.empty())
    return Verdict::not_run("{} ({})", fault, verdict.reason);
  // Short: of what is kept of a reason, the state table has room for some 90 characters.
  verdict.reason += fmt::format(" through IPVS ({}){}", method_of(*endpoint.path),
                                hint(endpoint, verdict.reason));
  return verdict;
}

/// Empty: none that is known.
std::string ForwardingPaths::own_fault(const Endpoint& endpoint) {
  const auto there = reconciler_.connections(key_of(endpoint));
  if (!there || !there->contains(endpoint.path->server))
    return fmt::format("its way through IPVS, firewall mark {}, is not in the kernel",
                       *endpoint.fwmark);
  return fault_of_routes(endpoint);
}

std::string ForwardingPaths::fault_of_routes(const Endpoint& endpoint) {
  const std::string address = endpoint.connect_ip->to_string();
  const auto there = find_route_(*endpoint.connect_ip);
  if (!there && (there.error().code == ENETUNREACH || there.error().code == EHOSTUNREACH))
    return fmt::format("this host has no route to {}, and needs one to send to it", address);
  const auto to_server = find_route_(endpoint.path->server.address);
  if (!has_suspicious_answers(*endpoint.path) || !there || !to_server || to_server->is_local ||
      to_server->interface.empty())
    return "";
  const std::string& interface = to_server->interface;
  if (there->is_local && !is_on("accept_local", interface)) {
    if (!refused_.contains(interface)) {
      interfaces_.insert(interface);
      let_in();
      if (!is_on("accept_local", interface)) refused_.insert(interface);
    }
    return fmt::format("net.ipv4.conf.{}.accept_local was 0, so that answers from {} were dropped",
                       interface, address);
  }
  const auto all = sysctls_.get(setting("all", "rp_filter"));
  const auto own = sysctls_.get(setting(interface, "rp_filter"));
  if (there->interface != interface && !there->interface.empty() &&
      std::max(all.value_or("0"), own.value_or("0")) == "1")
    return fmt::format(
        "rp_filter 1 drops answers that come from {} by {}: the route there is by "
        "{}; net.ipv4.conf.{}.rp_filter must be 2",
        address, interface, there->interface, interface);
  return "";
}

}  // namespace holdfast::checkers
