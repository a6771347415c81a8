// lvs_sync_daemon of an instance: follows its state, and is looked after.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <set>

#include "ipvs/connector.h"
#include "ipvs/sync_daemon.h"

namespace holdfast::vrrp {

class SyncKeeper {
 public:
  /// @param vrid the sync id when the setting has none
  /// @param socket as for ipvs::Kernel::open()
  SyncKeeper(boost::asio::io_context& context, const config::SyncDaemon& setting, std::uint8_t vrid,
             Log& log, int socket);
  /// From now on exactly these roles run, also when IPVS comes later or another program has stopped
  /// them.
  void run(const std::set<ipvs::SyncRole>& roles);
  [[nodiscard]] const config::SyncDaemon& setting() const { return daemon_.setting(); }

 private:
  void look_later();

  ipvs::Connector connector_;
  ipvs::SyncDaemon daemon_;
  boost::asio::steady_timer timer_;
};

}  // namespace holdfast::vrrp
