// The tables of vrrp_sync_group, track_group and garp_group.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "vrrp/config/blocks.h"
#include "vrrp/config/group.h"

namespace holdfast::vrrp {

using config::Boolean;
using config::field;
using config::pending;
using config::Range;
using config::Reader;
using config::Row;
using config::row;
using config::Statement;
using config::Switch;

std::string block_name(const Statement& statement, Reader& reader) {
  if (config::report_missing_block(statement, reader)) return "";
  if (statement.words.size() > 1 && !statement.words[1].text.empty())
    return std::string{statement.words[1].text};
  reader.error(statement.end(), fmt::format("'{}' needs a name", statement.keyword()));
  return "";
}

namespace {

/// @source keepalived: 32 bits of microseconds
constexpr Range gap{0, 4294, "s"};

template <typename T>
void read_members(T& group, const Row<T>&, const Statement& statement, Reader& reader) {
  report_words_before_block(statement, reader);
  for (const Statement& line : statement.children)
    for (std::size_t word = 0; word < line.words.size(); ++word) {
      group.members.emplace_back(line.words[word].text);
      group.member_places.try_emplace(std::string{line.words[word].text}, line.place(word));
    }
}

void read_global_tracking(SyncGroup&, const Row<SyncGroup>&, const Statement& statement,
                          Reader& reader) {
  reader.warn(statement.place(),
              "'global_tracking' is deprecated and does nothing: every tracker of a group counts "
              "for all members");
}

constexpr std::string_view command = "\"CMD\" [USER [GROUP]]";

constexpr std::array sync_schema{
    row<SyncGroup>("group", "{ INSTANCE ... }", "keepalived",
                   "Instances that change state together.", read_members<SyncGroup>),
    row<SyncGroup>("track_interface", "{ IF [weight -253-253 [reverse]] ... }", "keepalived",
                   "Interfaces that every member tracks.",
                   read_track<SyncGroup, TrackKind::interface>),
    row<SyncGroup>("track_script", "{ SCRIPT [weight -253-253 [reverse|noreverse]] ... }",
                   "keepalived", "Scripts that every member tracks.",
                   read_track<SyncGroup, TrackKind::script>),
    row<SyncGroup>("track_file", "{ FILE [weight -254-254 [reverse|noreverse]] ... }", "keepalived",
                   "Files that every member tracks.", read_track<SyncGroup, TrackKind::file>),
    row<SyncGroup>("track_process", "{ PROCESS [weight -254-254 [reverse|noreverse]] ... }",
                   "keepalived", "Processes that every member tracks.",
                   read_track<SyncGroup, TrackKind::process>),
    pending(row<SyncGroup>("track_bfd", "{ BFD [weight -253-253 [reverse|noreverse]] ... }",
                           "keepalived", "BFD sessions that every member tracks.",
                           read_track<SyncGroup, TrackKind::bfd>)),
    row<SyncGroup>("notify_backup", command, "keepalived", "Script when the group becomes Backup.",
                   read_notify<SyncGroup, &NotifyScripts::backup>),
    row<SyncGroup>("notify_master", command, "keepalived", "Script when the group becomes Active.",
                   read_notify<SyncGroup, &NotifyScripts::master>),
    row<SyncGroup>("notify_fault", command, "keepalived", "Script when the group enters FAULT.",
                   read_notify<SyncGroup, &NotifyScripts::fault>),
    row<SyncGroup>("notify_stop", command, "keepalived", "Script when the group stops.",
                   read_notify<SyncGroup, &NotifyScripts::stop>),
    row<SyncGroup>("notify", command, "keepalived",
                   "Script on every transition, with GROUP NAME STATE 0.",
                   read_notify<SyncGroup, &NotifyScripts::any>),
    field<&SyncGroup::smtp_alert>(
        "smtp_alert", Boolean{}, "keepalived",
        "Mail on transitions of the group; smtp_alert_vrrp, else no by default."),
    row<SyncGroup>("global_tracking", "", "keepalived, deprecated",
                   "Does nothing: every tracker of a group counts for all members.",
                   read_global_tracking),
    field<&SyncGroup::weighted_tracking>(
        "sync_group_tracking_weight", Switch{}, "keepalived",
        "Members keep the weights of their trackers, and with them priorities of their own."),
    field<&SyncGroup::notify_priority_changes>("notify_priority_changes", Boolean{}, "keepalived",
                                               "Report priorities of members to FIFOs."),
};

constexpr std::array track_schema{
    row<TrackGroup>("group", "{ INSTANCE ... }", "keepalived",
                    "Instances that follow the interfaces of the static addresses, routes and "
                    "rules which name this group.",
                    read_members<TrackGroup>),
};

void read_garp_interface(GarpGroup& group, const Row<GarpGroup>&, const Statement& statement,
                         Reader& reader) {
  if (auto name = read_interface(statement, 1, reader)) group.separate.push_back(std::move(*name));
}

void read_garp_interfaces(GarpGroup& group, const Row<GarpGroup>&, const Statement& statement,
                          Reader& reader) {
  report_words_before_block(statement, reader);
  for (const Statement& line : statement.children)
    for (std::size_t word = 0; word < line.words.size(); ++word)
      if (auto name = read_interface(line, word, reader)) group.shared.push_back(std::move(*name));
}

constexpr std::array garp_schema{
    field<&GarpGroup::garp_interval>(
        "garp_interval", gap, "keepalived",
        "Time between two gratuitous ARPs; without it vrrp_garp_interval counts."),
    field<&GarpGroup::gna_interval>(
        "gna_interval", gap, "keepalived",
        "Time between two unsolicited neighbour advertisements; without it vrrp_gna_interval "
        "counts."),
    row<GarpGroup>("interface", "IF", "keepalived",
                   "An interface that is paced for itself; may be there more than once.",
                   read_garp_interface),
    row<GarpGroup>("interfaces", "{ IF ... }", "keepalived",
                   "Interfaces that are paced together, as on one switch.", read_garp_interfaces),
};

void read_garp_group(std::vector<GarpGroup>& out, const Statement& block, Reader& reader) {
  if (config::report_missing_block(block, reader)) return;
  GarpGroup group;
  group.name = block.words.size() > 1 ? block.words[1].text : "";
  group.place = block.place();
  config::read_block<GarpGroup>(garp_schema, group, block.children, "garp_group", reader);
  if (!group.garp_interval && !group.gna_interval)
    reader.warn(block.place(),
                "garp_group has neither 'garp_interval' nor 'gna_interval'; it is "
                "left out");
  else if (group.separate.empty() && group.shared.empty())
    reader.warn(block.place(), "garp_group has no interface; it is left out");
  else
    out.push_back(std::move(group));
}

template <typename T>
void read_one(std::vector<T>& out, std::span<const Row<T>> schema, const Statement& block,
              Reader& reader) {
  auto group = named_block(out, block, reader);
  if (!group) return;
  config::read_block<T>(schema, *group, block.children, block.keyword(), reader);
  out.push_back(std::move(*group));
}

/// Keeps the members that `holds` agrees with.
template <typename T, typename Holds>
void keep_members(T& group, Holds holds) {
  std::vector<std::string> kept;
  for (std::string& member : group.members)
    if (holds(member)) kept.push_back(std::move(member));
  group.members = std::move(kept);
}

}  // namespace

bool read_group(GroupConfig& out, const Statement& block, Reader& reader) {
  if (block.keyword() == "vrrp_sync_group")
    read_one<SyncGroup>(out.sync, sync_schema, block, reader);
  else if (block.keyword() == "track_group")
    read_one<TrackGroup>(out.track, track_schema, block, reader);
  else if (block.keyword() == "garp_group")
    read_garp_group(out.garp, block, reader);
  else
    return false;
  return true;
}

void complete_groups(GroupConfig& groups, std::vector<std::string> instances, Reader& reader) {
  std::ranges::sort(instances);
  const std::vector<std::string_view> names{instances.begin(), instances.end()};
  const auto exists = [&](const auto& group, std::string_view kind, const std::string& member) {
    if (std::ranges::binary_search(instances, member)) return true;
    if (!reader.diagnostics.is_full(config::Severity::warning))
      reader.warn(group.member_places.at(member),
                  fmt::format("{} {}: there is no vrrp_instance '{}'; it is left out{}", kind,
                              group.name, member, config::did_you_mean(member, names)));
    return false;
  };
  std::map<std::string, std::string> group_of;
  for (SyncGroup& group : groups.sync) {
    keep_members(group, [&](const std::string& member) {
      if (!exists(group, "vrrp_sync_group", member)) return false;
      const auto [other, fresh] = group_of.try_emplace(member, group.name);
      if (!fresh)
        reader.warn(group.member_places.at(member),
                    fmt::format("vrrp_sync_group {}: '{}' is in group {} already; it "
                                "stays there",
                                group.name, member, other->second));
      return fresh;
    });
    if (group.members.size() < 2)
      reader.warn(group.place,
                  fmt::format("vrrp_sync_group {} has {}: there is nothing to keep "
                              "together",
                              group.name, group.members.empty() ? "no member" : "one member"));
  }
  std::erase_if(groups.sync, [](const SyncGroup& group) { return group.members.empty(); });
  for (TrackGroup& group : groups.track)
    keep_members(group,
                 [&](const std::string& member) { return exists(group, "track_group", member); });
}

void describe_groups(std::vector<config::KeywordInfo>& out) {
  config::describe<SyncGroup>(sync_schema, "vrrp_sync_group", out);
  config::describe<TrackGroup>(track_schema, "track_group", out);
  config::describe<GarpGroup>(garp_schema, "garp_group", out);
}

}  // namespace holdfast::vrrp
