#include "ipvs/kernel.h"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>

#include "daemon/base/assert.h"
#include "daemon/netlink/batch.h"
#include "ipvs/answers.h"
#include "ipvs/socket_options.h"

namespace holdfast::ipvs {
namespace {

using Kind = Operation::Kind;
using netlink::Message;

/// The kernel compares these flags only; `hashed` is its own.
constexpr std::uint32_t settable_flags = ~service_flag::hashed;

void put(nl_msg& message, int type, const void* data, std::size_t size) {
  BASE_ASSERT(nla_put(&message, type, static_cast<int>(size), data) == 0);
}
template <typename Number>
void put_number(nl_msg& message, int type, Number value) {
  put(message, type, &value, sizeof value);
}
/// Addresses are always 16 bytes, those of IPv4 in the first four. @source ip_vs_ctl.c policy
void put_address(nl_msg& message, int type, const IpAddress& address) {
  std::array<std::byte, 16> bytes{};
  std::ranges::copy(address.bytes(), bytes.begin());
  put(message, type, bytes.data(), bytes.size());
}

/// A nested attribute that ends with the object.
class Nest {
 public:
  Nest(nl_msg& message, int type) : message_{message}, start_{nla_nest_start(&message, type)} {
    BASE_ASSERT(start_ != nullptr);
  }
  Nest(const Nest&) = delete;
  Nest& operator=(const Nest&) = delete;
  ~Nest() { nla_nest_end(&message_, start_); }

 private:
  nl_msg& message_;
  nlattr* start_;
};

std::uint16_t family_of(const IpAddress& address) { return address.is_v4() ? AF_INET : AF_INET6; }

void put_service_key(nl_msg& message, const ServiceKey& key) {
  put_number(message, IPVS_SVC_ATTR_AF, family_of(key.address));
  if (key.fwmark != 0) return put_number(message, IPVS_SVC_ATTR_FWMARK, key.fwmark);
  put_number(message, IPVS_SVC_ATTR_PROTOCOL, static_cast<std::uint16_t>(key.protocol));
  put_address(message, IPVS_SVC_ATTR_ADDR, key.address);
  put_number(message, IPVS_SVC_ATTR_PORT, htons(key.port));
}

void put_service_settings(nl_msg& message, const ServiceKey& key, const ServiceSettings& settings) {
  BASE_ASSERT(nla_put_string(&message, IPVS_SVC_ATTR_SCHED_NAME, settings.scheduler.c_str()) == 0);
  const ip_vs_flags flags{settings.flags, settable_flags};
  put(message, IPVS_SVC_ATTR_FLAGS, &flags, sizeof flags);
  put_number(message, IPVS_SVC_ATTR_TIMEOUT, settings.timeout);
  if (!settings.persistence_engine.empty())
    BASE_ASSERT(
        nla_put_string(&message, IPVS_SVC_ATTR_PE_NAME, settings.persistence_engine.c_str()) == 0);
  // IPv4: a mask in network order; IPv6: a prefix length.
  const std::uint32_t prefix = std::min<std::uint32_t>(settings.prefix, key.address.bits());
  const std::uint32_t mask =
      prefix == 0 ? 0 : htonl(~std::uint32_t{0} << (32 - std::min(prefix, 32U)));
  put_number(message, IPVS_SVC_ATTR_NETMASK, key.address.is_v4() ? mask : prefix);
}

std::uint16_t checksum_flags(TunnelChecksum checksum) {
  switch (checksum) {
    case TunnelChecksum::on:
      return IP_VS_TUNNEL_ENCAP_FLAG_CSUM;
    case TunnelChecksum::remote:
      return IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM;
    case TunnelChecksum::off:
      break;
  }
  return IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM;
}

void put_destination(nl_msg& message, const Operation& operation) {
  put_address(message, IPVS_DEST_ATTR_ADDR, operation.destination.address);
  put_number(message, IPVS_DEST_ATTR_PORT, htons(operation.destination.port));
  put_number(message, IPVS_DEST_ATTR_ADDR_FAMILY, family_of(operation.destination.address));
  if (operation.kind == Kind::remove_destination) return;
  const DestinationSettings& settings = operation.destination_settings;
  put_number(message, IPVS_DEST_ATTR_FWD_METHOD, static_cast<std::uint32_t>(settings.forwarding));
  put_number(message, IPVS_DEST_ATTR_WEIGHT, settings.weight);
  put_number(message, IPVS_DEST_ATTR_U_THRESH, settings.upper_threshold);
  put_number(message, IPVS_DEST_ATTR_L_THRESH, settings.lower_threshold);
  if (settings.forwarding != Forwarding::tunnel) return;
  put_number(message, IPVS_DEST_ATTR_TUN_TYPE, static_cast<std::uint8_t>(settings.tunnel.type));
  put_number(message, IPVS_DEST_ATTR_TUN_PORT, htons(settings.tunnel.port.value_or(0)));
  put_number(message, IPVS_DEST_ATTR_TUN_FLAGS, checksum_flags(settings.tunnel.checksum));
}

std::uint8_t command_of(Kind kind) {
  switch (kind) {
    case Kind::add_service:
      return IPVS_CMD_NEW_SERVICE;
    case Kind::edit_service:
      return IPVS_CMD_SET_SERVICE;
    case Kind::remove_service:
      return IPVS_CMD_DEL_SERVICE;
    case Kind::add_destination:
      return IPVS_CMD_NEW_DEST;
    case Kind::edit_destination:
      return IPVS_CMD_SET_DEST;
    case Kind::remove_destination:
      return IPVS_CMD_DEL_DEST;
  }
  return IPVS_CMD_UNSPEC;
}

using OnMessage = std::function<void(nlmsghdr*)>;

int hand_over(nl_msg* message, void* on_message) {
  (*static_cast<OnMessage*>(on_message))(nlmsg_hdr(message));
  return NL_OK;
}

}  // namespace

struct Kernel::Impl {
  netlink::Socket requests;  ///< for batches
  netlink::Socket dumps;
  /// Nothing: the table is in another network namespace, or the kernel does not say.
  std::optional<SocketOptions> options;
  int family = 0;

  [[nodiscard]] Message message(std::uint8_t command, int flags) const {
    Message out{nlmsg_alloc()};
    BASE_ASSERT(out != nullptr);
    BASE_ASSERT(genlmsg_put(out.get(), NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags, command,
                            IPVS_GENL_VERSION) != nullptr);
    return out;
  }

  [[nodiscard]] Message destinations_of(const ServiceKey& key) const {
    Message request = message(IPVS_CMD_GET_DEST, NLM_F_DUMP);
    {
      const Nest service{*request, IPVS_CMD_ATTR_SERVICE};
      put_service_key(*request, key);
    }
    return request;
  }

  /// Asks, and hands over every message of the answer.
  Result<void> dump(Message request, OnMessage on_message) const {
    nl_socket_modify_cb(dumps.get(), NL_CB_VALID, NL_CB_CUSTOM, hand_over, &on_message);
    int error = nl_send_auto(dumps.get(), request.get());
    if (error >= 0) error = nl_recvmsgs_default(dumps.get());
    if (error < 0)
      return tl::make_unexpected(
          Error{fmt::format("cannot read the IPVS table: {}", nl_geterror(error)),
                error == -NLE_OBJ_NOTFOUND ? ESRCH : 0});
    return {};
  }

  [[nodiscard]] Message service_of(const ServiceKey& key) const {
    Message request = message(IPVS_CMD_GET_SERVICE, NLM_F_REQUEST);
    {
      const Nest service{*request, IPVS_CMD_ATTR_SERVICE};
      put_service_key(*request, key);
    }
    return request;
  }
  Result<void> read_services(Table& table) const {
    return dump(message(IPVS_CMD_GET_SERVICE, NLM_F_DUMP),
                [&](nlmsghdr* message) { read_service(message, table); });
  }
  Result<void> read_destinations(const ServiceKey& key, Table& table) const {
    return dump(destinations_of(key),
                [&](nlmsghdr* message) { read_destination(message, key, table); });
  }

  [[nodiscard]] std::vector<netlink::Refusal> apply(std::span<const Operation> operations) const {
    netlink::Batch batch{*requests};
    for (const Operation& operation : operations) {
      Message one = message(command_of(operation.kind), NLM_F_REQUEST);
      {
        const Nest service{*one, IPVS_CMD_ATTR_SERVICE};
        put_service_key(*one, operation.service);
        if (operation.kind == Kind::add_service || operation.kind == Kind::edit_service)
          put_service_settings(*one, operation.service, operation.service_settings);
      }
      if (operation.kind >= Kind::add_destination) {
        const Nest destination{*one, IPVS_CMD_ATTR_DEST};
        put_destination(*one, operation);
      }
      batch.add(std::move(one), to_string(operation));
    }
    return batch.commit();
  }

  /// @param fine error codes that mean that it is so already
  Result<void> request(Message message, std::string what, std::initializer_list<int> fine) const {
    netlink::Batch batch{*requests};
    batch.add(std::move(message), std::move(what));
    auto refused = batch.commit();
    if (refused.empty() || std::ranges::count(fine, refused.front().error.code) != 0) return {};
    return tl::make_unexpected(std::move(refused.front().error));
  }
};

Kernel::Kernel(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Kernel::~Kernel() = default;

Result<std::unique_ptr<Kernel>> Kernel::open(int descriptor) {
  auto impl = std::make_unique<Impl>();
  for (netlink::Socket* socket : {&impl->requests, &impl->dumps}) {
    auto connected = descriptor < 0 ? netlink::connect(NETLINK_GENERIC)
                                    : netlink::adopt(descriptor, NETLINK_GENERIC);
    if (!connected) return tl::make_unexpected(connected.error());
    *socket = std::move(*connected);
    nl_socket_disable_seq_check(socket->get());
  }
  // Family lookup waits for an acknowledgement that only this request asks for.
  nl_socket_enable_auto_ack(impl->dumps.get());
  impl->family = genl_ctrl_resolve(impl->dumps.get(), IPVS_GENL_NAME);
  nl_socket_disable_auto_ack(impl->dumps.get());
  if (impl->family < 0)
    return tl::make_unexpected(
        Error{"this kernel has no IPVS: load the module ip_vs (modprobe ip_vs) or install a kernel "
              "that has it",
              ENOENT});
  if (descriptor < 0)
    if (auto options = SocketOptions::open()) impl->options.emplace(std::move(*options));
  return std::unique_ptr<Kernel>{new Kernel{std::move(impl)}};
}

Result<Table> Kernel::dump() {
  Table table;
  if (auto dumped = impl_->read_services(table); !dumped)
    return tl::make_unexpected(dumped.error());
  std::vector<ServiceKey> keys;
  for (const auto& [key, service] : table) keys.push_back(key);
  for (const ServiceKey& key : keys)
    if (auto dumped = impl_->read_destinations(key, table); !dumped)
      return tl::make_unexpected(dumped.error());
  return table;
}

Result<Outlines> Kernel::outlines(bool whole) {
  if (!whole && impl_->options) {
    if (auto told = impl_->options->outlines()) return told;
    impl_->options.reset();
  }
  Table table;
  if (auto dumped = impl_->read_services(table); !dumped)
    return tl::make_unexpected(dumped.error());
  Outlines found;
  for (auto& [key, service] : table)
    found.emplace_hint(found.end(), key, Outline{std::move(service.settings), std::nullopt});
  return found;
}

Result<bool> Kernel::has_destinations(const ServiceKey& key, const Service& service) {
  if (impl_->options && SocketOptions::tells(key, service)) {
    if (auto told = impl_->options->has_destinations(key, service)) return told;
    impl_->options.reset();
  }
  Table table{{key, {}}};
  if (auto dumped = impl_->read_destinations(key, table); !dumped)
    return tl::make_unexpected(dumped.error());
  return table.at(key).destinations == service.destinations;
}

Result<std::optional<Service>> Kernel::read(const ServiceKey& key) {
  Table table;
  auto asked =
      impl_->dump(impl_->service_of(key), [&](nlmsghdr* message) { read_service(message, table); });
  if (!asked && asked.error().code == ESRCH) return std::nullopt;
  if (asked) asked = impl_->read_destinations(key, table);
  if (!asked) return tl::make_unexpected(asked.error());
  const auto found = table.find(key);
  return found == table.end() ? std::nullopt : std::optional{std::move(found->second)};
}

Result<std::map<DestinationKey, Connections>> Kernel::connections(const ServiceKey& service) {
  std::map<DestinationKey, Connections> open;
  auto dumped = impl_->dump(impl_->destinations_of(service),
                            [&](nlmsghdr* message) { read_connections(message, service, open); });
  if (!dumped) return tl::make_unexpected(dumped.error());
  return open;
}

Result<ServiceStatistics> Kernel::statistics(const ServiceKey& service) {
  std::optional<Error> error;
  const auto keep_first = [&](const auto& read) {
    if (!read && !error) error = read.error();
  };
  ServiceStatistics found;
  auto asked = impl_->dump(impl_->service_of(service), [&](nlmsghdr* message) {
    const auto traffic = read_service_traffic(message);
    keep_first(traffic);
    if (traffic) found.traffic = *traffic;
  });
  if (asked)
    asked = impl_->dump(impl_->destinations_of(service), [&](nlmsghdr* message) {
      keep_first(read_destination_statistics(message, service, found.destinations));
    });
  if (!asked) error = asked.error();
  if (error) return tl::make_unexpected(*error);
  return found;
}

std::vector<Refused> Kernel::apply(std::span<const Operation> operations) {
  std::vector<Refused> refused;
  // A message takes a page until it is sent: as many as leave at once are made at once.
  for (std::size_t first = 0; first < operations.size(); first += netlink::Batch::chunk) {
    const std::size_t count = std::min(netlink::Batch::chunk, operations.size() - first);
    for (netlink::Refusal& refusal : impl_->apply(operations.subspan(first, count)))
      refused.push_back({first + refusal.index, std::move(refusal.error)});
  }
  return refused;
}

Result<void> Kernel::flush() {
  return impl_->request(impl_->message(IPVS_CMD_FLUSH, NLM_F_REQUEST), "clear the IPVS table", {});
}

bool satisfies(const SyncSettings& actual, const SyncSettings& wanted) {
  // What the kernel takes for an attribute that is not given. @source ip_vs_sync.c
  constexpr std::uint16_t default_port = 8848;
  constexpr std::uint8_t default_ttl = 1;
  const IpAddress default_group = IpAddress::v4(0xE0000051);
  return actual.interface == wanted.interface && actual.sync_id == wanted.sync_id &&
         (wanted.max_length == 0 || actual.max_length == wanted.max_length) &&
         actual.port == (wanted.port == 0 ? default_port : wanted.port) &&
         actual.ttl == (wanted.ttl == 0 ? default_ttl : wanted.ttl) &&
         actual.group == wanted.group.value_or(default_group);
}

Result<std::map<SyncRole, SyncSettings>> Kernel::sync_daemons() {
  std::map<SyncRole, SyncSettings> daemons;
  auto dumped = impl_->dump(impl_->message(IPVS_CMD_GET_DAEMON, NLM_F_DUMP),
                            [&](nlmsghdr* message) { read_daemon(message, daemons); });
  if (!dumped) return tl::make_unexpected(dumped.error());
  return daemons;
}

Result<void> Kernel::start_sync(SyncRole role, const SyncSettings& settings) {
  Message message = impl_->message(IPVS_CMD_NEW_DAEMON, NLM_F_REQUEST);
  {
    const Nest daemon{*message, IPVS_CMD_ATTR_DAEMON};
    put_number(*message, IPVS_DAEMON_ATTR_STATE, static_cast<std::uint32_t>(role));
    BASE_ASSERT(
        nla_put_string(message.get(), IPVS_DAEMON_ATTR_MCAST_IFN, settings.interface.c_str()) == 0);
    put_number(*message, IPVS_DAEMON_ATTR_SYNC_ID, std::uint32_t{settings.sync_id});
    if (settings.max_length != 0)
      put_number(*message, IPVS_DAEMON_ATTR_SYNC_MAXLEN, settings.max_length);
    if (settings.port != 0) put_number(*message, IPVS_DAEMON_ATTR_MCAST_PORT, settings.port);
    if (settings.ttl != 0) put_number(*message, IPVS_DAEMON_ATTR_MCAST_TTL, settings.ttl);
    if (settings.group) {
      const int type =
          settings.group->is_v4() ? IPVS_DAEMON_ATTR_MCAST_GROUP : IPVS_DAEMON_ATTR_MCAST_GROUP6;
      put(*message, type, settings.group->bytes().data(), settings.group->bytes().size());
    }
  }
  return impl_->request(
      std::move(message),
      fmt::format("start the IPVS sync daemon ({}) on {}",
                  role == SyncRole::master ? "master" : "backup", settings.interface),
      {EEXIST});
}

Result<void> Kernel::stop_sync(SyncRole role) {
  Message message = impl_->message(IPVS_CMD_DEL_DAEMON, NLM_F_REQUEST);
  {
    const Nest daemon{*message, IPVS_CMD_ATTR_DAEMON};
    put_number(*message, IPVS_DAEMON_ATTR_STATE, static_cast<std::uint32_t>(role));
  }
  // EINTR: its kernel thread was stopped before it had run for the first time.
  return impl_->request(std::move(message), "stop the IPVS sync daemon", {ESRCH, EINTR});
}

void Kernel::set_buffer(const netlink::ReceiveBuffer& buffer, Log& log) {
  for (const netlink::Socket* socket : {&impl_->requests, &impl_->dumps})
    buffer.apply(nl_socket_get_fd(socket->get()), "answers about IPVS", log);
}

Result<Timeouts> Kernel::timeouts() {
  std::optional<Timeouts> found;
  const auto asked = impl_->dump(impl_->message(IPVS_CMD_GET_CONFIG, NLM_F_REQUEST),
                                 [&](nlmsghdr* message) { found = read_timeouts(message); });
  if (!asked) return tl::make_unexpected(asked.error());
  if (!found) return fail("cannot read the time-outs of IPVS: the kernel's answer has none");
  return *found;
}

Result<void> Kernel::set_timeouts(const Timeouts& timeouts) {
  Message message = impl_->message(IPVS_CMD_SET_CONFIG, NLM_F_REQUEST);
  put_number(*message, IPVS_CMD_ATTR_TIMEOUT_TCP, timeouts.tcp);
  put_number(*message, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, timeouts.tcp_fin);
  put_number(*message, IPVS_CMD_ATTR_TIMEOUT_UDP, timeouts.udp);
  return impl_->request(std::move(message), "set the time-outs of IPVS", {});
}

}  // namespace holdfast::ipvs
