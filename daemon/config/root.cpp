// The table of the top-level settings.
#include "daemon/config/root.h"

#include <algorithm>
#include <array>

namespace holdfast::config {
namespace {

/// The name becomes part of file names.
std::optional<std::string> read_file_name(const Statement& statement, Reader& reader) {
  auto name = read_word(statement, 1, reader);
  if (!name ||
      (!name->empty() && name->find('/') == std::string::npos && *name != ".." && *name != "."))
    return name;
  reader.warn(statement.place(1),
              fmt::format("'{}' needs a name without '/', found '{}'", statement.keyword(), *name));
  return std::nullopt;
}

template <std::string RootDefs::* Member>
void read_name(RootDefs& root, const Row<RootDefs>&, const Statement& statement, Reader& reader) {
  auto name = read_file_name(statement, reader);
  if (!name) return;
  if ((root.*Member).empty())
    root.*Member = std::move(*name);
  else
    reader.warn(statement.place(),
                fmt::format("'{}' is already set; the first one stays", statement.keyword()));
}

void read_ipvs_namespace(RootDefs& root, const Row<RootDefs>&, const Statement& statement,
                         Reader& reader) {
  if (statement.words.size() < 2)
    root.net_namespace_ipvs = "";
  else if (auto name = read_file_name(statement, reader))
    root.net_namespace_ipvs = std::move(*name);
}

constexpr std::array schema{
    field<&RootDefs::linkbeat_use_polling>(
        "linkbeat_use_polling", Switch{}, "keepalived",
        "As linkbeat_interfaces, for every interface of an instance and every tracked one."),
    row<RootDefs>("net_namespace", "NAME", "ip-netns(8)",
                  "Run inside this network namespace, scripts too, with a pid folder of its own. "
                  "It must exist when the daemon starts, and cannot change at a reload.",
                  read_name<&RootDefs::net_namespace>),
    row<RootDefs>("net_namespace_ipvs", "[NAME]", "ip-netns(8)",
                  "Network namespace of the IPVS table, while checks are made in the one of the "
                  "daemon; the initial one when bare.",
                  read_ipvs_namespace),
    field<&RootDefs::namespace_with_ipsets>(
        "namespace_with_ipsets", Switch{}, "keepalived",
        "Use ipsets inside a network namespace too, which is always so: every kernel since 3.13 "
        "has them there."),
    field<&RootDefs::use_pid_dir>(
        "use_pid_dir", Switch{}, "keepalived",
        "Keep pid files in a folder of their own, which a daemon that is started as holdfastd "
        "always does."),
    row<RootDefs>("instance", "NAME", "keepalived",
                  "Name of this daemon among several, as part of the names of its pid files, of "
                  "its control socket and of its lines in the log.",
                  read_name<&RootDefs::instance>),
    field<&RootDefs::child_wait_time>("child_wait_time", Range{0, 4294, "s"}, "keepalived",
                                      "Time that workers get to stop before SIGKILL."),
};

}  // namespace

std::span<const Row<RootDefs>> root_schema() { return schema; }

RootDefs read_root(std::span<const Statement> tree, Reader& reader) {
  RootDefs root;
  for (const Statement& statement : tree) {
    const auto found =
        std::ranges::find(schema, std::string_view{statement.keyword()}, &Row<RootDefs>::keyword);
    if (found == schema.end()) continue;
    if (statement.has_block) report_surplus_block(statement, reader);
    found->read(root, *found, statement, reader);
  }
  root.bfd_instances = read_bfd(tree, reader);
  return root;
}

}  // namespace holdfast::config
