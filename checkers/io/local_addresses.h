// Which addresses this network namespace has, for ha_suspend.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "daemon/base/event.h"
#include "daemon/base/ip.h"
#include "daemon/netlink/monitor.h"
#include "daemon/netlink/receive_buffer.h"

namespace holdfast::checkers {

class LocalAddresses {
 public:
  /// @param changed is called after each change
  LocalAddresses(boost::asio::io_context& context, Log& log, std::function<void()> changed);
  LocalAddresses(const LocalAddresses&) = delete;
  LocalAddresses& operator=(const LocalAddresses&) = delete;
  ~LocalAddresses();

  /// Reads what is there and follows it. What goes wrong is logged and tried again.
  /// @param buffer of the socket, where this opens it
  void watch(const netlink::ReceiveBuffer& buffer);
  void stop();
  /// On any interface. Everything while the kernel cannot be asked: checks that go on do no harm.
  [[nodiscard]] bool has(const IpAddress& address) const { return has_any(address, address); }
  /// The same of one between two of a family.
  [[nodiscard]] bool has_any(const IpAddress& first, const IpAddress& last) const;

 private:
  bool open();
  bool read_all();
  void wait();
  void take(const nlmsghdr& message);
  void try_again(const Error& error);

  Log& log_;
  std::function<void()> changed_;
  netlink::ReceiveBuffer buffer_;
  std::optional<netlink::Monitor> monitor_;
  boost::asio::posix::stream_descriptor readable_;
  boost::asio::steady_timer retry_;
  std::set<std::pair<IpAddress, std::uint32_t>> addresses_;  ///< with the interface
  bool known_ = false;
};

}  // namespace holdfast::checkers
