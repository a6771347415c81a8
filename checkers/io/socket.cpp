#include "checkers/io/socket.h"

#include <sys/epoll.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "checkers/io/socket_options.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

namespace {

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);
/// So many reads in a row may find something before others have their turn.
constexpr unsigned most_busy_reads = 64;

Socket::Error system_error(int number) { return {number, boost::system::system_category()}; }

}  // namespace

Socket::Socket(executor_type executor)
    : executor_{std::move(executor)}, poll_set_{PollSet::of(executor_)} {}

Socket::~Socket() { poll_set_.forget(*this); }

std::optional<Verdict> Socket::open(const Endpoint& endpoint, int type, int protocol,
                                    bool with_port) {
  const int family = endpoint.connect_ip->is_v6() ? AF_INET6 : AF_INET;
  descriptor_.reset(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!descriptor_) return failure("cannot open a socket", system_error(errno));
  return apply_options(descriptor_.get(), endpoint, with_port);
}

/// EPOLLERR tells whether SO_ERROR must be asked for.
asio::awaitable<Socket::Error> Socket::connect(const Endpoint& endpoint) {
  const SocketAddress target{*endpoint.connect_ip, endpoint.connect_port.value_or(0)};
  const int result = ::connect(descriptor_.get(), target.get(), target.size());
  if (result != 0 && errno != EINPROGRESS) co_return system_error(errno);
  const bool connected = result == 0;
  if (const int refused = poll_set_.watch(descriptor_.get(), *this))
    co_return system_error(refused);
  if (connected) co_return Error{};
  while (!writable_) {
    const auto [cancelled] = co_await async_wait(no_throw);
    if (cancelled) co_return cancelled;
  }
  if (!broken_) co_return Error{};
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(descriptor_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  co_return system_error(error);
}

std::optional<Socket::Attempt> Socket::try_send(std::span<const char> bytes) {
  const ssize_t size = ::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (size >= 0) return Attempt{static_cast<std::size_t>(size), {}};
  return failed(errno, writable_);
}

std::optional<Socket::Attempt> Socket::failed(int error, bool& ready) {
  if (error != EAGAIN && error != EINTR) return Attempt{0, system_error(error)};
  ready = error == EINTR;
  return std::nullopt;
}

std::optional<Socket::Attempt> Socket::try_receive(std::span<char> room) {
  if (room.empty()) return Attempt{};
  const ssize_t size = ::recv(descriptor_.get(), room.data(), room.size(), 0);
  if (size == 0) return Attempt{0, asio::error::eof};
  if (size < 0) return failed(errno, readable_);
  // Less than there was room for: the kernel tells when there is more.
  readable_ = ended_ || static_cast<std::size_t>(size) == room.size();
  return Attempt{static_cast<std::size_t>(size), {}};
}

asio::awaitable<Socket::Error> Socket::send(std::span<const char> bytes) {
  while (!bytes.empty()) {
    if (!writable_) {
      const auto [cancelled] = co_await async_wait(no_throw);
      if (cancelled) co_return cancelled;
      continue;
    }
    const auto sent = try_send(bytes);
    if (!sent) continue;
    if (sent->error) co_return sent->error;
    bytes = bytes.subspan(sent->size);
  }
  co_return Error{};
}

asio::awaitable<Socket::Error> Socket::wait_readable() {
  while (!readable_) {
    busy_reads_ = 0;
    const auto [cancelled] = co_await async_wait(no_throw);
    if (cancelled) co_return cancelled;
  }
  if (++busy_reads_ % most_busy_reads == 0) co_await asio::post(executor_, asio::use_awaitable);
  co_return cancelled_ ? Error{asio::error::operation_aborted} : Error{};
}

asio::awaitable<Socket::Received> Socket::receive(std::span<char> room) {
  for (;;) {
    if (const auto cancelled = co_await wait_readable()) co_return Received{0, cancelled};
    if (const auto got = try_receive(room)) co_return Received{got->size, got->error};
  }
}

asio::awaitable<Socket::Received> Socket::receive_datagram(std::span<std::byte> room) {
  for (;;) {
    if (const auto cancelled = co_await wait_readable()) co_return Received{0, cancelled};
    const ssize_t size = ::recv(descriptor_.get(), room.data(), room.size(), 0);
    if (size >= 0) co_return Received{static_cast<std::size_t>(size), {}};
    if (const auto failure = failed(errno, readable_)) co_return Received{0, failure->error};
  }
}

void Socket::cancel() {
  cancelled_ = true;
  finish_wait(asio::error::operation_aborted);
}

void Socket::ready(std::uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) broken_ = true;
  if ((events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0) ended_ = true;
  if (ended_ || (events & EPOLLIN) != 0) readable_ = true;
  if (broken_ || (events & EPOLLOUT) != 0) writable_ = true;
  finish_wait({});
}

/// This may be the end of the coroutine that has the socket.
void Socket::finish_wait(const Error& error) {
  if (const auto wait = std::exchange(waiting_, nullptr)) wait->done(error);
}

}  // namespace holdfast::checkers
