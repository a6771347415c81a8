#include "checkers/core/pool.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "daemon/base/assert.h"

namespace holdfast::checkers {

Pool::Pool(std::shared_ptr<const VirtualServer> service, const std::vector<std::vector<bool>>& up,
           std::optional<bool> quorum)
    : owner_{std::move(service)}, service_{*owner_} {
  BASE_ASSERT(up.size() == service_.servers.size());
  for (std::size_t i = 0; i < up.size(); ++i) {
    Server& server = servers_.emplace_back();
    server.up = up[i];
    server.failing = static_cast<std::size_t>(std::ranges::count(up[i], false));
    server.was_in = is_alive(i) || !service_.servers[i].alpha;
    set_use(i, is_alive(i));
  }
  // runtime.md section 15: the first quorum is that of the servers which begin alive.
  quorum_ = quorum.value_or(alive_weight_ > 0 && alive_weight_ >= service_.quorum);
}

Effects Pool::settle(const std::map<ipvs::DestinationKey, bool>& was_in_use) {
  Effects effects;
  admit_servers({}, effects);
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const auto before = was_in_use.find(service_.servers[i].key);
    if (before != was_in_use.end() && before->second != is_in_use(i))
      tell_server(i, "its checks are others now", effects);
  }
  update_quorum(effects);
  return effects;
}

std::string Pool::server_name(std::size_t server) const {
  return to_string(service_.servers[server].key, service_.key.protocol);
}

Effects Pool::set_check(std::size_t index, std::size_t check, bool up, const std::string& reason,
                        TimePoint now) {
  Effects effects;
  Server& server = servers_[index];
  if (server.up[check] == up) return effects;
  const bool was_alive = is_alive(index);
  server.up[check] = up;
  server.failing += up ? std::size_t(-1) : 1;
  const bool changed = is_alive(index) != was_alive;
  mail_check(index, check, changed, reason, effects);
  if (!changed) return effects;
  server.was_in = server.was_in || up;
  if (!up) server.down_since = ++failures_;
  decide(index, reason, now, effects);
  if (!up && server.in_use) tell_kept(index, reason, effects);
  return effects;
}

/// Each change of a check, with the state of the whole server; no_checker_emails leaves those of
/// the server.
void Pool::mail_check(std::size_t index, std::size_t check, bool server_changed,
                      const std::string& reason, Effects& effects) const {
  const RealServer& config = service_.servers[index];
  if (!config.alert || !(server_changed || config.alert_each_check)) return;
  effects.alerts.push_back(
      server_alert(service_, config, is_alive(index),
                   check_body(config.checks[check], servers_[index].up[check], reason)));
}

std::uint32_t Pool::weight_of(std::size_t server) const {
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  const std::int64_t configured = service_.servers[server].settings.weight;
  return static_cast<std::uint32_t>(
      std::clamp(configured + servers_[server].contributed, std::int64_t{0}, most));
}

Effects Pool::set_contribution(std::size_t index, std::size_t check, std::int64_t weight) {
  Effects effects;
  Server& server = servers_[index];
  if (server.contributions.empty()) server.contributions.resize(server.up.size());
  const std::uint32_t before = weight_of(index);
  server.contributed += weight - std::exchange(server.contributions[check], weight);
  const std::uint32_t now = weight_of(index);
  if (now == before) return effects;
  const std::string service = service_.name;
  effects.table_changed = true;
  effects.events.push_back(
      Event{Level::notice, "weight_changed",
            fmt::format("Changing weight from {} to {} for {} service {} of VS {}", before, now,
                        is_alive(index) ? "active" : "inactive", server_name(index), service)}
          .with("service", service)
          .with("server", server_name(index)));
  if (server.in_use) {
    alive_weight_ += now;
    alive_weight_ -= before;
    update_quorum(effects);
  }
  return effects;
}

/// In keepalived's words, for what has become of the server.
void Pool::tell_server(std::size_t index, const std::string& reason, Effects& effects) const {
  const RealServer& config = service_.servers[index];
  const bool up = is_in_use(index);
  const std::string service = service_.name;
  const std::string name = server_name(index);
  const std::string text =
      config.inhibit
          ? fmt::format("{} service {} of VS {}", up ? "Enabling" : "Disabling", name, service)
      : up ? fmt::format("Adding service {} to VS {}", name, service)
           : fmt::format("Removing service {} from VS {}", name, service);
  effects.events.push_back(Event{Level::notice, up ? "server_up" : "server_down", text}
                               .with("service", service)
                               .with("server", name)
                               .with("reason", reason));
  if (const ScriptPlace script = up ? config.notify_up : config.notify_down)
    effects.scripts.push_back({*script, fmt::format("RS {} {}", name, service)});
  effects.changes.push_back(fmt::format("RS {} {} {}", name, service, word_of(up)));
}

bool Pool::quorum_holds() const {
  const std::uint64_t quorum = service_.quorum;
  const std::uint64_t margin = service_.hysteresis;
  if (!quorum_) return alive_weight_ > 0 && alive_weight_ >= quorum + margin;
  return alive_weight_ > 0 && alive_weight_ + margin >= quorum;
}

void Pool::update_quorum(Effects& effects) {
  const bool holds = quorum_holds();
  if (holds == quorum_) return;
  quorum_ = holds;
  const std::string service = service_.name;
  const std::string text =
      fmt::format("{} quorum {} for VS {}: alive servers weigh {}", holds ? "Gained" : "Lost",
                  service_.quorum, service, alive_weight_);
  effects.events.push_back(
      Event{Level::notice, holds ? "quorum_up" : "quorum_down", text}.with("service", service));
  if (service_.sorry_server)
    effects.events.push_back(
        Event{Level::notice, "sorry_server",
              fmt::format("{} sorry server {} {} VS {}", holds ? "Removing" : "Adding",
                          to_string(service_.sorry_server->key, service_.key.protocol),
                          holds ? "from" : "to", service)}
            .with("service", service));
  if (const ScriptPlace script = holds ? service_.quorum_up : service_.quorum_down)
    effects.scripts.push_back({*script, "VS " + service});
  effects.changes.push_back(fmt::format("VS {} {}", service, word_of(holds)));
  if (service_.alert) effects.alerts.push_back(quorum_alert(service_, holds, alive_weight_));
}

Effects Pool::first_result(std::size_t index) {
  Effects effects;
  const RealServer& config = service_.servers[index];
  const std::string service = service_.name;
  if (const ScriptPlace script = is_alive(index) ? config.notify_up : config.notify_down)
    effects.scripts.push_back({*script, fmt::format("RS {} {}", server_name(index), service)});
  effects.changes.push_back(
      fmt::format("RS {} {} {}", server_name(index), service, word_of(is_alive(index))));
  return effects;
}

Effects Pool::stop() const {
  Effects effects;
  if (!service_.omega) return effects;
  const std::string service = service_.name;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (!is_in_use(i)) continue;
    const std::string object = fmt::format("RS {} {}", server_name(i), service);
    if (const ScriptPlace script = service_.servers[i].notify_down)
      effects.scripts.push_back({*script, object});
    effects.changes.push_back(object + " DOWN");
    if (service_.servers[i].alert)
      effects.alerts.push_back(
          server_alert(service_, service_.servers[i], false, shutting_down_body));
  }
  if (!quorum_) return effects;
  if (service_.quorum_down) effects.scripts.push_back({*service_.quorum_down, "VS " + service});
  effects.changes.push_back(fmt::format("VS {} DOWN", service));
  if (service_.alert) effects.alerts.push_back(service_alert(service_, false, shutting_down_body));
  return effects;
}

ipvs::Service Pool::wanted() const {
  ipvs::Service row{service_.settings, {}};
  const bool replaced = !quorum_ && service_.sorry_server;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const RealServer& server = service_.servers[i];
    const bool in_use = is_in_use(i) && !replaced;
    const Server& state = servers_[i];
    const bool drains = state.mode == Mode::drain && !state.drain.done;
    if (!in_use && !drains && (state.mode != Mode::normal || !server.inhibit)) continue;
    ipvs::DestinationSettings settings = server.settings;
    settings.weight = in_use ? weight_now(i) : 0;
    row.destinations[server.key] = settings;
  }
  for (const auto& [key, leaving] : leaving_) row.destinations.emplace(key, leaving.settings);
  if (!service_.sorry_server) return row;
  const SorryServer& sorry = *service_.sorry_server;
  if (quorum_ && !sorry.inhibit) return row;
  ipvs::DestinationSettings settings = sorry.settings;
  if (quorum_) settings.weight = 0;
  row.destinations.emplace(sorry.key, settings);
  return row;
}

Servers Pool::destinations() const {
  Servers servers;
  for (const RealServer& server : service_.servers)
    servers.emplace(server.key, server.settings.forwarding);
  for (const auto& [key, leaving] : leaving_) servers.emplace(key, leaving.settings.forwarding);
  if (service_.sorry_server)
    servers.emplace(service_.sorry_server->key, service_.sorry_server->settings.forwarding);
  return servers;
}

}  // namespace holdfast::checkers
