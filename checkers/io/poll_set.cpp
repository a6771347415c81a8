#include "checkers/io/poll_set.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "daemon/base/assert.h"
#include "daemon/process/clock.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

namespace {

int new_set() {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  BASE_ASSERT(set >= 0);
  return set;
}

}  // namespace

PollSet::PollSet(asio::io_context& context)
    : service{context},
      set_{context, new_set()},
      timer_{::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)} {
  BASE_ASSERT(timer_);
  // Edge-triggered, so that it needs no read: setting it anew ends what it says.
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  BASE_ASSERT(::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, timer_.get(), &event) == 0);
}

PollSet::~PollSet() = default;

PollSet& PollSet::of(const asio::any_io_executor& executor) {
  return asio::use_service<PollSet>(
      static_cast<asio::io_context&>(asio::query(executor, asio::execution::context)));
}

/// Those who wait own, by their coroutines, what they wait with: nobody else ends them.
void PollSet::shutdown() {
  stopped_ = true;
  while (!watched_.empty()) {
    Watched& last = *watched_.back();
    forget(last);
    last.abandon();
  }
  set_.close();
}

int PollSet::watch(int descriptor, Watched& watched) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &watched;
  if (::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, descriptor, &event) != 0) return errno;
  watched.place_ = watched_.size();
  watched_.push_back(&watched);
  wait();
  return 0;
}

void PollSet::forget(Watched& watched) {
  if (watched.place_ == Watched::nowhere) return;
  watched_[watched.place_] = watched_.back();
  watched_[watched.place_]->place_ = watched.place_;
  watched_.pop_back();
  watched.place_ = Watched::nowhere;
  std::ranges::replace(batch_, &watched, nullptr);
  // Without work the io_context may end.
  if (waiting_ && watched_.empty() && limits_.empty() && beginnings_.empty()) set_.cancel();
}

void PollSet::set_limit(Alarm& alarm, Duration after) {
  limits_.set(alarm, now() + after);
  arm();
}

void PollSet::set_beginning(Alarm& alarm, TimePoint at) {
  beginnings_.set(alarm, at);
  arm();
}

TimePoint PollSet::now() const { return now_ ? *now_ : process::monotonic_now(); }

/// Everybody who is ready is told once: the kernel gives those of the set in turn.
void PollSet::hear() {
  std::array<epoll_event, batch_size> found{};
  for (std::size_t rounds = watched_.size() / batch_size + 1; rounds > 0; --rounds) {
    const int count =
        ::epoll_wait(set_.native_handle(), found.data(), static_cast<int>(found.size()), 0);
    const auto size = static_cast<std::size_t>(std::max(count, 0));
    for (std::size_t i = 0; i < size; ++i) {
      batch_[i] = static_cast<Watched*>(found[i].data.ptr);
      events_[i] = found[i].events;
      if (batch_[i] == nullptr) armed_.reset();  // the timer
    }
    for (std::size_t i = 0; i < size; ++i)
      if (Watched* const watched = std::exchange(batch_[i], nullptr)) watched->ready(events_[i]);
    if (size < batch_size) return;
    now_ = process::monotonic_now();
  }
}

class PollSet::Port : public TurnPort {
 public:
  explicit Port(PollSet& set) : set_{set} {}
  TimePoint now() override { return *(set_.now_ = process::monotonic_now()); }
  void hear() override { set_.hear(); }

 private:
  PollSet& set_;
};

void PollSet::take_turn() {
  waiting_ = false;
  Port port{*this};
  const bool more = checkers::take_turn(port, limits_, beginnings_);
  now_.reset();
  if (stopped_) return;
  if (more) {
    waiting_ = true;
    asio::post(set_.get_executor(), [this] { take_turn(); });
    return;
  }
  arm();
}

void PollSet::wait() {
  if (waiting_ || now_ || stopped_) return;
  if (watched_.empty() && limits_.empty() && beginnings_.empty()) return;
  waiting_ = true;
  set_.async_wait(asio::posix::stream_descriptor::wait_read,
                  [this](const boost::system::error_code& error) {
                    if (error != asio::error::operation_aborted) return take_turn();
                    waiting_ = false;
                    if (!stopped_) wait();
                  });
}

/// The timer is set anew only when it would be too late: too early costs a look.
void PollSet::arm() {
  if (now_ || stopped_) return;
  const auto next = earliest(limits_.earliest(), beginnings_.earliest());
  if (next && (!armed_ || *next < *armed_)) {
    armed_ = next;
    // Zero would switch it off.
    const auto since = std::max(next->time_since_epoch(), Duration{1});
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
    itimerspec when{};
    when.it_value.tv_sec = seconds.count();
    when.it_value.tv_nsec = (since - seconds).count();
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
  }
  wait();
}

}  // namespace holdfast::checkers
