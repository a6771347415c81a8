#include "vrrp/linux/link_polling.h"

#include <linux/ethtool.h>
#include <linux/mii.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <utility>

#include "daemon/base/fd.h"

namespace holdfast::vrrp {
namespace {

/// @source keepalived
constexpr Duration interval = std::chrono::seconds{1};

ifreq request_for(const std::string& interface) {
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  return request;
}

/// Register 1 of the transceiver. @source IEEE 802.3 22.2.4.2
std::optional<bool> ask_mii(int socket, const std::string& interface) {
  ifreq request = request_for(interface);
  if (::ioctl(socket, SIOCGMIIPHY, &request) != 0) return std::nullopt;
  mii_ioctl_data data{};
  std::memcpy(&data, &request.ifr_ifru, sizeof data);
  data.reg_num = MII_BMSR;
  std::memcpy(&request.ifr_ifru, &data, sizeof data);
  if (::ioctl(socket, SIOCGMIIREG, &request) != 0) return std::nullopt;
  std::memcpy(&data, &request.ifr_ifru, sizeof data);
  // No transceiver answers with all bits equal.
  if (data.val_out == 0 || data.val_out == 0xffff) return std::nullopt;
  return (data.val_out & BMSR_LSTATUS) != 0;
}

std::optional<bool> ask_ethtool(int socket, const std::string& interface) {
  ifreq request = request_for(interface);
  ethtool_value value{};
  value.cmd = ETHTOOL_GLINK;
  request.ifr_data = reinterpret_cast<char*>(&value);
  if (::ioctl(socket, SIOCETHTOOL, &request) != 0) return std::nullopt;
  return value.data != 0;
}

std::optional<bool> ask_flags(int socket, const std::string& interface) {
  ifreq request = request_for(interface);
  if (::ioctl(socket, SIOCGIFFLAGS, &request) != 0) return std::nullopt;
  return (request.ifr_flags & IFF_RUNNING) != 0;
}

constexpr std::array all_methods{LinkbeatMethod::mii, LinkbeatMethod::ethtool,
                                 LinkbeatMethod::ioctl};

const char* name_of(LinkbeatMethod method) {
  switch (method) {
    case LinkbeatMethod::mii:
      return "MII";
    case LinkbeatMethod::ethtool:
      return "ETHTOOL";
    case LinkbeatMethod::ioctl:
    case LinkbeatMethod::automatic:
      break;
  }
  return "IOCTL";
}

}  // namespace

std::optional<bool> ask_for_link(LinkbeatMethod method, const std::string& interface) {
  const Fd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket) return std::nullopt;
  if (method == LinkbeatMethod::mii) return ask_mii(socket.get(), interface);
  if (method == LinkbeatMethod::ethtool) return ask_ethtool(socket.get(), interface);
  return ask_flags(socket.get(), interface);
}

void LinkPolling::set(std::map<std::string, LinkbeatMethod> interfaces, TimePoint now) {
  const auto before = std::exchange(interfaces_, {});
  for (const auto& [name, method] : interfaces) {
    const auto known = before.find(name);
    const bool same = known != before.end() && known->second.wanted == method;
    if (!same) due_ = now;
    interfaces_.emplace(name, same ? known->second : Polled{method});
  }
  if (interfaces_.empty()) due_.reset();
}

/// The one that is wanted, else the first that works, as with keepalived.
bool LinkPolling::ask(const std::string& name, Polled& polled, Log& log) {
  if (polled.method) {
    if (const auto link = ask_(*polled.method, name)) return *link;
    polled.method.reset();  // another driver now
  }
  const auto attempt = [&](LinkbeatMethod method) {
    const auto link = ask_(method, name);
    if (!link) return link;
    polled.method = method;
    const bool other = polled.wanted != LinkbeatMethod::automatic && polled.wanted != method;
    log.write(Event{
        other ? Level::notice : Level::info, "linkbeat",
        fmt::format("the link of {} is asked for each second by {}{}", name, name_of(method),
                    other ? fmt::format(": its driver has no {}", name_of(polled.wanted)) : "")});
    return link;
  };
  if (polled.wanted != LinkbeatMethod::automatic)
    if (const auto link = attempt(polled.wanted)) return *link;
  for (const LinkbeatMethod method : all_methods)
    if (method != polled.wanted)
      if (const auto link = attempt(method)) return *link;
  return true;  // it has just gone
}

bool LinkPolling::poll(const std::function<std::uint32_t(const std::string&)>& index_of,
                       TimePoint now, Log& log) {
  bool changed = false;
  for (auto& [name, polled] : interfaces_) {
    const std::uint32_t index = index_of(name);
    if (std::exchange(polled.index, index) != index) polled.method.reset();
    const bool link = index == 0 || ask(name, polled, log);
    changed |= std::exchange(polled.link, link) != link;
  }
  due_ = now + interval;
  return changed;
}

bool LinkPolling::has_link(const std::string& interface) const {
  const auto polled = interfaces_.find(interface);
  return polled == interfaces_.end() || polled->second.link;
}

}  // namespace holdfast::vrrp
