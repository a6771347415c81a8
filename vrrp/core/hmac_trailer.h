// auth_hmac: 28 bytes behind an advert that say who sent it and when (draft-cassen-vrrp-auth-hmac,
// as keepalived 2.4.2 and later have it). Pure: the adapter gives the time of day.
//
//   type 1 | key id | reserved | seconds | 1/65536 s | counter | HMAC-SHA256, first 128 bits
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "vrrp/core/keyed_hash.h"
#include "vrrp/core/packet.h"

namespace holdfast::vrrp {

enum class AntiReplay : std::uint8_t { time, monotonic };
enum class HmacMode : std::uint8_t { enforce, permissive, receive_only };

/// How one virtual router signs and checks.
struct HmacPolicy {
  std::map<std::uint8_t, Secret> keys;  ///< by id; several while they are changed
  std::uint8_t active_key = 0;          ///< signs; one of `keys`
  std::uint32_t window = 5;             ///< seconds that clocks may differ
  AntiReplay anti_replay = AntiReplay::time;
  HmacMode mode = HmacMode::enforce;
  bool operator==(const HmacPolicy&) const = default;
};

/// Seconds since 1970 (32 bits), 1/65536 s, and a counter for adverts of one instant.
using HmacSequence = std::uint64_t;
/// @param since_epoch time of day
HmacSequence hmac_clock(std::chrono::nanoseconds since_epoch);
/// RFC 1982: later, on a clock that goes round.
bool is_later(HmacSequence a, HmacSequence b);

/// The numbers of what is sent: they grow. After the clock was set back `time` goes on from the
/// clock, `monotonic` from the last number.
class HmacSender {
 public:
  HmacSequence next(const HmacPolicy& policy, HmacSequence clock);

 private:
  std::optional<HmacSequence> last_;
};

/// Appends the trailer, and makes the checksum right where it covers that (IPv6).
void sign(std::vector<std::byte>& message, const IpAddress& source, const IpAddress& destination,
          const HmacPolicy& policy, HmacSequence sequence);

/// What was heard: the newest number of each sender.
class HmacReceiver {
 public:
  /// @param senders how many are remembered: the peers of unicast, 4 of multicast
  void remember(std::size_t senders) { most_ = senders; }
  /// Nothing when the advert may be taken. Only a good trailer changes what is known.
  std::optional<Discard> check(const Parsed& parsed, Bytes message, const IpAddress& source,
                               const HmacPolicy& policy, HmacSequence clock);
  struct Counters {
    std::uint64_t valid = 0, missing = 0;  ///< accepted ones; discards are counted as such
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct Mark {
    HmacSequence newest = 0;
    std::uint64_t used = 0;  ///< order of use
  };
  [[nodiscard]] bool is_replayed(const IpAddress& source, HmacSequence sequence,
                                 const HmacPolicy& policy, HmacSequence clock) const;
  void note(const IpAddress& source, HmacSequence sequence);

  std::map<IpAddress, Mark> marks_;
  std::size_t most_ = 4;
  std::uint64_t uses_ = 0;
  Counters counters_;
};

}  // namespace holdfast::vrrp
