#include "vrrp/config/complete.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace holdfast::vrrp {
namespace {

using config::GlobalDefs;
using config::Reader;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// @source RFC 9568 5.2.7: 12 bits of 10 ms
constexpr Duration v3_longest = milliseconds{40'950};
/// @source RFC 9568 5.2.5: the address count is one byte
constexpr std::size_t most_addresses = 255;

bool has_what_it_needs(const Instance& instance, Reader& reader) {
  const auto missing = [&](std::string_view keyword, std::string_view example) {
    reader.error(instance.place, fmt::format("vrrp_instance {} needs '{}', for example '{} {}'",
                                             instance.name, keyword, keyword, example));
    return false;
  };
  if (!instance.virtual_router_id) return missing("virtual_router_id", "51");
  if (instance.interface.empty() && instance.unicast.peers.empty())
    return missing("interface", "eth0");
  if (instance.interface == "lo") {
    reader.error(instance.place_of("interface"),
                 fmt::format("vrrp_instance {}: VRRP cannot run on the loopback "
                             "interface lo",
                             instance.name));
    return false;
  }
  return true;
}

/// Version 2 counts whole seconds, version 3 steps of 10 ms up to 40.95 s.
Duration fitting_interval(const Instance& instance, Version version, Reader& reader) {
  if (version == Version::v3) {
    const Duration steps = instance.advert_int / milliseconds{10} * milliseconds{10};
    if (instance.advert_int > v3_longest) {
      reader.warn(instance.place_of("advert_int"),
                  fmt::format("vrrp_instance {}: advert_int {} s is more than the "
                              "40.95 s of VRRP version 3; 40.95 s is used",
                              instance.name, in_seconds(instance.advert_int)));
      return v3_longest;
    }
    if (steps != instance.advert_int)
      reader.note(instance.place_of("advert_int"),
                  fmt::format("vrrp_instance {}: advert_int is rounded to {} s", instance.name,
                              in_seconds(steps)));
    return steps;
  }
  const Duration whole =
      std::max<Duration>(std::chrono::floor<seconds>(instance.advert_int + milliseconds{500}),
                         seconds{1});  // a half goes up, as the partner has it
  if (whole != instance.advert_int)
    reader.warn(instance.place_of("advert_int"),
                fmt::format("vrrp_instance {}: VRRP version 2 counts whole seconds, "
                            "so advert_int is {} s (version 3 has 10 ms steps)",
                            instance.name, in_seconds(whole)));
  return whole;
}

void settle_preemption(Instance& instance, std::uint8_t priority, Reader& reader) {
  if (!instance.preempt && (priority == owner_priority || instance.state == InitialState::master)) {
    reader.warn(
        instance.place_of("nopreempt"),
        fmt::format("vrrp_instance {}: nopreempt does nothing with {}; it is ignored",
                    instance.name, priority == owner_priority ? "priority 255" : "state MASTER"));
    instance.preempt = true;
  }
  if (instance.preempt_delay == Duration{0}) return;
  if (instance.preempt && instance.state != InitialState::master) return;
  reader.warn(instance.place_of("preempt_delay"),
              fmt::format("vrrp_instance {}: preempt_delay does nothing with {}; it is ignored",
                          instance.name, instance.preempt ? "state MASTER" : "nopreempt"));
  instance.preempt_delay = Duration{0};
}

void settle_authentication(Instance& instance, Version version, Reader& reader) {
  if (instance.auth_type == AuthType::none) return;
  if (version == Version::v3) {
    reader.warn(instance.place_of("authentication"),
                fmt::format("vrrp_instance {}: VRRP version 3 has no authentication; "
                            "it is left out",
                            instance.name));
    instance.auth_type = AuthType::none;
  } else if (instance.auth_pass.empty()) {
    reader.warn(instance.place_of("authentication"),
                fmt::format("vrrp_instance {}: auth_type PASS without auth_pass; "
                            "authentication is left out",
                            instance.name));
    instance.auth_type = AuthType::none;
  }
}

void settle_addresses(Instance& instance, Reader& reader) {
  if (instance.addresses.size() > most_addresses) {
    reader.warn(
        instance.place_of("virtual_ipaddress"),
        fmt::format("vrrp_instance {}: an advertisement lists at most {} addresses; the other "
                    "{} are held but not listed",
                    instance.name, most_addresses, instance.addresses.size() - most_addresses));
    instance.excluded.insert(instance.excluded.begin(), instance.addresses.begin() + most_addresses,
                             instance.addresses.end());
    instance.addresses.resize(most_addresses);
  }
  for (auto* list : {&instance.addresses, &instance.excluded})
    for (VirtualAddress& address : *list)
      if (address.interface.empty()) address.interface = instance.interface;
}

AnnounceConfig announce_config(const Instance& instance, const GlobalDefs& globals) {
  AnnounceConfig out;
  out.delay = instance.garp_master_delay.value_or(globals.vrrp_garp_master_delay);
  out.repeat = std::max(1U, instance.garp_master_repeat.value_or(globals.vrrp_garp_master_repeat));
  out.refresh = instance.garp_master_refresh.value_or(globals.vrrp_garp_master_refresh);
  out.refresh_repeat = std::max(
      1U, instance.garp_master_refresh_repeat.value_or(globals.vrrp_garp_master_refresh_repeat));
  out.lower_prio_delay = instance.garp_lower_prio_delay.value_or(
      globals.vrrp_garp_lower_prio_delay.value_or(globals.vrrp_garp_master_delay));
  out.lower_prio_repeat = instance.garp_lower_prio_repeat.value_or(
      globals.vrrp_garp_lower_prio_repeat.value_or(globals.vrrp_garp_master_repeat));
  return out;
}

}  // namespace

bool complete(Instance& instance, const GlobalDefs& globals, Reader& reader) {
  if (!has_what_it_needs(instance, reader)) return false;
  if (instance.mcast_src_ip && !instance.mcast_src_ip->is_v4()) {
    reader.error(instance.place_of("mcast_src_ip"),
                 fmt::format("vrrp_instance {}: mcast_src_ip {} is not an IPv4 address, and VRRP "
                             "over IPv6 is not supported yet",
                             instance.name, instance.mcast_src_ip->to_string()));
    return false;
  }
  const auto version =
      static_cast<Version>(instance.configured_version.value_or(globals.vrrp_version));
  // keepalived: MASTER without a priority means the owner.
  const std::uint8_t priority = instance.configured_priority.value_or(
      instance.state == InitialState::master ? owner_priority : std::uint8_t{100});
  settle_addresses(instance, reader);
  if (instance.addresses.empty() && !instance.no_virtual_ipaddress) {
    // Receivers must ignore an advert without addresses (RFC 9568 5.2.5, erratum 8299).
    reader.error(instance.place,
                 fmt::format("vrrp_instance {} has no virtual_ipaddress", instance.name));
    return false;
  }
  settle_preemption(instance, priority, reader);
  settle_authentication(instance, version, reader);
  RouterConfig& router = instance.router;
  router.version = version;
  router.priority = priority;
  router.advertisement_interval = fitting_interval(instance, version, reader);
  router.preempt = instance.preempt;
  router.preempt_delay = instance.preempt_delay;
  router.down_timer_adverts = instance.down_timer_adverts.value_or(globals.vrrp_down_timer_adverts);
  router.lower_prio_no_advert =
      instance.lower_prio_no_advert.value_or(globals.vrrp_lower_prio_no_advert);
  router.higher_prio_send_advert =
      instance.higher_prio_send_advert.value_or(globals.vrrp_higher_prio_send_advert);
  instance.announce = announce_config(instance, globals);
  instance.checksum_style = instance.v3_checksum_as_v2.value_or(globals.v3_checksum_as_v2)
                                ? ChecksumStyle::message
                                : ChecksumStyle::pseudo_header;
  return true;
}

void report_conflicts(const VrrpConfig& config, Reader& reader) {
  // RFC 9568 1.6: a virtual router is a VRID on a link for one family; unicast ones are apart by
  // whom they speak to.
  using Router = std::tuple<std::string, std::uint8_t, bool, std::optional<IpAddress>>;
  std::map<Router, const Instance*> routers;
  std::map<std::pair<std::string, IpAddress>, const Instance*> holders;
  for (const Instance& instance : config.instances) {
    const bool v6 = instance.native_ipv6 ||
                    (!instance.addresses.empty() && instance.addresses.front().address.is_v6());
    const auto peer = instance.unicast.peers.empty()
                          ? std::nullopt
                          : std::optional{instance.unicast.peers.front().address};
    const auto [other, fresh] =
        routers.try_emplace({instance.interface, instance.vrid(), v6, peer}, &instance);
    if (!fresh)
      reader.error(
          instance.place_of("virtual_router_id"),
          fmt::format("vrrp_instance {} and {} both use VRID {} on {}", other->second->name,
                      instance.name, instance.vrid(), instance.interface));
    for (const auto* list : {&instance.addresses, &instance.excluded})
      for (const VirtualAddress& address : *list) {
        const auto [holder, first] =
            holders.try_emplace({address.interface, address.address}, &instance);
        if (!first)
          reader.note(instance.place_of("virtual_ipaddress"),
                      fmt::format("{} on {} is held by vrrp_instance {} and {}",
                                  address.address.to_string(), address.interface,
                                  holder->second->name, instance.name));
      }
  }
}

bool equal_in_effect(const Instance& a, const Instance& b) {
  const auto effect = [](const Instance& i) {
    return std::tie(i.name, i.interface, i.virtual_router_id, i.state, i.router, i.announce,
                    i.checksum_style, i.dont_track_primary, i.mcast_src_ip, i.auth_type,
                    i.auth_pass, i.addresses, i.excluded, i.skip_check_adv_addr, i.unicast, i.links,
                    i.track, i.hmac, i.routes, i.rules, i.mcast_dst_ip, i.vrf, i.track_src_ip,
                    i.promote_secondaries, i.linkbeat_use_polling, i.native_ipv6, i.accept,
                    i.strict_mode, i.smtp_alert, i.owner_ignore_adverts, i.notify_priority_changes,
                    i.lvs_sync_daemon_interface, i.timer_expired_backup, i.garp_extra_if,
                    i.kernel_rx_buf_size);
  };
  return effect(a) == effect(b);
}

}  // namespace holdfast::vrrp
