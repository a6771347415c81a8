#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <span>

#include "daemon/tool/convert.h"
#include "daemon/tool/tool.h"

namespace {

using namespace holdfast;  // NOLINT(google-build-using-namespace)

struct Command {
  std::string_view name, arguments, meaning;
  int (*run)(const std::vector<std::string>&);
};

constexpr std::array commands{
    Command{"explain", "KEYWORD...", "what a keyword means, takes and defaults to", tool::explain},
    Command{"show-config", "FILE", "the configuration with all that is in effect, and where from",
            tool::show_config},
    Command{"diff", "OLD NEW", "what a reload would change; 0 nothing, 1 something, 2 trouble",
            tool::diff},
    Command{"convert", "FILE [--to yaml|conf]",
            "keepalived.conf as YAML, or YAML as keepalived.conf",
            [](const std::vector<std::string>& arguments) {
              return tool::convert(arguments, {std::cout, std::cerr});
            }},
    Command{"lint", "FILE [--ignore RULE]... [--format F]",
            "what runs and still bites; 1 when there is any", tool::lint},
    Command{"handover", "INSTANCE|GROUP", "lets another router take over; 1 when none does",
            tool::handover},
    Command{"takeover", "INSTANCE|GROUP", "ends what handover began: the election is as configured",
            tool::takeover},
    Command{"servers", "[--stats] [--format F] [SERVICE]",
            "real servers: who is in use, who is not, and why", tool::servers},
    Command{"genhash", "-s ADDRESS -p PORT -u PATH [-S]", "the digest of a page, for `digest`",
            tool::genhash},
    Command{"drain", "[SERVICE] SERVER", "no new connections for a real server; its own go on",
            tool::drain},
    Command{"maint", "[SERVICE] SERVER", "takes a real server out at once", tool::maint},
    Command{"undrain", "[SERVICE] SERVER", "gives it back to its checks", tool::undrain},
    Command{"generate", "manual|schema|dictionary|completion",
            "what is made from the table of keywords", tool::generate},
};

bool is_named(std::string_view path, std::string_view name) {
  return path.substr(path.rfind('/') + 1) == name;
}

int usage(std::FILE* out) {
  std::fputs("Usage: holdfast COMMAND [ARGUMENT...]\n\n", out);
  for (const Command& command : commands)
    std::fputs(fmt::format("  {:<42} {}\n", fmt::format("{} {}", command.name, command.arguments),
                           command.meaning)
                   .c_str(),
               out);
  return out == stdout ? 0 : tool::usage_error;
}

}  // namespace

std::vector<std::string_view> tool::command_names() {
  std::vector<std::string_view> names;
  for (const Command& command : commands) names.push_back(command.name);
  return names;
}

int main(int argc, char** argv) {
  std::vector<std::string> words{argv + 1, argv + argc};
  // keepalived's own program of that name is a link, too.
  if (argc > 0 && is_named(argv[0], "genhash")) words.insert(words.begin(), "genhash");
  if (words.empty()) return usage(stderr);
  if (words.front() == "--help" || words.front() == "-h") return usage(stdout);
  const auto* const command = std::ranges::find(commands, words.front(), &Command::name);
  if (command != commands.end()) {
    const int status = command->run({words.begin() + 1, words.end()});
    std::cout.flush();
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
    std::fputs("holdfast: the output could not be written\n", stderr);
    return std::max(status, tool::usage_error);
  }
  std::fputs(fmt::format("holdfast: there is no command '{}'{}\n", words.front(),
                         config::did_you_mean(words.front(), tool::command_names()))
                 .c_str(),
             stderr);
  return usage(stderr);
}
