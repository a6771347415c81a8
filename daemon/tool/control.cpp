// `holdfast handover`, `holdfast servers` and the like: the control socket of the running daemon.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <boost/program_options.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "daemon/base/fd.h"
#include "daemon/command_line.h"
#include "daemon/control.h"
#include "daemon/identity.h"
#include "daemon/report.h"
#include "daemon/tool/tool.h"

namespace holdfast::tool {
namespace {

namespace json = boost::json;
namespace po = boost::program_options;

constexpr std::size_t longest_answer = std::size_t{64} << 20U;

Result<Fd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail("too long: {}", path);
  path.copy(address.sun_path, path.size());
  Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!socket ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail("{}: {}; does holdfastd run, with this pid file?", path, std::strerror(errno));
  return socket;
}

Result<std::string> ask(const Fd& socket, const json::object& request) {
  const std::string line = json::serialize(request) + "\n";
  if (::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(line.size()))
    return fail("the daemon does not listen: {}", std::strerror(errno));
  std::string answer;
  char buffer[4096];
  while (!answer.ends_with('\n') && answer.size() < longest_answer) {
    const ssize_t got = ::read(socket.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail("the daemon gave no answer; only root may ask");
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  return answer;
}

/// @param usage behind the options @param least,most how many words it takes
struct Command {
  const char* name;
  const char* usage;
  std::size_t least, most;
  bool shows = false;  ///< takes --stats and --format
};

/// What the options of a command that shows something ask for; nothing: they are wrong.
std::optional<json::array> wanted_of(const po::variables_map& given) {
  json::array options;
  if (given.count("stats") != 0) options.emplace_back("stats");
  if (given.count("format") == 0) return options;
  const auto format = report_format(given["format"].as<std::string>());
  if (!format || *format == ReportFormat::sarif) return std::nullopt;
  if (*format == ReportFormat::json) options.emplace_back("json");
  return options;
}

int refuse(const Command& command, const std::string& why) {
  std::fputs(fmt::format("holdfast {}: {}\n", command.name, why).c_str(), stderr);
  return usage_error;
}

/// The daemon's answer, printed. @return the exit status
int print(const Command& command, const Result<std::string>& answer) {
  boost::system::error_code error;
  const json::value said = answer ? json::parse(*answer, error) : json::value{};
  const json::object* object = error ? nullptr : said.if_object();
  if (object == nullptr || !object->contains("done") || !object->contains("text")) {
    refuse(command, answer ? "an answer that is not understood" : answer.error().what);
    return no_daemon;
  }
  const bool done = object->at("done").is_bool() && object->at("done").as_bool();
  const json::value& text = object->at("text");
  std::fputs(
      fmt::format("{}\n", text.is_string() ? std::string_view{text.as_string()} : "").c_str(),
      done ? stdout : stderr);
  return done ? 0 : usage_error;
}

int run(const Command& command, const std::vector<std::string>& arguments) {
  po::options_description options;
  const auto word = [] { return po::value<std::string>()->default_value(""); };
  options.add_options()("pid-file", word())("instance", word())("namespace", word())(
      "word", po::value<std::vector<std::string>>());
  if (command.shows) options.add_options()("stats", "")("format", po::value<std::string>());
  po::positional_options_description positional;
  positional.add("word", -1);
  po::variables_map given;
  try {
    po::store(po::command_line_parser{arguments}.options(options).positional(positional).run(),
              given);
    po::notify(given);
  } catch (const po::error& error) {
    return refuse(command, error.what());
  }
  const auto wanted = wanted_of(given);
  if (!wanted) return refuse(command, "--format needs text or json");
  const auto words = given.count("word") == 0 ? std::vector<std::string>{}
                                              : given["word"].as<std::vector<std::string>>();
  if (words.size() < command.least || words.size() > command.most) {
    std::fputs(
        fmt::format("Usage: holdfast {} [--pid-file FILE | --instance NAME --namespace NAME] {}\n",
                    command.name, command.usage)
            .c_str(),
        stderr);
    return usage_error;
  }
  std::string pid_file = given["pid-file"].as<std::string>();
  if (pid_file.empty()) {
    Identity daemon;
    daemon.net_namespace = given["namespace"].as<std::string>();
    daemon.instance = given["instance"].as<std::string>();
    pid_file = pid_path(daemon, false, "");
  }
  const auto socket = connect_to(control_path(pid_file));
  if (!socket) return print(command, tl::make_unexpected(socket.error()));
  json::object request{{"command", command.name},
                       {"words", json::array(words.begin(), words.end())},
                       {"options", *wanted}};
  if (!words.empty()) request["name"] = words.front();
  return print(command, ask(*socket, request));
}

}  // namespace

int handover(const std::vector<std::string>& arguments) {
  return run({"handover", "INSTANCE|GROUP", 1, 1}, arguments);
}
int takeover(const std::vector<std::string>& arguments) {
  return run({"takeover", "INSTANCE|GROUP", 1, 1}, arguments);
}
int servers(const std::vector<std::string>& arguments) {
  return run({"servers", "[--stats] [--format text|json] [SERVICE]", 0, 1, true}, arguments);
}
int drain(const std::vector<std::string>& arguments) {
  return run({"drain", "[SERVICE] SERVER", 1, 2}, arguments);
}
int maint(const std::vector<std::string>& arguments) {
  return run({"maint", "[SERVICE] SERVER", 1, 2}, arguments);
}
int undrain(const std::vector<std::string>& arguments) {
  return run({"undrain", "[SERVICE] SERVER", 1, 2}, arguments);
}

}  // namespace holdfast::tool
