#include "daemon/notify/deliver.h"

#include <netdb.h>
#include <sys/utsname.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <memory>

#include "daemon/notify/smtp.h"

namespace holdfast::notify {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

namespace {

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);
/// A relay with more addresses is still one relay.
constexpr std::size_t most_addresses = 4;

std::string words_for(const boost::system::error_code& error, Duration limit) {
  if (error == beast::error::timeout)
    return fmt::format("no answer within {} s", in_seconds(limit));
  if (error == asio::error::eof) return "it closed the connection";
  return error.message();
}

/// @return empty: connected; else why not
asio::awaitable<std::string> connect(beast::tcp_stream& stream, MailJob job) {
  // This may block, and nothing else happens in this process.
  boost::system::error_code error;
  tcp::resolver resolver{co_await asio::this_coro::executor};
  const auto found = resolver.resolve(job.server, std::to_string(job.port), error);
  if (error) co_return fmt::format("cannot find {}: {}", job.server, error.message());
  std::string why = "it has no address";
  std::size_t tried = 0;
  for (const auto& entry : found) {
    if (tried++ == most_addresses) break;
    stream.expires_after(job.timeout);
    const auto [failed] = co_await stream.async_connect(entry.endpoint(), no_throw);
    if (!failed) co_return "";
    why = words_for(failed, job.timeout);
    stream.close();
  }
  co_return fmt::format("cannot connect to {} port {}: {}", job.server, job.port, why);
}

}  // namespace

std::string host_name() {
  utsname names{};
  if (::uname(&names) != 0 || names.nodename[0] == 0) return "localhost";
  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  addrinfo* found = nullptr;
  if (::getaddrinfo(names.nodename, nullptr, &hints, &found) != 0) return names.nodename;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{found, ::freeaddrinfo};
  return found->ai_canonname != nullptr ? found->ai_canonname : names.nodename;
}

asio::awaitable<void> deliver(MailJob job, std::function<void(const Outcome&)> report) {
  SmtpClient client{job.envelope, job.mails};
  const auto tell = [&] {
    for (const Outcome& outcome : client.take_outcomes()) report(outcome);
  };
  beast::tcp_stream stream{co_await asio::this_coro::executor};
  const std::string unreachable = co_await connect(stream, job);
  if (!unreachable.empty()) client.lost(unreachable);
  const auto lose = [&](const boost::system::error_code& error) {
    client.lost(fmt::format("{} port {}: {}", job.server, job.port, words_for(error, job.timeout)));
  };
  std::array<char, 4096> buffer{};
  stream.expires_after(job.timeout);
  while (!client.is_over()) {
    const auto [error, size] = co_await stream.async_read_some(asio::buffer(buffer), no_throw);
    if (error) {
      lose(error);
      break;
    }
    const std::string out = client.receive({buffer.data(), size});
    tell();
    if (out.empty()) continue;  // the limit is that of the whole reply
    stream.expires_after(job.timeout);
    const auto [unsent, sent] = co_await asio::async_write(stream, asio::buffer(out), no_throw);
    if (unsent) lose(unsent);
  }
  tell();
}

}  // namespace holdfast::notify
