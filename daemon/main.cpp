// holdfastd: the command line, going to the background, and the supervisor.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "daemon/command_line.h"
#include "daemon/core_pattern.h"
#include "daemon/identity.h"
#include "daemon/pid_file.h"
#include "daemon/process/log.h"
#include "daemon/spawn.h"
#include "daemon/supervisor.h"

namespace holdfast {
namespace {

/// The starting process waits here and leaves with the status that the daemon reports.
class Readiness {
 public:
  /// Forks: returns in the daemon, exits in the starting process.
  static Readiness detach() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return {};
    const pid_t child = ::fork();
    if (child > 0) {
      ::close(ends[1]);
      unsigned char status = exit_fatal;
      while (::read(ends[0], &status, 1) < 0 && errno == EINTR) {
      }
      ::_exit(status);
    }
    ::close(ends[0]);
    ::setsid();
    if (::fork() > 0) ::_exit(0);
    if (::chdir("/") != 0) ::_exit(exit_fatal);
    Readiness readiness{Fd{ends[1]}};
    readiness.terminal_ = Fd{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)};
    const Fd null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    for (int fd = 0; fd < 3; ++fd) ::dup2(null.get(), fd);
    return readiness;
  }
  Readiness() = default;
  /// Until it is ready, what goes wrong is said where it was started.
  void complain(const std::string& text) {
    const std::string line = "holdfastd: " + text + "\n";
    if (terminal_) [[maybe_unused]]
      const ssize_t written = ::write(terminal_.get(), line.data(), line.size());
  }
  void tell(int status) {
    const auto byte = static_cast<unsigned char>(status);
    if (pipe_) [[maybe_unused]]
      const ssize_t written = ::write(pipe_.get(), &byte, 1);
    pipe_.reset();
    terminal_.reset();
  }

 private:
  explicit Readiness(Fd pipe) : pipe_{std::move(pipe)} {}
  Fd pipe_, terminal_;
};

/// The log, and while starting also the terminal for errors.
class StartLog : public Log {
 public:
  StartLog(std::unique_ptr<Log> log, Readiness& readiness)
      : log_{std::move(log)}, readiness_{readiness} {}
  void write(const Event& event) override {
    log_->write(event);
    if (event.level == Level::error) readiness_.complain(to_line(event));
  }

 private:
  std::unique_ptr<Log> log_;
  Readiness& readiness_;
};

process::LogOptions log_options(const Options& options, const Identity& identity) {
  process::LogOptions log;
  log.suffix = identity.suffix();
  log.file_path = options.log_file;
  log.identity = "Keepalived";
  log.to_stderr = options.foreground && options.log_console;
  log.to_syslog = !options.no_syslog;
  log.facility = options.log_facility;
  log.threshold = options.log_detail ? Level::debug : Level::info;
  return log;
}

int test_configuration(const Options& options) {
  std::ofstream file;
  if (!options.config_test->empty()) file.open(*options.config_test, std::ios::app);
  const auto print = [&](const std::string& text) {
    if (file.is_open())
      file << text;
    else
      std::fputs(text.c_str(), options.format == ReportFormat::text ? stderr : stdout);
  };
  process::LogOptions quiet = log_options(options, {});
  quiet.to_syslog = false;
  quiet.file_path.clear();
  quiet.to_stderr = true;
  quiet.threshold = Level::error;
  const auto log = process::make_log(quiet);
  boost::asio::io_context context{1};
  Supervisor supervisor{context, options, quiet, *log, [] {}};
  return supervisor.test(print, !file.is_open() && ::isatty(STDERR_FILENO) == 1);
}

int run_daemon(Options options) {
  // Before the working directory changes.
  if (!options.file.starts_with('/'))
    if (char* folder = ::getcwd(nullptr, 0)) {
      options.file = std::string{folder} + "/" + options.file;
      std::free(folder);
    }
  Readiness readiness = options.foreground ? Readiness{} : Readiness::detach();
  Configuration configuration = load_configuration(options, 1);
  Identity identity = identity_of(configuration, options);
  name_pid_files(options, identity);
  ::umask(options.umask.value_or(configuration.globals.common.umask));
  process::LogOptions to_log = log_options(options, identity);
  Fd log_file;
  if (!to_log.file_path.empty()) {
    auto opened = process::open_log_file(to_log, "");
    if (opened) {
      log_file = std::move(*opened);
      to_log.file = log_file.get();
    } else {
      options.warnings.push_back(opened.error().what);
      to_log.file_path.clear();
    }
  }
  StartLog log{process::make_log(to_log), readiness};
  log.write(Event{Level::info, "starting", "Starting Holdfast v" HOLDFAST_VERSION}.with(
      "configuration", options.file));
  for (const std::string& warning : options.warnings)
    log.write(Event{Level::warning, "command_line", warning});
  auto pid_file = PidFile::lock(options.pid_file);
  if (!pid_file) {
    log.write(Event{Level::error, "pid_file", pid_file.error().what});
    if (options.foreground && !options.log_console)
      std::fprintf(stderr, "holdfastd: %s\n", pid_file.error().what.c_str());
    readiness.tell(exit_fatal);
    return exit_fatal;
  }
  if (auto written = pid_file->write(::getpid()); !written)
    log.write(Event{Level::warning, "pid_file", written.error().what});
  std::optional<CorePattern> cores;
  if (options.core_pattern) cores.emplace(*options.core_pattern, log);
  enter_namespace_of(identity, configuration);
  boost::asio::io_context context{1};
  Supervisor supervisor{context, options, to_log, log, [&] { readiness.tell(0); }};
  const int status = supervisor.run(std::move(configuration), std::move(identity));
  readiness.tell(status);
  log.write(Event{Level::info, "stopped", "Stopped Holdfast v" HOLDFAST_VERSION});
  return status;
}

/// Does not return unless it fails.
int become_genhash(const std::vector<std::string>& arguments) {
  const auto program = open_program("holdfast");
  if (!program) {
    std::fprintf(stderr, "holdfastd: %s\n", program.error().what.c_str());
    return exit_fatal;
  }
  std::vector<char*> words{const_cast<char*>("holdfast"), const_cast<char*>("genhash")};
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::fexecve(program->get(), words.data(), environ);
  std::perror("holdfastd: holdfast genhash");
  return exit_fatal;
}

}  // namespace
}  // namespace holdfast

int main(int argc, char** argv) {
  using namespace holdfast;
  if (const auto arguments = genhash_arguments({argv, argv + argc}))
    return become_genhash(*arguments);
  const CommandLine line = read_command_line({argv, argv + argc});
  if (!line.options) {
    std::fputs(line.print.text.c_str(), line.print.status == 0 ? stdout : stderr);
    return line.print.status;
  }
  std::signal(SIGPIPE, SIG_IGN);
  ::umask(line.options->umask.value_or(0022));
  if (line.options->core_dump) {
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_CORE, &unlimited);
  }
  return line.options->config_test ? test_configuration(*line.options) : run_daemon(*line.options);
}
