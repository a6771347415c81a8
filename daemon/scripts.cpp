#include "daemon/scripts.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>

extern char** environ;

namespace holdfast {
namespace {

/// A notify script that takes longer than this is broken, and later states wait for it.
constexpr auto time_limit = std::chrono::seconds{60};
constexpr auto kill_after = std::chrono::seconds{2};
constexpr int exec_failed = 127;
/// @source runtime.md section 6: where names without '/' are looked for
constexpr std::array<const char*, 6> default_path{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                                  "/usr/bin",        "/sbin",          "/bin"};

struct Identity {
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> supplementary;
};

std::optional<unsigned> number_of(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional{value}
                                                                  : std::nullopt;
}

Result<Identity> identity_of(const config::ScriptUser& user) {
  const auto uid = number_of(user.user);
  const passwd* entry = uid ? ::getpwuid(*uid) : ::getpwnam(user.user.c_str());
  if (entry == nullptr && !uid) return fail("the script user '{}' does not exist", user.user);
  Identity identity{uid.value_or(entry == nullptr ? 0 : entry->pw_uid),
                    entry == nullptr ? static_cast<gid_t>(*uid) : entry->pw_gid,
                    {}};
  if (user.supplementary_groups && entry != nullptr) {
    int count = 64;
    identity.supplementary.resize(static_cast<std::size_t>(count));
    if (::getgrouplist(entry->pw_name, identity.group, identity.supplementary.data(), &count) >= 0)
      identity.supplementary.resize(static_cast<std::size_t>(count));
  }
  if (user.group.empty()) return identity;
  const auto gid = number_of(user.group);
  const group* named = gid ? nullptr : ::getgrnam(user.group.c_str());
  if (!gid && named == nullptr) return fail("the script group '{}' does not exist", user.group);
  identity.group = gid ? *gid : named->gr_gid;
  return identity;
}

/// Per-script user, script_user, the user keepalived_script, or our own (runtime.md section 6).
Result<Identity> choose_identity(const std::optional<config::ScriptUser>& own,
                                 const std::optional<config::ScriptUser>& fallback, bool security) {
  if (own) return identity_of(*own);
  if (fallback) return identity_of(*fallback);
  if (const passwd* entry = ::getpwnam("keepalived_script"))
    return Identity{entry->pw_uid, entry->pw_gid, {}};
  if (security)
    return fail(
        "no script_user and no user keepalived_script, and enable_script_security forbids root");
  return Identity{::geteuid(), ::getegid(), {}};
}

Result<std::string> resolve(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (::access(name.c_str(), X_OK) == 0) return name;
    return fail_errno(errno, "cannot execute {}", name);
  }
  for (const char* folder : default_path) {
    const std::string path = std::string{folder} + "/" + name;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return fail("'{}' is not in the default path", name);
}

/// Every component must belong to root and be writable by nobody else (sticky folders may be).
/// @return the path without symbolic links: what was looked at is what is executed
Result<std::string> check_security(const std::string& path) {
  std::error_code error;
  std::filesystem::path walked = std::filesystem::canonical(path, error);
  const std::string resolved = walked.string();
  if (error) return fail("cannot resolve {}", path);
  for (;; walked = walked.parent_path()) {
    struct stat status{};
    if (::stat(walked.c_str(), &status) != 0)
      return fail_errno(errno, "cannot look at {}", walked.string());
    const bool writable = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
                          !(S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0);
    if (status.st_uid != 0 || writable)
      return fail("{} could be changed by others than root ({})", path, walked.string());
    if (walked == walked.root_path()) return resolved;
  }
}

/// In the child. `arguments` and `environment` end with null pointers; `shell` is the same behind
/// /bin/sh, for a script without #! (as execvp would).
[[noreturn]] void run_child(const Identity& identity, const std::string& path,
                            char* const* arguments, char* const* shell, char* const* environment) {
  ::setpgid(0, 0);
  const int null = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
  ::syscall(SYS_close_range, 3, ~0U, 0);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::geteuid() == 0) {
    if (::setgroups(identity.supplementary.size(), identity.supplementary.data()) != 0 ||
        ::setresgid(identity.group, identity.group, identity.group) != 0 ||
        ::setresuid(identity.user, identity.user, identity.user) != 0)
      ::_exit(exec_failed);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::execve(path.c_str(), arguments, environment);
  if (errno == ENOEXEC) ::execve("/bin/sh", shell, environment);
  ::_exit(exec_failed);
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

std::vector<char*> script_environment() {
  std::vector<char*> kept;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text{*variable};
    const bool dropped = text.starts_with("IFS=") || text.starts_with("LD_PRELOAD=") ||
                         text.starts_with("LD_LIBRARY_PATH=") || text.starts_with("NOTIFY_SOCKET=");
    if (!dropped) kept.push_back(*variable);
  }
  kept.push_back(nullptr);
  return kept;
}

}  // namespace

void Scripts::run(ScriptJob job) {
  const std::string object = job.object;
  if (queue_.push(std::move(job)))
    log_.write(Event{Level::warning, "script_dropped",
                     fmt::format("scripts for {} take too long: an old one was dropped", object)}
                   .with("object", object));
  start_ready();
}

void Scripts::start_ready() {
  while (auto job = queue_.next()) {
    const auto pid = start(*job);
    if (pid) {
      watch(*pid, std::move(*job));
      continue;
    }
    log_.write(Event{Level::error, "script_failed", pid.error().what}.with("object", job->object));
    queue_.finished(job->object);
  }
}

Result<pid_t> Scripts::start(const ScriptJob& job) {
  const auto identity = choose_identity(job.user, default_user_, security_);
  if (!identity) return tl::make_unexpected(identity.error());
  auto path = resolve(job.argv.front());
  if (!path) return tl::make_unexpected(path.error());
  if (security_ && identity->user == 0) {
    path = check_security(*path);
    if (!path)
      return fail("{}; enable_script_security forbids to run it as root", path.error().what);
  }
  std::vector<std::string> through_shell{"/bin/sh", *path};
  through_shell.insert(through_shell.end(), job.argv.begin() + 1, job.argv.end());
  const auto arguments = pointers(job.argv);
  const auto shell = pointers(through_shell);
  const auto environment = script_environment();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno(errno, "cannot start {}", *path);
  if (pid == 0) run_child(*identity, *path, arguments.data(), shell.data(), environment.data());
  return pid;
}

void Scripts::watch(pid_t pid, ScriptJob job) {
  log_.write(
      Event{Level::debug, "script_started", fmt::format("running {}", fmt::join(job.argv, " "))}
          .with("object", job.object));
  auto limit = std::make_unique<boost::asio::steady_timer>(context_, time_limit);
  limit->async_wait([this, pid](const boost::system::error_code& error) {
    const auto running = running_.find(pid);
    if (error || running == running_.end()) return;
    log_.write(Event{Level::error, "script_failed",
                     fmt::format("{} takes longer than {} s and is stopped",
                                 running->second.job.argv.front(), time_limit.count())}
                   .with("object", running->second.job.object));
    ::kill(-pid, SIGTERM);
    running->second.limit->expires_after(kill_after);
    running->second.limit->async_wait([pid](const boost::system::error_code& ended) {
      if (!ended) ::kill(-pid, SIGKILL);
    });
  });
  running_.emplace(pid, Running{std::move(job), std::move(limit)});
}

bool Scripts::reaped(pid_t pid, int status) {
  const auto found = running_.find(pid);
  if (found == running_.end()) return false;
  const ScriptJob job = std::move(found->second.job);
  running_.erase(found);
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
    log_.write(Event{Level::warning, "script_failed",
                     fmt::format("{} exited with status {}", job.argv.front(), WEXITSTATUS(status))}
                   .with("object", job.object));
  else if (WIFSIGNALED(status))
    log_.write(Event{Level::warning, "script_failed",
                     fmt::format("{} was ended by signal {}", job.argv.front(), WTERMSIG(status))}
                   .with("object", job.object));
  queue_.finished(job.object);
  start_ready();
  return true;
}

}  // namespace holdfast
