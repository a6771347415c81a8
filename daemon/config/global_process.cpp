// global_defs: processes, scripts of the supervisor, FIFOs, reload and dumps. What nothing acts on
// yet is pending.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "daemon/config/global.h"

namespace holdfast::config {
namespace {

using Globals = GlobalDefs;
using Line = Row<GlobalDefs>;
using Common = CommonDefs;

constexpr Rule nice_rule = lenient(Range{-20, 19});
constexpr Rule realtime_rule = lenient(Range{1, 99});
/// @source prctl(2) PR_SET_NAME: 15 characters and a NUL
constexpr std::size_t longest_process_name = 15;
/// @source sched.h CPU_SETSIZE
constexpr Range cpu_rule{0, 1023};

template <ProcessDefs Globals::* Process>
void read_process_name(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  const auto name = read_word(statement, 1, reader);
  if (!name) return;
  if (name->empty() || name->size() > longest_process_name)
    reader.warn(statement.place(1),
                fmt::format("'{}' needs a name of 1..{} characters, found '{}'; the default stays",
                            statement.keyword(), longest_process_name, *name));
  else
    (globals.*Process).name = *name;
}

template <ProcessDefs Globals::* Process>
void read_affinity(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  std::vector<std::uint16_t> cpus;
  for (std::size_t word = 1; word < std::max<std::size_t>(statement.words.size(), 2); ++word)
    if (const auto cpu = read_number(with_argument(statement, word), 1, cpu_rule, reader))
      cpus.push_back(static_cast<std::uint16_t>(*cpu));
  (globals.*Process).cpu_affinity = std::move(cpus);
}

/// keepalived: the soft limit is half of it, so that 1 becomes 2.
template <ProcessDefs Globals::* Process>
void read_rttime(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  const auto limit = read_number(statement, 1, lenient(Range{1, 4294967295.0, "us"}), reader);
  if (!limit) return;
  if (*limit == 1)
    reader.warn(statement.place(1), fmt::format("'{}' is 1; 2 is used", statement.keyword()));
  (globals.*Process).rlimit_rttime = std::chrono::microseconds{std::max<std::int64_t>(*limit, 2)};
}

/// The rows of one process, whose keywords all begin alike.
/// @param runs there is such a process
template <ProcessDefs Globals::* Process>
constexpr std::array<Line, 5> process_rows(const std::array<std::string_view, 5>& keywords,
                                           bool runs) {
  std::array<Line, 5> rows{
      part_field<Process, &ProcessDefs::nice>(keywords[0], nice_rule,
                                              "Nice level of this process."),
      part_field<Process, &ProcessDefs::no_swap>(keywords[1], Switch{},
                                                 "Keep all memory of this process out of swap."),
      part_field<Process, &ProcessDefs::rt_priority>(
          keywords[2], realtime_rule, "Run this process under SCHED_RR with this priority."),
      row<Globals>(keywords[3], "CPU ... (0-1023)", "sched.h",
                   "Run this process on these CPUs only; on all by default.",
                   read_affinity<Process>),
      row<Globals>(
          keywords[4], "MICROSECONDS (2-4294967295)", "setrlimit(2)",
          "CPU time under realtime without a pause; 10000 by default. At half of it the log "
          "says so, at all of it the kernel ends the process.",
          read_rttime<Process>)};
  for (Line& row : rows) row.built = row.built && runs;
  return rows;
}
constexpr auto vrrp_rows =
    process_rows<&Globals::vrrp_process>({"vrrp_priority", "vrrp_no_swap", "vrrp_rt_priority",
                                          "vrrp_cpu_affinity", "vrrp_rlimit_rttime"},
                                         true);
constexpr auto checker_rows = process_rows<&Globals::checker_process>(
    {"checker_priority", "checker_no_swap", "checker_rt_priority", "checker_cpu_affinity",
     "checker_rlimit_rttime"},
    true);
constexpr auto bfd_rows = process_rows<&Globals::bfd_process>(
    {"bfd_priority", "bfd_no_swap", "bfd_rt_priority", "bfd_cpu_affinity", "bfd_rlimit_rttime"},
    false);

/// `[-1..99]`; the bare keyword means the highest of SCHED_RR.
void read_auto_priority(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  constexpr std::int8_t highest = 99;
  if (statement.words.size() < 2)
    globals.common.max_auto_priority = highest;
  else if (const auto most = read_number(statement, 1, lenient(Range{-1, highest}), reader))
    globals.common.max_auto_priority = static_cast<std::int8_t>(*most);
}

void read_auto_delay(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  if (const auto delay = read_number(statement, 1, lenient(Range{1, 1e7, "us"}), reader))
    globals.common.min_auto_priority_delay = std::chrono::microseconds{*delay};
}

using ScriptPlace = std::optional<Place>;
ScriptPlace& startup(Globals& globals) { return globals.common.startup.script; }
ScriptPlace& shutdown(Globals& globals) { return globals.common.shutdown.script; }
ScriptPlace& fifo(Globals& globals) { return globals.notify_fifo.script; }
ScriptPlace& vrrp_fifo(Globals& globals) { return globals.vrrp_fifo.script; }
ScriptPlace& lvs_fifo(Globals& globals) { return globals.lvs_fifo.script; }

template <ScriptPlace& (*Script)(Globals&)>
void read_script(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  if (statement.words.size() < 2)
    reader.error(statement.end(),
                 fmt::format("'{}' needs a command, and nothing follows it", statement.keyword()));
  else if (Script(globals))
    reader.warn(statement.place(),
                fmt::format("'{}' is already set; the first one stays", statement.keyword()));
  else
    Script(globals) = statement.place();
}

/// keepalived 1..1000 s
template <ScriptDefs Common::* Script>
void read_timeout(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  if (const auto limit = read_seconds(statement, 1, lenient(Range{1, 1000, "s"}), reader))
    (globals.common.*Script).timeout = *limit;
}

template <NotifyFifo Globals::* Fifo>
void read_fifo(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  NotifyFifo& fifo = globals.*Fifo;
  const std::size_t words = statement.words.size();
  if (words < 2)
    return reader.error(statement.end(), fmt::format("'{}' needs a path, and nothing follows it",
                                                     statement.keyword()));
  if (!fifo.path.empty())
    return reader.warn(statement.place(), fmt::format("'{}' is already set; the first one stays",
                                                      statement.keyword()));
  fifo.path = statement.words[1].text;
  if (words > 2)
    fifo.owner =
        make_script_user(statement.words[2].text, words > 3 ? statement.words[3].text : "");
}

/// `0177`, `0x7f`, `127`, or names of sys/stat.h without S_, joined by `|`.
std::optional<std::uint32_t> parse_umask(std::string_view text) {
  constexpr std::array<std::string_view, 9> names{"IXOTH", "IWOTH", "IROTH", "IXGRP", "IWGRP",
                                                  "IRGRP", "IXUSR", "IWUSR", "IRUSR"};
  if (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    constexpr std::uint32_t most = 0777;
    const std::string number{text};
    char* end = nullptr;
    const unsigned long value = std::strtoul(number.c_str(), &end, 0);
    return *end == '\0' && value <= most ? std::optional{static_cast<std::uint32_t>(value)}
                                         : std::nullopt;
  }
  std::uint32_t mask = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('|', begin), text.size());
    const auto found = std::ranges::find(names, text.substr(begin, end - begin));
    if (found == names.end()) return std::nullopt;
    mask |= 1U << (found - names.begin());
    begin = end + 1;
  }
  return mask;
}

void read_umask(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  std::string text;  // blanks around `|` split it into words
  for (std::size_t word = 1; word < statement.words.size(); ++word)
    text += statement.words[word].text;
  if (text.empty())
    return reader.error(statement.end(), "'umask' needs a mask, and nothing follows it");
  if (const auto mask = parse_umask(text))
    globals.common.umask = *mask;
  else
    reader.warn(statement.place(1),
                fmt::format("'umask' needs 0..0777 or names such as IRGRP|IROTH, found '{}'; the "
                            "default stays",
                            text));
}

constexpr char dev_null[] = "/dev/null";
constexpr char nowhere[] = "";

/// `[PATH]`: the bare keyword means Bare.
template <auto Member, const char* Bare>
void read_optional_path(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  if (statement.words.size() < 2)
    globals.reload.*Member = Bare;
  else if (auto path = read_word(statement, 1, reader))
    globals.reload.*Member = std::move(*path);
}

/// Bare: all. Words replace the set, words with a sign change it.
void read_include_check(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  constexpr std::array<std::string_view, 4> names{"read", "match", "wildcard_match", "brace_match"};
  constexpr std::array members{&IncludeChecks::readable, &IncludeChecks::literal,
                               &IncludeChecks::wildcard, &IncludeChecks::braces};
  IncludeChecks& checks = globals.include_checks;
  if (statement.words.size() < 2) checks = {true, true, true, true};
  bool replaces = true;  // the first bare word clears the set
  for (std::size_t word = 1; word < statement.words.size(); ++word) {
    std::string_view check = statement.words[word].text;
    const bool is_signed = check.starts_with('+') || check.starts_with('-');
    const bool value = !check.starts_with('-');
    if (is_signed) check.remove_prefix(1);
    const auto found = std::ranges::find(names, check);
    if (found == names.end()) {
      reader.warn(statement.place(word), fmt::format("unknown check '{}' of include_check{}", check,
                                                     did_you_mean(check, names)));
      continue;
    }
    if (!is_signed && std::exchange(replaces, false)) checks = {};
    checks.*members[static_cast<std::size_t>(found - names.begin())] = value;
  }
}

constexpr std::array other_rows{
    part_field<&Globals::common, &Common::child_process_names>(
        "process_names", Switch{}, "Name the children keepalived_vrrp, keepalived_lvs and so on."),
    row<Globals>("process_name", "NAME (1-15 characters)", "prctl(2)",
                 "Name of the supervisor in the process list.",
                 read_process_name<&Globals::parent_process>),
    row<Globals>("vrrp_process_name", "NAME (1-15 characters)", "prctl(2)",
                 "Name of the VRRP process in the process list.",
                 read_process_name<&Globals::vrrp_process>),
    row<Globals>("checker_process_name", "NAME (1-15 characters)", "prctl(2)",
                 "Name of the checker process in the process list.",
                 read_process_name<&Globals::checker_process>),
    row<Globals>("lvs_process_name", "NAME (1-15 characters)", "keepalived, deprecated",
                 "Old spelling of checker_process_name.",
                 read_process_name<&Globals::checker_process>),
    pending(row<Globals>("bfd_process_name", "NAME (1-15 characters)", "prctl(2)",
                         "Name of the BFD process in the process list.",
                         read_process_name<&Globals::bfd_process>)),
    row<Globals>("vrrp_rlimit_rtime", "MICROSECONDS", "keepalived, deprecated",
                 "Old spelling of vrrp_rlimit_rttime.", read_rttime<&Globals::vrrp_process>),
    row<Globals>("checker_rlimit_rtime", "MICROSECONDS", "keepalived, deprecated",
                 "Old spelling of checker_rlimit_rttime.", read_rttime<&Globals::checker_process>),
    pending(row<Globals>("bfd_rlimit_rtime", "MICROSECONDS", "keepalived, deprecated",
                         "Old spelling of bfd_rlimit_rttime.", read_rttime<&Globals::bfd_process>)),
    row<Globals>("max_auto_priority", "[-1-99]", "keepalived",
                 "Highest realtime priority that late wake-ups lead to; 0 and -1: none.",
                 read_auto_priority),
    row<Globals>("min_auto_priority_delay", "MICROSECONDS (1-10000000)", "keepalived",
                 "Lateness that raises the priority; 1000000 by default.", read_auto_delay),
    part_field<&Globals::common, &Common::use_symlink_paths>(
        "use_symlink_paths", Boolean{}, "Run scripts by the path as written, links included."),
    part_field<&Globals::common, &Common::set_supplementary_groups>(
        "set_supplementary_groups", Boolean{}, "Give scripts all groups of their user."),
    row<Globals>("startup_script", "\"CMD [ARGS]\" [USER [GROUP]]", "keepalived",
                 "Script that runs before any worker starts.", read_script<startup>),
    row<Globals>("startup_script_timeout", "SECONDS (1-1000)", "keepalived",
                 "Time that the startup script may take; 10 s by default.",
                 read_timeout<&Common::startup>),
    row<Globals>("shutdown_script", "\"CMD [ARGS]\" [USER [GROUP]]", "keepalived",
                 "Script that runs after the last worker ended.", read_script<shutdown>),
    row<Globals>("shutdown_script_timeout", "SECONDS (1-1000)", "keepalived",
                 "Time that the shutdown script may take; 10 s by default.",
                 read_timeout<&Common::shutdown>),
    row<Globals>("notify_fifo", "PATH [USER [GROUP]]", "keepalived",
                 "FIFO that gets a line for every change.", read_fifo<&Globals::notify_fifo>),
    row<Globals>("notify_fifo_script", "\"CMD [ARGS]\" [USER [GROUP]]", "keepalived",
                 "Reader of notify_fifo, whose path is its last argument.", read_script<fifo>),
    row<Globals>("vrrp_notify_fifo", "PATH [USER [GROUP]]", "keepalived",
                 "FIFO that gets a line for every change of an instance or group.",
                 read_fifo<&Globals::vrrp_fifo>),
    row<Globals>("vrrp_notify_fifo_script", "\"CMD [ARGS]\" [USER [GROUP]]", "keepalived",
                 "Reader of vrrp_notify_fifo, whose path is its last argument.",
                 read_script<vrrp_fifo>),
    row<Globals>("lvs_notify_fifo", "PATH [USER [GROUP]]", "keepalived",
                 "FIFO that gets a line for every change of a virtual or real server.",
                 read_fifo<&Globals::lvs_fifo>),
    row<Globals>("lvs_notify_fifo_script", "\"CMD [ARGS]\" [USER [GROUP]]", "keepalived",
                 "Reader of lvs_notify_fifo, whose path is its last argument.",
                 read_script<lvs_fifo>),
    row<Globals>(
        "umask", "0-0777 | IRUSR|IWGRP|...", "sys/stat.h",
        "Permissions that files of the daemon do not get; 0177 by default, and -u counts more. "
        "Scripts have 022.",
        read_umask),
    part_field<&Globals::common, &Common::random_seed>(
        "random_seed", lenient(Range{0, 4294967295.0}),
        "Seed of ${_RANDOM} for the lines behind it."),
    row<Globals>(
        "reload_check_config", "[LOGFILE]", "keepalived",
        "Where a reload writes what it finds in the files, which are always checked before one.",
        read_optional_path<&ReloadDefs::check_config_log, dev_null>),
    part_field<&Globals::reload, &ReloadDefs::time_file>(
        "reload_time_file", AnyWord{},
        "File with the time of the next reload: [YYYY-MM-DD ]HH:MM:SS, with Z for UTC. It is "
        "removed "
        "when its time has come."),
    part_field<&Globals::reload, &ReloadDefs::repeat>(
        "reload_repeat", Boolean{},
        "Keep the file, and reload every day when it holds a time without a date."),
    row<Globals>("reload_file", "[PATH]", "keepalived",
                 "File that exists, empty, while a reload reads the configuration; beside the pid "
                 "file by default.",
                 read_optional_path<&ReloadDefs::marker_file, nowhere>),
    pending(row<Globals>(
        "include_check", "[[+|-]read|match|wildcard_match|brace_match ...]", "keepalived",
        "Which failing includes are errors from here on; the bare keyword means all.",
        read_include_check)),
    pending(part_field<&Globals::reload, &ReloadDefs::save_dir>(
        "config_save_dir", AnyWord{},
        "Folder for copies of configuration and dumps around every reload.")),
    pending(part_field<&Globals::reload, &ReloadDefs::copy_dir>(
        "tmp_config_directory", AnyWord{},
        "Folder of the copy that the workers read; in memory by default.")),
    pending(part_field<&Globals::dumps, &DumpDefs::names_have_instance>(
        "data_use_instance", Boolean{},
        "Put namespace and instance into the names of dump files.")),
    pending(part_field<&Globals::dumps, &DumpDefs::json_version>(
        "json_version", lenient(Range{1, 2}), "Layout of the JSON dump.")),
    pending(part_field<&Globals::dumps, &DumpDefs::state_file>(
        "state_dump_file", AnyWord{}, "File that SIGUSR1 writes the state to.")),
    pending(part_field<&Globals::dumps, &DumpDefs::stats_file>(
        "stats_dump_file", AnyWord{},
        "File for statistics, which keepalived reads and never uses.")),
    pending(part_field<&Globals::dumps, &DumpDefs::json_file>(
        "json_dump_file", AnyWord{},
        "File for the JSON dump, which keepalived reads and never uses.")),
    part_field<&Globals::common, &Common::iproute_usr_dir>(
        "iproute_usr_dir", AnyWord{}, "Folder of the name tables that iproute2 ships."),
    part_field<&Globals::common, &Common::iproute_etc_dir>(
        "iproute_etc_dir", AnyWord{}, "Folder of the name tables of the administrator."),
};

constexpr auto all_rows = [] {
  std::array<Line, vrrp_rows.size() + checker_rows.size() + bfd_rows.size() + other_rows.size()>
      all;
  auto next = std::copy(vrrp_rows.begin(), vrrp_rows.end(), all.begin());
  next = std::copy(checker_rows.begin(), checker_rows.end(), next);
  next = std::copy(bfd_rows.begin(), bfd_rows.end(), next);
  std::copy(other_rows.begin(), other_rows.end(), next);
  return all;
}();

}  // namespace

std::span<const Row<GlobalDefs>> global_process_rows() { return all_rows; }

}  // namespace holdfast::config
