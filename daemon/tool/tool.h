// The program `holdfast`: what an administrator asks about configurations, and of the daemon. Each
// command is one function in a file of its own, and one line in the table of main.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checkers/config/config.h"
#include "daemon/config/lint.h"
#include "daemon/config/tree.h"
#include "daemon/configuration.h"
#include "vrrp/config/config.h"

namespace holdfast::tool {

inline constexpr int usage_error = 1;
/// Of commands that speak to the running daemon: there is none.
inline constexpr int no_daemon = 2;

/// A file as all processes would read it.
struct Loaded {
  Configuration configuration;
  config::Tree tree;
  vrrp::VrrpConfig vrrp;
  checkers::CheckersConfig checkers;
  std::vector<config::Diagnostic> findings;  ///< of all of them, in order
};
Loaded load(const std::string& file, const std::string& config_id);

/// Every keyword of every block: the one source of manual, schema, completion and explain.
std::vector<config::KeywordInfo> all_keywords();

/// The names of all commands, in the order of their table.
std::vector<std::string_view> command_names();

/// What lint may know of this machine.
config::Machine this_machine();

/// The words of a statement as the file has them, quotes included, without its secret.
/// @param hidden a block around it holds a secret
std::string to_text(const config::Statement& statement, bool hidden);

// Commands: the arguments behind their name. @return the exit status
int explain(const std::vector<std::string>& arguments);
int show_config(const std::vector<std::string>& arguments);
int diff(const std::vector<std::string>& arguments);
int lint(const std::vector<std::string>& arguments);
int generate(const std::vector<std::string>& arguments);
int handover(const std::vector<std::string>& arguments);
int takeover(const std::vector<std::string>& arguments);
int servers(const std::vector<std::string>& arguments);
int genhash(const std::vector<std::string>& arguments);
int drain(const std::vector<std::string>& arguments);
int maint(const std::vector<std::string>& arguments);
int undrain(const std::vector<std::string>& arguments);

}  // namespace holdfast::tool
