// The advert socket of one interface, family and carrier, and the routers that use it, by VRID.
#pragma once

#include "vrrp/core/flood.h"
#include "vrrp/linux/process.h"

namespace holdfast::vrrp {

struct VrrpProcess::Port {
  Port(boost::asio::io_context& context, AdvertSocket advert_socket, std::string interface)
      : name{std::move(interface)},
        socket{std::move(advert_socket)},
        readable{context, socket.descriptor()} {}
  ~Port() { readable.release(); }  // the descriptor belongs to the socket
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  /// The router that an advert is for: of several with one VRID, the one that knows the sender as
  /// its peer, or whose group it was sent to. Null: none.
  [[nodiscard]] RunningInstance* find(std::uint8_t vrid, const Arrival& arrival) const;

  /// An advert of this sender was taken.
  void know(const IpAddress& sender) {
    constexpr std::size_t most_known = 16;
    if (known.size() < most_known) known.insert(sender);
  }

  using Routers = std::multimap<std::uint8_t, RunningInstance*>;

  std::string name;  ///< of the interface, for the log
  AdvertSocket socket;
  boost::asio::posix::stream_descriptor readable;
  Routers routers;
  std::optional<AdvertSocket::Filter> filter;
  FloodGuard guard;
  std::set<IpAddress> known{};  ///< senders of adverts that were taken; at most some
  std::uint32_t buffer = 0;     ///< bytes that the socket was told to have; 0: the kernel decides
};

/// A VMAC that is up hears the frames that come from its own MAC address, which the base does not
/// hear then: those of another router that believes to be Active. Everything else comes to the
/// base.
struct VrrpProcess::PortUse {
  Port::Routers routers{};
  bool hears = true;
  std::optional<MacAddress> from{};
};

}  // namespace holdfast::vrrp
