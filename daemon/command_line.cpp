#include "daemon/command_line.h"

#include <sys/utsname.h>
#include <syslog.h>

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <charconv>
#include <csignal>
#include <sstream>

#include "daemon/config/schema.h"

namespace holdfast {
namespace {

namespace po = boost::program_options;

constexpr int usage_error = 1;
/// @source keepalived, -g without a name
constexpr const char* default_log_file = "/tmp/keepalived.log";

/// Options of keepalived that this program does not have yet, by long name.
constexpr std::array<std::string_view, 4> later_options{"snmp", "snmp-agent-socket", "dump-conf",
                                                        "address-monitoring"};

po::options_description described() {
  po::options_description all("Options");
  const auto flag = [] { return po::bool_switch(); };
  const auto text = [] { return po::value<std::string>(); };
  auto add = all.add_options();
  add("use-file,f", text(), "configuration file (default /etc/keepalived/keepalived.conf)");
  add("vrrp,P", flag(), "only VRRP");
  add("check,C", flag(), "only health checks");
  add("no_bfd,B", flag(), "without BFD (there is none yet, so this is always so)");
  add("all", flag(), "start every part, also without configuration for it");
  add("log-console,l", flag(), "with -n: log to stderr too");
  add("log-detail,D", po::value<std::vector<bool>>()->zero_tokens()->composing(), "detailed log");
  add("log-facility,S", text(), "0-7 for local0-7, or a name");
  add("no-syslog,G", flag(), "no syslog");
  add("log-file,g", text()->implicit_value(default_log_file),
      "log to FILE too, the workers to FILE with _vrrp and _healthcheckers in its name");
  add("flush-log-file", flag(), "always so: each line is written at once");
  add("release-vips,X", flag(),
      "always so: virtual addresses go on leaving MASTER, whoever added them");
  add("dont-release-vrrp,V", flag(), "keep addresses at stop");
  add("dont-release-ipvs,I", flag(), "keep the IPVS table at stop");
  add("dont-respawn,R", flag(), "stop when a worker dies");
  add("dont-fork,n", flag(), "stay in the foreground");
  add("pid,p", text(), "pid file");
  add("vrrp_pid,r", text(), "pid file of the VRRP worker");
  add("checkers_pid,c", text(), "pid file of the checker worker");
  add("bfd_pid,b", text(), "accepted; there is no BFD process yet");
  add("namespace,s", text(), "network namespace to run in, instead of net_namespace");
  add("config-id,i", text(), "identity for @ID lines (default: host name)");
  add("all-config,e", flag(), "all include checks are errors");
  add("umask,u", text(), "file creation mask, octal");
  add("config-test,t", text()->implicit_value(""),
      "test the configuration; -tFILE appends the findings to FILE");
  add("format", text(), "with -t: text, json or sarif");
  add("strict", flag(), "do not start with a configuration that has warnings");
  add("core-dump,m", flag(), "allow core dumps");
  add("core-dump-pattern,M", text()->implicit_value("core"),
      "the same, with this pattern for their names in the whole system until the daemon ends");
  add("ignore-sigint", flag(), "ignore SIGINT");
  add("signum", text(), "print the number of a signal: STOP, RELOAD");
  add("version,v", flag(), "version");
  add("help,h", flag(), "this text");
  add("snmp,x", flag(), "not supported yet");
  add("snmp-agent-socket,A", text(), "not supported yet");
  add("dump-conf,d", flag(), "not supported yet");
  add("genhash,T", flag(), "the first option: be genhash (holdfast genhash)");
  add("address-monitoring,a", flag(), "not supported yet");
  return all;
}

CommandLine print(std::string text, int status) {
  return {std::nullopt, {std::move(text), status}};
}

CommandLine signal_number(const std::string& name) {
  if (name == "STOP") return print(fmt::format("{}\n", SIGTERM), 0);
  if (name == "RELOAD") return print(fmt::format("{}\n", SIGHUP), 0);
  for (const char* later : {"DATA", "STATS", "STATS_CLEAR", "JSON"})
    if (name == later)
      return print(fmt::format("signal {} (dumps) is not supported yet\n", name), usage_error);
  return print(fmt::format("unknown signal name '{}': STOP or RELOAD\n", name), usage_error);
}

std::optional<int> facility_of(const std::string& name) {
  constexpr std::array<int, 8> local{LOG_LOCAL0, LOG_LOCAL1, LOG_LOCAL2, LOG_LOCAL3,
                                     LOG_LOCAL4, LOG_LOCAL5, LOG_LOCAL6, LOG_LOCAL7};
  const std::string number = name.starts_with("local") ? name.substr(5) : name;
  if (number.size() == 1 && number[0] >= '0' && number[0] <= '7')
    return local[static_cast<std::size_t>(number[0] - '0')];
  if (name == "daemon") return LOG_DAEMON;
  if (name == "user") return LOG_USER;
  return std::nullopt;
}

std::optional<unsigned> octal(const std::string& text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (error != std::errc{} || end != text.data() + text.size() || value > 0777) return std::nullopt;
  return value;
}

Options read_values(const po::variables_map& given, const std::string& program) {
  Options options;
  const auto has = [&](const char* name) { return given[name].as<bool>(); };
  const auto text = [&](const char* name, std::string fallback) {
    return given.count(name) != 0 ? given[name].as<std::string>() : std::move(fallback);
  };
  options.file = text("use-file", options.file);
  options.vrrp = has("vrrp") || !has("check");
  options.checkers = has("check") || !has("vrrp");
  options.all = has("all");
  options.log_console = has("log-console");
  options.log_detail = given.count("log-detail") != 0;
  options.no_syslog = has("no-syslog");
  options.dont_release_vrrp = has("dont-release-vrrp");
  options.dont_release_ipvs = has("dont-release-ipvs");
  options.dont_respawn = has("dont-respawn");
  options.foreground = has("dont-fork");
  options.pid_file = text("pid", "");
  options.vrrp_pid_file = text("vrrp_pid", "");
  options.checkers_pid_file = text("checkers_pid", "");
  options.as_keepalived = program.substr(program.rfind('/') + 1) == "keepalived";
  options.config_id = text("config-id", node_name());
  options.all_include_checks = has("all-config");
  options.core_dump = has("core-dump");
  if (given.count("core-dump-pattern") != 0) {
    options.core_dump = true;
    options.core_pattern = given["core-dump-pattern"].as<std::string>();
  }
  options.log_file = text("log-file", "");
  options.strict = has("strict");
  options.ignore_sigint = has("ignore-sigint");
  if (given.count("config-test") != 0) options.config_test = given["config-test"].as<std::string>();
  if (given.count("bfd_pid") != 0)
    options.warnings.emplace_back(
        "-b: there is no BFD process yet, so its pid file is not written");
  return options;
}

}  // namespace

std::optional<std::vector<std::string>> genhash_arguments(
    const std::vector<std::string>& arguments) {
  const std::string_view program = arguments.empty() ? "" : std::string_view{arguments.front()};
  const bool is_link = program.substr(program.rfind('/') + 1) == "genhash";
  const bool is_asked =
      arguments.size() > 1 && (arguments[1] == "--genhash" || arguments[1] == "-T");
  if (!is_link && !is_asked) return std::nullopt;
  return std::vector<std::string>{arguments.begin() + (is_link ? 1 : 2), arguments.end()};
}

std::string node_name() {
  utsname name{};
  ::uname(&name);
  const std::string node = name.nodename;
  return node.substr(0, node.find('.'));
}

CommandLine read_command_line(const std::vector<std::string>& arguments) {
  const std::string program = arguments.empty() ? "holdfastd" : arguments.front();
  const po::options_description known = described();
  po::variables_map given;
  try {
    po::command_line_parser parser{
        std::vector<std::string>{arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end()}};
    po::store(parser.options(known).run(), given);
  } catch (const po::error& error) {
    return print(fmt::format("{}: {}\nTry '{} --help'.\n", program, error.what(), program),
                 usage_error);
  }
  if (given["help"].as<bool>()) {
    std::ostringstream text;
    text << "Usage: " << program << " [OPTION...]\n" << known;
    return print(text.str(), 0);
  }
  if (given["version"].as<bool>()) return print("Holdfast v" HOLDFAST_VERSION "\n", 0);
  if (given["genhash"].as<bool>())
    return print(fmt::format("{}: --genhash must be the first option\n", program), usage_error);
  if (given.count("signum") != 0) return signal_number(given["signum"].as<std::string>());
  for (const std::string_view option : later_options)
    if (const auto& value = given[std::string{option}];
        !value.empty() && (value.value().type() != typeid(bool) || value.as<bool>()))
      return print(fmt::format("{}: --{} is not supported yet\n", program, option), usage_error);
  CommandLine line{read_values(given, program), {}};
  if (given.count("namespace") != 0) {
    const std::string name = given["namespace"].as<std::string>();
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
      return print(fmt::format("{}: -s needs the name of a network namespace\n", program),
                   usage_error);
    line.options->net_namespace = name;
  }
  if (given.count("log-facility") != 0) {
    const auto facility = facility_of(given["log-facility"].as<std::string>());
    if (!facility)
      return print(fmt::format("{}: -S needs 0-7, local0-local7, daemon or user\n", program),
                   usage_error);
    line.options->log_facility = *facility;
  }
  if (given.count("format") != 0) {
    const auto format = report_format(given["format"].as<std::string>());
    if (!format)
      return print(fmt::format("{}: --format needs text, json or sarif\n", program), usage_error);
    line.options->format = *format;
  }
  if (given.count("umask") != 0) {
    line.options->umask = octal(given["umask"].as<std::string>());
    if (!line.options->umask)
      return print(fmt::format("{}: -u needs an octal mask such as 077\n", program), usage_error);
  }
  return line;
}

}  // namespace holdfast
