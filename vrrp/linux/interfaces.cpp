// Interfaces: which fault reasons an instance has, which address its adverts come from, and the
// advert sockets, which follow interfaces that appear and disappear.
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

std::optional<IpAddress> VrrpProcess::source_address(const RunningInstance& instance) {
  if (instance.config.mcast_src_ip) return instance.config.mcast_src_ip;
  const auto [found, is_new] = primary_addresses_.try_emplace(instance.interface);
  if (!is_new) return found->second;
  const auto is_virtual = [this](const AddressKey& key) { return reconciler_->is_virtual(key); };
  found->second = links_->primary_address(instance.interface, is_virtual);
  // An owner whose interface has no other address than the virtual one.
  if (!found->second)
    found->second =
        links_->primary_address(instance.interface, [](const AddressKey&) { return false; });
  return found->second;
}

std::set<std::string> VrrpProcess::faults_of(const RunningInstance& instance) {
  const std::string& name = instance.config.interface;
  const Link* link = links_->find(name);
  if (link == nullptr) return {fmt::format("interface {} does not exist", name)};
  std::set<std::string> faults;
  if (!link->running && !instance.config.dont_track_primary)
    faults.insert(fmt::format("interface {} is down", name));
  if (!source_address(instance))
    faults.insert(fmt::format("interface {} has no IPv4 address", name));
  if (failed_ports_.contains(link->index))
    faults.insert(fmt::format("interface {} has no advert socket", name));
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
  settle_interfaces();
  static_cast<void>(reconciler_->kernel_changed(monotonic_now()));
  work_soon();
  arm_timer();
}

void VrrpProcess::settle_interfaces() {
  primary_addresses_.clear();
  renew_statics();
  open_ports();
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

/// One socket for an interface that any instance uses; filters follow the VRIDs.
void VrrpProcess::open_ports() {
  std::map<std::uint32_t, std::map<std::uint8_t, RunningInstance*>> users;
  for (auto& [name, instance] : instances_) {
    const Link* link = links_->find(instance->config.interface);
    instance->interface = link == nullptr ? 0 : link->index;
    if (link != nullptr) users[link->index][instance->config.vrid()] = instance.get();
    if (const auto source = link == nullptr ? std::nullopt : source_address(*instance);
        source && std::holds_alternative<Initialize>(instance->state))
      instance->router.address = *source;
  }
  failed_ports_.clear();
  std::erase_if(ports_, [&](const auto& port) { return !users.contains(port.first); });
  for (auto& [index, routers] : users) {
    auto& port = ports_[index];
    if (!port) {
      const Link* link = links_->find(index);
      auto socket = AdvertSocket::open(link->name, index, globals_.vrrp_mcast_group4);
      if (!socket) {
        log_.write(Event{Level::error, "advert_socket", socket.error().what});
        ports_.erase(index);
        failed_ports_.insert(index);
        retry_at_ = monotonic_now() + retry_after;
        continue;
      }
      port = std::make_unique<Port>(context_, std::move(*socket), index, link->name);
      watch_port(*port);
    }
    std::set<std::uint8_t> before;
    std::set<std::uint8_t> vrids;
    for (const auto& [vrid, instance] : port->routers) before.insert(vrid);
    for (const auto& [vrid, instance] : routers) vrids.insert(vrid);
    port->routers = std::move(routers);
    if (vrids == before) continue;
    if (auto filtered = port->socket.accept(vrids, globals_.log_unknown_vrids); !filtered)
      log_.write(Event{Level::warning, "advert_socket", filtered.error().what});
  }
}

void VrrpProcess::watch_port(Port& port) {
  const std::uint32_t index = port.interface;
  port.readable.async_wait(asio::posix::stream_descriptor::wait_read,
                           [this, index](const boost::system::error_code& error) {
                             if (error || stopping_) return;
                             const auto found = ports_.find(index);
                             if (found == ports_.end()) return;
                             Port& ready = *found->second;
                             ready.socket.drain([&](Bytes message, const Arrival& arrival) {
                               received(ready, message, arrival);
                             });
                             arm_timer();
                             watch_port(ready);
                           });
}

}  // namespace holdfast::vrrp
