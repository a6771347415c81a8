#include "daemon/script_queue.h"

#include <utility>

namespace holdfast {

std::optional<ScriptJob> ScriptQueue::push(ScriptJob job) {
  Object& object = objects_[job.object];
  if (object.pending.empty() && !object.running) object.urgent = job.urgent;
  std::optional<ScriptJob> dropped;
  if (object.pending.size() >= most_pending) {
    dropped = std::move(object.pending.front());
    object.pending.pop_front();
  } else if (object.pending.empty() && !object.running) {
    lane_of(object).ready.push_back(job.object);
  }
  object.pending.push_back(std::move(job));
  return dropped;
}

std::optional<ScriptJob> ScriptQueue::next() {
  for (Lane* lane : {&urgent_, &usual_}) {
    if (lane->ready.empty() || lane->running >= most_running) continue;
    Object& object = objects_.at(lane->ready.front());
    lane->ready.pop_front();
    ScriptJob job = std::move(object.pending.front());
    object.pending.pop_front();
    object.running = true;
    ++lane->running;
    return job;
  }
  return std::nullopt;
}

void ScriptQueue::finished(const std::string& name) {
  const auto found = objects_.find(name);
  if (found == objects_.end() || !std::exchange(found->second.running, false)) return;
  Lane& lane = lane_of(found->second);
  --lane.running;
  if (found->second.pending.empty())
    objects_.erase(found);
  else
    lane.ready.push_back(name);
}

}  // namespace holdfast
