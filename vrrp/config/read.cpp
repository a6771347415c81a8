// From the tree to the typed configuration: which block is read by which table.
#include "vrrp/config/address_line.h"
#include "vrrp/config/complete.h"
#include "vrrp/config/instance.h"
#include "vrrp/config/tracking.h"
#include "vrrp/config/virtual_links.h"

namespace holdfast::vrrp {

using config::Reader;
using config::Statement;

namespace {

void check_trackers(const VrrpConfig& config, Reader& reader) {
  for (const Instance& instance : config.instances)
    check_references(instance.track, config.trackers, "vrrp_instance " + instance.name, reader);
  for (const SyncGroup& group : config.groups.sync)
    check_references(group.track, config.trackers, "vrrp_sync_group " + group.name, reader);
}

/// keepalived: the first one counts, where global_defs has none.
void settle_sync_daemon(VrrpConfig& config, Reader& reader) {
  auto& daemon = config.globals.lvs_sync_daemon;
  for (const Instance& instance : config.instances) {
    const std::string& interface = instance.lvs_sync_daemon_interface;
    if (interface.empty()) continue;
    if (daemon) {
      reader.warn(instance.place_of("lvs_sync_daemon_interface"),
                  fmt::format("vrrp_instance {}: the sync daemon has an interface already; {} is "
                              "left out",
                              instance.name, interface));
    } else {
      daemon.emplace();
      daemon->interface = interface;
      daemon->instance = instance.name;
    }
  }
}

void read_block(VrrpConfig& config, const Statement& block, Reader& reader) {
  if (block.keyword() == "vrrp_instance")
    read_instance(config, block, reader);
  else if (!read_tracker(config.trackers, block, reader) &&
           !read_group(config.groups, block, reader))
    read_static(config.statics, block, reader);
}

}  // namespace

VrrpConfig read_vrrp(std::span<const Statement> tree, Reader& reader) {
  VrrpConfig config;
  config::Diagnostics globals_are_reported_by_the_supervisor;
  Reader quiet{globals_are_reported_by_the_supervisor};
  config.globals = config::read_globals(tree, quiet);
  std::vector<std::string> names;
  for (const Statement& block : tree) {
    read_block(config, block, reader);
    if (block.keyword() == "vrrp_instance" && block.words.size() > 1)
      names.emplace_back(block.words[1].text);  // also of an instance that is left out
  }
  complete_groups(config.groups, std::move(names), reader);
  check_trackers(config, reader);
  complete_tracking(config, reader);
  settle_sync_daemon(config, reader);
  report_link_names(config.instances, reader);
  name_links(config.instances, config.globals,
             [](const MadeLink&, const std::string&) { return false; });
  report_conflicts(config, reader);
  return config;
}

std::vector<config::KeywordInfo> describe_vrrp() {
  std::vector<config::KeywordInfo> all;
  describe_instance(all);
  describe_authentication(all);
  describe_hmac(all);
  describe_trackers(all);
  describe_groups(all);
  describe_address_line(all);
  describe_route_line(all);
  describe_rule_line(all);
  return all;
}

}  // namespace holdfast::vrrp
