// Configuration: prepare, commit, the difference of a reload, start and stop of instances.
#include "vrrp/linux/process.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "daemon/config/tree.h"
#include "daemon/process/clock.h"
#include "daemon/process/memory_lock.h"
#include "daemon/process/process_name.h"
#include "daemon/process/realtime_limit.h"
#include "vrrp/core/hold.h"
#include "vrrp/linux/port.h"
#include "vrrp/linux/release.h"

namespace holdfast::vrrp {

using process::monotonic_now;

namespace {

/// Files and processes that are tracked have their first reading within moments.
constexpr Duration wait_for_readings = std::chrono::seconds{1};

/// The identity of a virtual router: its VRID on a link, for one family (RFC 9568 1.6).
bool is_same_router(const Instance& a, const Instance& b) {
  return a.device() == b.device() && a.vrid() == b.vrid() && a.family == b.family;
}

}  // namespace

VrrpProcess::VrrpProcess(boost::asio::io_context& context, Log& log,
                         std::function<void(process::Message)> send)
    : context_{context},
      log_{log},
      send_{std::move(send)},
      firewall_{context, log},
      processes_{context, log,
                 [this](const std::string& name, const Reading& reading) {
                   process_reading(name, reading);
                 }},
      strangers_{
          context,
          [this](std::span<const NeighbourListener::Heard> heard) { strangers_heard(heard); }},
      timer_{context},
      auto_priority_{context, log} {}

VrrpProcess::~VrrpProcess() {
  // The descriptors belong to the monitors.
  if (links_readable_) links_readable_->release();
  if (routes_readable_) routes_readable_->release();
}

std::vector<config::Diagnostic> VrrpProcess::prepare(const config::Text& text) {
  // The tree's own findings are the supervisor's to report.
  config::Diagnostics tree_findings;
  const auto tree = config::parse_tree(text, tree_findings);
  config::Diagnostics found;
  config::Reader reader{found};
  prepared_ = read_vrrp(tree, reader);
  return found.all();
}

Result<void> VrrpProcess::open_kernel(std::uint8_t mark) {
  if (links_) return {};
  auto links = Links::open(mark);
  if (!links) return tl::make_unexpected(links.error());
  auto writer = AddressWriter::open(mark);
  if (!writer) return tl::make_unexpected(writer.error());
  auto announcer = Announcer::open();
  if (!announcer) return tl::make_unexpected(announcer.error());
  auto link_writer = LinkWriter::open();
  if (!link_writer) return tl::make_unexpected(link_writer.error());
  links_.emplace(std::move(*links));
  reconciler_.emplace(*links_, std::move(*writer), std::move(*announcer), log_);
  made_links_.emplace(*links_, std::move(*link_writer), mark, log_);
  firewall_.name_after(mark);
  watch_links();
  return {};
}

Result<void> VrrpProcess::commit(const process::Configure& settings) {
  if (!prepared_) return fail("nothing was prepared");
  const bool first = !links_;
  if (auto opened = open_kernel(settings.mark); !opened) return opened;
  if (auto table = process::StateTable::open(settings.state))
    table_.emplace(std::move(*table));
  else
    log_.write(Event{Level::warning, "state_table", table.error().what});
  if (table_) {
    reconciler_->set_ledger(
        {[this](const Reconciler::VirtualKey& key, const std::optional<IpAddress>& peer) {
           hold_record(key, peer);
         },
         [this](const Reconciler::VirtualKey& key) { table_->erase(held_record(key)); }});
    reconciler_->routes().set_ledger(
        {[this](const std::string& record) { put_record(record, {}); },
         [this](const std::string& record) { table_->erase(record); }});
    firewall_.set_ledger({[this](const std::string& record) { put_record(record, {}); },
                          [this](const std::string& record) { table_->erase(record); }});
    if (first)
      for (const std::string& record : table_->keys()) {
        if (const auto held = held_address(record)) reconciler_->inherit(*held);
        reconciler_->routes().inherit(record);
        if (const auto filter = filter_of_record(record); !filter.empty())
          firewall_.inherit(filter);
      }
    record_links(first);
  }
  set_buffers(settings, first);
  if (settings.processes)
    processes_.use_connector(Fd{::fcntl(settings.processes.get(), F_DUPFD_CLOEXEC, 0)});
  if (settings.ipvs && !ipvs_socket_)
    ipvs_socket_ = Fd{::fcntl(settings.ipvs.get(), F_DUPFD_CLOEXEC, 0)};
  keep_addresses_at_stop_ = settings.dont_release;
  if (first && !settings.restarted)
    held_until_ =
        hold_until(prepared_->globals.vrrp_startup_delay, prepared_->globals.vrrp.delay_after_boot,
                   process::uptime(), monotonic_now());
  restarted_ = first && settings.restarted;
  firewall_inherits_ = restarted_;
  apply(std::move(*std::exchange(prepared_, std::nullopt)), settings);
  return {};
}

/// Those of sockets that are open; they stay until the process ends, as in keepalived.
void VrrpProcess::set_buffers(const process::Configure& settings, bool first) {
  const config::BufferDefs& wanted = prepared_->globals.buffers;
  const netlink::ReceiveBuffer events{wanted.processes, wanted.processes_force};
  if (settings.processes) events.apply(settings.processes.get(), "process events", log_);
  if (!first) return;
  const netlink::ReceiveBuffer monitor{wanted.vrrp_monitor, wanted.vrrp_monitor_force};
  monitor.apply(links_->descriptor(), "interfaces and addresses", log_);
  const netlink::ReceiveBuffer command{wanted.vrrp_command, wanted.vrrp_command_force};
  reconciler_->set_buffers(command, monitor);
}

/// An instance that has only another name now is the same one (architecture section 2).
void VrrpProcess::keep_names(const VrrpConfig& next) {
  std::set<std::string> names;
  for (const Instance& instance : next.instances) names.insert(instance.name);
  for (const Instance& instance : next.instances) {
    if (instances_.contains(instance.name)) continue;
    const auto same = std::ranges::find_if(instances_, [&](const auto& entry) {
      return !names.contains(entry.first) && is_same_router(entry.second->config, instance);
    });
    if (same == instances_.end()) continue;
    if (table_) table_->erase(same->first);
    auto moved = instances_.extract(same);
    moved.key() = instance.name;
    moved.mapped()->config.name = instance.name;
    const auto placed = instances_.insert(std::move(moved));
    save(*placed.position->second);
  }
}

/// What is equal is not touched: no timer restarts, no packet is sent.
void VrrpProcess::apply(VrrpConfig next, const process::Configure& settings) {
  keep_names(next);
  resolve_routes(next);
  name_made_links(next);
  std::map<std::string, Instance*> wanted;
  for (Instance& instance : next.instances) wanted.emplace(instance.name, &instance);
  std::erase_if(instances_, [&](const auto& entry) {
    const auto same = wanted.find(entry.first);
    const bool stays = same != wanted.end() && is_same_router(*same->second, entry.second->config);
    if (!stays) remove(*entry.second);  // its scripts are those of the old text
    return !stays;
  });
  want_made_links(next.instances, next.globals.vrrp.no_local_igmp);
  globals_ = next.globals;
  const bool reloaded = std::exchange(serial_, settings.serial) != 0;
  reconciler_->set_pacing(
      Pacing{globals_.vrrp_garp_interval, globals_.vrrp.gna_interval, next.groups.garp},
      monotonic_now());
  for (auto& [name, instance] : instances_) {
    const auto same = wanted.find(name);
    change(*instance, *same->second);
    wanted.erase(same);
  }
  for (auto& [name, instance] : wanted) {
    auto added = std::make_unique<RunningInstance>();
    added->config = std::move(*instance);
    added->router = added->config.router;
    instances_.emplace(name, std::move(added));
  }
  set_virtual_addresses();
  set_firewall();
  set_configured_routes(next.statics);
  hold_statics(next.statics);
  set_sync_daemon();
  for (const auto& [name, instance] : instances_)
    if (!waits_to_start(*instance)) follow_links(*instance);
  open_ports();
  set_groups(next.groups.sync);
  set_tracking(next);
  start_ready();
  for (const auto& [name, instance] : instances_) {
    follow_state(*instance);
    if (!waits_to_start(*instance)) follow_links(*instance);
  }
  // What a dead predecessor held must not go before it is known whether its instance goes on.
  if (restarted_ && some_wait_to_start()) inherited_until_ = monotonic_now() + wait_for_readings;
  if (reloaded && globals_.vrrp.fifo_states_on_reload) write_states();
  process::limit_realtime(globals_.vrrp_process, log_);
  process::lock_memory(globals_.vrrp_process, log_);
  auto_priority_.configure(globals_.common, globals_.vrrp_process);
  process::set_process_name(globals_.vrrp_process.name,
                            globals_.common.child_process_names ? "keepalived_vrrp" : "");
  work_soon();
  arm_timer();
}

Startup VrrpProcess::startup_of(RunningInstance& instance) {
  Startup startup;
  for (const std::string& reason : faults_of(instance)) instance.faults.raise(reason);
  startup.faulty = !instance.faults.is_healthy();
  if (restarted_ && table_) {
    const auto record = table_->get(instance.config.name);
    startup.resume = from_record(record);
    instance.ah_sequence = AhSequence{ah_sequence_in(record)};
  }
  return startup;
}

void VrrpProcess::start(RunningInstance& instance) {
  const Startup startup = startup_of(instance);
  deliver(instance, startup, monotonic_now());
  // What a predecessor had not announced yet is not known.
  if (startup.resume && std::holds_alternative<Active>(instance.state))
    announce(instance, Occasion::resumed, monotonic_now());
}

void VrrpProcess::remove(RunningInstance& instance) {
  removing_ = true;
  deliver(instance, Shutdown{}, monotonic_now());
  removing_ = false;
  tracking_.forget(instance);
  if (instance.group != nullptr) std::erase(instance.group->members, &instance);
  for (auto& [key, port] : ports_)
    std::erase_if(port->routers, [&](const auto& entry) { return entry.second == &instance; });
  source_addresses_.erase(&instance);
  if (instance.armed) deadlines_.erase({*instance.armed, &instance});
  if (table_) table_->erase(instance.config.name);
}

void VrrpProcess::change(RunningInstance& instance, const Instance& next) {
  const bool equal = equal_in_effect(instance.config, next);
  const bool holds = std::holds_alternative<Active>(instance.state);
  const auto holdings = [](const Instance& config) {
    return std::tie(config.addresses, config.excluded, config.routes, config.rules);
  };
  const bool other_holdings = holdings(instance.config) != holdings(next);
  const bool refused_before = instance.config.refuses_packets;
  const bool same_tracked = instance.config.tracked == next.tracked;
  const RouterConfig before = instance.router;
  instance.config = next;
  if (equal) return;
  instance.router = next.router;
  instance.router.address = before.address;
  instance.router.priority = effective_priority(next.router.priority, instance.damper.value());
  if (holds && (other_holdings || refused_before != next.refuses_packets))
    hold_addresses(instance, true);
  // Otherwise set_tracking() settles it, with the sum that belongs to what it tracks now.
  if (same_tracked) settle_interface(instance);
  if (instance.router != before) deliver(instance, ConfigChanged{before}, monotonic_now());
}

void VrrpProcess::set_sync_daemon() {
  const auto& setting = globals_.lvs_sync_daemon;
  const bool follows = setting && !setting->instance.empty();
  if (sync_daemon_ && (!follows || !(sync_daemon_->setting() == *setting))) {
    sync_daemon_->run({});
    sync_daemon_.reset();
  }
  if (!follows || sync_daemon_) return;
  const auto instance = instances_.find(setting->instance);
  if (instance == instances_.end())
    log_.write(Event{Level::error, "sync_daemon",
                     fmt::format("lvs_sync_daemon names vrrp_instance {}, which does not exist",
                                 setting->instance)});
  else
    sync_daemon_.emplace(context_, *setting, instance->second->config.vrid(), log_,
                         ipvs_socket_.get());
}

void VrrpProcess::stop(std::function<void()> done) {
  stopping_ = true;
  const TimePoint now = monotonic_now();
  for (auto& [name, instance] : instances_) {
    deliver(*instance, Shutdown{}, now);
    if (table_) table_->erase(name);
  }
  hold_statics({});
  stop_groups();
  processes_.set({});
  timer_.cancel();
  // All at once, and the addresses on them with them.
  if (made_links_ && !keep_addresses_at_stop_) made_links_->want({}, {}, now);
  release(std::move(done));
}

}  // namespace holdfast::vrrp
