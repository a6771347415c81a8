#include "daemon/script_process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>

extern char** environ;

namespace holdfast {
namespace {

constexpr int exec_failed = 127;
/// @source runtime.md 9.2 of the reference
constexpr auto kill_after = std::chrono::seconds{2};
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

Result<Identity> identity_of(const config::ScriptUser& user, bool all_groups) {
  const auto uid = number_of(user.user);
  const passwd* entry = uid ? ::getpwuid(*uid) : ::getpwnam(user.user.c_str());
  if (entry == nullptr && !uid) return fail("the script user '{}' does not exist", user.user);
  Identity identity{uid.value_or(entry == nullptr ? 0 : entry->pw_uid),
                    entry == nullptr ? static_cast<gid_t>(*uid) : entry->pw_gid,
                    {}};
  if ((user.supplementary_groups || all_groups) && entry != nullptr) {
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
                                 const ScriptRules& rules) {
  if (own) return identity_of(*own, rules.all_groups);
  if (rules.default_user) return identity_of(*rules.default_user, rules.all_groups);
  const config::ScriptUser usual{"keepalived_script", "", false};
  if (::getpwnam(usual.user.c_str()) != nullptr) return identity_of(usual, rules.all_groups);
  if (rules.security)
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
Result<void> check_security(const std::filesystem::path& path) {
  for (std::filesystem::path walked = path;; walked = walked.parent_path()) {
    struct stat status{};
    if (::stat(walked.c_str(), &status) != 0)
      return fail_errno(errno, "cannot look at {}", walked.string());
    const bool writable = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
                          !(S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0);
    if (status.st_uid != 0 || writable)
      return fail(
          "{} could be changed by others than root ({}); enable_script_security forbids to "
          "run it as root",
          path.string(), walked.string());
    if (walked == walked.root_path()) return {};
  }
}

/// What is executed: the file behind the links, or with use_symlink_paths the path as written. With
/// `secure`, whoever could change either is root.
Result<std::string> path_to_execute(const std::string& path, bool keep_links, bool secure) {
  std::error_code error;
  const auto target = std::filesystem::canonical(path, error);
  const auto folder =
      error ? std::filesystem::path{}
            : std::filesystem::canonical(std::filesystem::absolute(path).parent_path(), error);
  if (error) return fail("cannot resolve {}", path);
  if (secure)
    if (auto checked = check_security(target); !checked)
      return tl::make_unexpected(checked.error());
  if (secure && keep_links)
    if (auto checked = check_security(folder); !checked)
      return tl::make_unexpected(checked.error());
  return keep_links ? path : target.string();
}

/// In the child. `arguments` and `environment` end with null pointers; `shell` is the same behind
/// /bin/sh, for a script without #! (as execvp would).
[[noreturn]] void run_child(const Identity& identity, const std::string& path,
                            char* const* arguments, char* const* shell, char* const* environment) {
  ::setpgid(0, 0);
  ::umask(0022);  // that of the configuration is for files of the daemon
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

Result<ScriptIds> script_ids(const config::ScriptUser& user) {
  const auto identity = identity_of(user, false);
  if (!identity) return tl::make_unexpected(identity.error());
  return ScriptIds{identity->user, identity->group};
}

void end_script(pid_t pid, boost::asio::steady_timer& timer) {
  ::kill(-pid, SIGTERM);
  timer.expires_after(kill_after);
  timer.async_wait([pid](const boost::system::error_code& cancelled) {
    if (!cancelled) ::kill(-pid, SIGKILL);
  });
}

Result<pid_t> start_script(const config::Command& command, const ScriptRules& rules) {
  const auto identity = choose_identity(command.user, rules);
  if (!identity) return tl::make_unexpected(identity.error());
  std::vector<std::string> argv = command.argv;
  // runtime.md section 6: a bare redirection tests that the file can be opened.
  if (argv.front().starts_with("</"))
    argv = {"/bin/sh", "-c", "exec <\"$0\"", argv.front().substr(1)};
  auto path = resolve(argv.front());
  if (!path) return tl::make_unexpected(path.error());
  path = path_to_execute(*path, rules.keep_links, rules.security && identity->user == 0);
  if (!path) return tl::make_unexpected(path.error());
  std::vector<std::string> through_shell{"/bin/sh", *path};
  through_shell.insert(through_shell.end(), argv.begin() + 1, argv.end());
  const auto arguments = pointers(argv);
  const auto shell = pointers(through_shell);
  const auto environment = script_environment();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno(errno, "cannot start {}", *path);
  if (pid == 0) run_child(*identity, *path, arguments.data(), shell.data(), environment.data());
  return pid;
}

}  // namespace holdfast
