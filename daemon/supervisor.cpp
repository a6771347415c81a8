#include "daemon/supervisor.h"

#include <linux/capability.h>
#include <malloc.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>

#include "daemon/process/clock.h"
#include "daemon/process/memfd.h"

namespace holdfast {

namespace asio = boost::asio;

namespace {

/// How long running notify scripts get at the end.
constexpr auto script_stop_limit = std::chrono::seconds{1};

/// What a worker may tell an operator: `holdfast` reads no more.
constexpr std::size_t longest_answer = std::size_t{32} << 20U;

const WorkerIdentity vrrp_identity{"holdfast-vrrp", "holdfast-vrrp", {CAP_NET_ADMIN, CAP_NET_RAW}};
const WorkerIdentity checkers_identity{
    "holdfast-checkers", "holdfast-checkers", {CAP_NET_ADMIN, CAP_NET_RAW}};

}  // namespace

Supervisor::Supervisor(asio::io_context& context, const Options& options,
                       process::LogOptions log_options, Log& log, std::function<void()> on_running)
    : context_{context},
      options_{options},
      log_options_{std::move(log_options)},
      log_{log},
      on_running_{std::move(on_running)},
      signals_{context},
      deadline_{context},
      scripts_{context, log},
      checks_{context, log},
      once_{context, log},
      reload_time_{context, log, [this] { reload(); }},
      fifo_{context, log},
      vrrp_fifo_{context, log},
      lvs_fifo_{context, log},
      vrrp_mail_{context, log},
      checkers_mail_{context, log},
      vrrp_files_{context, log, [this](process::FileContent content) { vrrp_.send(content); }},
      checkers_files_{context, log,
                      [this](process::FileContent content) { checkers_.send(content); }},
      control_{context, log,
               [this](process::Message asked) {
                 Worker& worker =
                     std::holds_alternative<process::HandOver>(asked) ? vrrp_ : checkers_;
                 if (!worker.is_running()) return false;
                 worker.send(std::move(asked));
                 return true;
               }},
      vrrp_{context, log, vrrp_identity, options.config_test ? "" : options.vrrp_pid_file,
            [this](Worker& w, process::Message m) { handle_message(w, std::move(m)); }},
      checkers_{context, log, checkers_identity,
                options.config_test ? "" : options.checkers_pid_file,
                [this](Worker& w, process::Message m) { handle_message(w, std::move(m)); }} {
  if (log_options_.file_path.empty()) return;
  for (const auto& [worker, name] : {std::pair{&vrrp_, "vrrp"}, {&checkers_, "healthcheckers"}}) {
    auto file = process::open_log_file(log_options_, name);
    if (file)
      worker->use_log_file(std::move(*file));
    else
      log_.write(Event{Level::error, "log_file", file.error().what});
  }
}

int Supervisor::run(Configuration configuration, Identity identity) {
  identity_ = std::move(identity);
  serial_ = configuration.serial;
  watch_signals();
  if (!configuration.readable) {
    log_.write(Event{Level::error, "configuration", configuration.findings.front().message});
    return exit_no_file;
  }
  if (auto listening = control_.listen(control_path(options_.pid_file)); !listening)
    log_.write(Event{Level::warning, "control", listening.error().what});
  start_with(std::move(configuration));
  context_.run();
  return status_;
}

/// Behind the startup script, if there is one.
void Supervisor::start_with(Configuration configuration) {
  first_ = std::move(configuration);
  const bool runs = run_once(*first_, first_->globals.common.startup, "startup_script", [this] {
    if (phase_ != Phase::stopping) begin(std::move(*std::exchange(first_, std::nullopt)));
  });
  if (!runs) begin(std::move(*std::exchange(first_, std::nullopt)));
}

/// @return false: it has no such script, and `done` is not called
bool Supervisor::run_once(const Configuration& configuration, const config::ScriptDefs& script,
                          const char* name, std::function<void()> done) {
  const auto command =
      script.script ? configuration.scripts.find(*script.script) : configuration.scripts.end();
  if (command == configuration.scripts.end()) return false;
  return once_.run(command->second, ScriptRules::of(configuration.globals), script.timeout, name,
                   std::move(done));
}

int Supervisor::test(const std::function<void(const std::string&)>& print, bool colours) {
  testing_ = true;
  watch_signals();
  Configuration configuration = load_configuration(options_, ++serial_);
  if (!configuration.readable) {
    print(report_of(configuration.findings, configuration.text, options_.format, colours));
    return exit_no_file;
  }
  begin(std::move(configuration));
  context_.run();
  if (status_ != 0 || !transaction_) return status_ == 0 ? exit_fatal : status_;
  const auto findings = in_order(transaction_->findings);
  print(report_of(findings, transaction_->configuration.text, options_.format, colours));
  // grammar.md section 13: 4 for what cannot run, 5 for what is reported and runs.
  constexpr int cannot_run = 4;
  constexpr int reported = 5;
  if (has(findings, config::Severity::error)) return cannot_run;
  return has(findings, config::Severity::warning) ? reported : 0;
}

std::vector<Worker*> Supervisor::workers_for(const Configuration& configuration) {
  std::vector<Worker*> needed;
  if (options_.vrrp && (configuration.needs_vrrp || options_.all)) needed.push_back(&vrrp_);
  if (options_.checkers && (configuration.needs_checkers || options_.all))
    needed.push_back(&checkers_);
  return needed;
}

void Supervisor::watch_signals() {
  // runtime.md section 3: 36 is JSON, the last two of glibc's are statistics.
  for (const int signal :
       {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGRTMIN + 2, SIGRTMAX - 1, SIGRTMAX})
    signals_.add(signal);
  wait_for_signal();
}

void Supervisor::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    handle_signal(signal);
    wait_for_signal();
  });
}

void Supervisor::handle_signal(int signal) {
  switch (signal) {
    case SIGCHLD:
      return reap();
    case SIGHUP:
      return reload();
    case SIGINT:
      if (options_.ignore_sigint) return;
      [[fallthrough]];
    case SIGTERM:
      return stop(0);
    default:
      log_.write(Event{Level::warning, "signal",
                       fmt::format("dumps on signal {} are not supported yet", signal)});
  }
}

void Supervisor::handle_message(Worker& worker, process::Message message) {
  if (auto* prepared = std::get_if<process::Prepared>(&message))
    return handle_prepared(worker, std::move(*prepared));
  if (auto* script = std::get_if<process::RunScript>(&message))
    return run_script(std::move(*script), &worker == &vrrp_);
  if (const auto* check = std::get_if<process::RunCheck>(&message))
    return run_check(worker, *check);
  if (const auto* files = std::get_if<process::WatchFiles>(&message))
    return watch_files(worker, *files);
  if (const auto* change = std::get_if<process::NotifyLine>(&message)) {
    fifo_.write(change->line);
    return (&worker == &vrrp_ ? vrrp_fifo_ : lvs_fifo_).write(change->line);
  }
  if (auto* mail = std::get_if<process::SendMail>(&message))
    return (&worker == &vrrp_ ? vrrp_mail_ : checkers_mail_).send(std::move(*mail));
  if (const auto* answer = std::get_if<process::HandedOver>(&message))
    return control_.answered(answer->request, answer->done, answer->text);
  if (const auto* state = std::get_if<process::SavedState>(&message))
    return &worker == &checkers_ && !testing_ ? keep_state(*state) : void();
  if (const auto* answer = std::get_if<process::Operated>(&message)) {
    const auto text = process::read_memfd(answer->text, longest_answer);
    return control_.answered(answer->request, answer->done && text,
                             text ? *text : text.error().what);
  }
  const auto* running = std::get_if<process::Running>(&message);
  if (running == nullptr || !current_ || running->serial != current_->serial) return;
  recovering_.erase(&worker);
  schedule_workers();
  if (!transaction_) return take_up_reload();
  if (!transaction_->committed) return;
  transaction_->starting.erase(&worker);
  if (!transaction_->starting.empty()) return;
  transaction_.reset();
  ::malloc_trim(0);  // reading the configuration took more than is kept of it
  if (phase_ == Phase::starting) {
    phase_ = Phase::running;
    on_running_();
    sd_notifyf(0, "READY=1\nMAINPID=%d\nSTATUS=running", static_cast<int>(::getpid()));
  } else if (phase_ == Phase::running) {
    log_.write(Event{Level::info, "reloaded", "Reload finished"});
    sd_notify(0, "READY=1");
  }
  take_up_reload();
}

/// A reload that was asked for while something else was under way.
void Supervisor::take_up_reload() {
  if (phase_ == Phase::running && !transaction_ && recovering_.empty() &&
      std::exchange(reload_again_, false))
    reload();
}

/// A worker may still ask for what the configuration before a reload had. Null: neither.
const Configuration* Supervisor::configuration_of(std::uint64_t serial) const {
  for (const auto* configuration : {&current_, &previous_})
    if (*configuration && (*configuration)->serial == serial) return &**configuration;
  return nullptr;
}

/// Null: the configuration names no such script.
const config::Command* Supervisor::command_at(std::uint64_t serial, config::Place place) const {
  const Configuration* configuration = configuration_of(serial);
  if (configuration == nullptr) return nullptr;
  const auto script = configuration->scripts.find(place);
  return script == configuration->scripts.end() ? nullptr : &script->second;
}

void Supervisor::run_script(process::RunScript request, bool urgent) {
  if (const config::Command* command = command_at(request.serial, request.place)) {
    ScriptJob job{std::move(request.object), command->argv, command->user, urgent};
    job.argv.insert(job.argv.end(), request.arguments.begin(), request.arguments.end());
    return scripts_.run(std::move(job));
  }
  log_.write(Event{Level::error, "script_failed",
                   "a worker asked for a script that the configuration does not name"}
                 .with("object", request.object));
}

void Supervisor::run_check(Worker& worker, const process::RunCheck& request) {
  if (phase_ == Phase::stopping) return;
  if (const config::Command* command = command_at(request.serial, request.place))
    return checks_.run(worker.name() + " " + request.object, request, *command,
                       [&worker](const process::CheckResult& result) { worker.send(result); });
  log_.write(Event{Level::error, "script_failed",
                   "a worker asked for a script that the configuration does not name"}
                 .with("object", request.object));
  worker.send(process::CheckResult{request.object, request.run, process::CheckOutcome::refused, 0});
}

void Supervisor::watch_files(Worker& worker, const process::WatchFiles& request) {
  if (phase_ == Phase::stopping) return;
  FilesToWatch watched = files_to_watch(request, configuration_of(request.serial));
  for (std::string& object : watched.unknown) {
    log_.write(Event{Level::error, "track_file",
                     fmt::format("{}: a worker asked for a file that the configuration does not "
                                 "name; it counts as empty",
                                 object)});
    worker.send(process::FileContent{std::move(object), {}});
  }
  (&worker == &vrrp_ ? vrrp_files_ : checkers_files_).watch(std::move(watched.files));
}

void Supervisor::reap() {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return;
    if (pid == vrrp_.pid())
      worker_ended(vrrp_, status);
    else if (pid == checkers_.pid())
      worker_ended(checkers_, status);
    else if (pid == releasing_)
      releasing_ = 0;
    else if (!once_.reaped(pid, status) && !checks_.reaped(pid, status) &&
             !fifo_.reaped(pid, status) && !vrrp_fifo_.reaped(pid, status) &&
             !lvs_fifo_.reaped(pid, status) && !vrrp_mail_.reaped(pid, status) &&
             !checkers_mail_.reaped(pid, status))
      scripts_.reaped(pid, status);
    if (phase_ == Phase::stopping) finish_stop();
  }
}

void Supervisor::worker_ended(Worker& worker, int status) {
  const Duration lived = worker.ended();
  control_.worker_ended(&worker == &vrrp_);
  const bool was_recovering = recovering_.erase(&worker) > 0;
  const bool in_order = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (phase_ == Phase::stopping) {  // reap() goes on with that
    // It was told to stop, and has not got as far as that, or not yet taken over what was there.
    if ((!in_order || was_recovering) && !testing_) release_leftovers(worker);
    return;
  }
  const bool needed = current_ && std::ranges::count(workers_for(*current_), &worker) > 0;
  if (current_ && !needed && in_order) {
    worker.forget_state();  // a reload made it superfluous
    return;
  }
  const std::string how = WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                              : fmt::format("status {}", WEXITSTATUS(status));
  log_.write(
      Event{Level::error, "worker_died", fmt::format("{} ended by {}", worker.name(), how)}.with(
          "lived_s", fmt::format("{:.3f}", in_seconds(lived))));
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  if (current_ && !needed && transaction_ && !transaction_->committed)
    return refuse("a worker died");
  if (code == 1 || code == 2 || code == 4 || options_.dont_respawn || !current_) {
    release_leftovers(worker);
    return stop(code == 0 ? exit_fatal : code);
  }
  if (transaction_ && !transaction_->committed) {
    // Perhaps it was dead before it was asked: once more, unless the text is what kills it.
    if (++deaths_in_prepare_ == 1) reload_again_ = true;
    refuse("a worker died");
  }
  if (worker.is_running()) return;  // a reload that had to wait has started it
  const Duration wait = worker.backoff().after_death(lived);
  if (wait == Duration{0}) return restart(worker);
  release_leftovers(worker);
  restart_later(worker, wait);
  take_up_reload();
}

void Supervisor::restart_later(Worker& worker, Duration wait) {
  log_.write(Event{Level::warning, "worker_backoff",
                   fmt::format("{} is started again in {} s", worker.name(), in_seconds(wait))});
  auto& timer = restarts_[&worker];
  timer = std::make_unique<asio::steady_timer>(context_, wait);
  timer->async_wait([this, &worker](const boost::system::error_code& error) {
    if (!error && phase_ != Phase::stopping && !worker.is_running()) restart(worker);
  });
}

/// The partner takes over while a VRRP worker is away: its addresses must not stay here as well.
/// The IPVS table of dead checkers stays: it is the best that is known.
void Supervisor::release_leftovers(Worker& worker) {
  if (&worker != &vrrp_ || options_.dont_release_vrrp || releasing_ != 0) return;
  const auto pid = worker.release(process::to_environment(log_options_));
  if (pid)
    releasing_ = *pid;
  else
    log_.write(Event{Level::error, "release", pid.error().what});
}

void Supervisor::restart(Worker& worker) {
  if (auto started = worker.start(process::to_environment(log_options_)); !started) {
    log_.write(Event{Level::error, "worker_start", started.error().what});
    release_leftovers(worker);
    return restart_later(worker, worker.backoff().after_death(Duration{0}));
  }
  recover(worker);
}

/// Gives a new process the configuration in force, from which it goes on.
void Supervisor::recover(Worker& worker) {
  recovering_.insert(&worker);
  worker.configure(current_->serial, current_text_.get(), settings_for(worker, *current_, true));
}

void Supervisor::reload() {
  if (phase_ == Phase::stopping) return;
  if (transaction_ || !recovering_.empty() || first_) {
    reload_again_ = true;
    return;
  }
  log_.write(Event{Level::info, "reloading", "Reloading"});
  const auto now_us = std::chrono::duration_cast<std::chrono::microseconds>(
      process::monotonic_now().time_since_epoch());
  sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", static_cast<long long>(now_us.count()));
  Configuration configuration = reread();
  if (!configuration.readable) {
    log_.write(Event{Level::error, "reload",
                     fmt::format("Reload refused: {}; the configuration in force stays",
                                 configuration.findings.front().message)});
    sd_notify(0, "READY=1");
    return;
  }
  refuse_other_identity(identity_, configuration, options_);
  begin(std::move(configuration));
}

/// reload_file exists while the files are read, so that who changes them can wait for its end.
Configuration Supervisor::reread() {
  const auto& marker = current_->globals.reload.marker_file;
  if (!marker) return load_configuration(options_, ++serial_);
  const std::string usual = reload_marker_path(options_.pid_file, options_.as_keepalived);
  const ReloadMarker marked{marker->empty() ? usual : *marker, log_};
  return load_configuration(options_, ++serial_);
}

void Supervisor::stop(int status) {
  if (phase_ == Phase::stopping) return;
  phase_ = Phase::stopping;
  status_ = status;
  if (!testing_) {
    log_.write(Event{Level::info, "stopping", "Stopping"});
    sd_notify(0, "STOPPING=1");
  }
  restarts_.clear();
  checks_.stop();
  once_.stop();
  reload_time_.stop();
  for (Worker* worker : {&vrrp_, &checkers_}) worker->send(process::Stop{});
  deadline_.expires_after((current_ ? current_->root : config::RootDefs{}).child_wait_time);
  deadline_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    for (Worker* worker : {&vrrp_, &checkers_})
      if (worker->is_running()) {
        log_.write(Event{Level::error, "worker_stuck",
                         fmt::format("{} does not stop and is killed", worker->name())});
        worker->kill(SIGKILL);
      }
    if (releasing_ != 0) ::kill(releasing_, SIGKILL);
  });
  finish_stop();
}

/// Called whenever something has ended: goes on when nothing is left to wait for.
void Supervisor::finish_stop() {
  if (vrrp_.is_running() || checkers_.is_running() || releasing_ != 0 || once_.is_running()) return;
  for (NotifyFifo* fifo : {&fifo_, &vrrp_fifo_, &lvs_fifo_}) fifo->finish();
  for (MailSender* mail : {&vrrp_mail_, &checkers_mail_}) mail->finish();
  const bool nobody_runs = scripts_.is_idle() && fifo_.is_idle() && vrrp_fifo_.is_idle() &&
                           lvs_fifo_.is_idle() && vrrp_mail_.is_idle() && checkers_mail_.is_idle();
  if (checks_.is_idle() && (nobody_runs || scripts_had_their_time_)) {
    end();
    return;
  }
  if (std::exchange(waits_for_scripts_, true)) return;
  deadline_.expires_after(script_stop_limit);
  deadline_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    scripts_had_their_time_ = true;
    checks_.kill();
    for (const NotifyFifo* fifo : {&fifo_, &vrrp_fifo_, &lvs_fifo_}) fifo->stop_reader();
    if (checks_.is_idle()) return end();
    // They are reaped within moments, and then finish_stop() ends it; one that the kernel does not
    // let go is not waited for.
    deadline_.expires_after(script_stop_limit);
    deadline_.async_wait([this](const boost::system::error_code& stopped) {
      if (!stopped) end();
    });
  });
}

/// Nothing is left but the shutdown script, and then nothing at all.
void Supervisor::end() {
  if (once_.is_running()) return;
  const auto leave = [this] { asio::post(context_, [this] { context_.stop(); }); };
  const bool has_its_turn = std::exchange(ended_, true) || testing_ || !current_;
  if (has_its_turn ||
      !run_once(*current_, current_->globals.common.shutdown, "shutdown_script", leave))
    leave();
}

}  // namespace holdfast
