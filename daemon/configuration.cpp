#include "daemon/configuration.h"

#include <algorithm>
#include <tuple>

#include "daemon/config/language.h"
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
        loaded.tracks_processes |= statement.keyword() == "vrrp_track_process";
        break;
      case Owner::checkers:
        loaded.needs_checkers = true;
        break;
      case Owner::supervisor:
        loaded.root_places.emplace(statement.keyword(), statement.place());
        break;
      case Owner::everybody:
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

const Statement* child_of(const Statement& block, std::string_view keyword) {
  const auto found = std::ranges::find_if(
      block.children, [&](const Statement& child) { return child.keyword() == keyword; });
  return found == block.children.end() ? nullptr : &*found;
}

std::string word_of(const Statement& statement, std::size_t word) {
  return word < statement.words.size() ? std::string{statement.words[word].text} : std::string{};
}

/// The user of a vrrp_script has a line of its own.
void collect_script_users(std::span<const Statement> tree, Configuration& loaded) {
  for (const Statement& block : tree) {
    const Statement* script = child_of(block, "script");
    const Statement* user = child_of(block, "user");
    if (block.keyword() != "vrrp_script" || script == nullptr || user == nullptr) continue;
    const auto command = loaded.scripts.find(script->place());
    if (command != loaded.scripts.end() && !word_of(*user, 1).empty())
      command->second.user = config::make_script_user(word_of(*user, 1), word_of(*user, 2));
  }
}

void collect_files(std::span<const Statement> tree, Configuration& loaded) {
  for (const Statement& block : tree) {
    if (block.keyword() != "track_file" && block.keyword() != "vrrp_track_file") continue;
    const Statement* file = child_of(block, "file");
    if (file != nullptr && !word_of(*file, 1).empty())
      loaded.files.emplace(
          file->place(),
          Configuration::TrackedFile{word_of(*file, 1), child_of(block, "init_file") != nullptr});
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
  loaded.root = config::read_root(tree, reader);
  check_top_level(tree, loaded, reader);
  collect_scripts(tree, loaded, reader);
  place_keys(loaded.text, tree, reader);
  collect_script_users(tree, loaded);
  collect_files(tree, loaded);
  loaded.findings = expanded.diagnostics.all();
  if (expanded.diagnostics.dropped() > 0)
    loaded.findings.push_back(
        {Severity::note,
         {},
         fmt::format("{} further findings are not shown", expanded.diagnostics.dropped())});
  return loaded;
}

FilesToWatch files_to_watch(const process::WatchFiles& request,
                            const Configuration* configuration) {
  FilesToWatch watched;
  for (const process::WatchedFile& wanted : request.files) {
    const Configuration::TrackedFile* file = nullptr;
    if (configuration != nullptr)
      if (const auto found = configuration->files.find(wanted.place);
          found != configuration->files.end())
        file = &found->second;
    if (file == nullptr)
      watched.unknown.push_back(wanted.object);
    else
      watched.files.push_back({wanted.object, file->path,
                               file->may_be_made ? wanted.init : std::nullopt, wanted.overwrite});
  }
  return watched;
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
