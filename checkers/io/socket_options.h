// bindto, bind_port, bind_if and fwmark, applied before a probe connects.
#pragma once

#include <sys/socket.h>

#include <boost/system/error_code.hpp>

#include "checkers/config/config.h"
#include "checkers/core/verdict.h"

namespace holdfast::checkers {

/// As the system calls want it.
class SocketAddress {
 public:
  SocketAddress(const IpAddress& address, std::uint16_t port);
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  [[nodiscard]] socklen_t size() const { return size_; }

 private:
  sockaddr_storage storage_{};
  socklen_t size_;
};

/// @return nothing when everything was set; otherwise why the probe cannot be made
std::optional<Verdict> apply_options(int socket, const Endpoint& endpoint, bool with_port);
/// The close ends the connection with a reset, so that no TIME_WAIT stays. Not by Asio's option of
/// that name: its destructors take that back.
void reset_at_close(int socket);
/// A failure to connect or to receive: of the server, or of our own making (runtime.md 16.1).
Verdict failure(const char* what, const boost::system::error_code& error);

}  // namespace holdfast::checkers
