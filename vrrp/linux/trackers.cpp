// Scripts and files that are tracked: the supervisor runs the ones and reads the others, and its
// answers become readings.
#include <cstring>

#include "daemon/process/clock.h"
#include "vrrp/linux/process.h"

namespace holdfast::vrrp {

using process::monotonic_now;

namespace {

/// No name of an instance begins with it: it has no line break.
std::string script_record(const std::string& name) { return "\nscript " + name; }

ScriptOutcome outcome_of(const process::CheckResult& result) {
  switch (result.outcome) {
    case process::CheckOutcome::exited:
      return result.code == 0 ? ScriptOutcome::good : ScriptOutcome::bad;
    case process::CheckOutcome::signalled:
      return ScriptOutcome::bad;
    case process::CheckOutcome::timed_out:
      return ScriptOutcome::timed_out;
    case process::CheckOutcome::refused:
      return ScriptOutcome::refused;
    case process::CheckOutcome::ended:
    case process::CheckOutcome::busy:  // of a predecessor: its result is not ours
      break;
  }
  return ScriptOutcome::ended;
}

ScriptSettings settings_of(const TrackScript& script) {
  ScriptSettings settings{
      script.name, script.command, script.interval, script.timeout.value_or(script.interval),
      script.rise, script.fall,    script.init_fail};
  if (script.user) {
    settings.identity.push_back(script.user->user);
    settings.identity.push_back(script.user->group);
  }
  return settings;
}

}  // namespace

void VrrpProcess::set_scripts(const std::vector<TrackScript>& scripts, TimePoint now) {
  std::vector<ScriptSettings> used;
  script_places_.clear();
  for (const TrackScript& script : scripts) {
    if (!tracking_.things.contains({TrackKind::script, script.name})) continue;
    used.push_back(settings_of(script));
    script_places_.emplace(script.name, *script.script);
  }
  scripts_.set(used, now);
  for (const ScriptSettings& script : used) {
    std::uint64_t counter = 0;
    const auto record = restarted_ && table_ ? table_->get(script_record(script.name))
                                             : std::span<const std::byte>{};
    if (record.size() == sizeof counter) {
      std::memcpy(&counter, record.data(), sizeof counter);
      scripts_.resume(script.name, counter);
    }
    // A script that has changed keeps what was known until its first result.
    if (const Reading reading = scripts_.reading(script.name);
        reading.kind != Reading::Kind::unknown)
      set_reading(TrackKind::script, script.name, reading, now);
  }
}

void VrrpProcess::run_due_scripts(TimePoint now) {
  std::vector<std::string> overdue;
  for (const ScriptSchedule::Run& run : scripts_.due(now, overdue))
    send_(
        process::RunCheck{serial_, script_places_.at(run.name), run.name, run.number, run.timeout});
  for (const std::string& name : overdue)
    overdue_scripts_[name].write(
        log_, now,
        Event{Level::warning, "script_overdue",
              fmt::format("vrrp_script {} still runs when it is due again; that run is left out",
                          name)}
            .with("script", name));
}

void VrrpProcess::receive(process::Message message) {
  if (stopping_) return;
  const TimePoint now = monotonic_now();
  if (const auto* result = std::get_if<process::CheckResult>(&message)) {
    script_finished(*result, now);
  } else if (const auto* file = std::get_if<process::FileContent>(&message)) {
    set_reading(TrackKind::file, file->object,
                Reading::of_number(config::number_in_file(file->content)), now);
  } else if (const auto* asked = std::get_if<process::HandOver>(&message)) {
    hand_over(*asked, now);
  }
}

void VrrpProcess::script_finished(const process::CheckResult& result, TimePoint now) {
  const std::string& name = result.object;
  const bool changed = scripts_.finished(name, result.run, outcome_of(result));
  if (const auto counter = scripts_.counter(name); counter && table_)
    put_record(script_record(name), std::as_bytes(std::span{&*counter, 1}));
  if (!changed) return;
  const Reading reading = scripts_.reading(name);
  const std::string_view how = reading.kind == Reading::Kind::left_out ? "is left out"
                               : reading.kind == Reading::Kind::good   ? "succeeded"
                                                                       : "failed";
  log_.write(Event{Level::notice, "script", fmt::format("VRRP_Script({}) {}", name, how)}
                 .with("script", name)
                 .with("code", std::to_string(result.code)));
  set_reading(TrackKind::script, name, reading, now);
}

/// A tracker that nobody uses is not counted for.
void VrrpProcess::set_processes(const std::vector<TrackProcess>& processes, TimePoint now) {
  std::vector<ProcessSettings> used;
  for (const TrackProcess& process : processes)
    if (tracking_.things.contains({TrackKind::process, process.name}))
      used.push_back(vrrp::settings_of(process));
  processes_.set(used);
  // What is known of others than before stays until the look at them has ended.
  for (const ProcessSettings& process : used)
    if (const Reading reading = processes_.reading(process.name);
        reading.kind != Reading::Kind::unknown)
      set_reading(TrackKind::process, process.name, reading, now);
}

void VrrpProcess::process_reading(const std::string& name, const Reading& reading) {
  if (stopping_) return;
  log_.write(Event{Level::notice, "process",
                   fmt::format("Process({}) quorum {}", name,
                               reading.kind == Reading::Kind::good ? "gained" : "lost")}
                 .with("process", name));
  set_reading(TrackKind::process, name, reading, monotonic_now());
}

/// A file that is tracked by nobody is not watched.
void VrrpProcess::set_files(const std::vector<TrackFile>& files) {
  process::WatchFiles watch{serial_, {}};
  std::vector<std::pair<std::string, std::string>> paths;
  for (const TrackFile& file : files) {
    if (!tracking_.things.contains({TrackKind::file, file.name})) continue;
    process::WatchedFile one{file.name, file.file_place, std::nullopt, false};
    if (file.init) {
      one.init = file.init->value;
      one.overwrite = file.init->overwrite;
    }
    watch.files.push_back(std::move(one));
    paths.emplace_back(file.name, file.file);
  }
  if (paths == watched_files_ && !restarted_) return;  // the reading stays
  watched_files_ = std::move(paths);
  send_(std::move(watch));
}

}  // namespace holdfast::vrrp
