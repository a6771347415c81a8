// Hears who else says that it has an address of ours: ARP by a packet socket, neighbour
// advertisements by a raw socket, both filtered in the kernel. Open only while there is something
// to listen for; what is read in a second is bounded.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"
#include "vrrp/core/neighbour.h"

namespace holdfast::vrrp {

class NeighbourListener {
 public:
  struct Heard {
    std::uint32_t interface = 0;  ///< index
    AddressClaim claim;
  };
  using Handler = std::function<void(std::span<const Heard>)>;
  /// @param handler called with what was heard; may be some addresses more than those asked for
  NeighbourListener(boost::asio::io_context& context, Handler handler);

  /// From now on these. Error: a socket is refused (CAP_NET_RAW); that family is not heard.
  Result<void> listen(const std::set<IpAddress>& addresses);

 private:
  /// One family's socket.
  struct Ear {
    Ear(boost::asio::io_context& context, Fd socket, Family of)
        : fd{std::move(socket)}, family{of}, readable{context, fd.get()}, pause{context} {}
    ~Ear() { readable.release(); }
    Ear(const Ear&) = delete;
    Ear& operator=(const Ear&) = delete;
    Fd fd;
    Family family;
    boost::asio::posix::stream_descriptor readable;
    boost::asio::steady_timer pause;
  };
  Result<void> listen(std::shared_ptr<Ear>& ear, Family family,
                      const std::set<IpAddress>& addresses);
  void wait(const std::shared_ptr<Ear>& ear);
  static std::vector<Heard> read(Ear& ear);

  boost::asio::io_context& context_;
  Handler handler_;
  /// Shared with the operation that waits: it may end after the ear was closed.
  std::shared_ptr<Ear> arp_, advertisements_;
};

}  // namespace holdfast::vrrp
