// holdfast-checkers: runs the probes, feeds their verdicts to the pools, and gives the pools' rows
// to the IPVS reconciler. Decides nothing: that is in checkers/core.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "checkers/core/health.h"
#include "checkers/core/pool.h"
#include "checkers/core/saved_state.h"
#include "checkers/core/traffic.h"
#include "checkers/io/forwarding_paths.h"
#include "checkers/io/local_addresses.h"
#include "checkers/io/marking.h"
#include "checkers/io/poll_set.h"
#include "checkers/io/script_runs.h"
#include "checkers/io/shared_probe.h"
#include "checkers/io/state_saver.h"
#include "daemon/base/bytes.h"
#include "daemon/process/auto_priority.h"
#include "daemon/process/state_table.h"
#include "daemon/process/worker_loop.h"
#include "ipvs/reconciler.h"
#include "ipvs/sync_daemon.h"
#include "ipvs/timeouts.h"

namespace holdfast::checkers {

class CheckersProcess : public process::Worker {
 public:
  /// @param socket as for ipvs::Kernel::open()
  using OpenKernel = std::function<Result<std::unique_ptr<ipvs::KernelPort>>(
      int socket, const netlink::ReceiveBuffer& buffer)>;
  CheckersProcess(boost::asio::io_context& context, Log& log,
                  std::function<void(process::Message)> send, OpenKernel open_kernel);
  ~CheckersProcess() override;

  std::vector<config::Diagnostic> prepare(const config::Text& text) override;
  Result<void> commit(const process::Configure& settings) override;
  void abort() override { prepared_.reset(); }
  void stop(std::function<void()> done) override;
  void receive(process::Message message) override;

 private:
  struct Task;     ///< one check that runs
  struct Service;  ///< a pool and its tasks
  struct WatchedFile {
    std::string path;
    std::optional<std::int32_t> number;  ///< nothing: not told yet
    std::vector<std::weak_ptr<Task>> users;
  };

  void apply(CheckersConfig next, bool restarted);
  void open_state_table(const Fd& state);
  static bool goes_on(const Service& service, const VirtualServer& config);
  void forget_unused_records();
  std::unique_ptr<Service> make_service(const std::shared_ptr<const VirtualServer>& config,
                                        Service* old, bool restarted);
  std::shared_ptr<Task> make_task(const std::shared_ptr<const VirtualServer>& config,
                                  std::size_t server, std::size_t check, Service* old,
                                  bool restarted);
  void begin(const std::shared_ptr<Task>& task);
  void ended(Task& task, TimePoint begun, const ProbeResult& found);
  boost::asio::awaitable<ProbeResult> attempt(const Task& task);
  boost::asio::awaitable<ProbeResult> attempt_through_ipvs(const Task& task);
  void record_sysctls(bool restarted);
  /// That is configured for its server.
  static std::uint32_t weight_of(const Task& task);
  void watch_files(const std::vector<config::TrackFile>& files, bool restarted);
  void file_changed(const process::FileContent& content);
  void judge_file(Task& task, std::int32_t number);
  void probed(Task& task, const Verdict& verdict, const Health::Outcome& outcome);
  void carry_out(const Effects& effects, Service& service);
  void tell(const Effects& effects);
  /// Of its record in the state table.
  static std::string key_of(const VirtualServer& config, const RealServer& server,
                            const Check& check);
  static std::string key_of(const Task& task);
  void save(Task& task);
  void save(const std::string& key, Bytes record);
  // moving.cpp: what changes with time alone.
  void move_soon();
  void move();
  void count_connections(Service& service, TimePoint now);
  static std::string mode_key(const VirtualServer& service, std::size_t server);
  void save_mode(const Service& service, std::size_t server);
  void restore_modes(Service& service, bool restarted);
  static std::string leaving_key(const VirtualServer& service, std::size_t number);
  void save_leaving(Service& service);
  void restore_leaving(Service& service, bool restarted);
  // lasting.cpp: what outlives the daemon.
  void take_over(const process::SavedState& message);
  void save_all();
  [[nodiscard]] const SavedService* saved_service(const VirtualServer& config) const;
  [[nodiscard]] std::optional<OperatorsWord> saved_word(const VirtualServer& config,
                                                        const RealServer& server) const;
  [[nodiscard]] std::optional<CheckRecord> saved_record(const VirtualServer& config,
                                                        const RealServer& server,
                                                        const Check& check) const;
  // operator.cpp: what the control socket is asked about servers.
  void operate(const process::Operate& asked);
  void want(const Service& service);
  [[nodiscard]] ServiceTraffic traffic_of(const Service& service);
  [[nodiscard]] std::string show_servers(const process::Operate& asked);
  std::string set_modes(const std::vector<std::string>& words, Mode mode);
  // suspension.cpp
  void follow_addresses();
  void suspend_services();
  void resume(Service& service);
  // marked_services.cpp: nftables_ipvs
  void plan_marks(const CheckersConfig& next);
  void settle_keys(Service& service);
  void place_marks();
  void do_without_marks();
  // ipvs_settings.cpp
  void set_sync_daemon();
  /// Of the state table: the time-outs as they were.
  static std::string timeouts_key() { return "timeouts"; }
  static constexpr std::string_view sysctl_prefix = "sysctl ";
  static std::string sysctl_record(const std::string& path) {
    return fmt::format("{}{}", sysctl_prefix, path);
  }
  void set_timeouts(const config::IpvsTimeouts& wanted, bool restarted);
  void look_at_settings();
  void save_timeouts();
  void reconcile_soon();
  // process.cpp: the slow look at the table and what stands beside it.
  void look();
  void look_later(Duration taken);

  boost::asio::io_context& context_;
  PollSet& poll_set_;
  Log& log_;
  std::function<void(process::Message)> send_;
  Fd ipvs_socket_;  ///< of net_namespace_ipvs; none: our own namespace
  ipvs::Reconciler reconciler_;
  ForwardingPaths paths_;
  std::optional<CheckersConfig> prepared_;
  config::GlobalDefs globals_;
  std::optional<ipvs::SyncDaemon>
      sync_daemon_;  ///< lvs_sync_daemon without an instance: both roles
  ipvs::KeptTimeouts timeouts_;
  Marking marking_;
  LocalAddresses addresses_;
  ScriptRuns scripts_;
  SharedProbes probes_;
  std::map<std::string, WatchedFile> files_;                  ///< by name of the track_file
  std::map<std::string, std::unique_ptr<Service>> services_;  ///< by identity
  std::optional<process::StateTable> table_;
  SavedState saved_;  ///< of the daemon before; until the first configuration is in force
  StateSaver saver_;
  boost::asio::steady_timer move_timer_;
  bool moving_ = false;
  std::uint64_t serial_ = 0;
  bool started_ = false, keep_table_at_stop_ = false, reconcile_posted_ = false;
  boost::asio::steady_timer look_timer_;
  process::AutoPriority auto_priority_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace holdfast::checkers
