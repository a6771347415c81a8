#include "daemon/process_connector.h"

#include <fcntl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>

#include "daemon/net_namespace.h"

namespace holdfast {
namespace {

Result<Fd> open_here() {
  Fd socket{::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR)};
  if (!socket) return fail_errno(errno, "cannot open the process connector");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = CN_IDX_PROC;
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno(errno, "cannot join the process connector");
  return socket;
}

bool is_same_file(const Fd& a, const Fd& b) {
  struct stat first{};
  struct stat second{};
  return ::fstat(a.get(), &first) == 0 && ::fstat(b.get(), &second) == 0 &&
         first.st_ino == second.st_ino && first.st_dev == second.st_dev;
}

}  // namespace

Result<Fd> open_process_connector() {
  const Fd own{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
  // The kernel's own threads never leave it, and where they cannot be seen (in another namespace of
  // processes) it tells nothing anyway.
  const Fd initial{::open("/proc/2/ns/net", O_RDONLY | O_CLOEXEC)};
  if (!own || !initial || is_same_file(own, initial)) return open_here();
  auto socket = open_in_net_namespace(initial, open_here);
  return socket ? std::move(socket) : open_here();
}

}  // namespace holdfast
