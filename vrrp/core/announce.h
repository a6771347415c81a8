// When to announce which address: one paced scheduler over all instances. The first copy of every
// address leaves before the second copy of any.
//
//   start() ─▶ ready: one lane for each pace and family, in it one queue for each number of copies
//                 │ take_due(): of all lanes that may send now the address with the fewest copies
//                 ▼
//              sent ─▶ ready again (next copy), waiting (second block, refresh), or over
//
// What one announcement costs depends on the number of lanes, not on the number of addresses.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>
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

/// Announcements of one family that have the same timer are `gap` apart.
struct Pace {
  /// Whose timer it is: an interface by its index, or several of them by the number of their group.
  struct Timer {
    bool shared = false;
    std::uint32_t number = 0;
    auto operator<=>(const Timer&) const = default;
  } timer;
  Duration gap{0};  ///< 0: none
};

class AnnounceSchedule {
 public:
  AnnounceSchedule() = default;
  AnnounceSchedule(const AnnounceSchedule&) = delete;
  AnnounceSchedule& operator=(const AnnounceSchedule&) = delete;

  using PaceOf = std::function<Pace(const Announcement&)>;
  /// From now on; what has not been sent yet is paced by it as well. Without one nothing is paced.
  void set_pace(PaceOf pace_of, TimePoint now);

  /// Begins a plan for an address; one that runs for it is replaced. Who waits for its first copy
  /// keeps its place in the queue.
  void start(const Announcement& what, const AnnouncePlan& plan, TimePoint now);
  /// One more copy now, whatever else is planned; what is on its way already is enough.
  void repeat(const Announcement& what, TimePoint now);
  void cancel(const Announcement& what);
  /// Which of the announcements that are due.
  enum class Which : std::uint8_t {
    all,
    first_copies  ///< more addresses are on their way: their first copies come before the rest
  };
  /// At most `most` announcements that are due, each counted as sent.
  std::vector<Announcement> take_due(TimePoint now, std::size_t most, Which which = Which::all);
  /// When take_due() has something next.
  [[nodiscard]] std::optional<TimePoint> deadline() const;
  [[nodiscard]] std::size_t size() const { return plans_.size(); }

 private:
  struct Lane;
  struct Plan {
    Announcement what;
    AnnouncePlan plan;
    std::uint32_t copies_left = 0;  ///< of the block that runs
    std::uint32_t copies_sent = 0;  ///< since the start; `refreshing` behind the last block
    bool second_block_follows = false;
    bool is_extra = false;  ///< the next copy is one more, and then the plan goes on
    TimePoint block_start;
    TimePoint due;
    std::uint64_t turn = 0;  ///< in the queue; lower is earlier
    Lane* lane = nullptr;    ///< where it is ready; null: it waits
    std::list<Plan*>::iterator ready_at{};
    std::multimap<TimePoint, Plan*>::iterator waiting_at{};
  };
  using LaneKey = std::pair<Pace::Timer, Family>;
  /// The fewest copies, then the longest in the queue.
  using Turn = std::tuple<std::uint32_t, std::uint64_t, Lane*>;
  struct Lane {
    LaneKey key;
    Duration gap{0};
    TimePoint free_at;
    std::map<std::uint32_t, std::list<Plan*>> ready;  ///< by copies sent
    std::optional<Turn> turn{};                       ///< in turns_
    bool is_paused = false;                           ///< in paused_, until free_at
  };
  struct Hash {
    std::size_t operator()(const Announcement& what) const noexcept {
      return std::hash<IpAddress>{}(what.address) * 31 + what.interface;
    }
  };

  /// Refreshes have time: they leave behind all that is new.
  static constexpr std::uint32_t refreshing = 0xFFFF'FFFF;

  void put(Plan& plan, TimePoint now);
  void make_ready(Plan& plan);
  void take_out(Plan& plan);
  void settle(Lane& lane);
  void wake(TimePoint now);
  /// The next copy or block. False: the plan is over.
  static bool advance(Plan& plan, TimePoint now);

  PaceOf pace_of_;
  std::unordered_map<Announcement, Plan, Hash> plans_;
  std::multimap<TimePoint, Plan*> waiting_;
  std::map<LaneKey, Lane> lanes_;  ///< those that have something, or whose gap runs
  std::set<Turn> turns_;           ///< lanes that may send
  std::set<std::pair<TimePoint, Lane*>> paused_;
  std::uint64_t last_turn_ = 0;
};

}  // namespace holdfast::vrrp
