#include "checkers/io/state_saver.h"

#include <algorithm>

namespace holdfast::checkers {

namespace {
constexpr auto shortest_pause = std::chrono::seconds{1};
/// A fifth of the age at which the state is not trusted any more (daemon/saved_state.h).
constexpr auto longest_pause = std::chrono::seconds{60};
/// At most this share of a core is spent on it.
constexpr int share = 50;
}  // namespace

StateSaver::StateSaver(boost::asio::io_context& context, std::function<void()> save)
    : timer_{context}, save_{std::move(save)}, pause_{shortest_pause} {}

void StateSaver::soon() {
  if (finished_ || std::exchange(due_soon_, true)) return;
  arm(pause_);
}

void StateSaver::arm(boost::asio::steady_timer::duration wait) {
  timer_.expires_after(wait);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    due_soon_ = false;
    const auto begun = std::chrono::steady_clock::now();
    save_();
    const auto taken = std::chrono::steady_clock::now() - begun;
    pause_ = std::clamp<boost::asio::steady_timer::duration>(taken * share, shortest_pause,
                                                             longest_pause);
    arm(longest_pause);
  });
}

void StateSaver::finish() {
  if (std::exchange(finished_, true)) return;
  timer_.cancel();
  save_();
}

}  // namespace holdfast::checkers
