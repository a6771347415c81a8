#include "daemon/configuration.h"

#include <algorithm>
#include <tuple>

#include "daemon/config/language.h"
#include "daemon/config/root.h"
#include "daemon/config/tree.h"
#include "daemon/key_files.h"

namespace holdfast {
namespace {

using config::Owner;
using config::Reader;
using config::Severity;
using config::Statement;

void check_top_level(std::span<const Statement> tree, Configuration& loaded, Reader& reader) {
  std::vector<config::KeywordInfo> infos = config::describe_top_level();
  std::vector<std::string_view> known;
  for (const config::KeywordInfo& info : infos) known.push_back(info.keyword);
  for (const Statement& statement : tree) {
    switch (config::owner_of(statement.keyword())) {
      case Owner::nobody:
        config::report_unknown(statement, "", known, reader);
        break;
      case Owner::unsupported:
        config::report_unsupported(statement, reader);
        break;
      case Owner::vrrp:
        loaded.needs_vrrp = true;
        break;
      case Owner::checkers:
        loaded.needs_checkers = true;
        break;
      case Owner::everybody:
      case Owner::supervisor:
        break;
    }
  }
}

void collect_scripts(std::span<const Statement> statements, Configuration& loaded, Reader& reader) {
  for (const Statement& statement : statements) {
    collect_scripts(statement.children, loaded, reader);
    if (!config::is_script_keyword(statement.keyword()) || statement.words.size() < 2) continue;
    if (auto command = config::read_command(statement, loaded.text))
      loaded.scripts.emplace(statement.place(), std::move(*command));
    else
      reader.warn(statement.place(1), command.error().what);
  }
}

}  // namespace

Configuration load_configuration(const Options& options, std::uint64_t serial) {
  Configuration loaded;
  loaded.serial = serial;
  config::Expanded expanded =
      config::load(options.file, {options.config_id, options.all_include_checks}).expanded;
  loaded.readable = expanded.readable;
  loaded.text = std::move(expanded.text);
  Reader reader{expanded.diagnostics};
  const auto tree = config::parse_tree(loaded.text, expanded.diagnostics);
  loaded.globals = config::read_globals(tree, reader);
  config::read_root(tree, reader);  // nothing acts on these settings yet
  check_top_level(tree, loaded, reader);
  collect_scripts(tree, loaded, reader);
  place_keys(loaded.text, tree, reader);
  loaded.findings = expanded.diagnostics.all();
  if (expanded.diagnostics.dropped() > 0)
    loaded.findings.push_back(
        {Severity::note,
         {},
         fmt::format("{} further findings are not shown", expanded.diagnostics.dropped())});
  return loaded;
}

std::vector<config::Diagnostic> in_order(std::vector<config::Diagnostic> findings) {
  const auto key = [](const config::Diagnostic& found) {
    return std::tie(found.place, found.severity, found.message);
  };
  std::ranges::stable_sort(findings, {}, key);
  const auto repeated = std::ranges::unique(findings, {}, key);
  findings.erase(repeated.begin(), repeated.end());
  return findings;
}

bool has(const std::vector<config::Diagnostic>& findings, Severity at_least) {
  return std::ranges::any_of(
      findings, [&](const config::Diagnostic& found) { return found.severity >= at_least; });
}

}  // namespace holdfast
