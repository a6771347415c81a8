// `holdfast handover` and `holdfast takeover`: the control socket of the running daemon.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <boost/program_options.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "daemon/base/fd.h"
#include "daemon/command_line.h"
#include "daemon/control.h"
#include "daemon/identity.h"
#include "daemon/tool/tool.h"

namespace holdfast::tool {
namespace {

namespace json = boost::json;
namespace po = boost::program_options;

constexpr std::size_t longest_answer = 64 * 1024;

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

int command(const char* name, const std::vector<std::string>& arguments) {
  po::options_description options;
  const auto word = [] { return po::value<std::string>()->default_value(""); };
  options.add_options()("pid-file", word())("instance", word())("namespace", word())(
      "name", po::value<std::string>());
  po::positional_options_description positional;
  positional.add("name", 1);
  po::variables_map given;
  try {
    po::store(po::command_line_parser{arguments}.options(options).positional(positional).run(),
              given);
    po::notify(given);
  } catch (const po::error& error) {
    std::fputs(fmt::format("holdfast {}: {}\n", name, error.what()).c_str(), stderr);
    return usage_error;
  }
  if (given.count("name") == 0) {
    std::fputs(
        fmt::format("Usage: holdfast {} [--pid-file FILE | --instance NAME --namespace NAME] "
                    "INSTANCE|GROUP\n",
                    name)
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
  const auto answer =
      socket ? ask(*socket, {{"command", name}, {"name", given["name"].as<std::string>()}})
             : Result<std::string>{tl::make_unexpected(socket.error())};
  boost::system::error_code error;
  const json::value said = answer ? json::parse(*answer, error) : json::value{};
  const json::object* object = error ? nullptr : said.if_object();
  if (object == nullptr || !object->contains("done") || !object->contains("text")) {
    std::fputs(fmt::format("holdfast {}: {}\n", name,
                           answer ? "an answer that is not understood" : answer.error().what)
                   .c_str(),
               stderr);
    return no_daemon;
  }
  const bool done = object->at("done").is_bool() && object->at("done").as_bool();
  const json::value& text = object->at("text");
  std::fputs(
      fmt::format("{}\n", text.is_string() ? std::string_view{text.as_string()} : "").c_str(),
      done ? stdout : stderr);
  return done ? 0 : usage_error;
}

}  // namespace

int handover(const std::vector<std::string>& arguments) { return command("handover", arguments); }
int takeover(const std::vector<std::string>& arguments) { return command("takeover", arguments); }

}  // namespace holdfast::tool
