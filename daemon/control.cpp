#include "daemon/control.h"

#include <fmt/ranges.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <utility>
#include <vector>

namespace holdfast {

namespace asio = boost::asio;
namespace json = boost::json;
using std::string_view_literals::operator""sv;
using Protocol = asio::local::stream_protocol;

namespace {

/// Who connects is root or we ourselves, and still: nothing grows without bound.
constexpr int most_clients = 16;
constexpr std::size_t longest_line = 4096;
constexpr auto request_limit = std::chrono::seconds{5};
/// Of a process that is asked what it knows: longer than any slice of its work.
constexpr auto answer_limit = std::chrono::seconds{10};

}  // namespace

std::string control_path(std::string_view pid_file) {
  if (pid_file.ends_with(".pid")) pid_file.remove_suffix(4);
  return std::string{pid_file} + ".control";
}

namespace {

struct Request {
  std::string command;
  std::string name;                ///< of handover and takeover
  std::vector<std::string> words;  ///< of the others
  std::vector<std::string> options;
};

Result<Request> read_request(const std::string& line) {
  static constexpr std::array known{"handover"sv, "takeover"sv, "servers"sv,
                                    "drain"sv,    "maint"sv,    "undrain"sv};
  boost::system::error_code error;
  const json::value value = json::parse(line, error);
  const json::object* object = error ? nullptr : value.if_object();
  if (object == nullptr) return fail("a request is one JSON object");
  const auto word = [](const json::value* found) -> std::string {
    return found != nullptr && found->is_string() ? std::string{found->as_string()} : "";
  };
  const auto list = [&](std::string_view name) {
    std::vector<std::string> words;
    if (const json::value* found = object->if_contains(name); found && found->is_array())
      for (const json::value& one : found->as_array()) words.push_back(word(&one));
    return words;
  };
  Request request{word(object->if_contains("command")), word(object->if_contains("name")),
                  list("words"), list("options")};
  if (std::ranges::find(known, request.command) == known.end())
    return fail("there is no command '{}'", request.command);
  return request;
}

}  // namespace

/// One connection: it reads a line within the limit, and writes one whenever the answer comes.
class Control::Client : public std::enable_shared_from_this<Client> {
 public:
  Client(Protocol::socket socket, asio::io_context& context, std::shared_ptr<int> count)
      : socket_{std::move(socket)}, limit_{context}, count_{std::move(count)} {
    ++*count_;
  }
  ~Client() { --*count_; }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] bool may_ask() {
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == 0 || peer.uid == ::geteuid());
  }

  void read(std::function<void(const std::string&)> on_line) {
    within(request_limit, [this] { socket_.close(); });
    asio::async_read_until(socket_, asio::dynamic_buffer(line_, longest_line), '\n',
                           [self = shared_from_this(), on_line = std::move(on_line)](
                               const boost::system::error_code& error, std::size_t length) {
                             self->limit_.cancel();
                             if (!error) on_line(self->line_.substr(0, length));
                           });
  }

  /// Replaces the limit before it. @param on_late unless it is answered first
  void within(std::chrono::seconds limit, std::function<void()> on_late) {
    limit_.expires_after(limit);
    limit_.async_wait([self = shared_from_this(),
                       on_late = std::move(on_late)](const boost::system::error_code& error) {
      if (!error) on_late();
    });
  }

  void answer(bool done, const std::string& text) {
    limit_.cancel();
    line_ = json::serialize(json::object{{"done", done}, {"text", text}}) + "\n";
    asio::async_write(socket_, asio::buffer(line_),
                      [self = shared_from_this()](const boost::system::error_code&, std::size_t) {
                        self->socket_.close();
                      });
  }

  /// Until it closes its end: then nobody waits for an answer any more.
  void watch(std::function<void()> on_gone) {
    socket_.async_wait(Protocol::socket::wait_read,
                       [self = shared_from_this(),
                        on_gone = std::move(on_gone)](const boost::system::error_code& error) {
                         if (!error) on_gone();
                       });
  }

 private:
  Protocol::socket socket_;
  asio::steady_timer limit_;
  std::string line_;
  std::shared_ptr<int> count_;
};

Control::Control(asio::io_context& context, Log& log, Ask ask)
    : context_{context}, log_{log}, ask_{std::move(ask)}, acceptor_{context}, retry_{context} {}

Control::~Control() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<void> Control::listen(const std::string& path) {
  boost::system::error_code error;
  if (path.size() >= sizeof(sockaddr_un::sun_path))
    return fail("the path of the control socket is too long: {}", path);
  // The lock of the pid file says that no other daemon listens there.
  ::unlink(path.c_str());
  const mode_t before = ::umask(0177);
  acceptor_.open(Protocol{}, error);
  if (!error) acceptor_.bind(path, error);
  ::umask(before);
  if (!error) acceptor_.listen(most_clients, error);
  if (error) return fail("the control socket {}: {}", path, error.message());
  path_ = path;
  accept();
  return {};
}

void Control::accept() {
  acceptor_.async_accept([this](const boost::system::error_code& error, Protocol::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) return accept_later();
    if (*clients_ < most_clients) {
      const auto client = std::make_shared<Client>(std::move(socket), context_, clients_);
      if (client->may_ask())
        client->read([this, client](const std::string& line) { take(client, line); });
    }
    accept();
  });
}

/// No descriptor is free, most likely.
void Control::accept_later() {
  retry_.expires_after(std::chrono::seconds{1});
  retry_.async_wait([this](const boost::system::error_code& error) {
    if (!error) accept();
  });
}

void Control::take(const std::shared_ptr<Client>& client, const std::string& line) {
  const auto request = read_request(line);
  if (!request) return client->answer(false, request.error().what);
  const std::uint64_t number = ++requests_;
  const bool vrrp = request->command == "handover" || request->command == "takeover";
  if (request->command != "servers")
    log_.write(Event{Level::notice, "control",
                     fmt::format("{} of {}{} is asked for", request->command, request->name,
                                 fmt::join(request->words, " "))});
  waiting_.emplace(number, Waiting{client, vrrp});
  const bool asked =
      vrrp ? ask_(process::HandOver{number, request->name, request->command == "takeover"})
           : ask_(process::Operate{number, request->command, request->words, request->options});
  if (!asked) return answered(number, false, vrrp ? "no virtual router runs" : "no checkers run");
  client->watch([this, number] { waiting_.erase(number); });
  if (!vrrp)  // a handover waits for the other router, and has its own limit
    client->within(answer_limit, [this, number] {
      answered(number, false,
               fmt::format("holdfast-checkers gives no answer within {} s", answer_limit.count()));
    });
}

void Control::answered(std::uint64_t request, bool done, const std::string& text) {
  const auto waiting = waiting_.extract(request);
  if (!waiting.empty()) waiting.mapped().client->answer(done, text);
}

void Control::worker_ended(bool vrrp) {
  std::vector<std::uint64_t> lost;
  for (const auto& [request, waiting] : waiting_)
    if (waiting.vrrp == vrrp) lost.push_back(request);
  for (const std::uint64_t request : lost)
    answered(request, false,
             fmt::format("{} ended meanwhile", vrrp ? "holdfast-vrrp" : "holdfast-checkers"));
}

}  // namespace holdfast
