// The tree of a configuration with everything in its blocks that is in effect, and where it is
// from.
#include <cstdio>

#include "daemon/config/secret.h"
#include "daemon/tool/effective.h"
#include "daemon/tool/tool.h"

namespace holdfast::tool {
namespace {

using config::Statement;

class Printer {
 public:
  explicit Printer(const Loaded& loaded)
      : keywords_{all_keywords()}, effective_{keywords_, loaded.tree, loaded.configuration.text} {}

  std::string print(std::span<const Statement> tree) {
    for (const Statement& statement : tree) print(statement, false);
    return std::move(out_);
  }

 private:
  void line(const std::string& text, const std::string& origin) {
    const std::string start = std::string(path_.size() * 4, ' ') + text;
    out_ += origin.empty() ? start + "\n" : fmt::format("{:<60} # {}\n", start, origin);
  }

  void print(const Statement& statement, bool hidden) {
    line(to_text(statement, hidden) + (statement.has_block ? " {" : ""),
         effective_.place_of(statement));
    if (!statement.has_block) return;
    path_.push_back(&statement);
    hidden = hidden || config::holds_secret(statement.keyword());
    std::vector<const Statement*> children;
    for (const Statement& child : statement.children) {
      print(child, hidden);
      children.push_back(&child);
    }
    for (const Setting& setting : effective_.unset(path_, children))
      line(setting.value == "(set)" ? setting.keyword
                                    : fmt::format("{} {}", setting.keyword, setting.value),
           setting.origin);
    path_.pop_back();
    line("}", "");
  }

  std::vector<config::KeywordInfo> keywords_;
  Effective effective_;
  Path path_;
  std::string out_;
};

}  // namespace

int show_config(const std::vector<std::string>& arguments) {
  if (arguments.size() != 1) {
    std::fputs("holdfast show-config: name one file\n", stderr);
    return usage_error;
  }
  const Loaded loaded = load(arguments.front(), "");
  const std::string report =
      report_of(loaded.findings, loaded.configuration.text, ReportFormat::text, false);
  std::fputs(report.c_str(), stderr);
  if (!loaded.configuration.readable) return 6;
  std::fputs(Printer{loaded}.print(loaded.tree).c_str(), stdout);
  return 0;
}

}  // namespace holdfast::tool
