// When to announce which address: one paced scheduler over all instances. The first copy of every
// address leaves before the second copy of any.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/base/time.h"

namespace holdfast::vrrp {

/// One address to be announced on one interface.
struct Announcement {
  std::uint32_t interface = 0;  ///< index
  IpAddress address;
  auto operator<=>(const Announcement&) const = default;
};

/// One block, a second one `delay` later (0: none), then `refresh_repeat` copies each `refresh`
/// (0: none).
struct AnnouncePlan {
  std::uint32_t repeat = 5;
  Duration delay = std::chrono::seconds{5};
  Duration refresh{0};
  std::uint32_t refresh_repeat = 1;
};

class AnnounceSchedule {
 public:
  AnnounceSchedule() = default;
  /// @param gap between two announcements of one family on one interface (vrrp_garp_interval,
  /// vrrp_gna_interval); 0: none
  void set_gap(Family family, Duration gap) { gaps_[family] = gap; }

  /// Begins a plan for an address; one that runs for it is replaced.
  void start(const Announcement& what, const AnnouncePlan& plan, TimePoint now);
  void cancel(const Announcement& what);
  /// At most `most` announcements that are due, each counted as sent.
  std::vector<Announcement> take_due(TimePoint now, std::size_t most);
  /// When take_due() has something next.
  [[nodiscard]] std::optional<TimePoint> deadline() const;
  [[nodiscard]] std::size_t size() const { return plans_.size(); }

 private:
  struct Progress {
    AnnouncePlan plan;
    std::uint32_t copies_left = 0;  ///< of the block that runs
    std::uint32_t copy = 0;         ///< number of the next copy in it
    bool second_block_follows = false;
    bool has_slot = false;  ///< `due` is a time slot of the interface, kept for it
    TimePoint block_start;
    TimePoint due;
  };
  /// Order of sending: due time, then copy number, then address.
  using Turn = std::tuple<TimePoint, std::uint32_t, Announcement>;

  static Turn turn_of(const Announcement& what, const Progress& progress) {
    return {progress.due, progress.copy, what};
  }
  /// The next copy or block. False: the plan is over.
  static bool advance(Progress& progress, TimePoint now);

  std::map<Family, Duration> gaps_;
  std::map<Announcement, Progress> plans_;
  std::set<Turn> turns_;
  std::map<std::pair<std::uint32_t, Family>, TimePoint> interface_free_at_;
};

}  // namespace holdfast::vrrp
