// Two-phase configuration: every worker prepares, and only when all agree they commit. The same at
// start, at reload and for -t.
#include <algorithm>
#include <cerrno>
#include <fstream>

#include <linux/netlink.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "daemon/net_namespace.h"
#include "daemon/process/memfd.h"
#include "daemon/process/process_name.h"
#include "daemon/process_connector.h"
#include "daemon/saved_state.h"
#include "daemon/scheduling.h"
#include "daemon/supervisor.h"

namespace holdfast {
namespace {

/// A worker that has not answered by then is not going to.
constexpr auto prepare_limit = std::chrono::seconds{5};

/// A mark for the addresses of the daemon with this pid file: two daemons in one network namespace
/// do not take each other's addresses for leftovers of their own. 128 to 255 are nobody's; 128 is
/// of the usual pid file.
std::uint8_t address_mark(std::string_view pid_file) {
  if (pid_file == pid_path({}, false, "")) return process::usual_mark;
  std::uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : pid_file) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return static_cast<std::uint8_t>(129U + hash % 127U);
}

}  // namespace

process::Configure Supervisor::settings_for(const Worker& worker,
                                            const Configuration& configuration,
                                            bool restarted) const {
  process::Configure settings;
  settings.restarted = restarted;
  settings.mark = address_mark(options_.pid_file);
  settings.dont_release =
      &worker == &vrrp_ ? options_.dont_release_vrrp : options_.dont_release_ipvs;
  if (identity_.net_namespace_ipvs && !testing_) {
    auto socket = open_generic_netlink(*identity_.net_namespace_ipvs);
    if (socket)
      settings.ipvs = std::move(*socket);
    else
      log_.write(Event{Level::error, "net_namespace_ipvs", socket.error().what});
  }
  if (&worker == &checkers_ && identity_.net_namespace_ipvs && !testing_) {
    auto socket = open_netlink(NETLINK_NETFILTER, *identity_.net_namespace_ipvs);
    if (socket)
      settings.netfilter = std::move(*socket);
    else
      log_.write(Event{Level::error, "net_namespace_ipvs", socket.error().what});
  }
  if (&worker == &vrrp_ && configuration.tracks_processes) {
    auto connector = open_process_connector();
    if (connector)
      settings.processes = std::move(*connector);
    else
      log_.write(Event{Level::notice, "process_events", connector.error().what});
  }
  return settings;
}

/// reload_check_config: what a reload found, as -t would say it.
void Supervisor::write_check_log(const Transaction& transaction) const {
  const auto& path = current_->globals.reload.check_config_log;
  if (!path || *path == "/dev/null") return;
  std::ofstream file{*path, std::ios::app};
  file << report_of(in_order(transaction.findings), transaction.configuration.text,
                    ReportFormat::text, false);
  if (!file.flush())
    log_.write(Event{Level::error, "reload", fmt::format("cannot write {}", *path)});
}

/// What the daemon before this one left, for its checkers.
void Supervisor::hand_over_state() {
  auto state =
      read_state(saved_state_path(options_.pid_file), StateOrigin::here(options_.pid_file));
  if (!state) {
    if (state.error().code != ENOENT)
      log_.write(Event{Level::info, "saved_state", state.error().what});
    return;
  }
  if (auto sealed = process::sealed_memfd("holdfast-state", *state))
    checkers_.send(process::SavedState{std::move(*sealed)});
}

void Supervisor::keep_state(const process::SavedState& message) {
  const auto state = process::read_memfd(message.bytes, largest_state / 2);
  const auto written = state ? write_state(saved_state_path(options_.pid_file),
                                           StateOrigin::here(options_.pid_file), *state)
                             : tl::make_unexpected(state.error());
  if (written)
    state_error_.clear();
  else if (std::exchange(state_error_, written.error().what) != written.error().what)
    log_.write(Event{Level::warning, "saved_state", written.error().what});
}

/// It may end at once: refused, or in force where no worker is needed.
void Supervisor::begin(Configuration configuration) {
  Transaction& transaction = transaction_.emplace();
  transaction.findings = configuration.findings;
  auto text =
      process::sealed_memfd("holdfast-configuration", config::serialize(configuration.text));
  transaction.configuration = std::move(configuration);
  if (!text) {
    log_.write(Event{Level::error, "configuration", text.error().what});
    return refuse("memory");
  }
  transaction.text = std::move(*text);
  for (Worker* worker : workers_for(transaction.configuration)) {
    bool resumes = false;
    if (!worker->is_running()) {
      restarts_.erase(worker);
      resumes = phase_ == Phase::running && worker->has_state();
      const std::string log = testing_ ? "0,0,0,0" : process::to_environment(log_options_);
      if (auto started = worker->start(log); !started) {
        log_.write(Event{Level::error, "worker_start", started.error().what});
        return refuse("a worker cannot be started");
      }
      transaction.started.insert(worker);
      if (worker == &checkers_ && phase_ == Phase::starting && !testing_) hand_over_state();
    }
    worker->configure(transaction.configuration.serial, transaction.text.get(),
                      settings_for(*worker, transaction.configuration, resumes));
    transaction.preparing.insert(worker);
  }
  if (transaction.preparing.empty()) return all_prepared();
  deadline_.expires_after(prepare_limit);
  deadline_.async_wait([this](const boost::system::error_code& error) {
    if (!error && transaction_ && !transaction_->preparing.empty())
      refuse("a worker did not answer in time");
  });
}

void Supervisor::handle_prepared(Worker& worker, process::Prepared prepared) {
  if (phase_ == Phase::stopping) return;
  if (recovering_.contains(&worker) && current_ && prepared.serial == current_->serial) {
    worker.send(process::Commit{prepared.serial});
    return;
  }
  if (!transaction_ || prepared.serial != transaction_->configuration.serial) return;
  transaction_->findings.insert(transaction_->findings.end(), prepared.diagnostics.begin(),
                                prepared.diagnostics.end());
  transaction_->preparing.erase(&worker);
  if (transaction_->preparing.empty()) all_prepared();
}

void Supervisor::report(const Transaction& transaction) const {
  if (phase_ == Phase::running) write_check_log(transaction);
  for (const config::Diagnostic& found : in_order(transaction.findings)) {
    const Level level = found.severity == config::Severity::error     ? Level::error
                        : found.severity == config::Severity::warning ? Level::warning
                                                                      : Level::info;
    config::Shown shown = show(found, transaction.configuration.text);
    shown.source.clear();
    shown.read_as.clear();
    std::string line = render(shown, false);
    std::ranges::replace(line, '\n', ',');
    log_.write(Event{level, "configuration", line});
  }
}

void Supervisor::all_prepared() {
  deadline_.cancel();
  if (testing_) {
    stop(0);
    return;
  }
  report(*transaction_);
  if (has(transaction_->findings, config::Severity::error))
    return refuse("the configuration has errors");
  if (options_.strict && has(transaction_->findings, config::Severity::warning))
    return refuse("the configuration has warnings, and --strict refuses them");
  // At start keepalived runs with what it can use; a running daemon keeps what it knows to be good,
  // and takes no mistakes but those that it runs with already.
  const auto found = mistakes(*transaction_);
  if (phase_ == Phase::running && !std::ranges::includes(known_mistakes_, found))
    return refuse("the configuration has mistakes");
  known_mistakes_ = found;
  commit();
}

std::set<std::string> Supervisor::mistakes(const Transaction& transaction) const {
  std::set<std::string> found;
  for (const config::Diagnostic& finding : transaction.findings)
    if (finding.severity == config::Severity::warning) found.insert(finding.message);
  return found;
}

void Supervisor::commit() {
  const auto needed = workers_for(transaction_->configuration);
  for (Worker* worker : {&vrrp_, &checkers_})
    if (worker->is_running() && std::ranges::find(needed, worker) == needed.end())
      worker->send(process::Stop{});
  for (Worker* worker : needed) {
    worker->send(process::Commit{transaction_->configuration.serial});
    transaction_->starting.insert(worker);
  }
  transaction_->committed = true;
  deaths_in_prepare_ = 0;
  previous_ = std::move(current_);
  current_ = std::move(transaction_->configuration);
  current_text_ = std::move(transaction_->text);
  scripts_.configure(current_->globals);
  checks_.configure(current_->globals);
  configure_fifos();
  for (MailSender* mail : {&vrrp_mail_, &checkers_mail_}) mail->configure(current_->globals);
  if (!testing_) {
    ::umask(options_.umask.value_or(current_->globals.common.umask));
    reload_time_.configure(current_->globals.reload);
  }
  process::set_process_name(current_->globals.parent_process.name, "");
  if (transaction_->starting.empty()) handle_message(vrrp_, process::Running{current_->serial});
}

void Supervisor::configure_fifos() {
  if (testing_) return;
  const config::GlobalDefs& globals = current_->globals;
  const mode_t mask = options_.umask.value_or(globals.common.umask);
  const auto configure = [&](NotifyFifo& fifo, const config::NotifyFifo& settings) {
    const auto reader =
        settings.script ? current_->scripts.find(*settings.script) : current_->scripts.end();
    fifo.configure(settings, reader == current_->scripts.end() ? nullptr : &reader->second,
                   ScriptRules::of(globals), mask);
  };
  configure(fifo_, globals.notify_fifo);
  configure(vrrp_fifo_, globals.vrrp_fifo);
  configure(lvs_fifo_, globals.lvs_fifo);
}

/// Each process once, and again when the configuration says something else.
void Supervisor::schedule_workers() {
  const auto apply = [&](Worker& worker, const config::ProcessDefs& wanted) {
    Scheduled& applied = scheduled_[&worker];
    if (!worker.is_running()) return;
    if (applied.pid != worker.pid()) applied = {worker.pid(), {}, 0};
    const int most = current_->globals.common.max_auto_priority;
    if (std::max(applied.auto_priority, 0) != std::max(most, 0))
      allow_auto_priority(worker.pid(), worker.name(), most, log_);
    applied.auto_priority = most;
    if (applied.settings == wanted) return;
    schedule_process(worker.pid(), worker.name(), wanted, applied.settings, log_);
    applied.settings = wanted;
  };
  apply(vrrp_, current_->globals.vrrp_process);
  apply(checkers_, current_->globals.checker_process);
}

void Supervisor::refuse(const char* why) {
  deadline_.cancel();
  const std::uint64_t serial = transaction_->configuration.serial;
  for (Worker* worker : {&vrrp_, &checkers_})
    if (worker->is_running()) worker->send(process::Abort{serial});
  if (phase_ == Phase::starting || testing_) {
    if (!testing_) log_.write(Event{Level::error, "start", fmt::format("Not started: {}", why)});
    return stop(exit_configuration);
  }
  log_.write(Event{Level::error, "reload",
                   fmt::format("Reload refused: {}; the configuration in force stays", why)});
  const auto needed = workers_for(*current_);
  const auto started = std::move(transaction_->started);
  transaction_.reset();
  for (Worker* worker : {&vrrp_, &checkers_}) {
    if (!worker->is_running()) continue;
    // A worker that only the refused configuration needs has nothing to do.
    if (std::ranges::find(needed, worker) == needed.end())
      worker->send(process::Stop{});
    else if (started.contains(worker))
      recover(*worker);
  }
  sd_notify(0, "READY=1");
  take_up_reload();
}

}  // namespace holdfast
