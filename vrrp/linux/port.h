// The advert socket of one interface and the routers that use it, by VRID.
#pragma once

#include "vrrp/linux/process.h"

namespace holdfast::vrrp {

struct VrrpProcess::Port {
  Port(boost::asio::io_context& context, AdvertSocket advert_socket, std::uint32_t index,
       std::string interface_name)
      : socket{std::move(advert_socket)},
        readable{context, socket.descriptor()},
        interface{index},
        name{std::move(interface_name)} {}
  ~Port() { readable.release(); }  // the descriptor belongs to the socket
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  AdvertSocket socket;
  boost::asio::posix::stream_descriptor readable;
  std::uint32_t interface;
  std::string name;
  std::map<std::uint8_t, RunningInstance*> routers;
};

}  // namespace holdfast::vrrp
