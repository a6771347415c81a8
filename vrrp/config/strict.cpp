#include "vrrp/config/strict.h"

namespace holdfast::vrrp {
namespace {

using config::Reader;

/// The words of one instance in strict mode.
struct Enforcer {
  Instance& instance;
  Reader& reader;

  void say(std::string_view keyword, std::string_view what) const {
    reader.warn(instance.place_of(keyword),
                fmt::format("vrrp_instance {}: strict mode: {}", instance.name, what));
  }

  void election() const {
    // RFC 9568 6.4.1: only the owner begins as Active.
    const bool owner = instance.configured_priority.value_or(owner_priority) == owner_priority;
    if (instance.state == InitialState::master && !owner) {
      say("state", "state MASTER is for priority 255; it is BACKUP");
      instance.state = InitialState::backup;
    }
    if (instance.preempt_delay > Duration{0}) {
      say("preempt_delay", "preempt_delay is not in the RFC; it is left out");
      instance.preempt_delay = Duration{0};
    }
    if (instance.down_timer_adverts.value_or(3) != 3)
      say("down_timer_adverts", "down_timer_adverts is 3 (RFC 9568 6.1)");
    instance.down_timer_adverts = 3;
    if (instance.lower_prio_no_advert == false)
      say("lower_prio_no_advert", "adverts of lower priority are not answered");
    instance.lower_prio_no_advert = true;
    if (instance.higher_prio_send_advert == true)
      say("higher_prio_send_advert", "no advert is sent when yielding");
    instance.higher_prio_send_advert = false;
    instance.garp_lower_prio_repeat = 0;
    instance.garp_lower_prio_delay = Duration{0};
    instance.owner_ignore_adverts = true;  // RFC 5798 7.1, before erratum 8298
  }

  void packets() const {
    if (instance.family == Family::ipv6 && instance.configured_version == 2) {
      say("version", "IPv6 needs version 3");
      instance.configured_version = 3;
    }
    if (instance.auth_type != AuthType::none) {
      say("authentication", "RFC 3768 and RFC 9568 have no authentication; it is left out");
      instance.auth_type = AuthType::none;
    }
    if (instance.hmac && instance.hmac->mode != HmacMode::enforce) {
      say("auth_hmac", "mode is enforce");
      instance.hmac->mode = HmacMode::enforce;
    }
  }

  void addresses() const {
    if (instance.no_virtual_ipaddress) {
      say("no_virtual_ipaddress", "a virtual router has addresses (RFC 9568 5.2.5)");
      instance.no_virtual_ipaddress = false;
    }
    // RFC 9568 5.2.9
    if (instance.family == Family::ipv6 && !instance.addresses.empty() &&
        !instance.addresses.front().address.is_link_local())
      say("virtual_ipaddress", "the first IPv6 address must be link-local");
  }

  /// Differs from RFC 9568 5.1.1.2: keepalived 2.2.7 runs unicast in strict mode as configured.
  void peers() const {
    if (instance.is_unicast() && !instance.interface.empty())
      reader.note(instance.place_of("unicast_peer"),
                  fmt::format("vrrp_instance {}: strict mode: adverts are multicast in the RFC "
                              "(9568 5.1.1.2); the peers stay as configured",
                              instance.name));
  }

  void links() const {
    if (instance.links.vmac && !instance.links.vmac->mac.empty()) {
      say("use_vmac", "the virtual MAC address is that of RFC 9568 7.3");
      instance.links.vmac->mac.clear();
    }
    if (instance.links.send_from_base) say("vmac_xmit_base", "adverts come from the virtual MAC");
    instance.links.send_from_base = false;
  }
};

}  // namespace

void enforce_rfc(Instance& instance, Reader& reader) {
  const Enforcer enforcer{instance, reader};
  enforcer.election();
  enforcer.packets();
  enforcer.addresses();
  enforcer.peers();
  enforcer.links();
}

}  // namespace holdfast::vrrp
