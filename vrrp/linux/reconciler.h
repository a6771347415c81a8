// Makes the kernel's addresses what they must be, and announces them. Work is cut into slices, so
// that adverts go out and come in while thousands of addresses move (architecture: a takeover is
// sliced).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "daemon/base/event.h"
#include "daemon/base/time.h"
#include "daemon/netlink/receive_buffer.h"
#include "daemon/process/repeated_line.h"
#include "vrrp/core/announce.h"
#include "vrrp/core/slice.h"
#include "vrrp/core/wanted.h"
#include "vrrp/linux/address_writer.h"
#include "vrrp/linux/announcer.h"
#include "vrrp/linux/keeper.h"
#include "vrrp/linux/links.h"
#include "vrrp/linux/pacing.h"
#include "vrrp/linux/route_reconciler.h"

namespace holdfast::vrrp {

class Reconciler {
 public:
  /// Routes and rules: wanted through this, and worked on in the order of addresses and routes.
  [[nodiscard]] RouteReconciler& routes() { return routes_; }

  Reconciler(Links& links, AddressWriter writer, Announcer announcer, Log& log);

  /// Of its sockets for requests, and of those that hear of routes and rules.
  void set_buffers(const netlink::ReceiveBuffer& command, const netlink::ReceiveBuffer& monitor);

  /// How far announcements are apart from now on.
  void set_pacing(Pacing pacing, TimePoint now);
  /// Address, prefix length and the name of the interface where it lives.
  using VirtualKey = std::tuple<IpAddress, std::uint8_t, std::string>;
  /// Addresses that are ours whoever put them there: configured as virtual. The same address on
  /// another interface (a real server's loopback) or with another prefix length is not.
  /// @param addresses with true for those of an address owner (RFC 9568 6.1): where it was there
  ///        before us it is the interface's own, and stays
  void set_virtual(std::map<VirtualKey, bool> addresses);
  /// Told of each address before we add it and after it is gone, so that a successor knows.
  struct Ledger {
    std::function<void(const VirtualKey&, const std::optional<IpAddress>& peer)> hold;
    std::function<void(const VirtualKey&)> release;
  };
  void set_ledger(Ledger ledger) { ledger_ = std::move(ledger); }
  /// What a predecessor held is ours as well.
  void inherit(const VirtualKey& key) { held_.insert(key); }
  [[nodiscard]] bool is_virtual(const AddressKey& key) const;

  /// From now on this address must be there; it is announced by `plan` whenever we add it.
  void want(const AddressKey& key, const AddressSettings& settings, const AnnouncePlan& plan,
            Claim claim);
  /// Of an address that is wanted.
  void set_plan(const AddressKey& key, const AnnouncePlan& plan) { plans_[key] = plan; }
  /// From now on it must not, unless another owner has wanted it since.
  void unwant(const AddressKey& key, Owner owner);
  /// Announces it now, if it is there; otherwise it will be when it is added.
  void announce(const AddressKey& key, const AnnouncePlan& plan, TimePoint now);

  /// What is still due of its announcements is off.
  void stop_announcing(const AddressKey& key) { schedule_.cancel({key.interface, key.address}); }

  /// One more announcement of an address that is there: somebody else claims it.
  void defend(const AddressKey& key, TimePoint now);

  /// The kernel's state has changed: what is missing comes back, what is left over goes. Call it
  /// before work().
  /// @return what is missing since the last time, each once
  std::vector<Loss> kernel_changed(TimePoint now);
  /// One slice of work. @return true when more is waiting
  bool work(TimePoint now);
  /// True once after work() has sent its last addition or removal: what depends on the kernel's
  /// addresses should look again.
  [[nodiscard]] bool take_finished() {
    return !has_pending() && std::exchange(sent_changes_, false);
  }
  /// When work() has something to do next; nothing: when something changes.
  [[nodiscard]] std::optional<TimePoint> deadline() const;
  /// Additions and removals sent so far, and announcements.
  struct Counters {
    std::uint64_t added = 0, removed = 0, announced = 0, refused = 0;
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  [[nodiscard]] bool has_pending() const {
    return addresses_.removes() || addresses_.adds() || routes_.removes() || routes_.adds();
  }
  [[nodiscard]] std::optional<VirtualKey> virtual_key(const AddressKey& key) const;
  [[nodiscard]] bool can_be_lost(const AddressKey& key) const;
  [[nodiscard]] bool is_ours(const AddressKey& key, bool marked) const;
  void hold(const AddressKey& key, const std::optional<IpAddress>& peer);
  void forget(const VirtualKey& key);
  void follow_names();
  void adopt_and_forget();
  void plan_changes(TimePoint now);
  void apply_slice(TimePoint now);
  void apply(std::vector<AddressChange> batch, TimePoint now);
  void removed(const AddressKey& key, TimePoint now);
  void added(const AddressChange& change, TimePoint now);
  void send_announcements(TimePoint now);

  Links& links_;
  AddressWriter writer_;
  Announcer announcer_;
  Log& log_;
  Slice slice_;  ///< of addresses
  Pacing pacing_;
  AnnounceSchedule schedule_;
  std::map<VirtualKey, bool> virtual_;  ///< true: of an owner
  std::set<VirtualKey> held_;           ///< added or taken over by us, and not yet gone
  Ledger ledger_;
  bool first_plan_ = true;  ///< leftovers of an earlier life are only looked for at the start
  RouteReconciler routes_;
  Keeper<AddressKey, AddressSettings> addresses_;
  std::map<AddressKey, AnnouncePlan> plans_;
  /// When we last took an address from an interface: the kernel may take others with it.
  std::map<std::uint32_t, TimePoint> removed_at_;
  RepeatedLine duplicates_;
  bool dirty_ = true;
  bool sent_changes_ = false;
  Counters counters_;
};

}  // namespace holdfast::vrrp
