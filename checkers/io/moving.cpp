// What changes with time alone: slow starts, and drains whose connections are counted. One timer
// for all services, which runs while something moves.
#include "checkers/io/running.h"
#include "daemon/process/clock.h"

namespace holdfast::checkers {

namespace {
constexpr auto step = std::chrono::milliseconds{500};
}  // namespace

void CheckersProcess::move_soon() {
  if (std::exchange(moving_, true)) return;
  move_timer_.expires_after(step);
  move_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    moving_ = false;
    move();
  });
}

void CheckersProcess::move() {
  const TimePoint now = process::monotonic_now();
  bool goes_on = false;
  for (const auto& [key, service] : services_) {
    if (!service->pool.is_moving()) continue;
    count_connections(*service, now);
    carry_out(service->pool.tick(now), *service);
    goes_on = goes_on || service->pool.is_moving();
  }
  if (goes_on) move_soon();
}

void CheckersProcess::count_connections(Service& service, TimePoint now) {
  const Servers draining = service.pool.draining();
  if (draining.empty()) return;
  std::map<ipvs::DestinationKey, ipvs::Connections> open;
  for (const auto& [server, forwarding] : draining) open[server] = {};
  for (const ipvs::ServiceKey& key : service.keys()) {
    const auto counted = reconciler_.connections(key);
    if (!counted) return;  // a part is not the whole: only the deadline ends a drain now
    add_up(open, draining, key, *counted);
  }
  for (const auto& [server, connections] : open)
    carry_out(service.pool.count_connections(server, connections, now), service);
}

std::string CheckersProcess::mode_key(const VirtualServer& service, std::size_t server) {
  return fmt::format("mode {} {}", service.identity(),
                     to_string(service.servers[server].key, service.key.protocol));
}

void CheckersProcess::save_mode(const Service& service, std::size_t server) {
  save(mode_key(service.pool.service(), server), to_bytes(service.pool.last_word_of(server)));
  saver_.soon();
}

/// What an operator said before a worker died or the daemon ended.
void CheckersProcess::restore_modes(Service& service, bool restarted) {
  const VirtualServer& config = service.pool.service();
  for (std::size_t i = 0; i < config.servers.size(); ++i) {
    const auto word = restarted && table_ ? operators_word(table_->get(mode_key(config, i)))
                                          : saved_word(config, config.servers[i]);
    if (!word || word->mode == Mode::normal) continue;
    service.pool.restore(i, *word);
    save_mode(service, i);
  }
}

std::string CheckersProcess::leaving_key(const VirtualServer& service, std::size_t number) {
  return fmt::format("leaving {} {}", number, service.identity());
}

/// Servers that are gone from the configuration and still drain, for the next process.
void CheckersProcess::save_leaving(Service& service) {
  if (service.leaving_saved == 0 && service.pool.leaving().empty()) return;
  const std::vector<LeavingServer> servers = service.pool.leaving_servers();
  const VirtualServer& config = service.pool.service();
  for (std::size_t i = 0; i < servers.size(); ++i)
    save(leaving_key(config, i), to_bytes(servers[i]));
  for (std::size_t i = servers.size(); table_ && i < service.leaving_saved; ++i)
    table_->erase(leaving_key(config, i));
  service.leaving_saved = servers.size();
  saver_.soon();
}

void CheckersProcess::restore_leaving(Service& service, bool restarted) {
  const VirtualServer& config = service.pool.service();
  if (!restarted || !table_) {
    if (const SavedService* saved = saved_service(config))
      for (const LeavingServer& server : saved->leaving) service.pool.restore_leaving(server);
    return;
  }
  for (;; ++service.leaving_saved) {
    const Bytes record = table_->get(leaving_key(config, service.leaving_saved));
    if (record.empty()) return;
    if (const auto server = leaving_server(record)) service.pool.restore_leaving(*server);
  }
}

}  // namespace holdfast::checkers
