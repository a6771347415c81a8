#include "checkers/io/local_addresses.h"

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>

#include "daemon/netlink/local_address.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

namespace {

constexpr std::array<unsigned, 2> groups{RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR};
constexpr auto retry_after = std::chrono::seconds{1};

}  // namespace

LocalAddresses::LocalAddresses(asio::io_context& context, Log& log, std::function<void()> changed)
    : log_{log}, changed_{std::move(changed)}, readable_{context}, retry_{context} {}

LocalAddresses::~LocalAddresses() { stop(); }

void LocalAddresses::watch(const netlink::ReceiveBuffer& buffer) {
  if (monitor_) return;
  buffer_ = buffer;
  if (open()) wait();
}

void LocalAddresses::stop() {
  retry_.cancel();
  if (readable_.is_open()) readable_.release();
  monitor_.reset();
  addresses_.clear();
  known_ = false;
}

bool LocalAddresses::has_any(const IpAddress& first, const IpAddress& last) const {
  if (!known_) return true;
  const auto found = addresses_.lower_bound({first, 0});
  return found != addresses_.end() && found->first <= last;
}

bool LocalAddresses::open() {
  auto opened = netlink::Monitor::open(groups);
  if (!opened) {
    try_again(opened.error());
    return false;
  }
  monitor_ = std::move(*opened);
  buffer_.apply(monitor_->descriptor(), "addresses", log_);
  readable_.assign(monitor_->descriptor());
  return read_all();
}

bool LocalAddresses::read_all() {
  addresses_.clear();
  for (int turn = 0; turn < 3; ++turn) {  // the listing may change under way
    const auto read =
        monitor_->dump(RTM_GETADDR, AF_UNSPEC, [this](const nlmsghdr& message) { take(message); });
    known_ = read.has_value();
    if (known_) return true;
    if (turn == 2) try_again(read.error());
  }
  return false;
}

void LocalAddresses::wait() {
  readable_.async_wait(
      asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
        if (error) return;
        const auto read = monitor_->read([this](const nlmsghdr& message) { take(message); });
        if (read || read_all()) wait();
        changed_();  // lost sight of them, too: everything is here until they are read again
      });
}

void LocalAddresses::take(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWADDR && message.nlmsg_type != RTM_DELADDR) return;
  if (mnl_nlmsg_get_payload_len(&message) < sizeof(ifaddrmsg)) return;
  const auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(&message));
  const auto address =
      netlink::local_address(netlink::attributes(message, sizeof(ifaddrmsg), IFA_MAX));
  if (!address) return;
  if (message.nlmsg_type == RTM_NEWADDR)
    addresses_.emplace(*address, header->ifa_index);
  else
    addresses_.erase({*address, header->ifa_index});
}

void LocalAddresses::try_again(const Error& error) {
  log_.write(Event{Level::error, "local_addresses",
                   fmt::format("ha_suspend: {}; checks go on meanwhile", error.what)});
  stop();
  retry_.expires_after(retry_after);
  retry_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled || !open()) return;
    wait();
    changed_();
  });
}

}  // namespace holdfast::checkers
