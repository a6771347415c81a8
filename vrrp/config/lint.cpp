#include "vrrp/config/lint.h"

#include <algorithm>

namespace holdfast::vrrp {
namespace {

using config::Advice;
using config::Machine;

class Lint {
 public:
  Lint(const VrrpConfig& config, const Machine& machine) : config_{config}, machine_{machine} {}

  std::vector<Advice> run() {
    for (const Instance& instance : config_.instances) {
      check_priority(instance);
      check_interface(instance);
      check_addresses(instance);
      check_interval(instance);
      check_advert(instance);
      check_authentication(instance);
      check_accept_mode(instance);
      check_weights(instance);
      check_tracked_interfaces(instance);
      check_mail(instance);
    }
    for (const TrackScript& script : config_.trackers.scripts) check_script(script);
    for (const SyncGroup& group : config_.groups.sync) check_group(group);
    return std::move(advice_);
  }

 private:
  template <typename... Args>
  void say(std::string_view id, const Instance& instance, fmt::format_string<Args...> text,
           Args&&... args) {
    advice_.push_back({id, instance.place,
                       fmt::format("vrrp_instance {}: ", instance.name) +
                           fmt::format(text, std::forward<Args>(args)...)});
  }

  void check_priority(const Instance& instance) {
    if (!instance.configured_priority && instance.state == InitialState::backup)
      say("priority-default", instance,
          "no priority, so it is 100: where the partner leaves it out as well, the primary address "
          "decides who is master; give each router one of its own");
    if (instance.state == InitialState::master && instance.router.priority != owner_priority &&
        instance.router.priority <= 100)
      say("state-master", instance,
          "'state MASTER' decides nothing: the priority {} does, and it is not above the default "
          "of "
          "100",
          instance.router.priority);
    if (instance.router.priority == owner_priority && instance.configured_priority &&
        !owns_address(instance))
      say("owner-without-address", instance,
          "priority 255 is for the owner of the addresses (RFC 9568 6.1), and this machine has "
          "none "
          "of them: it takes them over at once whenever it starts, and no preempt_delay holds it");
  }

  [[nodiscard]] bool owns_address(const Instance& instance) const {
    return std::ranges::any_of(instance.addresses, [&](const VirtualAddress& virtual_address) {
      return std::ranges::any_of(machine_.addresses, [&](const auto& present) {
        return present.address == virtual_address.address;
      });
    });
  }

  void check_interface(const Instance& instance) {
    if (machine_.interfaces.empty() || instance.interface.empty()) return;
    if (!machine_.interfaces.contains(instance.interface)) {
      say("interface-missing", instance,
          "this machine has no interface {}: the instance is in FAULT until there is one",
          instance.interface);
      return;
    }
    const bool has_address = std::ranges::any_of(machine_.addresses, [&](const auto& present) {
      return present.interface == instance.interface &&
             present.address.family() == instance.family &&
             (present.address.is_v4() || present.address.is_link_local());
    });
    const auto& source = instance.configured_source();
    if (!has_address && !source)
      say("interface-without-address", instance,
          "interface {} has no {} address that adverts could come from", instance.interface,
          instance.family == Family::ipv4 ? "IPv4" : "IPv6 link-local");
    if (source && std::ranges::none_of(machine_.addresses, [&](const auto& present) {
          return present.address == *source;
        }))
      say("source-missing", instance, "{} {} is no address of this machine",
          instance.is_unicast() ? "unicast_src_ip" : "mcast_src_ip", source->to_string());
  }

  void check_addresses(const Instance& instance) {
    for (const auto* list : {&instance.addresses, &instance.excluded})
      for (const VirtualAddress& virtual_address : *list) {
        // With a shorter prefix it brings its network along.
        if (virtual_address.prefix_length < virtual_address.address.bits()) continue;
        const bool has_network = std::ranges::any_of(machine_.addresses, [&](const auto& present) {
          return present.interface == virtual_address.interface;
        });
        if (!has_network) continue;
        const bool inside = std::ranges::any_of(machine_.addresses, [&](const auto& present) {
          return present.interface == virtual_address.interface &&
                 present.address != virtual_address.address &&
                 is_inside(virtual_address.address, present);
        });
        if (inside) continue;
        say("address-outside-network", instance,
            "{} is in no network that {} is connected to: neighbours find it only by a route that "
            "somebody set",
            virtual_address.address.to_string(), virtual_address.interface);
      }
  }

  void check_interval(const Instance& instance) {
    const Duration interval = instance.router.advertisement_interval;
    const Duration gap = config_.globals.vrrp_garp_interval;
    const auto count = instance.addresses.size() + instance.excluded.size();
    if (gap * static_cast<long>(count) > std::chrono::seconds{1})
      say("announcements-slow", instance,
          "{} addresses {} s apart: the last one is announced {} s after a takeover, and until "
          "then "
          "its clients talk to the dead router; lower vrrp_garp_interval",
          count, in_seconds(gap), in_seconds(gap * static_cast<long>(count)));
    if (interval < std::chrono::milliseconds{50})
      say("interval-short", instance,
          "an advert_int of {} s makes every pause of {} s a takeover: a busy host, a switch that "
          "learns, a virtual machine that migrates",
          in_seconds(interval), in_seconds(instance.router.down_timer_adverts * interval));
    if (instance.router.down_timer_adverts < 2)
      say("one-advert-lost", instance,
          "down_timer_adverts 1: one lost packet makes two masters; RFC 9568 6.1 has 3");
  }

  void check_advert(const Instance& instance) {
    constexpr std::size_t ethernet_mtu = 1500;
    const std::size_t fit = addresses_that_fit(ethernet_mtu, instance.family, 0);
    if (instance.addresses.size() > fit)
      say("addresses-not-listed", instance,
          "an advert lists {} of its {} addresses where the MTU is {} bytes; put the others into "
          "virtual_ipaddress_excluded, so that all routers of the link list the same ones",
          fit, instance.addresses.size(), ethernet_mtu);
    if (!instance.also_version_2) return;
    say("also-version-2", instance,
        "also_version_2 is for the time in which routers of version 2 are replaced (RFC 9568 8.4): "
        "of two routers that do not speak one version each is MASTER; take it out afterwards");
    if (instance.router.advertisement_interval % std::chrono::seconds{1} != Duration{0})
      say("version-2-whole-seconds", instance,
          "version 2 counts whole seconds, and its routers refuse another interval than their own: "
          "with an advert_int of {} s they have to have 1 s, and no higher priority than this one "
          "(RFC 9568 8.4.2.1); better go below a second when all are of version 3",
          in_seconds(instance.router.advertisement_interval));
  }

  void check_authentication(const Instance& instance) {
    if (instance.auth_type == AuthType::password)
      say("password-in-clear", instance,
          "auth_type PASS sends the password in clear in every advert: it keeps out a wrong "
          "configuration, not an attacker");
    if (!instance.unicast.peers.empty() && instance.auth_type == AuthType::none && !instance.hmac)
      say("unicast-unauthenticated", instance,
          "unicast adverts without authentication: whoever can send to this address from anywhere "
          "can become master; use auth_hmac, or filter by source");
  }

  void check_accept_mode(const Instance& instance) {
    if (instance.refuses_packets && !instance.accept)
      say("strict-drops-packets", instance,
          "strict mode drops what is sent to its addresses: neither ping nor a service of this "
          "machine answers there{}",
          instance.router.version == Version::v3 ? "; write 'accept' if they shall"
                                                 : " (version 3 has 'accept')");
  }

  void check_weights(const Instance& instance) {
    int lowest = instance.router.priority;
    int highest = lowest;
    for (const TrackReference& reference : instance.track.scripts) {
      const auto script =
          std::ranges::find(config_.trackers.scripts, reference.name, &TrackScript::name);
      const int own = script == config_.trackers.scripts.end() ? 0 : script->weight.value;
      const int weight = reference.weight.value_or(static_cast<std::int16_t>(own));
      (weight < 0 ? lowest : highest) += weight;
    }
    if (lowest == instance.router.priority && highest == lowest) return;
    if (instance.router.priority == owner_priority)
      say("weight-of-owner", instance,
          "the weights of tracked scripts do nothing with priority 255");
    else if (highest >= owner_priority || lowest < 1)
      say("weight-clamped", instance,
          "priority and weights reach from {} to {}, and are cut to 1-254: routers that differ "
          "beyond "
          "are equal, and their addresses decide",
          lowest, highest);
  }

  void check_script(const TrackScript& script) {
    const Duration timeout = script.timeout.value_or(script.interval);
    if (timeout > script.interval)
      advice_.push_back(
          {"script-slower-than-interval", script.place,
           fmt::format("vrrp_script {}: may run for {} s and is started every {} s: a "
                       "script that hangs is noticed late",
                       script.name, in_seconds(timeout), in_seconds(script.interval))});
  }

  void check_tracked_interfaces(const Instance& instance) {
    if (machine_.interfaces.empty()) return;
    for (const Tracked& tracked : instance.tracked)
      if (tracked.kind == TrackKind::interface && !machine_.interfaces.contains(tracked.name) &&
          !is_made(tracked.name))
        say("interface-missing", instance,
            "this machine has no interface {}, which is tracked: it counts as down until there is "
            "one",
            tracked.name);
  }

  void check_mail(const Instance& instance) {
    const config::AlertDefs& alerts = config_.globals.alerts;
    if (alerts.for_vrrp(instance.smtp_alert) && !alerts.can_send())
      say("mail-goes-nowhere", instance,
          "its transitions are to be mailed, and none is: global_defs has no {}",
          alerts.server.empty() ? "smtp_server" : "notification_email");
  }

  /// Of an interface that is there when the daemon runs.
  [[nodiscard]] bool is_made(const std::string& interface) const {
    return std::ranges::any_of(config_.instances, [&](const Instance& instance) {
      return std::ranges::find(instance.made, interface, &MadeLink::name) != instance.made.end();
    });
  }

  void check_group(const SyncGroup& group) {
    const Instance* first = nullptr;
    for (const Instance& instance : config_.instances) {
      if (std::ranges::find(group.members, instance.name) == group.members.end()) continue;
      if (first == nullptr) first = &instance;
      if (instance.router.priority == first->router.priority) continue;
      advice_.push_back(
          {"group-priorities", group.place,
           fmt::format("vrrp_sync_group {}: {} has priority {} and {} {}: where each router is the "
                       "best for one member, the group goes back and forth",
                       group.name, first->name, first->router.priority, instance.name,
                       instance.router.priority)});
      return;
    }
  }

  const VrrpConfig& config_;
  const Machine& machine_;
  std::vector<Advice> advice_;
};

}  // namespace

std::vector<Advice> lint(const VrrpConfig& config, const Machine& machine) {
  return Lint{config, machine}.run();
}

}  // namespace holdfast::vrrp
