// FILE_CHECK: the supervisor reads the files and tells what is in them.
#include <algorithm>

#include "checkers/core/file_rules.h"
#include "checkers/io/running.h"

namespace holdfast::checkers {

/// Only files that a check names. A number that is known counts at once for a check that is new.
void CheckersProcess::watch_files(const std::vector<config::TrackFile>& files, bool restarted) {
  std::map<std::string, WatchedFile> before = std::exchange(files_, {});
  for (const auto& [key, service] : services_)
    for (const auto& server : service->tasks)
      for (const auto& task : server)
        if (const auto* check = std::get_if<FileCheck>(&task->check->probe)) {
          WatchedFile& file = files_[check->file];
          file.path = check->path;
          file.users.push_back(task);
        }
  process::WatchFiles watch{serial_, {}};
  bool changed = restarted || before.size() != files_.size();
  for (auto& [name, file] : files_) {
    const auto old = before.find(name);
    if (old != before.end() && old->second.path == file.path)
      file.number = old->second.number;
    else
      changed = true;
    const auto settings = std::ranges::find(files, name, &config::TrackFile::name);
    process::WatchedFile wanted{name, settings->file_place, std::nullopt, false};
    if (settings->init) {
      wanted.init = settings->init->value;
      wanted.overwrite = settings->init->overwrite;
    }
    watch.files.push_back(std::move(wanted));
  }
  if (changed) return send_(std::move(watch));
  for (const auto& [name, file] : files_)
    for (const auto& user : file.users)
      if (const auto task = user.lock(); task && file.number) judge_file(*task, *file.number);
}

void CheckersProcess::file_changed(const process::FileContent& content) {
  const auto found = files_.find(content.object);
  if (found == files_.end()) return;
  found->second.number = config::number_in_file(content.content);
  for (const auto& user : found->second.users)
    if (const auto task = user.lock()) judge_file(*task, *found->second.number);
}

void CheckersProcess::judge_file(Task& task, std::int32_t number) {
  if (task.stopped) return;
  const Verdict verdict = judge_number(std::get<FileCheck>(task.check->probe), number);
  probed(task, verdict, task.health.apply(verdict, task.check->final_timing));
}

}  // namespace holdfast::checkers
