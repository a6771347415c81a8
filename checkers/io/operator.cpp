// What the control socket is asked about services and servers.
#include <algorithm>

#include "checkers/core/status.h"
#include "checkers/io/running.h"
#include "daemon/base/utf8.h"
#include "daemon/process/clock.h"
#include "daemon/process/memfd.h"

namespace holdfast::checkers {

namespace {

bool means(std::string_view word, const VirtualServer& service) {
  return word == service.group || word == service.name ||
         std::ranges::any_of(service.keys, [&](const ipvs::ServiceKey& key) {
           return is_meant(word, to_string(key), key.address, key.port);
         });
}

}  // namespace

void CheckersProcess::operate(const process::Operate& asked) {
  std::string text;
  const Clocks clocks{process::monotonic_now(), std::time(nullptr)};
  for (const auto& [key, service] : services_) {
    if (!asked.words.empty() && !means(asked.words.front(), service->pool.service())) continue;
    std::vector<std::vector<CheckState>> checks;
    for (const auto& server : service->tasks) {
      checks.emplace_back();
      for (const auto& task : server)
        checks.back().push_back({task->health.record(), task->findings});
    }
    text += status_of(service->pool, checks, clocks);
  }
  const bool found = !text.empty() || asked.words.empty();
  if (!found) text = fmt::format("there is no virtual server {}", asked.words.front());
  while (text.ends_with('\n')) text.pop_back();
  if (auto sealed = process::sealed_memfd("answer", valid_utf8(std::move(text))))
    send_(process::Operated{asked.request, found, std::move(*sealed)});
  else
    log_.write(Event{Level::error, "control", sealed.error().what});
}

}  // namespace holdfast::checkers
