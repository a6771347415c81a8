#include "daemon/process/send_queue.h"

#include <cerrno>

namespace holdfast::process {

SendQueue::SendQueue(Channel& channel, boost::asio::posix::stream_descriptor& writable, Log& log,
                     std::string other)
    : channel_{channel}, writable_{writable}, log_{log}, other_{std::move(other)} {}

void SendQueue::send(Message message) {
  if (waiting_.size() >= most_waiting) {
    if (!std::exchange(said_, true))
      log_.write(Event{Level::error, "channel",
                       fmt::format("{} takes no messages: some are lost", other_)});
    return;
  }
  waiting_.push_back(std::move(message));
  if (waiting_.size() == 1) flush();
}

void SendQueue::flush() {
  while (!waiting_.empty()) {
    const auto sent = process::send(channel_, waiting_.front());
    if (!sent && sent.error().code == EAGAIN) {
      writable_.async_wait(
          boost::asio::posix::stream_descriptor::wait_write,
          [this, lives = std::weak_ptr{lives_}](const boost::system::error_code& error) {
            if (!error && !lives.expired()) flush();
          });
      return;
    }
    // A process that has ended is told of by SIGCHLD.
    if (!sent)
      log_.write(Event{sent.error().code == EPIPE ? Level::debug : Level::warning, "channel",
                       fmt::format("{}: {}", other_, sent.error().what)});
    waiting_.pop_front();
  }
  said_ = false;
  if (when_empty_) when_empty_();
}

}  // namespace holdfast::process
