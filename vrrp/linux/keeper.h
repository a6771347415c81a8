// One kind of object in the kernel (addresses, routes, rules): what is wanted of it, by whom, and
// what happened to it. Sends nothing: the reconciler does, in slices.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/event.h"
#include "daemon/base/time.h"
#include "daemon/netlink/batch.h"
#include "vrrp/core/wanted.h"

namespace holdfast::vrrp {

/// Who wants an object: whatever the caller tells its objects apart by.
using Owner = const void*;

/// What is done when another program removes an object.
enum class OnLoss : std::uint8_t {
  restore,  ///< it is added again
  tell,     ///< the owner decides; until then nothing is added
  ignore    ///< it stays away until it is wanted anew
};

/// What another program removed.
struct Loss {
  Owner owner = nullptr;
  OnLoss on_loss = OnLoss::restore;
  std::string what;  ///< "192.0.2.1/24"
};
/// For whom an object is wanted, and what happens when another program removes it.
struct Claim {
  Owner owner = nullptr;
  OnLoss on_loss = OnLoss::restore;
};

template <typename Key, typename Settings>
class Keeper {
 public:
  using Item = Change<Key, Settings>;
  struct Wanted {
    Settings settings;
    Claim claim;
    std::optional<Settings> applied{};  ///< as it is in the kernel
    bool lost = false;                  ///< removed by another program and not back yet
  };
  [[nodiscard]] const std::map<Key, Wanted>& wanted() const { return wanted_; }
  [[nodiscard]] Wanted* find(const Key& key) {
    const auto found = wanted_.find(key);
    return found == wanted_.end() ? nullptr : &found->second;
  }
  void want(const Key& key, Settings settings, Claim claim) {
    Wanted& entry = wanted_[key];
    entry.settings = std::move(settings);
    entry.claim = claim;
  }
  /// @param owner whoever wanted it last: another one's wish stays
  /// @return true when nobody wants it any more
  bool unwant(const Key& key, Owner owner) {
    const auto found = wanted_.find(key);
    if (found == wanted_.end() || found->second.claim.owner != owner) return false;
    wanted_.erase(found);
    return true;
  }

  /// What was there and is not any more, each once.
  /// @param possible false: its absence has another cause (the interface is gone)
  template <typename Present, typename Possible>
  std::vector<Key> losses(const Present& present, const Possible& possible) {
    std::vector<Key> found;
    for (auto& [key, entry] : wanted_) {
      if (!entry.applied || present.contains(key)) continue;
      entry.applied.reset();
      if (!possible(key)) continue;
      entry.lost = true;
      found.push_back(key);
    }
    return found;
  }

  /// Computes what is to be sent; what was pending before is forgotten.
  /// @param actual what is there, with `fit` good unless the kernel itself spoilt it
  template <typename Possible>
  void plan(std::map<Key, Actual> actual, const Possible& possible, Actual::Fit when_changed) {
    for (auto& [key, entry] : wanted_) {
      const auto present = actual.find(key);
      if (present == actual.end()) continue;
      if (!entry.applied) entry.applied = entry.settings;
      if (entry.applied != entry.settings && present->second.fit == Actual::Fit::good)
        present->second.fit = when_changed;
    }
    const auto settings_of = [&](const Key& key, const Wanted& entry) -> const Settings* {
      const bool stays_away = entry.lost && entry.claim.on_loss != OnLoss::restore;
      const bool fits = possible(key) && (!stays_away || actual.contains(key));
      return fits ? &entry.settings : nullptr;
    };
    removals_.clear();
    additions_.clear();
    for (Item& change : difference<Settings>(wanted_, actual, settings_of))
      (change.kind == Item::Kind::add ? additions_ : removals_).push_back(std::move(change));
    std::ranges::reverse(removals_);
    std::ranges::reverse(additions_);
  }

  [[nodiscard]] bool removes() const { return !removals_.empty(); }
  [[nodiscard]] bool adds() const { return !additions_.empty(); }
  /// At most `most` of the next removals or, when there are none, of the next additions. What was
  /// refused a moment ago is passed over.
  std::vector<Item> take(typename Item::Kind kind, std::size_t most) {
    std::vector<Item>& queue = kind == Item::Kind::add ? additions_ : removals_;
    std::vector<Item> taken;
    while (!queue.empty() && taken.size() < most) {
      if (!refused_.contains(queue.back().key)) taken.push_back(std::move(queue.back()));
      queue.pop_back();
    }
    return taken;
  }

  /// The kernel took it. @return true for an object that is back after another program removed it
  bool accepted(const Item& change) {
    refusals_.erase(change.key);
    Wanted* entry = find(change.key);
    if (entry == nullptr) return false;
    if (change.kind == Item::Kind::remove) {
      entry->applied.reset();
      return false;
    }
    entry->applied = change.settings;
    return std::exchange(entry->lost, false);
  }
  /// The kernel did not: it is tried again after 1, 2, 4 ... 32 s, or when the caller says so.
  /// @return true when it is worth a line in the log
  bool refused(const Key& key, TimePoint now) {
    unsigned& count = refusals_[key];
    constexpr unsigned longest = 5;
    const bool is_news = count < longest;
    refused_[key] = now + std::chrono::seconds{1U << std::min(count, longest)};
    ++count;
    return is_news;
  }
  /// @return true when something that was refused is due again
  bool retry_due(TimePoint now) {
    return std::erase_if(refused_, [&](const auto& entry) { return entry.second <= now; }) > 0;
  }
  void retry_all() { refused_.clear(); }
  void retry(const Key& key) { refused_.erase(key); }
  [[nodiscard]] std::optional<TimePoint> deadline() const {
    std::optional<TimePoint> next;
    for (const auto& [key, when] : refused_) next = earliest(next, when);
    return next;
  }

 private:
  std::map<Key, Wanted> wanted_;
  std::vector<Item> removals_, additions_;  ///< last first
  std::map<Key, TimePoint> refused_;        ///< and when it may be tried again
  std::map<Key, unsigned> refusals_;        ///< in a row
};

/// What the kernel refused of a batch: the keeper knows, and the log what is news.
/// @return the indexes
template <typename Key, typename Settings>
std::set<std::size_t> note_refusals(Keeper<Key, Settings>& keeper,
                                    const std::vector<Change<Key, Settings>>& batch,
                                    const std::vector<netlink::Refusal>& refusals, Log& log,
                                    TimePoint now) {
  std::set<std::size_t> failed;
  for (const netlink::Refusal& refusal : refusals) {
    failed.insert(refusal.index);
    if (keeper.refused(batch[refusal.index].key, now))
      log.write(Event{Level::error, "netlink_refused", refusal.error.what});
  }
  return failed;
}

}  // namespace holdfast::vrrp
