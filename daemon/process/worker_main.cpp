#include "daemon/process/worker_main.h"

#include <fcntl.h>
#include <sys/prctl.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "daemon/process/log.h"

namespace holdfast::process {

int worker_main(const char* program, const char* identity, const MakeWorker& make) {
  if (::fcntl(Channel::worker_fd, F_GETFD) < 0) {
    std::fprintf(stderr, "%s is started by holdfastd and not by hand\n", program);
    return exit_fatal;
  }
  // Executed by descriptor, the kernel would name the process after a number.
  ::prctl(PR_SET_NAME, program);
  // Signals are for the supervisor: what keepalived's processes take one by one changes nothing.
  for (const int signal : {SIGPIPE, SIGHUP, SIGUSR1, SIGUSR2, SIGRTMIN + 2, SIGRTMAX - 1, SIGRTMAX})
    std::signal(signal, SIG_IGN);
  const auto log = make_log(from_environment(std::getenv("HOLDFAST_LOG"), identity));
  boost::asio::io_context context{1};
  std::optional<WorkerLoop> loop;
  const auto worker = make(context, *log, [&](Message message) { loop->send(std::move(message)); });
  loop.emplace(context, *worker, *log);
  return loop->run();
}

}  // namespace holdfast::process
