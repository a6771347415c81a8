// The servers of one service: who is alive, whether the quorum is there, and what the kernel's
// table must therefore hold. Pure: verdicts in; table rows, log events and script requests out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checkers/config/config.h"
#include "checkers/core/alert.h"
#include "daemon/base/event.h"
#include "ipvs/table.h"

namespace holdfast::checkers {

/// A script to be run; `object` keys the order.
struct ScriptRequest {
  config::Place script;
  std::string object;
};

/// What follows from a change.
struct Effects {
  bool table_changed = false;
  std::vector<Event> events;
  std::vector<ScriptRequest> scripts;
  /// For FIFOs: "VS [10.0.0.1]:tcp:80 UP"
  std::vector<std::string> changes;
  std::vector<Alert> alerts;
};

/// The row of a service that has several keys as one of them has it: servers of its family, or
/// behind a tunnel; those that keep the port have the key's.
ipvs::Service row_for(const ipvs::ServiceKey& key, const ipvs::Service& row);

class Pool {
 public:
  /// @param up for each server and check: the verdict to begin with
  /// @param quorum whether it was there in the pool that this one follows, after a reload or a
  ///        restart: inside the hysteresis band that decides; nothing at the first start
  Pool(const VirtualServer& service, const std::vector<std::vector<bool>>& up,
       std::optional<bool> quorum = {});

  /// What follows where a server or the quorum is not as it was in the pool before. Call once.
  /// @param was_alive of the pool before, by server key; one that it did not have is not in it
  Effects settle(const std::map<ipvs::DestinationKey, bool>& was_alive = {});

  /// A check changed its verdict. @param reason of the verdict, for the log
  Effects set_check(std::size_t server, std::size_t check, bool up, const std::string& reason);
  /// What a check adds to the weight of its server, or takes away; 0 to begin with.
  Effects set_contribution(std::size_t server, std::size_t check, std::int64_t weight);
  /// The configured weight with the contributions of all checks, within 0..2^31-1.
  [[nodiscard]] std::uint32_t weight_of(std::size_t server) const;
  /// keepalived's rs_init_notifies: the first result of a server, although it changed nothing.
  Effects first_result(std::size_t server);
  /// keepalived's omega: down scripts of everything that is still up, at stop.
  [[nodiscard]] Effects stop() const;
  /// The row of the wanted table.
  [[nodiscard]] ipvs::Service wanted() const;

  [[nodiscard]] bool is_alive(std::size_t server) const { return servers_[server].failing == 0; }
  [[nodiscard]] bool has_quorum() const { return quorum_; }
  [[nodiscard]] std::uint64_t alive_weight() const { return alive_weight_; }
  [[nodiscard]] const VirtualServer& service() const { return service_; }

 private:
  struct Server {
    std::vector<bool> up;                     ///< by check
    std::size_t failing = 0;                  ///< how many of them are down
    std::vector<std::int64_t> contributions;  ///< by check; empty: none ever made one
    std::int64_t contributed = 0;             ///< their sum
  };
  void tell_server(std::size_t server, const std::string& reason, Effects& effects) const;
  void mail_check(std::size_t server, std::size_t check, bool server_changed,
                  const std::string& reason, Effects& effects) const;
  void update_quorum(Effects& effects);
  [[nodiscard]] bool quorum_holds() const;
  [[nodiscard]] std::string server_name(std::size_t server) const;

  VirtualServer service_;
  std::vector<Server> servers_;
  std::uint64_t alive_weight_ = 0;
  bool quorum_ = false;
};

}  // namespace holdfast::checkers
