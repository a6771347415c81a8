// `holdfast convert`: reads a configuration in either language and prints it in the other. What is
// printed was read back before: it makes the same tree, or it is not printed.
#include "daemon/tool/convert.h"

#include <boost/program_options.hpp>
#include <optional>
#include <span>

#include "daemon/config/language.h"
#include "daemon/config/tree.h"
#include "daemon/config/write.h"
#include "daemon/config/yaml.h"

namespace holdfast::tool {
namespace {

namespace po = boost::program_options;

constexpr int exit_done = 0;
constexpr int exit_usage = 1;
constexpr int exit_failed = 2;
using config::Language;

struct Request {
  std::string file;
  std::optional<Language> to;
  std::string config_id;
};

po::options_description options() {
  po::options_description known{"Options"};
  known.add_options()("to", po::value<std::string>()->value_name("yaml|conf"),
                      "the language to print; else the one that FILE is not in")(
      "config-id,i", po::value<std::string>()->value_name("ID")->default_value("", ""),
      "which lines with @ID are taken")("help,h", "this text");
  return known;
}

void print_help(std::ostream& out) {
  out << "Usage: holdfast convert FILE [--to yaml|conf]\n\n"
         "Prints the configuration in the other language (etc/YAML.md). Includes, definitions and\n"
         "conditions are carried out first: the result is one file without them.\n\n"
      << options();
}

/// Nothing: the command line is wrong, and `problem` says how.
std::optional<Request> read_request(const po::variables_map& given, std::string& problem) {
  Request request;
  if (given.count("file") != 1) {
    problem = "one FILE is needed";
    return std::nullopt;
  }
  request.file = given["file"].as<std::string>();
  request.config_id = given["config-id"].as<std::string>();
  if (given.count("to") == 0) return request;
  const auto& to = given["to"].as<std::string>();
  if (to != "yaml" && to != "conf") {
    problem = "--to takes 'yaml' or 'conf', not '" + to + "'";
    return std::nullopt;
  }
  request.to = to == "yaml" ? Language::yaml : Language::conf;
  return request;
}

config::Expanded read_again(const std::string& content, Language language) {
  if (language == Language::yaml) return config::read_yaml("result", content);
  config::ExpandOptions as_printed;
  as_printed.files = {
      [&](const std::string&) { return Result<config::SourceFile>{{content, 0, 0}}; },
      [](const std::string&, const std::string&) { return std::vector<std::string>{}; }};
  return config::expand("result", as_printed);
}

Result<std::string> write(std::span<const config::Statement> tree, const config::Text& text,
                          const config::Comments& comments, Language language) {
  auto written = language == Language::yaml
                     ? Result<std::string>{config::to_yaml(tree, text, comments)}
                     : config::to_conf(tree, text, comments);
  if (!written) return written;
  config::Expanded again = read_again(*written, language);
  const auto read = config::parse_tree(again.text, again.diagnostics);
  if (again.diagnostics.has(config::Severity::error))
    for (const config::Diagnostic& found : again.diagnostics.all())
      if (found.severity == config::Severity::error)
        return fail("the result could not be read: {}", config::render(found, again.text));
  if (!config::same_tree(tree, read)) return fail("the result would not say the same");
  return written;
}

config::Comments find_comments(const config::Loaded& loaded,
                               std::span<const config::Statement> tree,
                               const config::Files& files) {
  const config::Text& text = loaded.expanded.text;
  if (loaded.language == Language::conf)
    return config::attach(tree, config::conf_comments(text, files));
  const auto file = files.read(text.files.front());
  if (!file) return {};
  return config::attach(tree, config::yaml_comments(text, file->content));
}

int run(const Request& request, Streams streams) {
  config::ExpandOptions how;
  how.config_id = request.config_id;
  config::Loaded loaded = config::load(request.file, how);
  config::Expanded& source = loaded.expanded;
  const auto tree = config::parse_tree(source.text, source.diagnostics);
  for (const config::Diagnostic& found : source.diagnostics.all())
    streams.error << config::render(found, source.text) << '\n';
  if (source.diagnostics.has(config::Severity::error)) return exit_failed;
  const Language other = loaded.language == Language::yaml ? Language::conf : Language::yaml;
  const auto written =
      write(tree, source.text, find_comments(loaded, tree, how.files), request.to.value_or(other));
  if (written)
    streams.out << *written;
  else
    streams.error << request.file << ": " << written.error().what << '\n';
  return written ? exit_done : exit_failed;
}

}  // namespace

int convert(const std::vector<std::string>& arguments, Streams streams) {
  po::options_description known = options();
  po::options_description all;
  all.add(known).add_options()("file", po::value<std::string>());
  po::positional_options_description positional;
  positional.add("file", 1);
  po::variables_map given;
  std::string problem;
  try {
    po::store(po::command_line_parser{arguments}.options(all).positional(positional).run(), given);
  } catch (const po::error& error) {
    problem = error.what();
  }
  if (problem.empty() && given.count("help") > 0) {
    print_help(streams.out);
    return exit_done;
  }
  std::optional<Request> request;
  if (problem.empty()) request = read_request(given, problem);
  if (request) return run(*request, streams);
  streams.error << "holdfast convert: " << problem << '\n';
  print_help(streams.error);
  return exit_usage;
}

}  // namespace holdfast::tool
