// Notifications from the kernel: one dump first, then what changes. Every message is validated by
// libmnl before anybody looks at it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "daemon/base/result.h"

struct nlmsghdr;
struct nlattr;

namespace holdfast::netlink {

class Monitor {
 public:
  /// Subscribes to rtnetlink groups. @param groups RTNLGRP_... numbers
  static Result<Monitor> open(std::span<const unsigned> groups);
  Monitor(Monitor&&) noexcept;
  Monitor& operator=(Monitor&&) noexcept;
  ~Monitor();

  using Handler = std::function<void(const nlmsghdr&)>;
  /// Asks for a dump (RTM_GETLINK, RTM_GETADDR) and reads it to its end, blocking for the kernel's
  /// own work only. Notifications that arrive in between are handed over as well. Error with code
  /// ENOBUFS or EINTR: messages were lost or the listing changed under way, dump again.
  Result<void> dump(std::uint16_t type, std::uint8_t family, const Handler& handler);
  /// The same with a header of its own behind that of netlink, at most 64 bytes.
  Result<void> dump(std::uint16_t type, std::span<const std::byte> header, const Handler& handler);
  /// From now on the kernel lists only what fits the header (NETLINK_GET_STRICT_CHK). An old kernel
  /// lists everything, so the handler looks as well.
  void filter_dumps();
  /// Hands over what waits. Error with code ENOBUFS: messages were lost, dump again.
  Result<void> read(const Handler& handler);
  /// Readable when read() has something.
  [[nodiscard]] int descriptor() const;

 private:
  struct Impl;
  explicit Monitor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The attributes of a message behind a fixed header of `header_size` bytes, by type; those above
/// `highest` are left out, a malformed one ends the list. The table is valid as long as the
/// message.
std::vector<const nlattr*> attributes(const nlmsghdr& message, std::size_t header_size,
                                      std::uint16_t highest);
/// The same of the attributes inside of one; none of a missing one.
std::vector<const nlattr*> attributes_in(const nlattr* attribute, std::uint16_t highest);
/// The payload of an attribute; empty for a missing one.
std::span<const std::byte> payload(const nlattr* attribute);

}  // namespace holdfast::netlink
