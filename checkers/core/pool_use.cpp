// Pool: who is in use beside what checks say: limits of distrust, operators' modes, slow start, and
// drains with their deadline.
#include <algorithm>
#include <utility>

#include "checkers/core/pool.h"

namespace holdfast::checkers {

void Pool::set_use(std::size_t index, bool in_use) {
  if (std::exchange(servers_[index].in_use, in_use) == in_use) return;
  if (in_use)
    alive_weight_ += weight_of(index);
  else
    alive_weight_ -= weight_of(index);
}

std::vector<std::size_t> Pool::admit_servers(std::optional<std::size_t> only, Effects& effects) {
  const Limits limits{service_.panic_threshold, service_.max_ejected};
  if (only && limits == Limits{} && !panic_) {
    const bool in_use = is_alive(*only) && servers_[*only].mode == Mode::normal;
    if (in_use == servers_[*only].in_use) return {};
    set_use(*only, in_use);
    return {*only};
  }
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < servers_.size(); ++i)
    candidates.push_back(
        {is_alive(i), servers_[i].was_in, servers_[i].mode, servers_[i].down_since});
  const Admission admission = admit(candidates, limits);
  std::vector<std::size_t> changed;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (admission.in_use[i] != servers_[i].in_use) changed.push_back(i);
    set_use(i, admission.in_use[i]);
  }
  if (std::exchange(panic_, admission.panic) == admission.panic) return changed;
  const std::string service = service_.name;
  effects.events.push_back(Event{
      admission.panic ? Level::error : Level::notice, admission.panic ? "panic" : "panic_over",
      admission.panic
          ? fmt::format("VS {}: {} of {} servers look alive, fewer than {} %: the checks are "
                        "distrusted, all servers stay in use",
                        service, admission.alive, admission.counted, limits.panic_threshold)
          : fmt::format("VS {}: {} of {} servers look alive: the checks are trusted again", service,
                        admission.alive, admission.counted)}
                               .with("service", service));
  return changed;
}

/// Behind every change of a verdict or a mode.
void Pool::decide(std::size_t change, const std::string& reason, TimePoint now, Effects& effects) {
  now_ = now;
  for (const std::size_t i : admit_servers(change, effects)) {
    const bool starts_slowly = servers_[i].in_use && service_.slow_start > Duration{0};
    servers_[i].ramp_from = starts_slowly ? std::optional{now} : std::nullopt;
    effects.table_changed = true;
    tell_server(i, reason, effects);
  }
  update_quorum(effects);
}

Event Pool::event_of(const ipvs::DestinationKey& server, const char* name,
                     const std::string& what) const {
  const std::string service = service_.name;
  const std::string key = to_string(server, service_.key.protocol);
  return Event{Level::notice, name, fmt::format("service {} of VS {} {}", key, service, what)}
      .with("service", service)
      .with("server", key);
}

void Pool::tell_kept(std::size_t index, const std::string& reason, Effects& effects) const {
  effects.events.push_back(
      event_of(service_.servers[index].key, "server_kept",
               panic_ ? fmt::format("fails and stays in use, the checks are distrusted: {}", reason)
                      : fmt::format("fails and stays in use, {} % are out already: {}",
                                    service_.max_ejected, reason))
          .with("reason", reason));
}

Effects Pool::set_mode(std::size_t index, Mode mode, TimePoint now) {
  Effects effects;
  Server& server = servers_[index];
  if (server.mode == mode) return effects;
  server.mode = mode;
  server.drain = {now, {}, false};
  effects.table_changed = true;
  const char* const what = mode == Mode::drain   ? "drains: it gets no new connections"
                           : mode == Mode::maint ? "is taken out for maintenance"
                                                 : "is given back to its checks";
  effects.events.push_back(event_of(service_.servers[index].key, "server_mode", what));
  decide(index, "an operator", now, effects);
  return effects;
}

void Pool::restore(std::size_t index, const OperatorsWord& word) {
  servers_[index].mode = word.mode;
  servers_[index].drain = {word.since, {}, false};
}

Effects Pool::inherit(const Pool& old, TimePoint now) {
  Effects effects;
  now_ = now;
  failures_ = old.failures_;
  panic_ = old.panic_;
  leaving_ = service_.drain_timeout > Duration{0} ? old.leaving_ : decltype(leaving_){};
  const auto same = [&](const ipvs::DestinationKey& key) {
    return std::ranges::find(service_.servers, key, &RealServer::key) - service_.servers.begin();
  };
  for (std::size_t i = 0; i < old.servers_.size(); ++i) {
    const Server& before = old.servers_[i];
    const ipvs::DestinationKey& key = old.service_.servers[i].key;
    const auto found = static_cast<std::size_t>(same(key));
    if (found < servers_.size()) {
      Server& server = servers_[found];
      server.was_in = server.was_in || before.was_in;
      server.down_since = before.down_since;
      server.mode = before.mode;
      server.drain = before.drain;
      server.ramp_from = before.ramp_from;
      continue;
    }
    const bool had_connections =
        before.in_use || (before.mode == Mode::drain && !before.drain.done);
    if (!had_connections || service_.drain_timeout == Duration{0}) continue;
    Leaving leaving{old.service_.servers[i].settings, {now, {}, false}};
    leaving.settings.weight = 0;
    leaving_.insert_or_assign(key, leaving);
    effects.events.push_back(event_of(key, "server_drain",
                                      "is no longer configured and drains: it gets no new "
                                      "connections"));
  }
  for (const RealServer& server : service_.servers) leaving_.erase(server.key);
  return effects;
}

void Pool::restore_leaving(const LeavingServer& server) {
  if (service_.drain_timeout == Duration{0} ||
      std::ranges::find(service_.servers, server.key, &RealServer::key) != service_.servers.end())
    return;
  leaving_.insert_or_assign(server.key, Leaving{server.settings, {server.since, {}, false}});
}

std::vector<LeavingServer> Pool::leaving_servers() const {
  std::vector<LeavingServer> servers;
  for (const auto& [key, leaving] : leaving_)
    servers.push_back({key, leaving.settings, leaving.drain.since});
  return servers;
}

/// @return it is over
bool Pool::go_on(Drain& drain, const ipvs::DestinationKey& key, TimePoint now,
                 Effects& effects) const {
  if (drain.done) return true;
  const Duration elapsed = now - drain.since;
  const bool has_states =
      service_.key.protocol == ipvs::Protocol::tcp || service_.key.protocol == ipvs::Protocol::sctp;
  const bool late = service_.drain_timeout > Duration{0} && elapsed >= service_.drain_timeout;
  if (!late && !is_drained(drain.open, has_states, elapsed)) return false;
  drain.done = true;
  effects.table_changed = true;
  effects.events.push_back(event_of(
      key, "server_drained",
      drain.open.active + drain.open.inactive == 0
          ? std::string{"has no connections left and is removed"}
          : fmt::format("is removed with {} open connections ({} of them beginning or ending)",
                        drain.open.active + drain.open.inactive, drain.open.inactive)));
  return true;
}

Effects Pool::count_connections(const ipvs::DestinationKey& destination,
                                const ipvs::Connections& open, TimePoint now) {
  Effects effects;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (servers_[i].mode != Mode::drain || service_.servers[i].key != destination) continue;
    servers_[i].drain.open = open;
    go_on(servers_[i].drain, destination, now, effects);
  }
  if (const auto found = leaving_.find(destination); found != leaving_.end()) {
    found->second.drain.open = open;
    if (go_on(found->second.drain, destination, now, effects)) leaving_.erase(found);
  }
  return effects;
}

Effects Pool::tick(TimePoint now) {
  Effects effects;
  now_ = now;
  // Nobody has counted yet: only a deadline ends a drain here.
  const auto is_late = [&](const Drain& drain) {
    return service_.drain_timeout > Duration{0} && now - drain.since >= service_.drain_timeout;
  };
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    Server& server = servers_[i];
    if (server.ramp_from) {
      effects.table_changed = true;
      if (now - *server.ramp_from >= service_.slow_start) server.ramp_from.reset();
    }
    if (server.mode == Mode::drain && is_late(server.drain))
      go_on(server.drain, service_.servers[i].key, now, effects);
  }
  for (auto entry = leaving_.begin(); entry != leaving_.end();) {
    Drain& drain = entry->second.drain;
    const bool over = is_late(drain) && go_on(drain, entry->first, now, effects);
    entry = over ? leaving_.erase(entry) : std::next(entry);
  }
  return effects;
}

bool Pool::is_moving() const {
  return !leaving_.empty() || std::ranges::any_of(servers_, [](const Server& server) {
    return server.ramp_from || (server.mode == Mode::drain && !server.drain.done);
  });
}

Servers Pool::draining() const {
  Servers servers;
  for (std::size_t i = 0; i < servers_.size(); ++i)
    if (servers_[i].mode == Mode::drain && !servers_[i].drain.done)
      servers.emplace(service_.servers[i].key, service_.servers[i].settings.forwarding);
  for (const auto& [key, leaving] : leaving_) servers.emplace(key, leaving.settings.forwarding);
  return servers;
}

std::uint32_t Pool::weight_now(std::size_t index) const {
  const Server& server = servers_[index];
  const std::uint32_t full = weight_of(index);
  return server.ramp_from ? ramped(full, now_ - *server.ramp_from, service_.slow_start) : full;
}

std::string Pool::state_of(std::size_t index) const {
  const Server& server = servers_[index];
  const std::string verdict = is_alive(index) ? "up" : "down";
  if (server.mode == Mode::maint) return verdict + ", in maintenance";
  if (server.mode == Mode::drain && server.drain.done) return verdict + ", drained";
  if (server.mode == Mode::drain)
    return fmt::format("{}, draining, {} connections", verdict,
                       server.drain.open.active + server.drain.open.inactive);
  if (!is_alive(index) && server.in_use) return verdict + ", kept in use";
  if (server.ramp_from) return fmt::format("{}, slow start at {}", verdict, weight_now(index));
  return verdict;
}

std::vector<std::pair<ipvs::DestinationKey, ipvs::Connections>> Pool::leaving() const {
  std::vector<std::pair<ipvs::DestinationKey, ipvs::Connections>> servers;
  for (const auto& [key, leaving] : leaving_) servers.emplace_back(key, leaving.drain.open);
  return servers;
}

}  // namespace holdfast::checkers
