#include "vrrp/linux/process_watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "daemon/process/clock.h"

namespace holdfast::vrrp {

using process::monotonic_now;
namespace asio = boost::asio;

namespace {

/// However many programs are started, events are taken in no smaller steps.
constexpr Duration least_pause = std::chrono::milliseconds{25};
/// Between two looks at /proc without the connector.
constexpr Duration scan_pause = std::chrono::seconds{1};
/// Processes that are looked at before other work has its turn.
constexpr std::size_t slice = 100;
/// Without the connector, a process is looked at in each of its first scans, since what is started
/// executes another program soon; later on in every tenth.
constexpr unsigned first_scans = 3;
constexpr unsigned every_scans = 10;

}  // namespace

ProcessWatch::ProcessWatch(asio::io_context& context, Log& log, Tell tell)
    : context_{context},
      log_{log},
      tell_{std::move(tell)},
      events_timer_{context},
      scan_timer_{context},
      verdict_timer_{context} {}

ProcessWatch::~ProcessWatch() { disconnect(); }

void ProcessWatch::use_connector(Fd socket) {
  if (!events_) socket_ = std::move(socket);
}

void ProcessWatch::set(std::vector<ProcessSettings> trackers) {
  if (trackers == trackers_) return;
  trackers_ = std::move(trackers);
  count_.set(trackers_);
  ++generation_;
  complete_ = scanning_ = false;
  looks_.clear();
  filtered_version_.reset();
  verdict_timer_.cancel();
  scan_timer_.cancel();
  if (trackers_.empty()) return disconnect();
  // Before the look: what changes meanwhile waits in the socket.
  if (!events_) connect();
  begin_scan();
}

void ProcessWatch::connect() {
  auto opened = socket_ ? ProcessEvents::open(std::move(socket_))
                        : tl::make_unexpected(Error{"it cannot be opened", 0});
  if (!opened) {
    log_.write(Event{Level::notice, "process_events",
                     fmt::format("vrrp_track_process: without the kernel's process connector /proc "
                                 "is looked at every second ({})",
                                 opened.error().what)});
    return;
  }
  events_.emplace(std::move(*opened));
  readable_ = std::make_unique<asio::posix::stream_descriptor>(context_, events_->descriptor());
  wait_for_events();
}

void ProcessWatch::disconnect() {
  if (readable_) readable_->release();  // the descriptor is of events_
  readable_.reset();
  events_.reset();
  events_timer_.cancel();
}

void ProcessWatch::wait_for_events() {
  readable_->async_wait(
      asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
        if (error || !events_) return;
        const Duration since = monotonic_now() - last_taken_;
        if (since >= least_pause) return take_events();
        events_timer_.expires_after(least_pause - since);
        events_timer_.async_wait([this](const boost::system::error_code& cancelled) {
          if (!cancelled && events_) take_events();
        });
      });
}

void ProcessWatch::take_events() {
  last_taken_ = monotonic_now();
  std::set<ProcessId> changed;  // looked at once, however often, and not when they have ended
  const bool complete = events_->read([&](const ProcessEvent& event) {
    switch (event.kind) {
      case ProcessEvent::Kind::forked:
        count_.forked(event.parent, event.process);
        if (changed.contains(event.parent)) changed.insert(event.process);
        break;
      case ProcessEvent::Kind::changed:
        changed.insert(event.process);
        break;
      case ProcessEvent::Kind::ended:
        changed.erase(event.process);
        count_.gone(event.process);
        break;
    }
  });
  for (const ProcessId pid : changed) look(pid);
  renew_filter();
  if (!complete) {
    lost_log_.write(log_, last_taken_,
                    Event{Level::warning, "process_events",
                          "events of processes were lost: they are looked at anew"});
    events_->enlarge();
  }
  // During a scan it is noted; one that is due already is not put off.
  if (!complete && !std::exchange(lost_, true) && !scanning_) scan_again();
  tell_changes();
  wait_for_events();
}

void ProcessWatch::scan_again() {
  scan_timer_.expires_after(scan_pause);
  scan_timer_.async_wait([this, generation = generation_](const boost::system::error_code& error) {
    if (!error && generation == generation_) begin_scan();
  });
}

/// Those that are counted from now on may have ended before the filter let that through.
void ProcessWatch::renew_filter() {
  while (events_ && filtered_version_ != count_.version()) {
    filtered_version_ = count_.version();
    const auto counted = count_.known();
    if (auto done = events_->filter(counted); !done) {
      log_.write(Event{Level::error, "process_events", done.error().what});
      return;
    }
    const auto before = std::exchange(filtered_, {counted.begin(), counted.end()});
    for (const ProcessId pid : counted)
      if (!before.contains(pid)) look(pid);
  }
}

void ProcessWatch::look(ProcessId pid) {
  const auto image = folder_.look(pid, count_.needs_arguments());
  if (!image) {  // what is known of it stays, and all are looked at again
    lost_log_.write(log_, monotonic_now(),
                    Event{Level::warning, "process_events", image.error().what});
    if (!std::exchange(lost_, true) && !scanning_) scan_again();
  } else if (*image) {
    count_.seen(pid, **image);
  } else {
    count_.gone(pid);
  }
}

void ProcessWatch::begin_scan() {
  lost_ = false;
  auto listed = folder_.list();
  if (!listed) {
    lost_log_.write(log_, monotonic_now(),
                    Event{Level::warning, "process_events", listed.error().what});
    return scan_again();
  }
  scanning_ = true;
  ++scans_;
  to_scan_ = std::move(*listed);
  listed_ = {to_scan_.begin(), to_scan_.end()};
  if (!listed_.contains(1) && !std::exchange(hidden_, true))
    log_.write(Event{Level::error, "process_events",
                     "vrrp_track_process: /proc hides the processes of other users (hidepid): what "
                     "cannot be seen counts for nothing"});
  asio::post(context_, [this, generation = generation_] {
    if (generation == generation_) scan_slice();
  });
}

bool ProcessWatch::is_worth_a_look(ProcessId pid) {
  if (events_ || count_.counts(pid)) return true;
  const unsigned looks = looks_[pid]++;
  return looks < first_scans || (looks + static_cast<unsigned>(pid)) % every_scans == 0;
}

void ProcessWatch::scan_slice() {
  for (std::size_t looked = 0; looked < slice && !to_scan_.empty();) {
    const ProcessId pid = to_scan_.back();
    to_scan_.pop_back();
    if (!is_worth_a_look(pid)) continue;
    look(pid);
    ++looked;
  }
  if (to_scan_.empty()) return end_scan();
  asio::post(context_, [this, generation = generation_] {
    if (generation == generation_) scan_slice();
  });
}

void ProcessWatch::end_scan() {
  scanning_ = false;
  // One that began during the scan is known by its event.
  for (const ProcessId pid : count_.known())
    if (!listed_.contains(pid)) look(pid);
  std::erase_if(looks_, [&](const auto& entry) { return !listed_.contains(entry.first); });
  listed_.clear();
  renew_filter();
  const bool first = !std::exchange(complete_, true);
  count_.settle();
  if (first)
    for (const ProcessSettings& tracker : trackers_)
      tell_(tracker.name,
            hidden_ ? Reading{Reading::Kind::left_out, 0} : count_.reading(tracker.name));
  tell_changes();
  if (!events_ || lost_) scan_again();
}

void ProcessWatch::tell_changes() {
  if (!complete_ || hidden_) return;
  for (const std::string& name : count_.changed(monotonic_now())) tell_(name, count_.reading(name));
  arm();
}

void ProcessWatch::arm() {
  const auto due = count_.deadline();
  if (!due) {
    verdict_timer_.cancel();
    return;
  }
  // steady_clock and MonotonicClock are the same clock: CLOCK_MONOTONIC in nanoseconds.
  verdict_timer_.expires_at(std::chrono::steady_clock::time_point{due->time_since_epoch()});
  verdict_timer_.async_wait(
      [this, generation = generation_](const boost::system::error_code& error) {
        if (!error && generation == generation_) tell_changes();
      });
}

}  // namespace holdfast::vrrp
