#include "daemon/spawn.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <csignal>
#include <filesystem>

#include "daemon/process/channel.h"
#include "daemon/process/log.h"

extern char** environ;

namespace holdfast {
namespace {

constexpr int exec_failed = 127;
constexpr int no_permission = 4;

struct Ids {
  uid_t user = 65534;  // nobody on Debian, if the name service has no answer at all
  gid_t group = 65534;
};

Ids ids_of(const WorkerIdentity& identity) {
  for (const std::string& name : {identity.user, std::string{"nobody"}})
    if (const passwd* entry = ::getpwnam(name.c_str())) return {entry->pw_uid, entry->pw_gid};
  return {};
}

/// In the child: keeps the capabilities over the change of user and over exec.
bool become(const Ids& ids, const std::vector<unsigned>& capabilities) {
  capng_clear(CAPNG_SELECT_ALL);
  const auto everywhere = static_cast<capng_type_t>(
      CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE | CAPNG_BOUNDING_SET | CAPNG_AMBIENT);
  for (const unsigned capability : capabilities)
    if (capng_update(CAPNG_ADD, everywhere, capability) != 0) return false;
  if (capng_apply(CAPNG_SELECT_BOUNDS) != 0) return false;
  if (capng_change_id(static_cast<int>(ids.user), static_cast<int>(ids.group),
                      CAPNG_DROP_SUPP_GRP) != 0)
    return false;
  return capng_apply(CAPNG_SELECT_AMBIENT) == 0 && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

[[noreturn]] void run_child(const WorkerIdentity& identity, const Ids& ids, int program,
                            int channel_end, char* const* environment, const char* argument,
                            int log_file) {
  constexpr int program_fd = process::Channel::worker_fd + 1;
  // Out of the way first, so that neither lands on the other's number.
  constexpr int behind = process::log_file_fd + 1;
  static_assert(process::log_file_fd == program_fd + 1);
  const int channel_copy = ::fcntl(channel_end, F_DUPFD, behind);
  const int program_copy = ::fcntl(program, F_DUPFD, behind);
  const int log_copy = log_file < 0 ? -1 : ::fcntl(log_file, F_DUPFD, behind);
  ::dup2(channel_copy, process::Channel::worker_fd);
  ::dup2(program_copy, program_fd);
  ::fcntl(program_fd, F_SETFD, FD_CLOEXEC);
  if (log_copy >= 0)
    ::dup2(log_copy, process::log_file_fd);
  else
    ::close(process::log_file_fd);
  ::syscall(SYS_close_range, behind, ~0U, 0);
  // One socket for each probe and interface: as many as the system allows.
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  // vrrp_no_swap: what it may lock is as much as it may have.
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  ::setrlimit(RLIMIT_MEMLOCK, &unlimited);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::geteuid() == 0 && !become(ids, identity.capabilities)) ::_exit(no_permission);
  const char* const arguments[] = {identity.program.c_str(), argument, nullptr};
  ::execveat(program_fd, "", const_cast<char* const*>(arguments), environment, AT_EMPTY_PATH);
  ::_exit(exec_failed);
}

}  // namespace

bool has_user(const WorkerIdentity& identity) {
  return ::getpwnam(identity.user.c_str()) != nullptr;
}

std::string missing_capability(const WorkerIdentity& identity) {
  if (::geteuid() != 0) return {};  // the worker says what it lacks
  capng_get_caps_process();
  for (const unsigned capability : identity.capabilities) {
    if (capng_have_capability(CAPNG_PERMITTED, capability) == 1 &&
        capng_have_capability(CAPNG_BOUNDING_SET, capability) == 1)
      continue;
    std::string name{"CAP_"};
    for (const char* at = capng_capability_to_name(capability); at != nullptr && *at != 0; ++at)
      name += static_cast<char>(std::toupper(static_cast<unsigned char>(*at)));
    return name;
  }
  return {};
}

Result<Fd> open_program(const std::string& name) {
  std::error_code error;
  const auto here = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (const auto& folder :
       {here, std::filesystem::path{HOLDFAST_LIBEXEC}, std::filesystem::path{HOLDFAST_BINDIR}}) {
    Fd program{::open((folder / name).c_str(), O_PATH | O_CLOEXEC)};
    if (program) return program;
  }
  return fail("cannot find the program {} in {}, {} or {}", name, here.string(), HOLDFAST_LIBEXEC,
              HOLDFAST_BINDIR);
}

Result<pid_t> spawn_worker(const WorkerIdentity& identity, const Fd& program, Fd channel_end,
                           const std::vector<std::string>& environment, const char* argument,
                           const Fd& log_file) {
  // Everything that allocates happens before fork().
  const Ids ids = ids_of(identity);
  std::vector<char*> variables;
  for (const std::string& variable : environment)
    variables.push_back(const_cast<char*>(variable.c_str()));
  for (char** inherited = environ; *inherited != nullptr; ++inherited) {
    const std::string_view variable{*inherited};
    if (!variable.starts_with("NOTIFY_SOCKET=") && !variable.starts_with("LD_"))
      variables.push_back(*inherited);
  }
  variables.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno(errno, "cannot start {}", identity.program);
  if (pid == 0)
    run_child(identity, ids, program.get(), channel_end.get(), variables.data(), argument,
              log_file.get());
  return pid;
}

}  // namespace holdfast
