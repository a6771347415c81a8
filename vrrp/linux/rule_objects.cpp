// Policy rules: keys, requests and what the kernel reports. Routes are in route_objects.cpp.
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <array>
#include <cstring>

#include "daemon/base/assert.h"
#include "daemon/netlink/monitor.h"
#include "vrrp/linux/route_objects.h"

namespace holdfast::vrrp {
namespace {

constexpr std::uint32_t every_bit = 0xFFFF'FFFF;

std::uint8_t action_number(RuleAction action) {
  constexpr std::array<std::uint8_t, 6> numbers{FR_ACT_TO_TBL,      FR_ACT_GOTO,
                                                FR_ACT_NOP,         FR_ACT_BLACKHOLE,
                                                FR_ACT_UNREACHABLE, FR_ACT_PROHIBIT};
  return numbers.at(static_cast<std::size_t>(action));
}

std::pair<std::uint16_t, std::uint16_t> ports(const std::optional<Range32>& range) {
  if (!range) return {};
  return {static_cast<std::uint16_t>(range->low), static_cast<std::uint16_t>(range->high)};
}

/// The attributes of a rule, put where the key has something to say.
class Writer {
 public:
  explicit Writer(nl_msg& message) : message_{message} {}
  template <typename T>
  void bytes(int type, const T& value) {
    BASE_ASSERT(nla_put(&message_, type, sizeof value, &value) == 0);
  }
  void number(int type, std::uint32_t value) {
    if (value != 0) bytes(type, value);
  }
  void number(int type, const std::optional<std::uint32_t>& value) {
    if (value) bytes(type, *value);
  }
  void prefix(int type, const Prefix& value) {
    const auto address = value.address.bytes();
    if (value.length > 0)
      BASE_ASSERT(nla_put(&message_, type, static_cast<int>(address.size()), address.data()) == 0);
  }
  void name(int type, const std::string& value) {
    if (!value.empty()) BASE_ASSERT(nla_put_string(&message_, type, value.c_str()) == 0);
  }

 private:
  nl_msg& message_;
};

fib_rule_hdr header_for(const RuleKey& key) {
  fib_rule_hdr header{};
  header.family = key.family == Family::ipv4 ? AF_INET : AF_INET6;
  header.dst_len = key.to.length;
  header.src_len = key.from.length;
  header.tos = key.tos;
  header.table =
      key.table < 256 ? static_cast<std::uint8_t>(key.table) : std::uint8_t{RT_TABLE_UNSPEC};
  header.action = key.action;
  header.flags = key.invert ? FIB_RULE_INVERT : 0;
  return header;
}

/// Reads attributes of known sizes; a missing one is nothing.
class Attributes {
 public:
  explicit Attributes(const nlmsghdr& message)
      : table_{netlink::attributes(message, sizeof(fib_rule_hdr), FRA_DPORT_RANGE)} {}
  template <typename T>
  [[nodiscard]] std::optional<T> get(int type) const {
    const auto bytes = netlink::payload(table_[static_cast<std::size_t>(type)]);
    T value{};
    if (bytes.size() < sizeof value) return std::nullopt;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  [[nodiscard]] std::uint32_t number(int type) const {
    return get<std::uint32_t>(type).value_or(0);
  }
  [[nodiscard]] Prefix prefix(int type, std::uint8_t length, const IpAddress& any) const {
    const auto bytes = netlink::payload(table_[static_cast<std::size_t>(type)]);
    return {IpAddress::from_bytes(bytes).value_or(any), length};
  }
  [[nodiscard]] std::string name(int type) const {
    const auto bytes = netlink::payload(table_[static_cast<std::size_t>(type)]);
    const auto* text = reinterpret_cast<const char*>(bytes.data());
    return bytes.empty() ? std::string{} : std::string{text, ::strnlen(text, bytes.size())};
  }
  /// The kernel's way to say that nothing is suppressed is all bits.
  [[nodiscard]] std::optional<std::uint32_t> unless_all_bits(int type) const {
    const auto value = get<std::uint32_t>(type);
    return value == every_bit ? std::nullopt : value;
  }

 private:
  std::vector<const nlattr*> table_;
};

}  // namespace

Family family_of(const PolicyRule& rule) {
  if (rule.family) return *rule.family;
  for (const auto& prefix : {rule.from, rule.to})
    if (prefix) return prefix->address.family();
  return Family::ipv4;
}

RuleKey key_of(const PolicyRule& rule, std::uint32_t default_priority) {
  RuleKey key;
  key.family = family_of(rule);
  const IpAddress any = key.family == Family::ipv4 ? IpAddress{} : *IpAddress::parse("::");
  key.priority = rule.priority.value_or(default_priority);
  key.action = action_number(rule.action);
  key.invert = rule.invert;
  key.l3mdev = rule.l3mdev;
  key.table = rule.table ? rule.table->number : 0;
  key.go_to = rule.goto_priority;
  key.from = rule.from.value_or(Prefix{any, 0});
  key.to = rule.to.value_or(Prefix{any, 0});
  key.tos = static_cast<std::uint8_t>(rule.tos.number);
  key.input = rule.input;
  key.output = rule.output;
  key.mark = rule.fwmark.value_or(0);
  key.mask = rule.fwmark ? rule.fwmark_mask.value_or(every_bit) : 0;
  if (rule.realms)
    key.realms = (rule.realms->source ? rule.realms->source->number << 16U : 0) |
                 rule.realms->destination.number;
  key.tunnel_id = rule.tunnel_id.value_or(0);
  key.suppress_prefix_length = rule.suppress_prefix_length;
  if (rule.suppress_group) key.suppress_group = rule.suppress_group->number;
  if (rule.uids) key.uids = std::pair{rule.uids->low, rule.uids->high};
  key.protocol = static_cast<std::uint8_t>(rule.protocol.number);
  key.ip_protocol = rule.ip_protocol ? static_cast<std::uint8_t>(rule.ip_protocol->number) : 0;
  key.source_ports = ports(rule.source_ports);
  key.destination_ports = ports(rule.destination_ports);
  return key;
}

netlink::Message request_for(const RuleChange& change) {
  const RuleKey& key = change.key;
  auto message = change.kind == RuleChange::Kind::add
                     ? netlink::make_message(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL)
                     : netlink::make_message(RTM_DELRULE, 0);
  fib_rule_hdr header = header_for(key);
  BASE_ASSERT(nlmsg_append(message.get(), &header, sizeof header, NLMSG_ALIGNTO) == 0);
  Writer writer{*message};
  writer.bytes(FRA_PRIORITY, key.priority);
  if (key.table > 0) writer.number(FRA_TABLE, key.table);
  if (key.l3mdev) writer.bytes(FRA_L3MDEV, std::uint8_t{1});
  writer.number(FRA_GOTO, key.go_to);
  writer.prefix(FRA_SRC, key.from);
  writer.prefix(FRA_DST, key.to);
  writer.name(FRA_IIFNAME, key.input);
  writer.name(FRA_OIFNAME, key.output);
  if (key.mark != 0 || key.mask != 0) {
    writer.bytes(FRA_FWMARK, key.mark);
    writer.bytes(FRA_FWMASK, key.mask);
  }
  writer.number(FRA_FLOW, key.realms);
  if (key.tunnel_id != 0) writer.bytes(FRA_TUN_ID, __builtin_bswap64(key.tunnel_id));
  writer.number(FRA_SUPPRESS_PREFIXLEN, key.suppress_prefix_length);
  writer.number(FRA_SUPPRESS_IFGROUP, key.suppress_group);
  if (key.uids) writer.bytes(FRA_UID_RANGE, fib_rule_uid_range{key.uids->first, key.uids->second});
  writer.bytes(FRA_PROTOCOL, key.protocol);
  if (key.ip_protocol != 0) writer.bytes(FRA_IP_PROTO, key.ip_protocol);
  const auto put_ports = [&](int type, const std::pair<std::uint16_t, std::uint16_t>& range) {
    if (range.second != 0) writer.bytes(type, fib_rule_port_range{range.first, range.second});
  };
  put_ports(FRA_SPORT_RANGE, key.source_ports);
  put_ports(FRA_DPORT_RANGE, key.destination_ports);
  return message;
}

std::string describe(const RuleKey& key) {
  std::string text = fmt::format("rule {}", key.priority);
  if (key.from.length > 0)
    text += fmt::format(" from {}/{}", key.from.address.to_string(), key.from.length);
  if (key.to.length > 0)
    text += fmt::format(" to {}/{}", key.to.address.to_string(), key.to.length);
  if (key.table != 0) text += fmt::format(" table {}", key.table);
  return text;
}

std::optional<RuleKey> parse_rule(const nlmsghdr& message) {
  if (message.nlmsg_len < NLMSG_LENGTH(sizeof(fib_rule_hdr))) return std::nullopt;
  const auto* header = static_cast<const fib_rule_hdr*>(NLMSG_DATA(&message));
  if (header->family != AF_INET && header->family != AF_INET6) return std::nullopt;
  const Attributes attributes{message};
  const bool v4 = header->family == AF_INET;
  const IpAddress any = v4 ? IpAddress{} : *IpAddress::parse("::");
  RuleKey key;
  key.family = v4 ? Family::ipv4 : Family::ipv6;
  key.priority = attributes.number(FRA_PRIORITY);
  key.action = header->action;
  key.invert = (header->flags & FIB_RULE_INVERT) != 0;
  key.l3mdev = attributes.get<std::uint8_t>(FRA_L3MDEV).value_or(0) != 0;
  key.table = attributes.get<std::uint32_t>(FRA_TABLE).value_or(header->table);
  key.go_to = attributes.number(FRA_GOTO);
  key.from = attributes.prefix(FRA_SRC, header->src_len, any);
  key.to = attributes.prefix(FRA_DST, header->dst_len, any);
  key.tos = header->tos;
  key.input = attributes.name(FRA_IIFNAME);
  key.output = attributes.name(FRA_OIFNAME);
  key.mark = attributes.number(FRA_FWMARK);
  key.mask = attributes.number(FRA_FWMASK);
  key.realms = attributes.number(FRA_FLOW);
  key.tunnel_id = __builtin_bswap64(attributes.get<std::uint64_t>(FRA_TUN_ID).value_or(0));
  key.suppress_prefix_length = attributes.unless_all_bits(FRA_SUPPRESS_PREFIXLEN);
  key.suppress_group = attributes.unless_all_bits(FRA_SUPPRESS_IFGROUP);
  if (const auto uids = attributes.get<fib_rule_uid_range>(FRA_UID_RANGE))
    key.uids = std::pair{uids->start, uids->end};
  key.protocol = attributes.get<std::uint8_t>(FRA_PROTOCOL).value_or(0);
  key.ip_protocol = attributes.get<std::uint8_t>(FRA_IP_PROTO).value_or(0);
  const auto range_in = [&](int type) -> std::pair<std::uint16_t, std::uint16_t> {
    const auto range = attributes.get<fib_rule_port_range>(type).value_or(fib_rule_port_range{});
    return {range.start, range.end};
  };
  key.source_ports = range_in(FRA_SPORT_RANGE);
  key.destination_ports = range_in(FRA_DPORT_RANGE);
  return key;
}

}  // namespace holdfast::vrrp
