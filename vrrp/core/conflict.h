// Somebody else is where an Active router is: another router that goes on although ours wins, or a
// host that uses one of our addresses. What is worth telling, and what is announced again and how
// often, so that two of a kind do not drive each other. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/base/time.h"
#include "vrrp/core/neighbour.h"

namespace holdfast::vrrp {

class ConflictWatch {
 public:
  /// Between two announcements, and two notifications, about one rival.
  static constexpr Duration rival_gap = std::chrono::seconds{1};
  /// Between two defences of one address. @source RFC 5227 1.1 DEFEND_INTERVAL
  static constexpr Duration defend_gap = std::chrono::seconds{10};

  /// @param grace what its predecessor had said by then may still be under way
  void became_active(TimePoint now, Duration grace) { active_since_ = now + grace; }

  /// An advert that loses to ours came, and we stay Active.
  /// @param silence after which the sender counts as gone
  /// @return what to tell
  enum class Tell : std::uint8_t { nothing, begins, goes_on };
  Tell rival(const IpAddress& source, TimePoint now, Duration silence);
  /// Whether what an advert of lower priority asks for is announced now.
  bool may_announce(TimePoint now);

  struct Ended {
    IpAddress rival;
    Duration lasted{};
    std::uint64_t adverts = 0;
  };
  /// The rival has been silent for long enough: we have won.
  std::optional<Ended> end_if_silent(TimePoint now);
  /// We are not Active any more.
  std::optional<Ended> end(TimePoint now);
  /// When end_if_silent() has something to say, unless the rival is heard again.
  [[nodiscard]] std::optional<TimePoint> deadline() const;
  [[nodiscard]] bool is_open() const { return open_.has_value(); }

  /// A frame of another MAC address says that it has an address which we hold.
  enum class Stranger : std::uint8_t {
    leftover,  ///< of the predecessor: our own announcements are under way
    known,     ///< counted; the address has been defended a moment ago
    defend     ///< announce the address now
  };
  Stranger stranger(const IpAddress& address, TimePoint now);

  struct Counters {
    std::uint64_t conflicts = 0;  ///< with a rival, from the first advert to its silence
    std::uint64_t adverts = 0;    ///< of rivals
    std::uint64_t frames = 0;     ///< of strangers
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct Open {
    IpAddress rival;
    TimePoint since, over_at, told_at;
    std::uint64_t adverts = 0;
  };
  std::optional<Open> open_;
  std::optional<TimePoint> announced_at_;
  TimePoint active_since_;
  std::map<IpAddress, TimePoint> defended_;  ///< when; older ones go
  Counters counters_;
};

/// Numbers from `first` to `second`.
using NumberRange = std::pair<std::uint32_t, std::uint32_t>;
/// Ranges, at most `most` of them, that cover the numbers and as little else as possible.
std::vector<NumberRange> cover(std::vector<std::uint32_t> numbers, std::size_t most);

}  // namespace holdfast::vrrp
