// What is made from the table of keywords and kept in the tree: a test compares them.
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/algorithm/string/replace.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <map>
#include <set>

#include "daemon/tool/json_schema.h"
#include "daemon/tool/tool.h"

namespace holdfast::tool {
namespace {

using config::KeywordInfo;

/// Text for roff: no leading control character, hyphens that stay hyphens.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

std::string manual() {
  std::string out =
      ".\\\" Made by `holdfast generate manual`; do not edit.\n"
      ".TH HOLDFAST.CONF 5\n.SH NAME\nholdfast.conf \\- configuration of holdfastd\n"
      ".SH DESCRIPTION\nThe language and the keywords are those of keepalived.conf. Every keyword "
      "is "
      "listed with its block; what is not built yet says so, and is refused in a file.\n";
  std::map<std::string, std::vector<const KeywordInfo*>> blocks;
  const auto all = all_keywords();
  for (const KeywordInfo& info : all) blocks[info.block].push_back(&info);
  for (const auto& [block, infos] : blocks) {
    out += fmt::format(".SH {}\n", roff(block == "(root)" ? "TOP LEVEL" : block));
    for (const KeywordInfo* info : infos) {
      out += fmt::format(".TP\n.B {}", roff(info->keyword));
      if (!info->arguments.empty()) out += fmt::format("\n.RI \"{}\"", roff(info->arguments));
      out += "\n" + (info->meaning.empty() ? "" : roff(info->meaning) + "\n");
      if (!info->default_value.empty())
        out += fmt::format("Default: {}.\n", roff(info->default_value));
      if (!info->source.empty() && info->source != "keepalived")
        out += fmt::format("({})\n", roff(info->source));
      if (!info->supported) out += "Not supported yet.\n";
    }
  }
  return out + ".SH SEE ALSO\n.BR holdfastd (8)\n";
}

std::set<std::string> names() {
  std::set<std::string> all;
  for (const KeywordInfo& info : all_keywords())
    if (!info.keyword.empty() && info.keyword.find_first_of(" \"<()\\") == std::string::npos)
      all.insert(info.keyword);
  return all;
}

/// For libFuzzer: every keyword, and what the language itself says.
std::string dictionary() {
  std::string out = "# Made by `holdfast generate dictionary`; do not edit.\n";
  for (const std::string& name : names()) out += fmt::format("\"{}\"\n", name);
  for (const char* word : {"include ", "$NAME=", "${", "~SEQ(", "~SEQx(", "~LST(", "@^"})
    out += fmt::format("\"{}\"\n", word);
  return out;
}

std::string completion() {
  std::string out =
      "# Made by `holdfast generate completion`; do not edit. For bash.\n_holdfast() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]}\n"
      "  if [ \"$COMP_CWORD\" = 1 ]; then\n"
      "    COMPREPLY=($(compgen -W '" +
      fmt::format("{}", fmt::join(command_names(), " ")) +
      "' -- \"$word\"))\n"
      "  elif [ \"${COMP_WORDS[1]}\" = explain ]; then\n    COMPREPLY=($(compgen -W '";
  for (const std::string& name : names()) out += name + " ";
  out.back() = '\'';
  return out +
         " -- \"$word\"))\n  else\n    COMPREPLY=($(compgen -f -- \"$word\"))\n  fi\n}\n"
         "complete -F _holdfast holdfast\n";
}

/// A keyword on each line: only a pattern begins with '^' (in a string a quote is escaped).
std::string schema_text() {
  std::string text = boost::json::serialize(json_schema(all_keywords())) + "\n";
  boost::algorithm::replace_all(text, R"(,"^)", ",\n\"^");
  return text;
}

}  // namespace

int generate(const std::vector<std::string>& arguments) {
  const std::string what = arguments.size() == 1 ? arguments.front() : "";
  if (what == "manual")
    std::fputs(manual().c_str(), stdout);
  else if (what == "dictionary")
    std::fputs(dictionary().c_str(), stdout);
  else if (what == "completion")
    std::fputs(completion().c_str(), stdout);
  else if (what == "schema")
    std::fputs(schema_text().c_str(), stdout);
  else {
    std::fputs("holdfast generate: manual, schema, dictionary or completion\n", stderr);
    return usage_error;
  }
  return 0;
}

}  // namespace holdfast::tool
