// What the control socket is asked about services and servers.
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "checkers/core/status.h"
#include "checkers/io/running.h"
#include "daemon/base/utf8.h"
#include "daemon/process/clock.h"
#include "daemon/process/memfd.h"

namespace holdfast::checkers {

namespace {

bool is_within(std::string_view word, const GroupRange& range) {
  const auto address = IpAddress::parse(word);
  return address && range.first <= *address && *address <= range.last;
}

bool means(std::string_view word, const VirtualServer& service) {
  return word == service.group || word == service.name ||
         std::ranges::any_of(service.marked,
                             [&](const GroupRange& range) { return is_within(word, range); }) ||
         std::ranges::any_of(service.keys, [&](const ipvs::ServiceKey& key) {
           return is_meant(word, to_string(key), key.address, key.port);
         });
}

}  // namespace

/// What the kernel counted is read now, for this answer.
ServiceTraffic CheckersProcess::traffic_of(const Service& service) {
  KernelStatistics said;
  for (const ipvs::ServiceKey& key : service.keys())
    said.emplace_back(key, reconciler_.statistics(key));
  return checkers::traffic_of(service.pool, said);
}

std::string CheckersProcess::show_servers(const process::Operate& asked) {
  std::string text;
  boost::json::array services;
  const Clocks clocks{process::monotonic_now(), std::chrono::system_clock::now()};
  for (const auto& [key, service] : services_) {
    if (!asked.words.empty() && !means(asked.words.front(), service->pool.service())) continue;
    std::vector<std::vector<CheckState>> checks;
    for (const auto& server : service->tasks) {
      checks.emplace_back();
      for (const auto& task : server)
        checks.back().push_back({task->health.record(), task->findings});
    }
    const auto traffic = asked.has("stats") ? std::optional{traffic_of(*service)} : std::nullopt;
    const ServiceView view{service->pool, checks, service->suspended, traffic ? &*traffic : nullptr,
                           marking_.mark_of(service->pool.service())};
    if (asked.has("json"))
      services.emplace_back(status_json(view, clocks));
    else
      text += status_of(view, clocks);
  }
  if (!asked.has("json") || (services.empty() && !asked.words.empty())) return text;
  return boost::json::serialize(boost::json::object{{"services", std::move(services)}});
}

/// @param words [SERVICE] SERVER. @return what each one is now; empty: there is none
std::string CheckersProcess::set_modes(const std::vector<std::string>& words, Mode mode) {
  std::string text;
  const TimePoint now = process::monotonic_now();
  for (const auto& [key, service] : services_) {
    const VirtualServer& config = service->pool.service();
    if (words.empty() || (words.size() > 1 && !means(words.front(), config))) continue;
    for (std::size_t i = 0; i < config.servers.size(); ++i) {
      const ipvs::DestinationKey& server = config.servers[i].key;
      const std::string name = to_string(server, config.key.protocol);
      if (!is_meant(words.back(), name, server.address, server.port)) continue;
      carry_out(service->pool.set_mode(i, mode, now), *service);
      save_mode(*service, i);
      text += fmt::format("{} of VS {}: {}\n", name, config.name, service->pool.state_of(i));
    }
  }
  return text;
}

void CheckersProcess::operate(const process::Operate& asked) {
  const Mode mode = asked.command == "drain"   ? Mode::drain
                    : asked.command == "maint" ? Mode::maint
                                               : Mode::normal;
  std::string text =
      asked.command == "servers" ? show_servers(asked) : set_modes(asked.words, mode);
  const bool found = !text.empty() || asked.words.empty();
  if (!found)
    text = asked.command == "servers"
               ? fmt::format("there is no virtual server {}", asked.words.front())
               : fmt::format("there is no real server {}", fmt::join(asked.words, " "));
  while (text.ends_with('\n')) text.pop_back();
  if (auto sealed = process::sealed_memfd("answer", valid_utf8(std::move(text))))
    send_(process::Operated{asked.request, found, std::move(*sealed)});
  else
    log_.write(Event{Level::error, "control", sealed.error().what});
}

}  // namespace holdfast::checkers
