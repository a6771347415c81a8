#include "vrrp/config/complete.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "vrrp/config/strict.h"
#include "vrrp/config/virtual_links.h"

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
    if (instance.places.contains(keyword)) {
      reader.error(
          instance.place_of(keyword),
          fmt::format("vrrp_instance {} cannot run without a valid '{}'", instance.name, keyword));
      return false;
    }
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

/// Of the addresses; without any, of whoever is spoken to.
Family family_of(const Instance& instance) {
  if (!instance.addresses.empty()) return instance.addresses.front().address.family();
  if (instance.native_ipv6) return Family::ipv6;
  if (instance.is_unicast()) return instance.unicast.peers.front().address.family();
  const auto& source = instance.configured_source();
  return source ? source->family() : Family::ipv4;
}

/// Peers, sources and groups of the other family mean nothing.
void settle_family(Instance& instance, const GlobalDefs& globals, Reader& reader) {
  instance.family = family_of(instance);
  const bool v6 = instance.family == Family::ipv6;
  const auto leave_out = [&](std::string_view keyword, const std::string& what) {
    reader.warn(instance.place_of(keyword),
                fmt::format("vrrp_instance {}: {} {} is left out, since the instance is of IPv{}",
                            instance.name, keyword, what, v6 ? 6 : 4));
  };
  if (instance.native_ipv6 && !v6) leave_out("native_ipv6", "");
  std::erase_if(instance.unicast.peers, [&](const UnicastPeer& peer) {
    if (peer.address.family() == instance.family) return false;
    leave_out("unicast_peer", peer.address.to_string());
    return true;
  });
  const auto settle = [&](std::string_view keyword, std::optional<IpAddress>& address) {
    if (!address || address->family() == instance.family) return;
    leave_out(keyword, address->to_string());
    address.reset();
  };
  settle("mcast_src_ip", instance.mcast_src_ip);
  settle("unicast_src_ip", instance.unicast.source);
  settle("mcast_dst_ip", instance.mcast_dst_ip);
  instance.group =
      instance.mcast_dst_ip.value_or(v6 ? globals.vrrp.mcast_group6 : globals.vrrp_mcast_group4);
}

/// keepalived: unicast settings without a peer are multicast.
void settle_unicast(Instance& instance, Reader& reader) {
  Unicast& unicast = instance.unicast;
  if (instance.is_unicast()) return;
  if (unicast.source && !unicast.fault_no_peer)
    reader.note(instance.place_of("unicast_src_ip"),
                fmt::format("vrrp_instance {}: unicast_src_ip without unicast_peer: adverts are "
                            "multicast",
                            instance.name));
  if (unicast.source && !instance.mcast_src_ip) instance.mcast_src_ip = unicast.source;
  if (unicast.ttl)
    reader.warn(instance.place_of("unicast_ttl"),
                fmt::format("vrrp_instance {}: unicast_ttl does nothing without unicast_peer",
                            instance.name));
  unicast.ttl.reset();
}

/// RFC 9568 5.2.9: a virtual router of IPv6 has a link-local address, and it is the first.
void check_link_local(const Instance& instance, Reader& reader) {
  if (instance.family == Family::ipv4 || instance.addresses.empty()) return;
  if (!instance.addresses.front().address.is_link_local())
    reader.note(instance.place_of("virtual_ipaddress"),
                fmt::format("vrrp_instance {}: the first IPv6 address should be link-local "
                            "(RFC 9568 5.2.9), for hosts that use it as their router",
                            instance.name));
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

/// RFC 9568 8.4: nothing but version 3 over IPv4 has a version 2 to replace.
void settle_migration(Instance& instance, Version version, Reader& reader) {
  if (!instance.also_version_2) return;
  const std::string_view obstacle = version != Version::v3            ? "needs version 3"
                                    : instance.family != Family::ipv4 ? "is for IPv4"
                                    : instance.hmac ? "is not for routers with auth_hmac"
                                                    : "";
  if (!obstacle.empty())
    reader.warn(instance.place_of("also_version_2"),
                fmt::format("vrrp_instance {}: also_version_2 {}; it is left out", instance.name,
                            obstacle));
  instance.also_version_2 = obstacle.empty();
}

/// With also_version_2 the password is that of its adverts of version 2.
void settle_authentication(Instance& instance, Version version, Reader& reader) {
  if (instance.auth_type == AuthType::none) return;
  const auto leave_out = [&](std::string_view why) {
    reader.warn(instance.place_of("authentication"),
                fmt::format("vrrp_instance {}: {}; it is left out", instance.name, why));
    instance.auth_type = AuthType::none;
  };
  if (version == Version::v3 && !instance.also_version_2)
    leave_out("VRRP version 3 has no authentication");
  else if (version == Version::v3 && instance.auth_type == AuthType::ah)
    leave_out("auth_type AH cannot be together with also_version_2");
  else if (instance.hmac)
    leave_out("auth_hmac takes the place of authentication");
  else if (instance.auth_pass.empty())
    leave_out("authentication needs an auth_pass");
  else if (instance.auth_type == AuthType::ah && instance.family == Family::ipv6)
    leave_out("auth_type AH is for IPv4");
}

/// @pre the advertisement interval is final
void settle_hmac(Instance& instance) {
  if (!instance.hmac) return;
  constexpr Duration shortest_window = seconds{5};
  HmacPolicy& policy = instance.hmac_policy.emplace();
  const Duration window = instance.hmac->time_window.value_or(
      std::max(3 * instance.router.advertisement_interval, shortest_window));
  policy.window = static_cast<std::uint32_t>(std::chrono::ceil<seconds>(window).count());
  policy.active_key = instance.hmac->active_key.value_or(0);
  policy.anti_replay = instance.hmac->anti_replay;
  policy.mode = instance.hmac->mode;
  for (const HmacKey& key : instance.hmac->keys)
    if (key.source != HmacKey::Source::file) policy.keys.emplace(key.id, key.value);
}

/// False: an address has no interface to live on.
bool settle_addresses(Instance& instance, Reader& reader) {
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
  settle_links(instance, reader);
  for (auto* list : {&instance.addresses, &instance.excluded})
    for (VirtualAddress& address : *list)
      if (address.interface.empty()) address.interface = instance.interface;
  for (const auto* list : {&instance.addresses, &instance.excluded})
    for (const VirtualAddress& address : *list)
      if (address.interface.empty()) {
        reader.error(instance.place_of("virtual_ipaddress"),
                     fmt::format("vrrp_instance {} has no interface: {} needs 'dev IF'",
                                 instance.name, address.address.to_string()));
        return false;
      }
  return true;
}

/// owner_ignore_adverts is for priority 255 (erratum 8298 of RFC 9568).
void settle_owner(Instance& instance, const GlobalDefs& globals, Reader& reader) {
  const bool owner = instance.router.priority == owner_priority;
  if (!owner && instance.owner_ignore_adverts.value_or(false) && !instance.is_strict)
    reader.warn(instance.place_of("owner_ignore_adverts"),
                fmt::format("vrrp_instance {}: owner_ignore_adverts does nothing with priority {}",
                            instance.name, instance.router.priority));
  instance.ignores_adverts =
      owner && instance.owner_ignore_adverts.value_or(globals.vrrp.owner_ignore_adverts);
}

/// The owner accepts always (RFC 9568 6.4.3).
void settle_accept_mode(Instance& instance, Reader& reader) {
  if (instance.is_strict && instance.accept == true && instance.router.version == Version::v2) {
    reader.warn(instance.place_of("accept"),
                fmt::format("vrrp_instance {}: strict mode: version 2 has no accept mode "
                            "(RFC 3768 6.4.3); it is left out",
                            instance.name));
    instance.accept.reset();
  }
  instance.refuses_packets =
      !instance.accept.value_or(!instance.is_strict) && instance.router.priority != owner_priority;
}

void settle_late_timers(Instance& instance, Reader& reader) {
  if (instance.timer_expired_backup && instance.preempt)
    reader.warn(
        instance.place_of("timer_expired_backup"),
        fmt::format("vrrp_instance {}: timer_expired_backup needs nopreempt; it is left out",
                    instance.name));
  else
    instance.router.late_priority = instance.timer_expired_backup;
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
  const auto& everywhere = globals.vrrp.extra_garp;
  const ExtraGarp extra =
      instance.garp_extra_if.value_or(ExtraGarp{everywhere.interval, everywhere.all_interfaces});
  out.extra_refresh = extra.interval;
  out.extra_all = extra.all;
  return out;
}

}  // namespace

bool complete(Instance& instance, const GlobalDefs& globals, Reader& reader) {
  if (!has_what_it_needs(instance, reader)) return false;
  settle_family(instance, globals, reader);
  settle_unicast(instance, reader);
  instance.is_strict = instance.strict_mode.value_or(globals.vrrp.strict);
  if (instance.is_strict) enforce_rfc(instance, reader);
  // RFC 3768 is for IPv4: what says nothing is version 3.
  const auto version = static_cast<Version>(instance.configured_version.value_or(
      instance.family == Family::ipv6 ? std::uint8_t{3} : globals.vrrp_version));
  // keepalived: MASTER without a priority means the owner.
  const std::uint8_t priority = instance.configured_priority.value_or(
      instance.state == InitialState::master ? owner_priority : std::uint8_t{100});
  if (!settle_addresses(instance, reader)) return false;
  if (!instance.is_strict) check_link_local(instance, reader);
  if (instance.addresses.empty() && !instance.no_virtual_ipaddress) {
    // Receivers must ignore an advert without addresses (RFC 9568 5.2.5, erratum 8299).
    reader.error(instance.place,
                 fmt::format("vrrp_instance {} has no virtual_ipaddress", instance.name));
    return false;
  }
  settle_preemption(instance, priority, reader);
  settle_migration(instance, version, reader);
  settle_authentication(instance, version, reader);
  RouterConfig& router = instance.router;
  router.version = version;
  router.priority = priority;
  router.advertisement_interval = fitting_interval(instance, version, reader);
  settle_hmac(instance);
  router.preempt = instance.preempt;
  router.preempt_delay = instance.preempt_delay;
  router.down_timer_adverts = instance.down_timer_adverts.value_or(globals.vrrp_down_timer_adverts);
  router.lower_prio_no_advert =
      instance.lower_prio_no_advert.value_or(globals.vrrp_lower_prio_no_advert);
  router.higher_prio_send_advert =
      instance.higher_prio_send_advert.value_or(globals.vrrp_higher_prio_send_advert);
  settle_owner(instance, globals, reader);
  settle_late_timers(instance, reader);
  settle_accept_mode(instance, reader);
  instance.announce = announce_config(instance, globals);
  instance.checksum_style = instance.v3_checksum_as_v2.value_or(globals.v3_checksum_as_v2)
                                ? ChecksumStyle::message
                                : ChecksumStyle::pseudo_header;
  return true;
}

void report_conflicts(const VrrpConfig& config, Reader& reader) {
  // RFC 9568 1.6: a virtual router is a VRID on a link for one family; unicast ones are apart by
  // whom they speak to.
  using Router = std::tuple<std::string, std::uint8_t, IpAddress>;
  std::map<Router, const Instance*> routers;
  std::map<std::pair<std::string, IpAddress>, const Instance*> holders;
  for (const Instance& instance : config.instances) {
    std::vector<IpAddress> spoken_to;
    for (const UnicastPeer& peer : instance.unicast.peers) spoken_to.push_back(peer.address);
    if (!instance.is_unicast()) spoken_to.push_back(instance.group);
    for (const IpAddress& address : spoken_to) {
      const auto [other, fresh] =
          routers.try_emplace({instance.device(), instance.vrid(), address}, &instance);
      if (fresh || other->second == &instance) continue;
      reader.error(
          instance.place_of("virtual_router_id"),
          fmt::format("vrrp_instance {} and {} both use VRID {} {}{}", other->second->name,
                      instance.name, instance.vrid(), instance.is_unicast() ? "with peer " : "on ",
                      instance.is_unicast() ? address.to_string() : instance.device()));
      break;
    }
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
                    i.made, i.tracked, i.track_damping, i.on_address_loss, i.hmac, i.hmac_policy,
                    i.ignores_adverts, i.routes, i.rules, i.mcast_dst_ip, i.vrf, i.track_src_ip,
                    i.promote_secondaries, i.linkbeat_use_polling, i.family, i.group,
                    i.refuses_packets, i.is_strict, i.smtp_alert, i.owner_ignore_adverts,
                    i.notify_priority_changes, i.lvs_sync_daemon_interface, i.timer_expired_backup,
                    i.garp_extra_if, i.kernel_rx_buf_size, i.also_version_2);
  };
  return effect(a) == effect(b);
}

}  // namespace holdfast::vrrp
