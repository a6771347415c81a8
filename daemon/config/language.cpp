#include "daemon/config/language.h"

#include "daemon/config/comments.h"
#include "daemon/config/line.h"
#include "daemon/config/yaml.h"
#include "daemon/config/yaml_nodes.h"

namespace holdfast::config {
namespace {

bool has_ending(std::string_view path, std::string_view ending) {
  return path.size() > ending.size() && path.ends_with(ending);
}

}  // namespace

Language language_of(std::string_view path, std::string_view content) {
  for (const std::string_view ending : {".yaml", ".yml", ".json"})
    if (has_ending(path, ending)) return Language::yaml;
  if (has_ending(path, ".conf")) return Language::conf;
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  for (const std::string_view line : yaml::split_lines(content.substr(0, 64UL * 1024))) {
    const std::string_view text =
        without_leading_blanks(without_trailing_blanks(line.substr(0, line.find(" #"))));
    if (text.empty() || text.starts_with('#')) continue;
    if (std::string_view{"!$@~"}.find(text.front()) != std::string_view::npos)
      return Language::conf;
    const bool begins = text.front() == '{' || text.front() == '[' || text.front() == '%' ||
                        text.starts_with("---") || text.starts_with("- ");
    if (text.ends_with('{') && !begins)
      return text.ends_with(": {") ? Language::yaml : Language::conf;
    return begins || text.ends_with(':') || text.find(": ") != std::string_view::npos
               ? Language::yaml
               : Language::conf;
  }
  return Language::conf;
}

Loaded load(const std::string& path, const ExpandOptions& options) {
  const bool known = language_of(path, "") == Language::yaml;
  if (!known && has_ending(path, ".conf")) return {Language::conf, expand(path, options)};
  const auto file = options.files.read(path);
  if (!file || language_of(path, file->content) == Language::conf)
    return {known ? Language::yaml : Language::conf, expand(path, options)};
  Loaded loaded{Language::yaml, read_yaml(path, file->content, {.lines = options.most_lines})};
  if (file->content.find(ignore_words) == std::string::npos) return loaded;
  Text& text = loaded.expanded.text;
  for (const Comment& comment : yaml_comments(text, file->content))
    if (comment.line < text.lines.size())
      note_ignored(text, comment.text, 0, text.lines[comment.line].number);
  return loaded;
}

}  // namespace holdfast::config
