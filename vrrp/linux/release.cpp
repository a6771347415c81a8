#include "vrrp/linux/release.h"

#include <net/if.h>

#include <linux/netlink.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "daemon/process/state_table.h"
#include "daemon/process/sysctls.h"
#include "daemon/process/worker_loop.h"
#include "vrrp/linux/firewall.h"
#include "vrrp/linux/link_writer.h"

namespace holdfast::vrrp {
namespace {

/// No name of an instance begins with it: it has no line break.
constexpr std::string_view prefix{"\nheld "};
constexpr std::string_view link_prefix{"\nlink "};
constexpr std::string_view sysctl_prefix{"\nsysctl "};

std::optional<std::string> behind(std::string_view prefix_of_record, std::string_view record) {
  if (!record.starts_with(prefix_of_record)) return std::nullopt;
  return std::string{record.substr(prefix_of_record.size())};
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::string held_record(const Reconciler::VirtualKey& key) {
  const auto& [address, length, interface] = key;
  return fmt::format("{}{}/{} {}", prefix, address.to_string(), length, interface);
}

std::optional<Reconciler::VirtualKey> held_address(std::string_view record) {
  if (!record.starts_with(prefix)) return std::nullopt;
  record.remove_prefix(prefix.size());
  const std::size_t slash = record.find('/');
  const std::size_t blank = record.find(' ');
  if (slash == std::string_view::npos || blank == std::string_view::npos || blank < slash)
    return std::nullopt;
  const auto address = IpAddress::parse(record.substr(0, slash));
  unsigned length = 0;
  const auto digits = record.substr(slash + 1, blank - slash - 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (!address || error != std::errc{} || end != digits.data() + digits.size() || length > 128)
    return std::nullopt;
  return Reconciler::VirtualKey{*address, static_cast<std::uint8_t>(length),
                                std::string{record.substr(blank + 1)}};
}

std::string made_link_record(const std::string& name) {
  return fmt::format("{}{}", link_prefix, name);
}
std::string sysctl_record(const std::string& path) {
  return fmt::format("{}{}", sysctl_prefix, path);
}
std::optional<std::string> made_link_of(std::string_view record) {
  return behind(link_prefix, record);
}
std::uint32_t made_link_index(std::span<const std::byte> value) {
  std::uint32_t index = 0;
  if (value.size() == sizeof index) std::memcpy(&index, value.data(), sizeof index);
  return index;
}
std::optional<std::string> sysctl_of(std::string_view record) {
  return behind(sysctl_prefix, record);
}

bool is_left_over(const Link& link, std::uint32_t recorded) {
  if (recorded != 0) return link.index == recorded;
  return !link.up && (link.kind == "macvlan" || link.kind == "ipvlan");
}

/// With the addresses on them. Nobody is harmed by a setting that could not be put back.
static void release_links(const process::StateTable& table, Log& log) {
  auto links = Links::open(default_address_mark);
  auto writer = LinkWriter::open();
  if (!links || !writer) {
    log.write(Event{Level::error, "release", links ? writer.error().what : links.error().what});
    return;
  }
  std::vector<LinkChange> changes;
  for (const std::string& record : table.keys())
    if (const auto name = made_link_of(record)) {
      const Link* const link = links->find(*name);
      if (link != nullptr && is_left_over(*link, made_link_index(table.get(record))))
        changes.push_back({LinkChange::Kind::remove, *name, {}});
    }
  if (!changes.empty())
    for (const netlink::Refusal& refusal : writer->apply(changes, *links))
      log.write(Event{Level::error, "netlink_refused", refusal.error.what});
  process::Sysctls sysctls{log};
  for (const std::string& record : table.keys())
    if (const auto path = sysctl_of(record)) sysctls.inherit(*path, text_of(table.get(record)));
  sysctls.hold({});
}

/// Before the addresses, as in every release.
static void release_routes(const process::StateTable& table, Log& log) {
  auto socket = netlink::connect(NETLINK_ROUTE);
  if (!socket) {
    log.write(Event{Level::error, "release", socket.error().what});
    return;
  }
  netlink::Batch batch{**socket};
  for (const std::string& record : table.keys())
    if (auto removal = removal_of(record)) batch.add(std::move(*removal), "remove a held route");
  for (const netlink::Refusal& refusal : batch.commit())
    if (refusal.error.code != ESRCH && refusal.error.code != ENOENT)
      log.write(Event{Level::error, "netlink_refused", refusal.error.what});
}

int release_addresses(const Fd& state, Log& log) {
  const auto table = process::StateTable::open(state);
  auto writer = AddressWriter::open(default_address_mark);
  if (!table || !writer) {
    log.write(Event{Level::error, "release", table ? writer.error().what : table.error().what});
    return process::exit_fatal;
  }
  release_routes(*table, log);
  std::vector<AddressChange> changes;
  for (const std::string& record : table->keys())
    if (const auto held = held_address(record)) {
      const auto& [address, length, interface] = *held;
      AddressSettings settings;
      settings.peer = IpAddress::from_bytes(table->get(record));
      if (const unsigned index = ::if_nametoindex(interface.c_str()); index != 0)
        changes.push_back({AddressChange::Kind::remove, {index, address, length}, settings});
    }
  release_links(*table, log);
  const auto refused = writer->apply(changes);
  for (const netlink::Refusal& refusal : refused)
    log.write(Event{Level::error, "netlink_refused", refusal.error.what});
  for (const std::string& record : table->keys())
    if (const auto filter = filter_of_record(record); !filter.empty())
      if (auto cleared = clear_filter(filter); !cleared)
        log.write(Event{Level::error, "release", cleared.error().what});
  if (!changes.empty())
    log.write(Event{Level::notice, "released",
                    fmt::format("{} addresses of the process that died are removed",
                                changes.size() - refused.size())});
  return refused.empty() ? 0 : process::exit_fatal;
}

}  // namespace holdfast::vrrp
