// Settings that stand at the top level, outside any block. They concern the supervisor.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "daemon/config/bfd.h"
#include "daemon/config/schema.h"

namespace holdfast::config {

struct RootDefs {
  bool linkbeat_use_polling = false;  ///< ask for link states instead of listening to netlink
  std::string net_namespace;          ///< empty: the one we were started in
  std::optional<std::string>
      net_namespace_ipvs;  ///< default: net_namespace; empty: the default one
  bool namespace_with_ipsets = false;
  bool use_pid_dir = false;
  std::string instance;  ///< part of pid file, log and D-Bus names
  Duration child_wait_time = std::chrono::seconds{5};
  std::vector<BfdInstance> bfd_instances;
  bool operator==(const RootDefs&) const = default;
};

std::span<const Row<RootDefs>> root_schema();
/// Reads the settings, and the bfd_instance blocks. That something is not supported yet is for
/// the caller to say (Owner::unsupported).
RootDefs read_root(std::span<const Statement> tree, Reader& reader);

}  // namespace holdfast::config
