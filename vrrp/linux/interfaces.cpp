// Interfaces: which fault reasons an instance has, which address its adverts come from, and the
// advert sockets, which follow interfaces that appear and disappear.
#include "daemon/netlink/route_lookup.h"
#include "daemon/process/clock.h"
#include "vrrp/linux/port.h"
#include "vrrp/linux/process.h"

namespace holdfast::vrrp {

using process::monotonic_now;
namespace asio = boost::asio;

namespace {
/// What the system refused for now (a socket, a dump) is asked for again after this long.
constexpr Duration retry_after = std::chrono::seconds{1};
}  // namespace

VrrpProcess::PortKey VrrpProcess::port_of(const RunningInstance& instance) {
  const bool ah = instance.config.auth_type == AuthType::ah;
  return {instance.interface, instance.config.family,
          ah ? Carrier::authentication : Carrier::plain};
}

VrrpProcess::PortKey VrrpProcess::sending_port_of(const RunningInstance& instance) {
  PortKey key = port_of(instance);
  const bool by_base = !instance.config.has_own_link() || instance.config.links.send_from_base;
  if (!by_base) key.interface = instance.own_link;
  return key;
}

std::optional<IpAddress> VrrpProcess::find_source(const RunningInstance& instance) const {
  const auto [interface, family, carrier] = port_of(instance);
  if (instance.config.interface.empty()) {  // unicast: what the route to the first peer says
    const auto source = netlink::source_towards(instance.config.unicast.peers.front().address);
    return source ? std::optional{*source} : std::nullopt;
  }
  // Of what we have put there ourselves, static_ipaddress is always there; the rest comes and goes.
  const auto passes = [this](const AddressKey& key, const KernelAddress& address) {
    return address.marked && !static_addresses_.contains(key);
  };
  const auto is_virtual = [&](const AddressKey& key, const KernelAddress& address) {
    return passes(key, address) || reconciler_->is_virtual(key);
  };
  const auto found =
      links_->primary_address(interface, family, is_virtual, instance.router.address);
  // Otherwise an owner whose interface has no other address than the virtual one.
  return found ? found : links_->primary_address(interface, family, passes);
}

std::optional<IpAddress> VrrpProcess::source_address(const RunningInstance& instance) {
  if (const auto& configured = instance.config.configured_source()) return configured;
  const auto [found, is_new] = source_addresses_.try_emplace(&instance);
  if (is_new) found->second = find_source(instance);
  // Routes are not watched: a host may have all those of the Internet.
  if (is_new && !found->second && instance.config.interface.empty())
    retry_at_ = earliest(retry_at_, monotonic_now() + retry_after);
  return found->second;
}

std::set<std::string> VrrpProcess::faults_of(const RunningInstance& instance) {
  const std::string& name = instance.config.device();
  const Link* link = links_->find(name);
  std::set<std::string> faults = tracking_.faults_of(instance);
  if (link == nullptr && !name.empty()) {
    faults.insert(fmt::format("interface {} does not exist", name));
    return faults;
  }
  if (link != nullptr && !is_up(*link) && !instance.config.dont_track_primary)
    faults.insert(fmt::format("interface {} is down", name));
  if (const auto& source = instance.config.configured_source();
      instance.config.track_src_ip && source && !links_->has_address(*source))
    faults.insert(fmt::format("no interface has the source address {}", source->to_string()));
  if (instance.config.unicast.fault_no_peer && !instance.config.is_unicast())
    faults.insert("unicast_fault_no_peer: no unicast peer");
  if (!source_address(instance))
    faults.insert(
        name.empty()
            ? std::string{"no route to the unicast peer"}
            : fmt::format("interface {} has no {} address", name,
                          instance.config.family == Family::ipv4 ? "IPv4" : "IPv6 link-local"));
  if (failed_ports_.contains(port_of(instance)) ||
      failed_ports_.contains(sending_port_of(instance)))
    faults.insert(fmt::format("interface {} has no advert socket", name));
  for (const MadeLink& made : instance.config.made)
    if (const std::string fault = made_links_->fault_of(made.name); !fault.empty())
      faults.insert(fault);
  if (instance.meddled_until)
    faults.insert("another program keeps removing its addresses, routes or rules");
  return faults;
}

void VrrpProcess::settle_interface(RunningInstance& instance) {
  if (std::holds_alternative<Initialize>(instance.state)) return;
  const std::set<std::string> now_wrong = faults_of(instance);
  const std::set<std::string> before = instance.faults.reasons();
  for (const std::string& reason : now_wrong)
    if (!before.contains(reason) && instance.faults.raise(reason))
      deliver(instance, FaultRaised{}, monotonic_now());
  for (const std::string& reason : before)
    if (!now_wrong.contains(reason) && instance.faults.clear(reason))
      deliver(instance, FaultCleared{}, monotonic_now());
  const auto address = source_address(instance);
  if (!address || *address == instance.router.address) return;
  const RouterConfig old = instance.router;
  instance.router.address = *address;
  deliver(instance, ConfigChanged{old}, monotonic_now());
}

void VrrpProcess::links_changed() {
  const auto updated = links_->update();
  if (!updated) {  // what we knew stays in force until the kernel can be read
    log_.write(Event{Level::error, "netlink", updated.error().what});
    retry_at_ = monotonic_now() + retry_after;
    return arm_timer();
  }
  if (!*updated) return;
  announce_on(links_->take_relinked(), monotonic_now());
  correct_made_links();
  settle_interfaces();
  send_owed_adverts();
  kernel_changed();
}

/// Only once there is something to watch: the first route or rule may come with a reload.
void VrrpProcess::watch_routes() {
  const int descriptor = reconciler_->routes().descriptor();
  if (descriptor < 0 || stopping_) return;
  if (!routes_readable_)
    routes_readable_ = std::make_unique<asio::posix::stream_descriptor>(context_, descriptor);
  else if (routes_watched_)
    return;
  routes_watched_ = true;
  routes_readable_->async_wait(asio::posix::stream_descriptor::wait_read,
                               [this](const boost::system::error_code& error) {
                                 routes_watched_ = false;
                                 if (error || stopping_) return;
                                 if (reconciler_->routes().update()) {
                                   links_changed();  // routes go with links, and are no loss then
                                   kernel_changed();
                                 }
                                 watch_routes();
                               });
}

void VrrpProcess::settle_interfaces() {
  renew_statics();
  source_addresses_.clear();
  firewall_.links_changed();
  open_ports();
  read_interfaces(monotonic_now());
  for (auto& [name, instance] : instances_) {
    settle_interface(*instance);
    // `dev` of an address may have come, gone, or be a new interface of the same name.
    if (std::holds_alternative<Active>(instance->state)) hold_addresses(*instance, true);
  }
}

void VrrpProcess::watch_links() {
  if (!links_readable_)
    links_readable_ =
        std::make_unique<asio::posix::stream_descriptor>(context_, links_->descriptor());
  links_readable_->async_wait(asio::posix::stream_descriptor::wait_read,
                              [this](const boost::system::error_code& error) {
                                if (error || stopping_) return;
                                links_changed();
                                watch_links();
                              });
}

void VrrpProcess::use_port(std::map<PortKey, PortUse>& users, RunningInstance& instance,
                           PortUse use, std::uint32_t interface) {
  PortKey key = port_of(instance);
  key.interface = interface;
  const auto add = [&] {
    PortUse& there = users.try_emplace(key, use).first->second;
    there.routers.emplace(instance.config.vrid(), &instance);
  };
  add();
  // A router without AH is heard as well, to say that it is one.
  if (std::exchange(key.carrier, Carrier::plain) != Carrier::plain) add();
}

/// One socket for an interface and family that any instance uses; groups and filters follow.
void VrrpProcess::open_ports() {
  std::map<PortKey, PortUse> users;
  for (auto& [name, instance] : instances_) {
    const std::string& device = instance->config.device();
    const Link* link = links_->find(device);
    instance->interface = link == nullptr ? 0 : link->index;
    const MadeLink* const made = instance->config.own_link();
    const Link* own = made == nullptr ? nullptr : links_->find(made->name);
    instance->own_link = own == nullptr ? 0 : own->index;
    if (link == nullptr && !device.empty()) continue;
    list_what_fits(*instance, link);
    use_port(users, *instance, {}, instance->interface);
    const bool is_vmac = made != nullptr && made->kind == MadeLink::Kind::macvlan;
    if (own != nullptr)
      use_port(users, *instance, {{}, is_vmac, is_vmac ? std::optional{made->mac} : std::nullopt},
               own->index);
    if (const auto source = source_address(*instance);
        source && std::holds_alternative<Initialize>(instance->state))
      instance->router.address = *source;
  }
  failed_ports_.clear();
  std::erase_if(ports_, [&](const auto& port) { return !users.contains(port.first); });
  for (auto& [key, use] : users)
    if (auto opened = open_port(key, std::move(use)); !opened) {
      log_.write(Event{Level::error, "advert_socket", opened.error().what});
      ports_.erase(key);
      failed_ports_.insert(key);
      retry_at_ = monotonic_now() + retry_after;
    }
}

/// vrrp_rx_bufs_policy, or kernel_rx_buf_size of an instance; 0: what the kernel gives.
std::uint32_t VrrpProcess::receive_buffer(const RunningInstance& instance, const Link* link) const {
  using Policy = config::AdvertBuffers::Policy;
  const config::AdvertBuffers& buffers = globals_.vrrp.buffers;
  if (instance.config.kernel_rx_buf_size) return *instance.config.kernel_rx_buf_size;
  constexpr std::uint32_t ethernet_mtu = 1500;
  switch (buffers.policy) {
    case Policy::kernel:
      return 0;
    case Policy::bytes:
      return buffers.bytes;
    case Policy::mtu:
      return buffers.multiplier * (link == nullptr ? ethernet_mtu : link->mtu);
    case Policy::advert:
      return buffers.multiplier * static_cast<std::uint32_t>(largest_advert(
                                      instance.config.family, instance.config.addresses.size()));
  }
  return 0;
}

Result<void> VrrpProcess::open_port(const PortKey& key, PortUse use) {
  auto& port = ports_[key];
  if (!port) {
    const Link* link = links_->find(key.interface);
    auto socket = AdvertSocket::open(link == nullptr ? "" : link->name, key.interface, key.family,
                                     key.carrier);
    if (!socket) return tl::make_unexpected(socket.error());
    port = std::make_unique<Port>(context_, std::move(*socket),
                                  link == nullptr ? "unicast" : link->name);
    watch_port(key);
  }
  AdvertSocket::Filter filter;
  std::set<IpAddress> groups;
  filter.everything = use.hears && globals_.log_unknown_vrids;
  filter.from = use.from;
  std::uint32_t buffer = 0;
  for (const auto& [vrid, instance] : use.routers) {
    buffer += receive_buffer(*instance, links_->find(key.interface));
    if (!use.hears) continue;
    filter.vrids.insert(vrid);
    if (!instance->config.is_unicast()) groups.insert(instance->config.group);
  }
  port->routers = std::move(use.routers);
  if (buffer == 0) buffer = AdvertSocket::usual_buffer;
  if (std::exchange(port->buffer, buffer) != buffer) port->socket.set_receive_buffer(buffer);
  if (auto joined = port->socket.join(groups); !joined) return joined;
  if (port->guard.is_flooded()) filter.known = port->known;
  if (port->filter == filter) return {};
  port->filter = filter;
  return port->socket.accept(filter);
}

void VrrpProcess::watch_port(const PortKey& key) {
  ports_.at(key)->readable.async_wait(asio::posix::stream_descriptor::wait_read,
                                      [this, key](const boost::system::error_code& error) {
                                        if (error || stopping_) return;
                                        const auto found = ports_.find(key);
                                        if (found == ports_.end()) return;
                                        read_port(*found->second, AdvertSocket::some);
                                        arm_timer();
                                        watch_port(key);
                                      });
}

}  // namespace holdfast::vrrp
