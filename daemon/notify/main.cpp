// holdfast-mail: started by the supervisor for one batch of alert mails, which waits in the channel
// (descriptor 3). It has a user of its own and no capabilities: what a mail server says is read
// here and nowhere else.
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "daemon/notify/deliver.h"
#include "daemon/process/channel.h"
#include "daemon/process/memfd.h"

namespace {

using namespace holdfast;

constexpr int exit_fatal = 1;
/// Whatever the server and the name service do, this process ends (SIGALRM).
constexpr unsigned longest_life_s = 600;

Result<notify::MailJob> receive_job(process::Channel& channel) {
  auto packet = channel.receive();
  if (!packet) return tl::make_unexpected(packet.error());
  if (!*packet || (*packet)->fds.empty()) return fail("nothing to do");
  const auto text = process::read_memfd((*packet)->fds.front());
  if (!text) return tl::make_unexpected(text.error());
  return notify::job_from_json(*text);
}

void report(process::Channel& channel, const notify::Outcome& outcome) {
  for (;;) {
    const auto sent = channel.send(notify::to_json(outcome));
    if (sent || sent.error().code != EAGAIN) return;
    pollfd waiting{channel.descriptor(), POLLOUT, 0};
    ::poll(&waiting, 1, -1);
  }
}

}  // namespace

int main() {
  if (::fcntl(process::Channel::worker_fd, F_GETFD) < 0) {
    std::fprintf(stderr, "holdfast-mail is started by holdfastd and not by hand\n");
    return exit_fatal;
  }
  ::prctl(PR_SET_NAME, "holdfast-mail");
  for (const int signal : {SIGPIPE, SIGHUP, SIGINT}) std::signal(signal, SIG_IGN);
  ::alarm(longest_life_s);
  process::Channel channel{Fd{process::Channel::worker_fd}};
  auto job = receive_job(channel);
  if (!job) return exit_fatal;
  if (notify::needs_host(*job)) notify::complete(*job, notify::host_name());
  boost::asio::io_context context{1};
  boost::asio::co_spawn(
      context,
      notify::deliver(std::move(*job),
                      [&](const notify::Outcome& outcome) { report(channel, outcome); }),
      boost::asio::detached);
  context.run();
  return 0;
}
