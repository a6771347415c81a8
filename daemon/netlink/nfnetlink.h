// A socket to the kernel's netfilter subsystems (nf_tables, ...): transactions, listings, and
// whether another program changed something.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"

struct nlmsghdr;
struct mnl_socket;

namespace holdfast::netlink {

class Nfnetlink {
 public:
  static Result<Nfnetlink> open();
  /// Over a NETLINK_NETFILTER socket that somebody made, whose network namespace it is then about.
  static Result<Nfnetlink> open(Fd socket);
  Nfnetlink(Nfnetlink&&) noexcept;
  Nfnetlink& operator=(Nfnetlink&&) noexcept;
  ~Nfnetlink();

  /// Sends messages that the kernel carries out within the call. Error: what it refused first; of a
  /// transaction nothing stands then.
  Result<void> send(std::span<const char> messages);
  using Handler = std::function<void(const nlmsghdr&)>;
  /// Asks for a listing and reads it to its end. Error with code EINTR: it changed meanwhile.
  Result<void> dump(nlmsghdr& request, const Handler& handler);
  /// A number that every transaction of nf_tables changes, whoever sends it.
  Result<std::uint32_t> generation();
  /// The address of this socket; what it changes is announced with it.
  [[nodiscard]] std::uint32_t port() const;

  /// Subscribes to changes of nf_tables, of which only the end of each transaction is delivered:
  /// one message, however large it was. @return a socket for changed_by_others()
  static Result<Nfnetlink> watch_tables();
  /// True when somebody other than the socket `own` has changed nf_tables since the last call, or
  /// when notifications were lost. Never blocks.
  bool changed_by_others(std::uint32_t own);
  [[nodiscard]] int descriptor() const;

 private:
  struct Close {
    void operator()(mnl_socket* socket) const;
  };
  explicit Nfnetlink(std::unique_ptr<mnl_socket, Close> socket);
  static Result<Nfnetlink> bound(std::unique_ptr<mnl_socket, Close> socket);
  /// Sends a request and reads until the kernel has said all. @param flags of the request
  Result<void> ask(nlmsghdr& request, std::uint16_t flags, const Handler& handler);
  std::unique_ptr<mnl_socket, Close> socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace holdfast::netlink
