#include "daemon/net_namespace.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>

#include "daemon/base/assert.h"

namespace holdfast {
namespace {

Result<void> enter(const Fd& net_namespace, const std::string& name) {
  if (::setns(net_namespace.get(), CLONE_NEWNET) == 0) return {};
  return fail_errno(errno, "cannot enter the network namespace {}{}", name,
                    errno == EPERM ? " without CAP_SYS_ADMIN" : "");
}

}  // namespace

Result<Fd> open_net_namespace(const std::string& name) {
  const std::string path = name.empty() ? "/proc/1/ns/net" : "/run/netns/" + name;
  Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (fd) return fd;
  if (errno == ENOENT) return fail("the network namespace {} does not exist ({})", name, path);
  return fail_errno(errno, "cannot open the network namespace {}", path);
}

Result<void> enter_net_namespace(const std::string& name) {
  const auto opened = open_net_namespace(name);
  return opened ? enter(*opened, name) : tl::make_unexpected(opened.error());
}

Result<Fd> open_in_net_namespace(const Fd& net_namespace, const std::function<Result<Fd>()>& open) {
  const Fd own{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
  if (!own) return fail_errno(errno, "cannot open /proc/self/ns/net");
  if (auto entered = enter(net_namespace, ""); !entered)
    return tl::make_unexpected(entered.error());
  auto opened = open();
  BASE_ASSERT(::setns(own.get(), CLONE_NEWNET) == 0);
  return opened;
}

Result<Fd> open_netlink(int protocol, const std::string& net_namespace) {
  const auto there = open_net_namespace(net_namespace);
  if (!there) return tl::make_unexpected(there.error());
  return open_in_net_namespace(*there, [protocol]() -> Result<Fd> {
    Fd socket{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)};
    if (!socket) return fail_errno(errno, "cannot open a netlink socket");
    return socket;
  });
}

Result<Fd> open_generic_netlink(const std::string& net_namespace) {
  auto socket = open_netlink(NETLINK_GENERIC, net_namespace);
  if (!socket) return socket;
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (::bind(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno(errno, "cannot bind a generic netlink socket");
  return socket;
}

}  // namespace holdfast
