#include <algorithm>

#include "daemon/config/secret.h"
#include "daemon/config/tree.h"
#include "daemon/tool/tool.h"

namespace holdfast::tool {

Loaded load(const std::string& file, const std::string& config_id) {
  Options options;
  options.file = file;
  options.config_id = config_id.empty() ? node_name() : config_id;
  Loaded loaded;
  loaded.configuration = load_configuration(options, 1);
  loaded.findings = loaded.configuration.findings;
  if (!loaded.configuration.readable) return loaded;
  config::Diagnostics reported;  // by load_configuration()
  loaded.tree = config::parse_tree(loaded.configuration.text, reported);
  config::Diagnostics found;
  config::Reader reader{found};
  loaded.vrrp = vrrp::read_vrrp(loaded.tree, reader);
  loaded.checkers = checkers::read_checkers(loaded.tree, reader);
  loaded.findings.insert(loaded.findings.end(), found.all().begin(), found.all().end());
  loaded.findings = in_order(std::move(loaded.findings));
  return loaded;
}

std::vector<config::KeywordInfo> all_keywords() {
  std::vector<config::KeywordInfo> all = config::describe_top_level();
  config::describe<config::GlobalDefs>(config::global_schema(), "global_defs", all);
  for (auto more :
       {vrrp::describe_vrrp(), checkers::describe_checkers(), config::describe_later_blocks()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::string to_text(const config::Statement& statement, bool hidden) {
  std::string text;
  for (const config::Word& word : statement.words) {
    if (!text.empty()) text += ' ';
    if (!text.empty() && (hidden || config::holds_secret(statement.keyword())))
      return text.append(config::mask);
    text += word.quoted || word.text.empty() ? fmt::format("\"{}\"", word.text)
                                             : std::string{word.text};
  }
  return text;
}

}  // namespace holdfast::tool
