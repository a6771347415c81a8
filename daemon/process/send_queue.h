// Messages on their way to the other process, in order. What its socket cannot take yet waits here:
// nothing blocks, and nothing is lost unless the other side stops reading altogether.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "daemon/base/event.h"
#include "daemon/process/channel.h"
#include "daemon/process/messages.h"

namespace holdfast::process {

class SendQueue {
 public:
  /// More than the scripts of 10,000 instances that change at once.
  static constexpr std::size_t most_waiting = 100'000;

  /// @param channel and `writable`, a descriptor of the same socket, outlive the queue
  /// @param other for the log: who gets the messages
  SendQueue(Channel& channel, boost::asio::posix::stream_descriptor& writable, Log& log,
            std::string other);
  void send(Message message);
  [[nodiscard]] bool is_empty() const { return waiting_.empty(); }
  /// Forgets what waits.
  void clear() { waiting_.clear(); }
  /// Called whenever the last message that had to wait is gone.
  void when_empty(std::function<void()> call) { when_empty_ = std::move(call); }

 private:
  void flush();

  Channel& channel_;
  boost::asio::posix::stream_descriptor& writable_;
  Log& log_;
  std::string other_;
  std::deque<Message> waiting_;
  std::function<void()> when_empty_;
  bool said_ = false;
  /// Shared with the handler that waits, which may be called when the queue is gone.
  std::shared_ptr<bool> lives_ = std::make_shared<bool>(true);
};

}  // namespace holdfast::process
