// The packet filter as one more part of the wanted kernel state: which packets are dropped for
// whom, in place before an address is added and until it is gone, and put back when another program
// takes it away.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "daemon/base/event.h"
#include "daemon/base/time.h"
#include "daemon/config/global.h"
#include "vrrp/linux/packet_filter.h"

namespace holdfast::vrrp {

class Firewall {
 public:
  Firewall(boost::asio::io_context& context, Log& log);
  Firewall(const Firewall&) = delete;
  Firewall& operator=(const Firewall&) = delete;
  ~Firewall();

  /// Told of what is made before it is, and when it is gone, so that a successor knows.
  struct Ledger {
    std::function<void(const std::string& record)> hold, release;
  };
  void set_ledger(Ledger ledger) { ledger_ = std::move(ledger); }
  /// What a predecessor made: goes unless it is used again.
  void inherit(const std::string& record) { inherited_.insert(record); }
  /// What a predecessor may have dropped packets of: goes once it is known what is wanted now.
  void inherit(const FilterElements& elements) { plan_.inherit(elements); }

  /// The name of what is ours where the configuration gives none: two daemons in one network
  /// namespace do not take each other's table for a leftover of their own.
  /// @param mark of this daemon
  void name_after(std::uint8_t mark);
  /// @param needed someone may want something; without it nothing at all is in the kernel
  void configure(const config::FirewallDefs& settings, bool needed);
  /// From now on packets of these are dropped for `owner`, and of no others.
  void refuse(FilterPlan::Owner owner, FilterElements elements);

  /// Puts in place what is wanted. Call it before addresses are added.
  void before_addresses();
  /// Takes away what is not wanted any more. Call it when the addresses are as they must be.
  void after_addresses();
  /// Interfaces have come or gone: rules that know them by number may be about others now.
  void links_changed();
  /// Takes away everything.
  void close();

 private:
  [[nodiscard]] bool is_needed() const { return needed_ || !plan_.is_empty(); }
  void build();
  void failed(const Error& error);
  void clear(PacketFilter& filter);
  void drop_filter();
  void drop_inherited();
  void watch();
  void look_at(TimePoint when);
  void look();

  Log& log_;
  std::string name_;
  Ledger ledger_;
  config::FirewallDefs settings_;
  bool needed_ = false;
  FilterPlan plan_;
  std::unique_ptr<PacketFilter> filter_;
  bool built_ = false;  ///< what plan_ has as applied is in the kernel
  std::set<std::string> inherited_;
  bool settled_ = false;          ///< after_addresses() was called
  unsigned failures_ = 0;         ///< to build it, in a row
  TimePoint last_look_{};         ///< for changes of others
  std::optional<TimePoint> due_;  ///< of timer_
  boost::asio::io_context& context_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<boost::asio::posix::stream_descriptor> readable_;
};

/// "holdfast" of a daemon with the usual pid file, "holdfast_MARK" of another one.
std::string firewall_name(std::uint8_t mark);
/// The record of a filter in the state table, by PacketFilter::record().
std::string firewall_record(const std::string& filter);
/// The inverse; empty for a record of something else.
std::string filter_of_record(const std::string& record);
/// Takes away everything of a filter that PacketFilter::record() describes.
Result<void> clear_filter(const std::string& record);

}  // namespace holdfast::vrrp
