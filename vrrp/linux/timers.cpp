// One timer for the earliest deadline of everything. Before a deadline is believed the sockets are
// drained, so that a process that slept hears the Active router before it gives up on it.
#include <boost/asio/post.hpp>

#include "daemon/process/clock.h"
#include "vrrp/linux/port.h"
#include "vrrp/linux/process.h"

namespace holdfast::vrrp {

using process::monotonic_now;
namespace asio = boost::asio;

void VrrpProcess::arm(RunningInstance& instance) {
  const auto due = deadline(instance.state);
  if (due == instance.armed) return;
  if (instance.armed) deadlines_.erase({*instance.armed, &instance});
  instance.armed = due;
  if (due) deadlines_.emplace(*due, &instance);
}

void VrrpProcess::arm_timer() {
  // The slice that is posted comes before any timer.
  std::optional<TimePoint> next =
      reconciler_ && !work_posted_ && !inherited_until_ ? reconciler_->deadline() : std::nullopt;
  if (made_links_) next = earliest(next, made_links_->deadline());
  for (const auto& when : {held_until_, retry_at_, tracking_.deadline(), meddling_ends_,
                           floods_end_, conflicts_end_, inherited_until_, scripts_.deadline()})
    next = earliest(next, when);
  if (!deadlines_.empty()) next = earliest(next, deadlines_.begin()->first);
  if (next == armed_for_ || stopping_) return;
  armed_for_ = next;
  if (!next) {
    timer_.cancel();
    return;
  }
  // steady_clock and MonotonicClock are the same clock: CLOCK_MONOTONIC in nanoseconds.
  timer_.expires_at(std::chrono::steady_clock::time_point{next->time_since_epoch()});
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && !stopping_) on_timer();
  });
}

void VrrpProcess::drain_ports() {
  for (auto& [key, port] : ports_) read_port(*port, AdvertSocket::all);
}

void VrrpProcess::on_timer() {
  armed_for_.reset();
  // Only what was due before the sockets were read may be believed: an advert may have come since.
  const TimePoint now = monotonic_now();
  if (!deadlines_.empty() && deadlines_.begin()->first <= now) drain_ports();
  if (retry_at_ && *retry_at_ <= now) {
    retry_at_.reset();
    links_changed();
    settle_interfaces();
  }
  if (made_links_->deadline() && *made_links_->deadline() <= now) {
    made_links_->retry(now);
    links_changed();
  }
  if (held_until_ && *held_until_ <= now) {
    held_until_.reset();
    start_ready();
  }
  if (meddling_ends_ && *meddling_ends_ <= now) end_meddling(now);
  if (inherited_until_ && *inherited_until_ <= now) {
    inherited_until_.reset();
    work_soon();
  }
  if (floods_end_ && *floods_end_ <= now) end_floods(now);
  if (conflicts_end_ && *conflicts_end_ <= now) end_conflicts(now);
  tracking_due(now);
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    RunningInstance& instance = *deadlines_.begin()->second;
    deliver(instance, DeadlineReached{}, monotonic_now());
  }
  if (reconciler_->deadline() && *reconciler_->deadline() <= now) work_soon();
  arm_timer();
}

/// The rest of stop(): as many slices as it takes.
void VrrpProcess::release(std::function<void()> done) {
  if (reconciler_ && !keep_addresses_at_stop_ && reconciler_->work(monotonic_now()))
    return asio::post(context_, [this, done = std::move(done)] { release(done); });
  if (!keep_addresses_at_stop_) firewall_.close();
  if (sync_daemon_) sync_daemon_->run({});
  done();
}

/// A slice now, and further ones after whatever else is ready has been served.
void VrrpProcess::work_soon() {
  if (std::exchange(work_posted_, true)) return;
  asio::post(context_, [this] {
    work_posted_ = false;
    if (stopping_ || inherited_until_) return;
    firewall_.before_addresses();
    if (reconciler_->work(monotonic_now())) {
      work_soon();
    } else {
      firewall_.after_addresses();
      if (reconciler_->take_finished()) settle_interfaces();
      listen_for_strangers();
    }
    arm_timer();
  });
}

}  // namespace holdfast::vrrp
