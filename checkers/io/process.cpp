#include "checkers/io/process.h"

#include <fcntl.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>
#include <unordered_set>

#include "checkers/core/record.h"
#include "checkers/io/running.h"
#include "checkers/io/tls.h"
#include "daemon/config/tree.h"
#include "daemon/process/clock.h"
#include "daemon/process/memory_lock.h"
#include "daemon/process/process_name.h"
#include "daemon/process/realtime_limit.h"

namespace holdfast::checkers {

namespace asio = boost::asio;
using process::monotonic_now;

namespace {

/// How often the kernel's table is looked at for changes by others, of which two looks see all, in
/// less than 2 s. Longer for the largest tables, so that looking costs at most this share of a
/// core.
constexpr Duration look_interval = std::chrono::milliseconds{900};
constexpr int look_share = 20;

/// With omega the down scripts ran at the stop of the daemon, and with alpha the up scripts run at
/// the first success of the next one.
bool tells_of_stop(const VirtualServer& service) {
  return service.omega && std::ranges::any_of(service.servers, &RealServer::alpha);
}

/// Scripts of checks are known to the supervisor by their places. @pre they are equal
bool have_same_places(const VirtualServer& one, const VirtualServer& other) {
  const auto same_script = [](const Check& a, const Check& b) {
    const auto* misc = std::get_if<MiscCheck>(&a.probe);
    return misc == nullptr || misc->place == std::get<MiscCheck>(b.probe).place;
  };
  return std::ranges::equal(one.servers, other.servers,
                            [&](const RealServer& a, const RealServer& b) {
                              return std::ranges::equal(a.checks, b.checks, same_script);
                            });
}

std::string quorum_key(const VirtualServer& service) { return "quorum " + service.identity(); }

}  // namespace

CheckersProcess::CheckersProcess(asio::io_context& context, Log& log,
                                 std::function<void(process::Message)> send, OpenKernel open_kernel)
    : context_{context},
      poll_set_{PollSet::of(context.get_executor())},
      log_{log},
      send_{send},
      reconciler_{[this, open = std::move(open_kernel)] {
                    const config::BufferDefs& wanted = globals_.buffers;
                    return open(ipvs_socket_.get(), {wanted.lvs_command, wanted.lvs_command_force});
                  },
                  log},
      paths_{reconciler_, log},
      timeouts_{[this] { return reconciler_.kernel(); }, log},
      marking_{log},
      addresses_{context, log, [this] { suspend_services(); }},
      scripts_{std::move(send)},
      saver_{context, [this] { save_all(); }},
      move_timer_{context},
      look_timer_{context},
      auto_priority_{context, log} {}

CheckersProcess::~CheckersProcess() = default;

std::vector<config::Diagnostic> CheckersProcess::prepare(const config::Text& text) {
  // The tree's own findings are the supervisor's to report.
  config::Diagnostics tree_findings;
  const auto tree = config::parse_tree(text, tree_findings);
  config::Diagnostics found;
  config::Reader reader{found};
  prepared_ = read_checkers(tree, reader);
  return found.all();
}

/// It is one for the life of this process.
void CheckersProcess::open_state_table(const Fd& state) {
  if (auto table = process::StateTable::open(state))
    table_.emplace(std::move(*table));
  else
    log_.write(Event{Level::warning, "state_table", table.error().what});
}

Result<void> CheckersProcess::commit(const process::Configure& settings) {
  if (!prepared_) return fail("nothing was prepared");
  forget_tls_files();
  if (!table_) open_state_table(settings.state);
  serial_ = settings.serial;
  if (settings.ipvs && !ipvs_socket_)
    ipvs_socket_ = Fd{::fcntl(settings.ipvs.get(), F_DUPFD_CLOEXEC, 0)};
  marking_.name_after(settings.mark, settings.netfilter
                                         ? Fd{::fcntl(settings.netfilter.get(), F_DUPFD_CLOEXEC, 0)}
                                         : Fd{});
  keep_table_at_stop_ = settings.dont_release;
  globals_ = prepared_->globals;
  const bool first = !std::exchange(started_, true);
  if (first && !settings.restarted && prepared_->globals.lvs_flush) reconciler_.flush();
  record_sysctls(settings.restarted);
  apply(std::move(*std::exchange(prepared_, std::nullopt)), settings.restarted);
  saved_.clear();
  reconciler_.settle();
  set_sync_daemon();
  set_timeouts(globals_.lvs_timeouts, settings.restarted);
  if (first) look_later({});
  return {};
}

void CheckersProcess::apply(CheckersConfig next, bool restarted) {
  process::limit_realtime(globals_.checker_process, log_);
  process::lock_memory(globals_.checker_process, log_);
  auto_priority_.configure(globals_.common, globals_.checker_process);
  process::set_process_name(globals_.checker_process.name,
                            globals_.common.child_process_names ? "keepalived_lvs" : "");
  plan_marks(next);
  paths_.apply(next);
  auto old = std::exchange(services_, {});
  for (VirtualServer& each : next.services) {
    const auto before = old.find(each.identity());
    Service* previous = before == old.end() ? nullptr : before->second.get();
    if (previous != nullptr && goes_on(*previous, each)) {
      services_.insert(old.extract(before));
      continue;
    }
    each.servers.shrink_to_fit();
    const auto shared = std::make_shared<const VirtualServer>(std::move(each));
    const VirtualServer& config = *shared;
    saver_.soon();
    auto service = make_service(shared, previous, restarted);
    settle_keys(*service);
    std::map<ipvs::DestinationKey, bool> was_in_use;
    if (previous != nullptr) {
      for (std::size_t i = 0; i < previous->pool.service().servers.size(); ++i)
        was_in_use.emplace(previous->pool.service().servers[i].key, previous->pool.is_in_use(i));
      carry_out(service->pool.inherit(previous->pool, monotonic_now()), *service);
    } else if (tells_of_stop(config) && saved_service(config) != nullptr) {
      // What was said to be down at the stop is up again.
      for (const RealServer& server : config.servers)
        if (server.alpha) was_in_use.emplace(server.key, false);
    }
    if (previous == nullptr) {
      restore_modes(*service, restarted);
      restore_leaving(*service, restarted);
    } else {
      service->leaving_saved = previous->leaving_saved;
    }
    save_leaving(*service);
    carry_out(service->pool.settle(was_in_use), *service);
    if (service->pool.is_moving()) move_soon();
    want(*service);
    services_.emplace(config.identity(), std::move(service));
  }
  place_marks();
  std::set<ipvs::ServiceKey> kept;
  for (const auto& [name, service] : services_)
    kept.insert(service->keys().begin(), service->keys().end());
  for (const auto& [name, service] : old)
    for (const ipvs::ServiceKey& key : service->keys())
      if (!kept.contains(key)) reconciler_.unwant(key);
  if (!old.empty()) saver_.soon();
  old.clear();  // drops the tasks that nobody took over
  probes_.tidy();
  watch_files(next.files, restarted);
  follow_addresses();
  forget_unused_records();
}

/// An equal service goes on untouched. Not one with `marked`, which may be another one in the
/// kernel's table.
bool CheckersProcess::goes_on(const Service& service, const VirtualServer& config) {
  const VirtualServer& known = service.pool.service();
  return config.marked.empty() && known == config && have_same_places(known, config);
}

void CheckersProcess::forget_unused_records() {
  if (!table_) return;
  std::unordered_set<std::string> used{timeouts_key()};
  for (const auto& [key, service] : services_) {
    used.insert(quorum_key(service->pool.service()));
    for (const auto& server : service->tasks)
      for (const auto& task : server) used.insert(key_of(*task));
    for (std::size_t i = 0; i < service->tasks.size(); ++i)
      if (service->pool.last_word_of(i).mode != Mode::normal)
        used.insert(mode_key(service->pool.service(), i));
    for (std::size_t i = 0; i < service->leaving_saved; ++i)
      used.insert(leaving_key(service->pool.service(), i));
  }
  for (const auto& [path, value] : paths_.sysctls().originals()) used.insert(sysctl_record(path));
  table_->retain(used);
}

std::unique_ptr<CheckersProcess::Service> CheckersProcess::make_service(
    const std::shared_ptr<const VirtualServer>& shared, Service* old, bool restarted) {
  std::vector<std::vector<std::shared_ptr<Task>>> tasks;
  std::vector<std::vector<bool>> up;
  const VirtualServer& config = *shared;
  for (std::size_t server = 0; server < config.servers.size(); ++server) {
    tasks.emplace_back();
    up.emplace_back();
    for (std::size_t check = 0; check < config.servers[server].checks.size(); ++check) {
      tasks.back().push_back(make_task(shared, server, check, old, restarted));
      up.back().push_back(tasks.back().back()->health.is_up());
    }
  }
  std::optional<bool> quorum;
  if (old != nullptr)
    quorum = old->pool.has_quorum();
  else if (const auto record = table_ && restarted ? table_->get(quorum_key(config)) : Bytes{};
           !record.empty())
    quorum = record.front() != std::byte{0};
  else if (const SavedService* saved = saved_service(config))
    quorum = saved->quorum && !tells_of_stop(config);
  auto service = std::make_unique<Service>(shared, up, quorum);
  service->suspended = old != nullptr && old->suspended;
  service->tasks = std::move(tasks);
  for (auto& server : service->tasks)
    for (auto& task : server) {
      task->service = service.get();
      if (const std::int64_t weight = task->health.record().contribution; weight != 0)
        service->pool.set_contribution(task->server, task->number, weight);
      save(*task);
      if (task->running || std::holds_alternative<FileCheck>(task->check->probe)) continue;
      const FinalTiming& timing = task->check->final_timing;
      std::uniform_int_distribution<Duration::rep> spread{0, timing.warmup.count()};
      task->running = true;
      poll_set_.set_beginning(*task, monotonic_now() + Duration{spread(random_)});
    }
  return service;
}

/// An equal check of the same server goes on untouched. A changed one begins with the verdict of
/// the one it replaces, a new one on a known server with that server's.
std::shared_ptr<CheckersProcess::Task> CheckersProcess::make_task(
    const std::shared_ptr<const VirtualServer>& owner, std::size_t server, std::size_t number,
    Service* old, bool restarted) {
  const VirtualServer& config = *owner;
  const RealServer& real = config.servers[server];
  const Check& check = real.checks[number];
  const std::shared_ptr<const Check> shared{owner, &check};
  std::optional<CheckRecord> inherited;
  std::optional<AgentState> agent;
  bool is_saved = false;
  if (old != nullptr) {
    const auto& servers = old->pool.service().servers;
    const auto same = std::ranges::find(servers, real.key, &RealServer::key);
    if (same != servers.end()) {
      const auto index = static_cast<std::size_t>(same - servers.begin());
      for (auto& task : old->tasks[index])
        if (task && task->service == old && task->check->same_effect(check)) {
          task->server = server;
          task->number = number;
          task->service = nullptr;  // taken: the old service does not stop it
          task->check = shared;
          task->probe->continue_as(shared);
          task->settle_agent(real.settings.weight);
          return task;
        }
      if (number < old->tasks[index].size() && old->tasks[index][number]) {
        const Task& replaced = *old->tasks[index][number];
        inherited = CheckRecord{{replaced.health.is_up(), true}, replaced.findings.decision()};
        agent = replaced.agent;
      } else {
        inherited = CheckRecord{{old->pool.is_alive(index), true}, {}};
      }
    }
  } else if (restarted && table_) {
    inherited = check_record(table_->get(key_of(config, real, check)));
  } else {
    inherited = saved_record(config, real, check);
    is_saved = inherited.has_value();
  }
  auto task = std::make_shared<Task>(
      *this, inherited ? Health{inherited->health} : Health{check.final_timing});
  task->check = shared;
  if (inherited && inherited->decision) task->findings.inherit(*inherited->decision);
  task->is_saved = is_saved;
  task->probe = probes_.of(shared, poll_set_);
  task->server = server;
  task->number = number;
  if (is_agent(check))
    task->agent = agent.value_or(AgentState{task->health.record(), real.settings.weight});
  task->settle_agent(real.settings.weight);
  return task;
}

/// A check is a coroutine only while a probe of it is under way.
void CheckersProcess::begin(const std::shared_ptr<Task>& task) {
  if ((task->rests = task->service->suspended)) return;
  asio::co_spawn(
      context_,
      [](CheckersProcess* self, std::shared_ptr<Task> running) -> asio::awaitable<void> {
        const TimePoint begun = self->poll_set_.now();
        const ProbeResult found = co_await self->attempt(*running);
        if (!running->stopped) self->ended(*running, begun, found);
      }(this, task),
      asio::detached);
}

void CheckersProcess::ended(Task& task, TimePoint begun, const ProbeResult& found) {
  task.known = found.number;
  Verdict verdict = found.verdict;
  if (task.agent) verdict = task.agent->apply(verdict, weight_of(task));
  const auto outcome = task.health.apply(verdict, task.check->final_timing);
  probed(task, verdict, outcome);
  if (task.stopped) return;
  const TimePoint now = poll_set_.now();
  TimePoint next = found.ended + outcome.next;
  if (verdict.kind == Verdict::Kind::passed)
    next = found.begun < begun ? found.begun + outcome.next
                               : next_beginning(task.at(), outcome.next, now);
  poll_set_.set_beginning(task, at_tick(next));
}

asio::awaitable<ProbeResult> CheckersProcess::attempt(const Task& task) {
  const auto check = task.check;  // a reload may give the task another one meanwhile
  const auto* misc = std::get_if<MiscCheck>(&check->probe);
  if (check->endpoint.path) co_return co_await attempt_through_ipvs(task);
  if (misc == nullptr) co_return co_await task.probe->next(task.known, !task.health.is_up());
  const TimePoint begun = poll_set_.now();
  Verdict verdict = co_await scripts_.run(serial_, *misc, key_of(task));
  ProbeResult found{std::move(verdict), 0, begun, poll_set_.now()};
  co_return found;
}

asio::awaitable<ProbeResult> CheckersProcess::attempt_through_ipvs(const Task& task) {
  const auto check = task.check;
  const Endpoint& endpoint = check->endpoint;
  const std::uint64_t repairs = paths_.repairs(endpoint);
  const TimePoint now = monotonic_now();
  const auto source = paths_.source(endpoint, now);
  if (!source) {
    ProbeResult none{Verdict::not_run("this host has no address to send to {} from, or none that "
                                      "is not virtual: bindto names one",
                                      endpoint.path->server.address.to_string()),
                     0, now, now};
    co_return none;
  }
  task.probe->send_from(*source);
  ProbeResult found = co_await task.probe->next(task.known, !task.health.is_up());
  found.verdict = paths_.judge(endpoint, repairs, std::move(found.verdict));
  co_return found;
}

std::uint32_t CheckersProcess::weight_of(const Task& task) {
  return task.service->pool.service().servers[task.server].settings.weight;
}

void CheckersProcess::receive(process::Message message) {
  if (const auto* result = std::get_if<process::CheckResult>(&message)) scripts_.finished(*result);
  if (const auto* asked = std::get_if<process::Operate>(&message)) operate(*asked);
  if (const auto* saved = std::get_if<process::SavedState>(&message)) take_over(*saved);
  if (const auto* content = std::get_if<process::FileContent>(&message)) file_changed(*content);
}

void CheckersProcess::probed(Task& task, const Verdict& verdict, const Health::Outcome& outcome) {
  const bool was_tried = verdict.kind != Verdict::Kind::not_run;
  const bool first = outcome.first || (was_tried && std::exchange(task.is_saved, false));
  if (first || outcome.changed) saver_.soon();
  task.findings.add(verdict, outcome.changed || outcome.first, poll_set_.now());
  Service& service = *task.service;
  const VirtualServer& config = service.pool.service();
  const auto describe = [&](std::string_view what) {
    return fmt::format("{} of {} for VS {} {}: {}", task.check->keyword(),
                       to_string(config.servers[task.server].key, config.key.protocol), config.name,
                       what, verdict.reason);
  };
  if (verdict.kind == Verdict::Kind::not_run) {
    log_.write(Event{Level::warning, "check_not_run", describe("could not be made")});
    return;
  }
  if (verdict.kind == Verdict::Kind::passed) {
    const std::int64_t configured = config.servers[task.server].settings.weight;
    const std::int64_t contribution = verdict.weight ? *verdict.weight - configured : verdict.added;
    if (contribution != task.health.record().contribution) {
      task.health.set_contribution(contribution);
      carry_out(service.pool.set_contribution(task.server, task.number, contribution), service);
    }
  }
  if (verdict.warning != task.warned && !verdict.warning.empty())
    log_.write(Event{Level::warning, "check_warning",
                     fmt::format("{} of {} for VS {}: {}", task.check->keyword(),
                                 to_string(config.servers[task.server].key, config.key.protocol),
                                 config.name, verdict.warning)});
  if (verdict.kind == Verdict::Kind::passed || task.agent) task.warned = verdict.warning;
  if (outcome.changed || outcome.first || task.saved != task.health.record()) save(task);
  if (outcome.changed)
    log_.write(Event{Level::notice, "check_changed",
                     describe(task.health.is_up() ? "succeeds" : "fails")});
  else if (verdict.kind == Verdict::Kind::failed)
    log_.write(Event{task.check->log_failures ? Level::warning : Level::debug, "check_failed",
                     describe("failed")});
  if (outcome.changed)
    carry_out(service.pool.set_check(task.server, task.number, task.health.is_up(), verdict.reason,
                                     monotonic_now()),
              service);
  else if (first && globals_.rs_init_notifies)
    carry_out(service.pool.first_result(task.server), service);
}

void CheckersProcess::carry_out(const Effects& effects, Service& service) {
  for (const Event& event : effects.events) log_.write(event);
  tell(effects);
  const auto quorum = service.pool.has_quorum() ? std::byte{1} : std::byte{0};
  save(quorum_key(service.pool.service()), std::span{&quorum, 1});
  if (!effects.table_changed) return;
  if (service.pool.is_moving()) move_soon();
  save_leaving(service);
  want(service);
  reconcile_soon();
}

void CheckersProcess::want(const Service& service) {
  const ipvs::Service row = service.pool.wanted();
  for (const ipvs::ServiceKey& key : service.keys()) reconciler_.want(key, row_for(key, row));
}

/// @source runtime.md 7.4 of the reference: each line is followed by a NUL byte
void CheckersProcess::tell(const Effects& effects) {
  for (const ScriptRequest& script : effects.scripts)
    send_(process::RunScript{serial_, script.script, script.object, {}});
  for (const Alert& alert : effects.alerts) send_(process::SendMail{alert.subject, alert.body});
  if (globals_.notify_fifo.path.empty() && globals_.lvs_fifo.path.empty()) return;
  for (const std::string& change : effects.changes)
    send_(process::NotifyLine{change + '\n' + '\0'});
}

std::string CheckersProcess::key_of(const VirtualServer& config, const RealServer& server,
                                    const Check& check) {
  return fmt::format("{} {} {}", config.identity(), to_string(server.key, config.key.protocol),
                     check.identity());
}

std::string CheckersProcess::key_of(const Task& task) {
  const VirtualServer& config = task.service->pool.service();
  return key_of(config, config.servers[task.server], *task.check);
}

void CheckersProcess::save(Task& task) {
  task.saved = task.health.record();
  save(key_of(task), to_bytes({task.health.record(), task.findings.decision()}));
}

void CheckersProcess::save(const std::string& key, Bytes record) {
  if (!table_) return;
  if (auto saved = table_->put(key, record); !saved)
    log_.write(Event{Level::warning, "state_table", saved.error().what});
}

/// Everything that changes in one turn of the loop leaves in one batch.
void CheckersProcess::reconcile_soon() {
  if (std::exchange(reconcile_posted_, true)) return;
  asio::post(context_, [this] {
    reconcile_posted_ = false;
    reconciler_.reconcile();
  });
}

void CheckersProcess::look() {
  const TimePoint begun = monotonic_now();
  if (!marking_.look()) do_without_marks();
  reconciler_.look();
  look_at_settings();
  look_later(monotonic_now() - begun);
}

/// @param taken by the last look
void CheckersProcess::look_later(Duration taken) {
  look_timer_.expires_after(std::max(look_interval, taken * look_share));
  look_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) look();
  });
}

void CheckersProcess::stop(std::function<void()> done) {
  look_timer_.cancel();
  move_timer_.cancel();
  if (started_) saver_.finish();
  for (auto& [key, service] : services_) {
    tell(service->pool.stop());
  }
  services_.clear();
  if (sync_daemon_) sync_daemon_->run({});
  set_timeouts({}, false);
  paths_.release();
  if (started_ && !keep_table_at_stop_) {
    marking_.clear();
    reconciler_.clear();
    if (globals_.lvs_flush_on_stop == config::FlushOnStop::everything) reconciler_.flush();
  }
  done();
}

}  // namespace holdfast::checkers
