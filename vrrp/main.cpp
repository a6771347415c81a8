// holdfast-vrrp: started by holdfastd, which hands it the channel as descriptor 3.
#include <fcntl.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "daemon/process/log.h"
#include "daemon/process/worker_loop.h"
#include "vrrp/linux/process.h"

int main() {
  using namespace holdfast;
  if (::fcntl(process::Channel::worker_fd, F_GETFD) < 0) {
    std::fputs("holdfast-vrrp is started by holdfastd and not by hand\n", stderr);
    return process::exit_fatal;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const auto log =
      process::make_log(process::from_environment(std::getenv("HOLDFAST_LOG"), "Keepalived_vrrp"));
  boost::asio::io_context context{1};
  std::optional<process::WorkerLoop> loop;
  vrrp::VrrpProcess worker{context, *log,
                           [&](const process::Message& message) { loop->send(message); }};
  loop.emplace(context, worker, *log);
  return loop->run();
}
