// Makes the kernel's routes and policy rules what they must be. A part of Reconciler, which keeps
// the order between addresses and routes.
#pragma once

#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "daemon/base/event.h"
#include "daemon/netlink/receive_buffer.h"
#include "vrrp/linux/keeper.h"
#include "vrrp/linux/kernel_routes.h"
#include "vrrp/linux/links.h"

namespace holdfast::vrrp {

/// An object that another program removed is back.
void report_restored(Log& log, std::string_view event, const std::string& what);

class RouteReconciler {
 public:
  RouteReconciler(const Links& links, Log& log) : links_{links}, log_{log} {}

  /// Everything that the configuration may want. What is there of it at the first look was left by
  /// an earlier life of ours, and goes when it is not wanted. Without any route or rule the kernel
  /// is not watched at all.
  void set_configured(std::set<RouteKey> routes, std::set<RuleKey> rules);
  /// Told of each route and rule before it is added and after it is gone, for a successor.
  struct Ledger {
    std::function<void(const std::string& record)> hold, release;
  };
  void set_ledger(Ledger ledger) { ledger_ = std::move(ledger); }

  /// What a predecessor held is ours as well; call it before the first set_configured().
  /// @param record of held_record(); anything else is passed over
  void inherit(const std::string& record);

  void want(const RouteKey& key, RouteSettings settings, Claim claim) {
    routes_.want(key, std::move(settings), claim);
  }
  void want(const RuleKey& key, Claim claim) { rules_.want(key, {}, claim); }
  void unwant(const RouteKey& key, Owner owner) { routes_.unwant(key, owner); }
  void unwant(const RuleKey& key, Owner owner) { rules_.unwant(key, owner); }

  /// Readable when update() has something; negative: nothing is watched.
  /// Of the sockets that it opens when the first route or rule is wanted.
  void set_buffers(const netlink::ReceiveBuffer& command, const netlink::ReceiveBuffer& monitor) {
    command_buffer_ = command;
    monitor_buffer_ = monitor;
  }
  [[nodiscard]] int descriptor() const { return kernel_ ? kernel_->descriptor() : -1; }
  /// @return true when kernel_changed() must be called
  bool update();
  /// Looks at the kernel's routes and rules. @return what is missing since the last time
  std::vector<Loss> kernel_changed();

  /// Computes what is to be sent.
  void plan();
  [[nodiscard]] bool removes() const { return routes_.removes() || rules_.removes(); }
  [[nodiscard]] bool adds() const { return routes_.adds() || rules_.adds(); }
  /// Rules, then routes.
  void remove_slice(std::size_t most, TimePoint now);
  /// Routes, then rules.
  void add_slice(std::size_t most, TimePoint now);
  bool retry_due(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> deadline() const;

 private:
  template <typename Key, typename Settings>
  void apply(Keeper<Key, Settings>& keeper, std::set<Key>& held,
             const std::vector<Change<Key, Settings>>& batch, TimePoint now);
  [[nodiscard]] bool is_possible(const RouteKey& key) const;
  [[nodiscard]] bool went_down(const RouteKey& key) const;
  void take_inheritance();

  const Links& links_;
  Log& log_;
  std::optional<KernelRoutes> kernel_;
  netlink::ReceiveBuffer command_buffer_, monitor_buffer_;
  Keeper<RouteKey, RouteSettings> routes_;
  Keeper<RuleKey, RuleSettings> rules_;
  std::set<RouteKey> configured_routes_, held_routes_;
  std::set<RuleKey> configured_rules_, held_rules_;
  Ledger ledger_;
  std::set<std::string> inherited_;  ///< records of a predecessor, until the kernel was looked at
};

/// The record of a route or a rule that is held, in the state table.
std::string held_record(const RouteKey& key);
std::string held_record(const RuleKey& key);
/// What removes the object of a record; nothing for a record of something else.
std::optional<netlink::Message> removal_of(std::string_view record);

}  // namespace holdfast::vrrp
