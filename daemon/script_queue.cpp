#include "daemon/script_queue.h"

#include <utility>

namespace holdfast {

std::optional<ScriptJob> ScriptQueue::push(ScriptJob job) {
  Object& object = objects_[job.object];
  std::optional<ScriptJob> dropped;
  if (object.pending.size() >= most_pending) {
    dropped = std::move(object.pending.front());
    object.pending.pop_front();
  } else if (object.pending.empty() && !object.running) {
    ready_.push_back(job.object);
  }
  object.pending.push_back(std::move(job));
  return dropped;
}

std::optional<ScriptJob> ScriptQueue::next() {
  if (ready_.empty() || running_ >= most_running) return std::nullopt;
  Object& object = objects_.at(ready_.front());
  ready_.pop_front();
  ScriptJob job = std::move(object.pending.front());
  object.pending.pop_front();
  object.running = true;
  ++running_;
  return job;
}

void ScriptQueue::finished(const std::string& name) {
  const auto found = objects_.find(name);
  if (found == objects_.end() || !std::exchange(found->second.running, false)) return;
  --running_;
  if (found->second.pending.empty())
    objects_.erase(found);
  else
    ready_.push_back(name);
}

}  // namespace holdfast
