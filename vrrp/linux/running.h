// One instance as it runs: configuration, state, faults and counters; and its record in the state
// table.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "daemon/process/repeated_line.h"
#include "vrrp/config/config.h"
#include "vrrp/core/ah.h"
#include "vrrp/core/conflict.h"
#include "vrrp/core/fault.h"
#include "vrrp/core/group.h"
#include "vrrp/core/hmac_trailer.h"
#include "vrrp/core/removals.h"
#include "vrrp/core/router.h"
#include "vrrp/core/tracker.h"
#include "vrrp/core/version_mix.h"
#include "vrrp/core/wanted.h"
#include "vrrp/linux/route_objects.h"

namespace holdfast::vrrp {

struct RunningGroup;

struct RunningInstance {
  Instance config;
  RouterConfig router;  ///< config.router with the address and the priority of now
  State state = Initialize{};
  FaultSet faults;
  TrackedSum tracked;             ///< of config.tracked, in that order
  Damper damper;                  ///< what of tracked.total() counts
  RunningGroup* group = nullptr;  ///< null: alone
  std::uint32_t interface = 0;    ///< index; 0: the interface does not exist
  std::uint32_t own_link = 0;     ///< the same of the one that it makes for its adverts
  std::set<RouteKey> held_routes;
  std::set<RuleKey> held_rules;
  std::set<AddressKey> held;       ///< addresses that the reconciler keeps for us
  bool owes_advert = false;        ///< the last one could not leave: own_link is not ready yet
  std::optional<TimePoint> armed;  ///< the deadline under which the timer queue knows it
  std::array<std::uint64_t, discard_reasons> discarded{};
  std::uint64_t adverts_sent = 0, adverts_received = 0;
  Duration foreign_interval{};  ///< last interval heard that differs from ours
  std::array<std::uint64_t, checksum_styles> checksums{};  ///< of accepted IPv4 adverts, by style
  std::map<IpAddress, ChecksumStyle> peer_styles;          ///< how the senders sum; at most some
  IpAddress compared_with;                                 ///< whose address list was compared last
  AhSequence ah_sequence;
  HmacSender hmac_sender;
  HmacReceiver hmac_receiver;
  RemovalCount removals;
  std::optional<TimePoint> meddled_until{};  ///< a fault reason until then
  /// An operator waits for the end of a handover.
  struct Handover {
    std::uint64_t request = 0;
    TimePoint begun;
  };
  std::optional<Handover> handover{};
  ConflictWatch conflict;
  VersionMix versions;
  std::size_t listed =
      std::numeric_limits<std::size_t>::max();  ///< of config.addresses, in adverts
  RepeatedLine conflict_log, stranger_log;
  std::string last_mailed;  ///< state, in keepalived's words
  RepeatedLine discard_log, send_log, interval_log, addresses_log, suspicious_log;
};

/// Those that its adverts list.
inline std::span<const VirtualAddress> listed_addresses(const RunningInstance& instance) {
  const std::span all{instance.config.addresses};
  return all.first(std::min(instance.listed, all.size()));
}

/// It has not begun, or has ended.
inline bool waits_to_start(const RunningInstance& instance) {
  return std::holds_alternative<Initialize>(instance.state);
}

/// It is Active, and not handing over.
inline bool is_serving(const RunningInstance& instance) {
  const auto* active = std::get_if<Active>(&instance.state);
  return active != nullptr && !active->offered;
}

/// A sync group as it runs.
struct RunningGroup {
  SyncGroup config;
  std::vector<RunningInstance*> members;
  StateName announced = StateName::initialize;  ///< what its scripts were told
  std::string last_mailed;                      ///< state, in keepalived's words
};

/// What a successor needs: the state with its deadlines, in at most StateTable::max_value bytes.
std::vector<std::byte> to_record(const State& state, std::uint32_t ah_sequence = 0);
/// Nothing for a record that is not one of ours.
std::optional<State> from_record(std::span<const std::byte> record);
/// The last number that was used; 0 for a record that is not one of ours.
std::uint32_t ah_sequence_in(std::span<const std::byte> record);

}  // namespace holdfast::vrrp
