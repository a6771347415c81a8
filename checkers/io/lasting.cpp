// What outlives the daemon: verdicts are handed to the supervisor, which keeps them in a file, and
// come back from it before the first configuration.
#include "checkers/core/saved_state.h"
#include "checkers/io/running.h"
#include "daemon/process/memfd.h"

namespace holdfast::checkers {

namespace {

std::string name_of(const VirtualServer& service) { return service.identity(); }
std::string name_of(const RealServer& server, const VirtualServer& service) {
  return to_string(server.key, service.key.protocol);
}

}  // namespace

void CheckersProcess::take_over(const process::SavedState& message) {
  const auto bytes = process::read_memfd(message.bytes);
  auto state = bytes ? saved_state(*bytes) : std::nullopt;
  if (!state)
    return log_.write(Event{Level::warning, "saved_state",
                            "what the daemon before this one left is not understood"});
  saved_ = std::move(*state);
}

const SavedService* CheckersProcess::saved_service(const VirtualServer& config) const {
  const auto found = saved_.find(name_of(config));
  return found == saved_.end() ? nullptr : &found->second;
}

std::optional<OperatorsWord> CheckersProcess::saved_word(const VirtualServer& config,
                                                         const RealServer& server) const {
  const SavedService* service = saved_service(config);
  if (service == nullptr) return std::nullopt;
  const auto found = service->servers.find(name_of(server, config));
  return found == service->servers.end() ? std::nullopt : std::optional{found->second.word};
}

std::optional<CheckRecord> CheckersProcess::saved_record(const VirtualServer& config,
                                                         const RealServer& server,
                                                         const Check& check) const {
  const SavedService* service = saved_service(config);
  if (service == nullptr) return std::nullopt;
  const auto found = service->servers.find(name_of(server, config));
  // One without a result yet is as good as unknown.
  if (found == service->servers.end() || found->second.checks.empty()) return std::nullopt;
  return found->second.record_for(check.identity());
}

void CheckersProcess::save_all() {
  SavedState state;
  for (const auto& [key, service] : services_) {
    const VirtualServer& config = service->pool.service();
    SavedService& saved = state[name_of(config)];
    saved.quorum = service->pool.has_quorum();
    saved.leaving = service->pool.leaving_servers();
    for (std::size_t i = 0; i < config.servers.size(); ++i) {
      SavedServer& server = saved.servers[name_of(config.servers[i], config)];
      server.word = service->pool.last_word_of(i);
      for (const auto& task : service->tasks[i])
        if (task->health.record().judged)
          server.checks[task->check->identity()] = {task->health.record(),
                                                    task->findings.decision()};
    }
  }
  if (auto sealed = process::sealed_memfd("holdfast-state", to_bytes(state)))
    send_(process::SavedState{std::move(*sealed)});
  else
    log_.write(Event{Level::warning, "saved_state", sealed.error().what});
}

}  // namespace holdfast::checkers
