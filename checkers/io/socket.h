// One socket of a probe that waits by a PollSet. Made, asked and closed with as few system calls as
// it takes: Asio's own sockets need about twice as many for a connection that is closed at once.
#pragma once

#include <sys/socket.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "checkers/config/config.h"
#include "checkers/core/verdict.h"
#include "checkers/io/poll_set.h"

namespace holdfast::checkers {

/// For TLS it is an AsyncReadStream and an AsyncWriteStream of Asio.
class Socket : private PollSet::Watched {
 public:
  using Error = boost::system::error_code;
  using executor_type = boost::asio::any_io_executor;
  using lowest_layer_type = Socket;

  explicit Socket(executor_type executor);
  ~Socket() override;

  /// A new socket with what the endpoint says of it.
  /// @param type SOCK_STREAM, ... @return why not
  std::optional<Verdict> open(const Endpoint& endpoint, int type, int protocol, bool with_port);
  [[nodiscard]] int native_handle() const { return descriptor_.get(); }
  /// To connect_ip and connect_port of the endpoint; of a stream it ends when it is connected.
  boost::asio::awaitable<Error> connect(const Endpoint& endpoint);
  boost::asio::awaitable<Error> send(std::span<const char> bytes);
  struct Received {
    std::size_t size = 0;
    Error error;  ///< eof: the other side sends no more
  };
  boost::asio::awaitable<Received> receive(std::span<char> room);
  /// One datagram, which may be empty. Nothing else runs between its arrival and who waits for it.
  boost::asio::awaitable<Received> receive_datagram(std::span<std::byte> room);
  /// Ends the wait that is under way, and all that are to come.
  void cancel();

  executor_type get_executor() { return executor_; }
  lowest_layer_type& lowest_layer() { return *this; }
  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return transfer(Read{*boost::asio::buffer_sequence_begin(buffers)}, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return transfer(Write{*boost::asio::buffer_sequence_begin(buffers)},
                    std::forward<Token>(token));
  }

 private:
  /// A completion handler, whatever its type.
  class Wait {
   public:
    Wait() = default;
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    virtual ~Wait() = default;
    virtual void done(const Error& error) = 0;
  };
  template <typename Handler>
  class WaitOf : public Wait {
   public:
    explicit WaitOf(Handler handler) : handler_{std::move(handler)} {}
    void done(const Error& error) override { std::move(handler_)(error); }

   private:
    Handler handler_;
  };

  /// One attempt: nothing, when it would have to wait.
  struct Attempt {
    std::size_t size = 0;
    Error error;
  };
  boost::asio::awaitable<Error> wait_readable();
  std::optional<Attempt> try_receive(std::span<char> room);
  std::optional<Attempt> try_send(std::span<const char> bytes);
  /// Of a call that failed with this errno. @param ready whether it may be made again at once
  static std::optional<Attempt> failed(int error, bool& ready);

  struct Read {
    boost::asio::mutable_buffer room;
    std::optional<Attempt> operator()(Socket& socket) const {
      return socket.try_receive({static_cast<char*>(room.data()), room.size()});
    }
    [[nodiscard]] bool waits(const Socket& socket) const {
      return room.size() > 0 && !socket.readable_;
    }
  };
  struct Write {
    boost::asio::const_buffer bytes;
    std::optional<Attempt> operator()(Socket& socket) const {
      return socket.try_send({static_cast<const char*>(bytes.data()), bytes.size()});
    }
    [[nodiscard]] bool waits(const Socket& socket) const {
      return bytes.size() > 0 && !socket.writable_;
    }
  };

  /// Ends when something has changed.
  template <typename Token>
  auto async_wait(Token&& token) {
    return boost::asio::async_initiate<Token, void(Error)>(
        [this](auto handler) {
          if (cancelled_)
            return boost::asio::post(executor_, [handler = std::move(handler)]() mutable {
              std::move(handler)(Error{boost::asio::error::operation_aborted});
            });
          waiting_ = std::make_unique<WaitOf<decltype(handler)>>(std::move(handler));
        },
        token);
  }
  /// Asio wants that no operation ends inside the call that begins it.
  template <typename Step, typename Token>
  auto transfer(Step step, Token&& token) {
    return boost::asio::async_compose<Token, void(Error, std::size_t)>(
        [this, step, begun = false](auto& self, Error error = {}) mutable {
          if (error) return self.complete(error, 0);
          if (!std::exchange(begun, true) && !step.waits(*this))
            return boost::asio::post(executor_, std::move(self));
          std::optional<Attempt> attempt;
          if (!step.waits(*this)) attempt = step(*this);
          if (attempt) return self.complete(attempt->error, attempt->size);
          async_wait(std::move(self));
        },
        token, executor_);
  }

  void ready(std::uint32_t events) override;
  void abandon() override { waiting_.reset(); }
  void finish_wait(const Error& error);

  executor_type executor_;
  PollSet& poll_set_;
  Fd descriptor_;
  std::unique_ptr<Wait> waiting_;
  bool readable_ = false, writable_ = false;  ///< as far as is known
  bool ended_ = false;                        ///< there is an error, or an end: receive() tells
  bool broken_ = false;                       ///< SO_ERROR says something
  bool cancelled_ = false;
  unsigned busy_reads_ = 0;  ///< without a wait in between
};

/// When it is over, the socket waits no more.
class Limit : private Alarm {
 public:
  explicit Limit(Socket& socket, PollSet& poll_set) : socket_{socket}, poll_set_{poll_set} {}
  /// Anew, from now on.
  void start(Duration limit) { poll_set_.set_limit(*this, limit); }
  [[nodiscard]] bool is_over() const { return over_; }

 private:
  void ring() override {
    over_ = true;
    socket_.cancel();  // this may end the coroutine that has both
  }
  Socket& socket_;
  PollSet& poll_set_;
  bool over_ = false;
};

}  // namespace holdfast::checkers
