// One virtual router: RFC 9568 section 6.4 as a pure function. Events in, next state and actions
// out. Deadlines live in the states; the adapter arms one timer for the earliest of all routers.
//
//              Startup                 deadline
//   Initialize ───────▶ Backup ◀──────────────────▶ Active
//        ▲                │  ▲    a better advert      │
//        │ Shutdown       │  └──── FaultCleared ─┐     │
//        └────────────────┴───────▶ Fault ◀──────┴─────┘  FaultRaised
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/base/time.h"
#include "vrrp/core/packet.h"

namespace holdfast::vrrp {

/// What the election depends on. Addresses and scripts are the adapter's business.
struct RouterConfig {
  Version version = Version::v2;
  std::uint8_t priority = 100;  ///< 1..255; 255: owner (RFC 9568 5.2.4)
  Duration advertisement_interval = std::chrono::seconds{1};
  bool preempt = true;
  Duration preempt_delay{0};
  std::uint32_t down_timer_adverts = 3;  ///< RFC 9568 6.1 says 3
  bool lower_prio_no_advert = false;
  bool higher_prio_send_advert = false;
  /// timer_expired_backup: an Active router without preemption yields when it finds that it was
  /// silent for longer than a Backup of this priority waits. Empty: it goes on.
  std::optional<std::uint8_t> late_priority{};
  IpAddress address;  ///< primary address of the interface: decides between equal priorities
  bool operator==(const RouterConfig&) const = default;
};

struct Initialize {
  bool operator==(const Initialize&) const = default;
};
struct Backup {
  TimePoint deadline;                   ///< Active_Down_Timer
  Duration active_interval{};           ///< Active_Adver_Interval: ours until one is heard
  std::optional<TimePoint> preempt_at;  ///< preempt_delay runs: adverts are accepted until then
  IpAddress active_address;             ///< last heard; unspecified: none yet
  std::uint8_t active_priority = 0;
  /// The deadline has passed once since an advert was followed, and the sync group was not ready
  /// (group.h). Alone, a router never waits so.
  bool ready = false;
  /// This router handed over: whoever is Active is followed, of whatever priority.
  bool gave_way = false;
  bool operator==(const Backup&) const = default;
};
struct Active {
  TimePoint next_advert;        ///< Adver_Timer
  TimePoint last_advert;        ///< when the last one was due: peers count from there
  TimePoint answer_not_before;  ///< bounds the answers to losing adverts
  /// A handover: it has resigned, is silent until next_advert, and holds the addresses until
  /// another router has them.
  bool offered = false;
  /// Another router has taken what was offered: what this one becomes at next_advert.
  std::optional<Backup> taken{};
  bool operator==(const Active&) const = default;
};
struct Fault {
  bool gave_way = false;  ///< as in Backup, which follows
  bool operator==(const Fault&) const = default;
};
using State = std::variant<Initialize, Backup, Active, Fault>;

/// Begin. `resume` is the state that a dead predecessor of this process was in, if one is known.
struct Startup {
  std::optional<State> resume;
  bool faulty = false;  ///< the set of fault reasons is not empty
};
struct Shutdown {};
/// An advert that passed parse() and refuses().
struct AdvertReceived {
  std::uint8_t priority = 0;
  Duration interval{};
  IpAddress source;
};
/// The deadline of the state has passed. Contract: everything that had arrived on the sockets by
/// then was delivered before, so a paused process hears the Active router before it gives up on it.
struct DeadlineReached {};
struct FaultRaised {};
struct FaultCleared {};
/// A reload (or a new primary address) changed the configuration from `before`.
struct ConfigChanged {
  RouterConfig before;
};
/// Another program removed what an Active router holds, and the configuration says to yield.
struct HoldingsLost {
  std::string what;
};
/// The operator wants another router to be Active. An Active router resigns and goes on forwarding
/// until one has taken over; then it stays Backup as long as there is an Active one. When nobody
/// takes over it goes on.
struct HandOver {};
/// The end of what HandOver brought: the election is as configured again.
struct TakeBack {};
using RouterEvent = std::variant<Startup, Shutdown, AdvertReceived, DeadlineReached, FaultRaised,
                                 FaultCleared, ConfigChanged, HoldingsLost, HandOver, TakeBack>;

enum class StateName : std::uint8_t { initialize, backup, active, fault };
StateName name_of(const State& state);
/// keepalived's words: INIT, BACKUP, MASTER, FAULT.
std::string_view keepalived_name(StateName state);
/// RFC 9568's words: Initialize, Backup, Active; and Fault.
std::string_view to_string(StateName state);

/// Send an advertisement now.
struct SendAdvert {
  std::uint8_t priority = 0;
  bool operator==(const SendAdvert&) const = default;
};
/// The addresses must be on the interface from now on.
struct HoldAddresses {
  bool operator==(const HoldAddresses&) const = default;
};
/// The addresses must go.
struct DropAddresses {
  bool operator==(const DropAddresses&) const = default;
};
enum class Occasion : std::uint8_t {
  takeover,        ///< became Active: both blocks, then refresh
  lower_priority,  ///< answered a router that does not yield: the garp_lower_prio settings
  resumed,         ///< was stalled for longer than a down interval and is still the winner
};
/// Announce all addresses with gratuitous ARP.
struct Announce {
  Occasion occasion = Occasion::takeover;
  bool operator==(const Announce&) const = default;
};
/// Announcements that are still due are off: another router announces.
struct StopAnnouncing {
  bool operator==(const StopAnnouncing&) const = default;
};
/// For logs, scripts and counters. Follows the actions that belong to leaving `from`.
struct Transitioned {
  StateName from, to;
  std::string reason;
  bool operator==(const Transitioned&) const = default;
};
/// Worth a (rate-limited) warning: two routers with one priority and one address, and the like.
struct Suspicious {
  std::string what;
  bool operator==(const Suspicious&) const = default;
};
using Action = std::variant<SendAdvert, HoldAddresses, DropAddresses, Announce, StopAnnouncing,
                            Transitioned, Suspicious>;

struct Step {
  State state;
  std::vector<Action> actions;
};

/// RFC 9568 6.1; version 2 in whole units of RFC 3768 6.1 (seconds, whatever the interval).
Duration skew_time(const RouterConfig& config, Duration active_interval);
/// RFC 9568 6.1, with down_timer_adverts in place of 3.
Duration active_down_interval(const RouterConfig& config, Duration active_interval);

/// @return the next state, which carries its own deadline, and what to do, in order.
Step step(const RouterConfig& config, const State& state, const RouterEvent& event, TimePoint now);
/// An Active router of timer_expired_backup that was silent for too long: DeadlineReached makes it
/// yield.
bool yields_late(const RouterConfig& config, const State& state, TimePoint now);
/// The router handed over, or is doing so, and it has not been called off since.
bool has_given_way(const State& state);
/// An Active router that has resigned for a handover, which may have been called off too late.
bool is_handing_over(const State& state);
/// When DeadlineReached is due; nothing in Initialize and Fault.
std::optional<TimePoint> deadline(const State& state);

}  // namespace holdfast::vrrp
