// holdfast-vrrp: wires the cores to sockets, netlink and timers. Decides nothing: what happens is
// in vrrp/core/router.cpp.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "daemon/process/auto_priority.h"
#include "daemon/process/state_table.h"
#include "daemon/process/worker_loop.h"
#include "vrrp/core/alert.h"
#include "vrrp/core/script_schedule.h"
#include "vrrp/linux/advert_socket.h"
#include "vrrp/linux/firewall.h"
#include "vrrp/linux/made_links.h"
#include "vrrp/linux/neighbour_listener.h"
#include "vrrp/linux/process_watch.h"
#include "vrrp/linux/reconciler.h"
#include "vrrp/linux/running.h"
#include "vrrp/linux/sync_keeper.h"
#include "vrrp/linux/tracking.h"

namespace holdfast::vrrp {

/// What an occasion asks for, before garp_extra_if.
AnnouncePlan announce_plan(const AnnounceConfig& config, Occasion occasion);

class VrrpProcess : public process::Worker {
 public:
  /// @param send gives a message to the supervisor
  VrrpProcess(boost::asio::io_context& context, Log& log,
              std::function<void(process::Message)> send);
  ~VrrpProcess() override;

  std::vector<config::Diagnostic> prepare(const config::Text& text) override;
  Result<void> commit(const process::Configure& settings) override;
  void receive(process::Message message) override;
  void abort() override { prepared_.reset(); }
  void stop(std::function<void()> done) override;

 private:
  struct Port;  ///< the advert socket of one interface and family, and who uses it
  struct PortKey {
    std::uint32_t interface = 0;  ///< index; 0: unicast on any
    Family family = Family::ipv4;
    Carrier carrier = Carrier::plain;
    auto operator<=>(const PortKey&) const = default;
  };

  // process.cpp: configuration
  Result<void> open_kernel(std::uint8_t mark);
  void set_buffers(const process::Configure& settings, bool first);
  void keep_names(const VrrpConfig& next);
  void apply(VrrpConfig next, const process::Configure& settings);
  void start(RunningInstance& instance);
  [[nodiscard]] Startup startup_of(RunningInstance& instance);
  void remove(RunningInstance& instance);
  void change(RunningInstance& instance, const Instance& next);
  void set_sync_daemon();

  // groups.cpp: sync groups
  void set_groups(const std::vector<SyncGroup>& groups);
  void start_ready();
  [[nodiscard]] bool some_wait_to_start() const;
  void start_together(RunningGroup& group);
  void deliver_to_group(RunningInstance& instance, const RouterEvent& event, TimePoint now);
  void carry_out(RunningGroup& group, std::vector<MemberStep> steps, TimePoint now);
  void group_changed(RunningGroup& group);
  void tell_group(RunningGroup& group, std::string_view state, ScriptPlace script);
  void stop_groups();

  // tracking.cpp: what is tracked, and what it does to priorities
  void set_tracking(const VrrpConfig& config);
  void read_interfaces(TimePoint now);
  [[nodiscard]] bool is_up(const Link& link) const;
  void set_reading(TrackKind kind, const std::string& name, const Reading& reading, TimePoint now);
  void settle_priority(RunningInstance& instance, TimePoint now);
  bool poll_links(TimePoint now);
  void tracking_due(TimePoint now);

  // trackers.cpp: what the supervisor runs and reads for us
  void set_scripts(const std::vector<TrackScript>& scripts, TimePoint now);
  void run_due_scripts(TimePoint now);
  void script_finished(const process::CheckResult& result, TimePoint now);
  void set_files(const std::vector<TrackFile>& files);
  void process_reading(const std::string& name, const Reading& reading);
  void set_processes(const std::vector<TrackProcess>& processes, TimePoint now);

  // handover.cpp: what an operator asks for
  void hand_over(const process::HandOver& asked, TimePoint now);
  [[nodiscard]] RunningInstance* named(const std::string& name);
  void answer_handover(RunningInstance& instance, TimePoint now);

  // engine.cpp: events
  void deliver(RunningInstance& instance, const RouterEvent& event, TimePoint now);
  void carry_out(RunningInstance& instance, Step next, TimePoint now);
  void act(RunningInstance& instance, const Action& action, TimePoint now);
  void send_advert(RunningInstance& instance, std::uint8_t priority);
  Result<void> send_to(Port& port, RunningInstance& instance, const Advert& advert,
                       const AdvertSocket::Target& target, std::optional<HmacSequence> signature);
  [[nodiscard]] std::optional<HmacSequence> signature_of(RunningInstance& instance);
  [[nodiscard]] tl::expected<Parsed, Discard> understand(RunningInstance& instance, Bytes packet,
                                                         const Arrival& arrival);
  void transitioned(RunningInstance& instance, const Transitioned& transition);
  void write_fifo(std::string_view kind, const std::string& name, std::string_view state,
                  unsigned priority);
  void write_states();
  void mail(AlertAbout about, const std::string& name, std::string_view state,
            std::optional<bool> own_setting, std::string& last_mailed);
  void heard_lower(const RunningInstance& instance);
  [[nodiscard]] bool tells_priority(const RunningInstance& instance) const;
  void run_script(const std::string& object, ScriptPlace script,
                  std::vector<std::string> arguments);
  void received(Port& port, Bytes message, const Arrival& arrival);
  void learn_checksum(RunningInstance& instance, const Parsed& parsed, const IpAddress& source);
  void check_advert(RunningInstance& instance, const Advert& advert, const Arrival& arrival);
  void read_port(Port& port, std::size_t most);
  void guard_against_flood(Port& port, std::uint64_t discarded, TimePoint now);
  void end_floods(TimePoint now);
  void discard(RunningInstance* instance, Discard reason, const Arrival& arrival);
  void save(const RunningInstance& instance);
  void follow_state(const RunningInstance& instance);

  // holdings.cpp: what instances hold in the kernel, and static entries
  void set_virtual_addresses();
  void hold_record(const Reconciler::VirtualKey& key, const std::optional<IpAddress>& peer);
  void put_record(const std::string& record, std::span<const std::byte> value);
  void want_addresses(const std::vector<VirtualAddress>& addresses, const AnnouncePlan& plan,
                      Claim claim, std::set<AddressKey>& held);
  void hold_addresses(RunningInstance& instance, bool hold);
  void refuse_packets(const RunningInstance& instance);
  void set_firewall();
  [[nodiscard]] std::optional<RouteSettings> route_settings(const Route& route) const;
  void hold_routes(Claim claim, const std::vector<Route>& routes, std::set<RouteKey>& held);
  void hold_rules(Claim claim, const std::vector<PolicyRule>& rules, std::set<RuleKey>& held);
  void resolve_routes(VrrpConfig& next);
  void set_configured_routes(const StaticConfig& statics);
  void hold_statics(StaticConfig statics);
  void renew_statics();
  void kernel_changed();
  void end_meddling(TimePoint now);
  void lost(RunningInstance& instance, const Loss& loss, TimePoint now);

  // own_links.cpp: the interfaces that instances make
  void name_made_links(VrrpConfig& next);
  void want_made_links(const std::vector<Instance>& instances, bool no_local_igmp);
  void follow_links(const RunningInstance& instance);
  [[nodiscard]] bool own_link_runs(const RunningInstance& instance) const;
  void send_owed_adverts();
  void correct_made_links();
  void made_links_changed();
  void lower_soon();
  void record_links(bool first);

  // interfaces.cpp: links, ports and faults
  void links_changed();
  void settle_interfaces();
  void settle_interface(RunningInstance& instance);
  void open_ports();
  void watch_links();
  void watch_routes();
  struct PortUse;  ///< what the sockets of a port are for
  void use_port(std::map<PortKey, PortUse>& users, RunningInstance& instance, PortUse use,
                std::uint32_t interface);
  Result<void> open_port(const PortKey& key, PortUse use);
  [[nodiscard]] std::uint32_t receive_buffer(const RunningInstance& instance,
                                             const Link* link) const;
  void watch_port(const PortKey& key);
  [[nodiscard]] static PortKey port_of(const RunningInstance& instance);
  [[nodiscard]] static PortKey sending_port_of(const RunningInstance& instance);
  [[nodiscard]] std::optional<IpAddress> find_source(const RunningInstance& instance) const;
  [[nodiscard]] std::optional<IpAddress> source_address(const RunningInstance& instance);
  [[nodiscard]] std::set<std::string> faults_of(const RunningInstance& instance);

  // adverts.cpp: what adverts list, and their versions
  void list_what_fits(RunningInstance& instance, const Link* link);
  [[nodiscard]] static Advert make_advert(const RunningInstance& instance, std::uint8_t priority);
  [[nodiscard]] bool takes_version(RunningInstance& instance, const Advert& advert,
                                   const IpAddress& source);

  // conflicts.cpp: others where an Active router is
  void rival_heard(RunningInstance& instance, const AdvertReceived& advert);
  void tell_conflict(const RunningInstance& instance, std::string_view state);
  void conflict_ended(RunningInstance& instance, const ConflictWatch::Ended& ended, bool won);
  void end_conflicts(TimePoint now);
  void follow_conflict(RunningInstance& instance, StateName state);
  void listen_for_strangers();
  void strangers_heard(std::span<const NeighbourListener::Heard> heard);
  void stranger_heard(RunningInstance& instance, const AddressKey& key, const AddressClaim& claim,
                      TimePoint now);

  // announcements.cpp
  [[nodiscard]] AnnouncePlan plan_of(const RunningInstance& instance, const AddressKey& key,
                                     Occasion occasion) const;
  void refresh_elsewhere(const RunningInstance& instance);
  void announce(RunningInstance& instance, Occasion occasion, TimePoint now);
  void announce_on(const std::set<std::uint32_t>& interfaces, TimePoint now);

  // timers.cpp
  void arm(RunningInstance& instance);
  void arm_timer();
  void on_timer();
  void drain_ports();
  void work_soon();
  void release(std::function<void()> done);

  boost::asio::io_context& context_;
  Log& log_;
  std::function<void(process::Message)> send_;
  std::optional<VrrpConfig> prepared_;
  config::GlobalDefs globals_;
  std::uint64_t serial_ = 0;
  bool keep_addresses_at_stop_ = false;
  bool stopping_ = false;
  bool removing_ = false;           ///< a reload takes instances away
  bool restarted_ = false;          ///< a predecessor may have left records
  bool firewall_inherits_ = false;  ///< what a predecessor refused is still refused
  std::optional<process::StateTable> table_;
  std::optional<Links> links_;
  std::optional<Reconciler> reconciler_;
  Firewall firewall_;
  std::optional<MadeLinks> made_links_;
  bool links_posted_ = false;
  bool lowering_posted_ = false;
  std::map<std::string, std::unique_ptr<RunningInstance>> instances_;
  std::map<PortKey, std::unique_ptr<Port>> ports_;
  std::map<std::string, std::unique_ptr<RunningGroup>> groups_;
  std::set<std::pair<TimePoint, RunningInstance*>> deadlines_;
  Tracking tracking_;
  ScriptSchedule scripts_;
  ProcessWatch processes_;
  std::map<std::string, config::Place> script_places_;
  std::map<std::string, RepeatedLine> overdue_scripts_;
  std::vector<std::pair<std::string, std::string>> watched_files_;  ///< name and path
  RepeatedLine unknown_vrids_;
  StaticConfig statics_;
  std::set<RouteKey> static_routes_;
  std::set<RuleKey> static_rules_;
  std::set<AddressKey> static_addresses_;  ///< that the reconciler keeps
  /// What adverts come from; found anew whenever addresses change.
  std::map<const RunningInstance*, std::optional<IpAddress>> source_addresses_;
  Fd ipvs_socket_;                         ///< of net_namespace_ipvs; none: our own namespace
  std::optional<SyncKeeper> sync_daemon_;  ///< lvs_sync_daemon, when it names an instance
  std::optional<TimePoint> held_until_;    ///< vrrp_startup_delay
  std::set<PortKey> failed_ports_;         ///< without an advert socket
  std::optional<TimePoint> retry_at_;      ///< look at the interfaces again
  std::optional<TimePoint> armed_for_;
  bool work_posted_ = false;
  bool routes_watched_ = false;
  std::uint64_t discarded_ = 0;  ///< adverts, for whatever reason
  /// Until then, after a crash, nothing is removed: instances wait for their first readings.
  std::optional<TimePoint> inherited_until_;
  std::optional<TimePoint> floods_end_;     ///< the earliest of the ports' guards
  std::optional<TimePoint> meddling_ends_;  ///< earliest RunningInstance::meddled_until
  std::optional<TimePoint> conflicts_end_;  ///< earliest of ConflictWatch::deadline()
  bool holdings_changed_ = false;           ///< since strangers_ was told what to listen for
  /// Of an interface and an address: the instance that holds it, by name.
  std::map<std::pair<std::uint32_t, IpAddress>, std::pair<std::string, AddressKey>> holders_;
  NeighbourListener strangers_;
  boost::asio::steady_timer timer_;
  process::AutoPriority auto_priority_;
  std::unique_ptr<boost::asio::posix::stream_descriptor> links_readable_;
  std::unique_ptr<boost::asio::posix::stream_descriptor> routes_readable_;
};

}  // namespace holdfast::vrrp
