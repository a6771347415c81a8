// holdfastd: reads the configuration once, starts and watches the workers, carries out two-phase
// reloads, runs scripts for them, and stops everything in order.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "daemon/base/event.h"
#include "daemon/check_scripts.h"
#include "daemon/configuration.h"
#include "daemon/control.h"
#include "daemon/file_watch.h"
#include "daemon/identity.h"
#include "daemon/notify/mail_sender.h"
#include "daemon/notify_fifo.h"
#include "daemon/once_script.h"
#include "daemon/process/log.h"
#include "daemon/reload_time.h"
#include "daemon/scripts.h"
#include "daemon/worker.h"

namespace holdfast {

/// Exit statuses of keepalived (runtime.md section 1).
inline constexpr int exit_fatal = 1;
inline constexpr int exit_configuration = 2;
inline constexpr int exit_no_file = 6;

class Supervisor {
 public:
  /// @param on_running called once, when the first configuration is in force
  Supervisor(boost::asio::io_context& context, const Options& options,
             process::LogOptions log_options, Log& log, std::function<void()> on_running);

  /// Runs until stopped. @param configuration the first one, loaded @return the exit status
  int run(Configuration configuration, Identity identity);
  /// Prepares the configuration in all workers and reports. @return the exit status of -t
  int test(const std::function<void(const std::string&)>& print, bool colours);

 private:
  /// A configuration on its way: prepared by every worker, then committed or aborted.
  struct Transaction {
    Configuration configuration;
    Fd text;
    std::set<Worker*> preparing, starting;  ///< who has not answered yet
    std::set<Worker*> started;              ///< processes that were started for it
    bool committed = false;
    std::vector<config::Diagnostic> findings;
  };
  enum class Phase { starting, running, stopping };

  // transaction.cpp
  void begin(Configuration configuration);
  void handle_prepared(Worker& worker, process::Prepared prepared);
  void all_prepared();
  void commit();
  void refuse(const char* why);
  void report(const Transaction& transaction) const;
  void write_check_log(const Transaction& transaction) const;
  [[nodiscard]] std::set<std::string> mistakes(const Transaction& transaction) const;
  void hand_over_state();
  void keep_state(const process::SavedState& message);
  process::Configure settings_for(const Worker& worker, const Configuration& configuration,
                                  bool restarted) const;

  // supervisor.cpp
  void watch_signals();
  void wait_for_signal();
  void handle_signal(int signal);
  void handle_message(Worker& worker, process::Message message);
  void reap();
  void worker_ended(Worker& worker, int status);
  void restart(Worker& worker);
  void restart_later(Worker& worker, Duration wait);
  void recover(Worker& worker);
  void release_leftovers(Worker& worker);
  void take_up_reload();
  void reload();
  void stop(int status);
  void finish_stop();
  void end();
  void start_with(Configuration configuration);
  bool run_once(const Configuration& configuration, const config::ScriptDefs& script,
                const char* name, std::function<void()> done);
  Configuration reread();
  [[nodiscard]] const Configuration* configuration_of(std::uint64_t serial) const;
  [[nodiscard]] const config::Command* command_at(std::uint64_t serial, config::Place place) const;
  void run_script(process::RunScript request, bool urgent);
  void run_check(Worker& worker, const process::RunCheck& request);
  void watch_files(Worker& worker, const process::WatchFiles& request);
  void configure_fifos();
  void schedule_workers();
  std::vector<Worker*> workers_for(const Configuration& configuration);

  boost::asio::io_context& context_;
  const Options& options_;
  Identity identity_;
  process::LogOptions log_options_;
  Log& log_;
  std::function<void()> on_running_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer deadline_;
  Scripts scripts_;
  CheckScripts checks_;
  OnceScript once_;                     ///< startup_script, shutdown_script
  std::optional<Configuration> first_;  ///< waits for the startup script
  ReloadTime reload_time_;
  NotifyFifo fifo_, vrrp_fifo_, lvs_fifo_;
  MailSender vrrp_mail_, checkers_mail_;
  FileWatch vrrp_files_, checkers_files_;
  Control control_;
  Worker vrrp_, checkers_;
  std::map<Worker*, std::unique_ptr<boost::asio::steady_timer>> restarts_;
  std::set<Worker*> recovering_;  ///< restarted and not yet running again
  pid_t releasing_ = 0;           ///< removes what a dead worker left in the kernel
  std::uint64_t serial_ = 0;
  std::optional<Transaction> transaction_;
  std::optional<Configuration> current_, previous_;
  Fd current_text_;
  std::string state_error_;               ///< the last one that was reported
  std::set<std::string> known_mistakes_;  ///< warnings of the configuration in force
  Phase phase_ = Phase::starting;
  bool reload_again_ = false;
  unsigned deaths_in_prepare_ = 0;  ///< since the last commit
  bool testing_ = false;
  struct Scheduled {
    pid_t pid = 0;
    config::ProcessDefs settings;
    int auto_priority = 0;
  };
  std::map<const Worker*, Scheduled> scheduled_;
  bool waits_for_scripts_ = false;       ///< at the end
  bool ended_ = false;                   ///< the shutdown script has had its turn
  bool scripts_had_their_time_ = false;  ///< at the end: what still runs is left alone
  int status_ = 0;
};

}  // namespace holdfast
