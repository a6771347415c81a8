// The control socket: where `holdfast handover`, `holdfast servers` and the like speak to the
// daemon. One line of JSON in, one line of JSON out, and the connection is closed:
//
//   {"command": "handover", "name": "VI_1"}
//   {"done": true, "text": "(VI_1) 10.0.0.2 has taken over"}
//   {"command": "drain", "words": ["10.0.0.1:80", "10.0.0.2:80"]}
//   {"command": "servers", "words": [], "options": ["stats", "json"]}
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/base/event.h"
#include "daemon/base/result.h"
#include "daemon/process/messages.h"

namespace holdfast {

/// Beside the pid file, so that every daemon of a machine has one of its own: its name with
/// `.control` in place of `.pid`.
std::string control_path(std::string_view pid_file);

class Control {
 public:
  /// Passes HandOver to the VRRP worker, Operate to the checkers. False: that one does not run.
  using Ask = std::function<bool(process::Message)>;
  Control(boost::asio::io_context& context, Log& log, Ask ask);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  /// Serves root and the daemon's own user at this path. Errors: the path cannot be had.
  Result<void> listen(const std::string& path);
  void answered(std::uint64_t request, bool done, const std::string& text);
  /// Nobody is left who could answer what that worker was asked.
  void worker_ended(bool vrrp);

 private:
  class Client;
  void accept();
  void accept_later();
  void take(const std::shared_ptr<Client>& client, const std::string& line);
  struct Waiting {
    std::shared_ptr<Client> client;
    bool vrrp = false;  ///< who was asked
  };

  boost::asio::io_context& context_;
  Log& log_;
  Ask ask_;
  std::string path_;
  boost::asio::local::stream_protocol::acceptor acceptor_;
  boost::asio::steady_timer retry_;
  std::map<std::uint64_t, Waiting> waiting_;  ///< by request
  std::uint64_t requests_ = 0;
  std::shared_ptr<int> clients_ = std::make_shared<int>(0);  ///< how many are connected
};

}  // namespace holdfast
