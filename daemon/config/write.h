// The tree as text again: in the language of keepalived.conf, and as YAML (etc/YAML.md). What is
// written reads back as the same tree; where a language cannot say something, an error says so.
#pragma once

#include <span>
#include <string>

#include "daemon/base/result.h"
#include "daemon/config/comments.h"
#include "daemon/config/tree.h"

namespace holdfast::config {

/// `text` is what the tree was parsed from, for lines whose blanks and single quotes count
/// (scripts); an empty one for a tree that was made otherwise.
/// Errors: words that the language of keepalived.conf would read as something else.
Result<std::string> to_conf(std::span<const Statement> tree, const Text& text,
                            const Comments& comments = {});
std::string to_yaml(std::span<const Statement> tree, const Text& text,
                    const Comments& comments = {});

/// The same words and blocks in the same order. Quotes count where they may change what a word
/// means: around '\'' and '\\', which scripts know.
bool same_tree(std::span<const Statement> a, std::span<const Statement> b);

}  // namespace holdfast::config
