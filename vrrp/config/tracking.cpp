#include "vrrp/config/tracking.h"

#include <algorithm>
#include <map>
#include <set>

namespace holdfast::vrrp {
namespace {

using config::Reader;
using std::string_view_literals::operator""sv;

constexpr std::array kind_words{"interface"sv, "script"sv, "file"sv, "process"sv, "bfd"sv};

class Completion {
 public:
  Completion(VrrpConfig& config, Reader& reader) : config_{config}, reader_{reader} {
    const auto add = [this](TrackKind kind, const auto& trackers) {
      for (const auto& tracker : trackers)
        own_.emplace(std::pair{kind, tracker.name}, tracker.weight);
    };
    add(TrackKind::script, config.trackers.scripts);
    add(TrackKind::file, config.trackers.files);
    add(TrackKind::process, config.trackers.processes);
    for (const SyncGroup& group : config.groups.sync)
      for (const std::string& member : group.members) group_of_.emplace(member, &group);
    for (const TiedLine& line : config.statics.tied) tie(line);
  }

  void run() {
    for (Instance& instance : config_.instances) complete(instance);
  }

 private:
  using Key = std::pair<TrackKind, std::string>;

  void complete(Instance& instance) {
    instance.tracked.clear();
    const auto group = group_of_.find(instance.name);
    const bool weightless = group != group_of_.end() && !group->second->weighted_tracking;
    add(instance, instance.track, weightless);
    if (group != group_of_.end()) add(instance, group->second->track, false);
    for (const std::string& interface : tied_[instance.name]) {
      const Tracked tracked{TrackKind::interface, interface, 0, false};
      if (std::ranges::find(instance.tracked, tracked) == instance.tracked.end())
        instance.tracked.push_back(tracked);
    }
  }

  /// keepalived: what is removed is put back; what cannot be, since its interface is down, is
  /// FAULT.
  void tie(const TiedLine& line) {
    std::vector<std::string_view> names;
    for (const TrackGroup& group : config_.groups.track) names.push_back(group.name);
    const auto group = std::ranges::find(config_.groups.track, line.group, &TrackGroup::name);
    if (group == config_.groups.track.end())
      return warn(line.place,
                  fmt::format("there is no track_group '{}'; nothing follows this line{}",
                              line.group, config::did_you_mean(line.group, names)));
    if (line.interfaces.empty())
      return warn(line.place, fmt::format("the line names no interface: nothing in track_group {} "
                                          "follows it",
                                          line.group));
    for (const std::string& member : group->members)
      for (const std::string& interface : line.interfaces)
        tied_[member].insert(interface.empty() ? config_.globals.vrrp.default_interface
                                               : interface);
  }

  void warn(const config::Place& place, std::string what) {
    if (!reader_.diagnostics.is_full(config::Severity::warning)) reader_.warn(place, what);
  }

  void add(Instance& instance, const Trackers& trackers, bool weightless) {
    for (const auto& [kind, list] : {std::pair{TrackKind::interface, &trackers.interfaces},
                                     std::pair{TrackKind::script, &trackers.scripts},
                                     std::pair{TrackKind::file, &trackers.files},
                                     std::pair{TrackKind::process, &trackers.processes}})
      for (const TrackReference& reference : *list)
        if (auto tracked = resolve(instance, kind, reference, weightless))
          instance.tracked.push_back(std::move(*tracked));
  }

  /// Nothing for what is left out.
  std::optional<Tracked> resolve(const Instance& instance, TrackKind kind,
                                 const TrackReference& reference, bool weightless) {
    const Key key{kind, reference.name};
    Weight own;
    if (kind != TrackKind::interface) {
      const auto tracker = own_.find(key);
      if (tracker == own_.end()) return std::nullopt;  // check_references() has said so
      own = tracker->second;
    }
    const auto same = [&](const Tracked& other) {
      return other.kind == kind && other.name == reference.name;
    };
    if (std::ranges::any_of(instance.tracked, same)) return std::nullopt;
    Tracked tracked{kind, reference.name, reference.weight.value_or(own.value),
                    reference.reverse.value_or(own.reverse)};
    if (tracked.weight == 0) return tracked;
    if (instance.router.priority == owner_priority) {
      say(instance, reference, kind,
          "has a weight, and priority 255 never changes; it is left out");
      return std::nullopt;
    }
    return weightless ? without_weight(instance, reference, std::move(tracked)) : tracked;
  }

  /// runtime.md 9.7: members of a group change state together, so that only FAULT makes sense.
  std::optional<Tracked> without_weight(const Instance& instance, const TrackReference& reference,
                                        Tracked tracked) {
    constexpr std::string_view why =
        "{} in a sync group without sync_group_tracking_weight; track it in the group, or set that";
    if (tracked.kind == TrackKind::process) return tracked;
    const bool stays = tracked.kind == TrackKind::interface ||
                       (tracked.kind == TrackKind::file && tracked.weight == 1);
    say(instance, reference, tracked.kind,
        fmt::format(fmt::runtime(why),
                    stays ? "loses its weight" : "has a weight and is left out"));
    if (!stays) return std::nullopt;
    tracked.weight = 0;
    return tracked;
  }

  void say(const Instance& instance, const TrackReference& reference, TrackKind kind,
           std::string_view what) {
    warn(reference.place,
         fmt::format("vrrp_instance {}: tracked {} '{}' {}", instance.name,
                     kind_words[static_cast<std::size_t>(kind)], reference.name, what));
  }

  VrrpConfig& config_;
  Reader& reader_;
  std::map<Key, Weight> own_;
  std::map<std::string, const SyncGroup*> group_of_;
  std::map<std::string, std::set<std::string>> tied_;  ///< interfaces, by instance
};

}  // namespace

void complete_tracking(VrrpConfig& config, Reader& reader) { Completion{config, reader}.run(); }

}  // namespace holdfast::vrrp
