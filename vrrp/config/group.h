// Blocks that name instances or interfaces together: vrrp_sync_group, track_group, garp_group.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/time.h"
#include "vrrp/config/scripts.h"
#include "vrrp/config/track.h"

namespace holdfast::vrrp {

/// vrrp_sync_group: instances that change state together.
struct SyncGroup {
  std::string name;
  config::Place place;  ///< of the block
  std::vector<std::string> members;
  std::map<std::string, config::Place> member_places{};  ///< where each is named first
  Trackers track;                                        ///< for all members
  NotifyScripts notify;
  std::optional<bool> smtp_alert;  ///< default: smtp_alert_vrrp
  bool weighted_tracking = false;  ///< sync_group_tracking_weight: members may weigh their trackers
  std::optional<bool> notify_priority_changes;  ///< default: the global one
};

/// track_group: instances that static addresses, routes and rules can be tied to.
struct TrackGroup {
  std::string name;
  config::Place place;  ///< of the block
  std::vector<std::string> members;
  std::map<std::string, config::Place> member_places{};  ///< where each is named first
};

/// garp_group: interfaces whose announcements are paced. Each of `separate` has a timer of its own,
/// those of `shared` have one together.
struct GarpGroup {
  std::string name;                       ///< may be empty
  config::Place place;                    ///< of the block
  std::optional<Duration> garp_interval;  ///< default: vrrp_garp_interval
  std::optional<Duration> gna_interval;   ///< default: vrrp_gna_interval
  std::vector<std::string> separate, shared;
};

struct GroupConfig {
  std::vector<SyncGroup> sync;
  std::vector<TrackGroup> track;
  std::vector<GarpGroup> garp;
};

/// Reads one top-level block if it is a group. @return false: another keyword
bool read_group(GroupConfig& out, const config::Statement& block, config::Reader& reader);
/// The rules between groups and instances: members exist, none is in two sync groups, a group of
/// one is odd. Members that do not hold are taken out, as keepalived does.
void complete_groups(GroupConfig& groups, std::vector<std::string> instances,
                     config::Reader& reader);
void describe_groups(std::vector<config::KeywordInfo>& out);

}  // namespace holdfast::vrrp
