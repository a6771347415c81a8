#include "daemon/process/worker_loop.h"

#include <malloc.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <csignal>

#include "daemon/process/memfd.h"

namespace holdfast::process {

namespace asio = boost::asio;

WorkerLoop::WorkerLoop(asio::io_context& context, Worker& worker, Log& log)
    : context_{context},
      worker_{worker},
      log_{log},
      channel_{Fd{Channel::worker_fd}},
      readable_{context, ::dup(Channel::worker_fd)},
      signals_{context, SIGTERM, SIGINT},
      out_of_time_{context, SIGXCPU},
      unsent_{channel_, readable_, log, "the supervisor"} {
  unsent_.when_empty([this] {
    if (finished_) finish();
  });
}

int WorkerLoop::run() {
  wait_for_message();
  wait_for_time_limit();
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) stop("signal");
  });
  context_.run();
  return status_;
}

/// RLIMIT_RTTIME: at the soft limit we are told, at the hard one we are ended.
void WorkerLoop::wait_for_time_limit() {
  out_of_time_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    log_.write(Event{Level::warning, "realtime",
                     "this process has used half of its realtime CPU limit without a pause: raise "
                     "vrrp_rlimit_rttime or checker_rlimit_rttime"});
    wait_for_time_limit();
  });
}

void WorkerLoop::wait_for_message() {
  readable_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                         if (!error) drain();
                       });
}

void WorkerLoop::drain() {
  for (;;) {
    auto packet = channel_.receive();
    if (!packet && packet.error().code == EBADMSG) {
      log_.write(Event{Level::error, "channel", packet.error().what});
      continue;
    }
    if (!packet) {
      unsent_.clear();
      return stop("the supervisor is gone");
    }
    if (!*packet) break;
    auto message = parse_message(std::move(**packet));
    if (message)
      handle(std::move(*message));
    else
      log_.write(Event{Level::error, "channel", message.error().what});
  }
  wait_for_message();
}

void WorkerLoop::handle(Message message) {
  if (stopping_) return;  // nothing is taken back into force behind a stop
  if (auto* configure = std::get_if<Configure>(&message)) return handle(std::move(*configure));
  if (const auto* commit_now = std::get_if<Commit>(&message)) return commit(commit_now->serial);
  if (const auto* abort = std::get_if<Abort>(&message)) {
    if (!prepared_ || prepared_->serial != abort->serial) return;
    worker_.abort();
    prepared_.reset();
  } else if (std::holds_alternative<Stop>(message)) {
    stop("stop");
  } else {
    worker_.receive(std::move(message));
  }
}

void WorkerLoop::handle(Configure configure) {
  auto bytes = read_memfd(configure.text);
  const auto text =
      bytes ? config::parse_text(std::move(*bytes)) : tl::make_unexpected(bytes.error());
  Prepared answer{configure.serial, {}};
  if (text)
    answer.diagnostics = worker_.prepare(*text);
  else
    answer.diagnostics.push_back({config::Severity::error, {}, text.error().what});
  prepared_ = std::move(configure);
  send(answer);
}

void WorkerLoop::commit(std::uint64_t serial) {
  if (!prepared_ || prepared_->serial != serial) {
    log_.write(Event{Level::error, "channel", "asked to commit what was not prepared"});
    return;
  }
  const Configure settings = std::move(*prepared_);
  prepared_.reset();
  if (auto committed = worker_.commit(settings); !committed) {
    log_.write(Event{Level::error, "start", committed.error().what});
    status_ = committed.error().code == EPERM ? exit_permission : exit_fatal;
    return stop("the configuration cannot be run");
  }
  send(Running{serial});
  ::malloc_trim(0);  // reading the configuration took more than is kept of it
}

void WorkerLoop::stop(const char* reason) {
  if (std::exchange(stopping_, true)) return;
  log_.write(Event{Level::info, "stopping", "Stopping"}.with("reason", reason));
  worker_.stop([this] {
    finished_ = true;
    if (unsent_.is_empty()) finish();
  });
}

void WorkerLoop::finish() {
  asio::post(context_, [this] { context_.stop(); });
}

}  // namespace holdfast::process
