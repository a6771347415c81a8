// The servers of one service: who is alive, whether the quorum is there, and what the kernel's
// table must therefore hold. Pure: verdicts in; table rows, log events and script requests out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkers/config/config.h"
#include "checkers/core/alert.h"
#include "checkers/core/leaving.h"
#include "checkers/core/operators_word.h"
#include "checkers/core/row.h"
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

class Pool {
 public:
  /// @param up for each server and check: the verdict to begin with
  /// @param quorum whether it was there in the pool that this one follows, after a reload or a
  ///        restart: inside the hysteresis band that decides; nothing at the first start
  Pool(std::shared_ptr<const VirtualServer> service, const std::vector<std::vector<bool>>& up,
       std::optional<bool> quorum = {});
  /// The same with a copy of the service.
  Pool(const VirtualServer& service, const std::vector<std::vector<bool>>& up,
       std::optional<bool> quorum = {})
      : Pool{std::make_shared<const VirtualServer>(service), up, quorum} {}

  /// What follows where a server or the quorum is not as it was in the pool before. Call once.
  /// @param was_in_use of the pool before, by server key; one that it did not have is not in it
  Effects settle(const std::map<ipvs::DestinationKey, bool>& was_in_use = {});
  /// Goes on where the pool before a reload was, behind the constructor and before settle():
  /// operators' modes, slow starts, and servers that are gone from the configuration and still have
  /// connections (drain_timeout).
  Effects inherit(const Pool& old, TimePoint now);
  /// An operator's word from before a restart, before settle().
  void restore(std::size_t server, const OperatorsWord& word);
  /// A drain of a server that was gone from the configuration before a restart, before settle().
  /// One that is configured again, or a service without drain_timeout: nothing.
  void restore_leaving(const LeavingServer& server);

  /// A check changed its verdict. @param reason of the verdict, for the log
  Effects set_check(std::size_t server, std::size_t check, bool up, const std::string& reason,
                    TimePoint now = {});
  /// An operator takes a server out, or gives it back to its checks.
  Effects set_mode(std::size_t server, Mode mode, TimePoint now);
  /// Time goes on: slow starts and deadlines of drains. To be called while is_moving().
  Effects tick(TimePoint now);
  /// What a destination of draining() still has.
  Effects count_connections(const ipvs::DestinationKey& destination, const ipvs::Connections& open,
                            TimePoint now);
  [[nodiscard]] bool is_moving() const;
  [[nodiscard]] Servers draining() const;
  /// What a check adds to the weight of its server, or takes away; 0 to begin with.
  Effects set_contribution(std::size_t server, std::size_t check, std::int64_t weight);
  /// The configured weight with the contributions of all checks, within 0..2^31-1.
  [[nodiscard]] std::uint32_t weight_of(std::size_t server) const;
  /// keepalived's rs_init_notifies: the first result of a server, although it changed nothing.
  Effects first_result(std::size_t server);
  /// keepalived's omega: down scripts of everything that is still up, at stop.
  [[nodiscard]] Effects stop() const;
  /// All that may be in the table: servers, those that still drain, the sorry server.
  [[nodiscard]] Servers destinations() const;
  /// The row of the wanted table.
  [[nodiscard]] ipvs::Service wanted() const;

  [[nodiscard]] bool is_alive(std::size_t server) const { return servers_[server].failing == 0; }
  /// It gets new connections, as far as the quorum is there.
  [[nodiscard]] bool is_in_use(std::size_t server) const { return servers_[server].in_use; }
  [[nodiscard]] OperatorsWord last_word_of(std::size_t server) const {
    return {servers_[server].mode, servers_[server].drain.since};
  }
  /// A word or two for the operator: "in use", "down", "draining, 3 connections".
  [[nodiscard]] std::string state_of(std::size_t server) const;
  /// For restore_leaving() of a successor.
  [[nodiscard]] std::vector<LeavingServer> leaving_servers() const;
  /// Servers that are gone from the configuration and still drain, and what they still have.
  [[nodiscard]] std::vector<std::pair<ipvs::DestinationKey, ipvs::Connections>> leaving() const;
  [[nodiscard]] bool has_quorum() const { return quorum_; }
  [[nodiscard]] std::uint64_t alive_weight() const { return alive_weight_; }
  [[nodiscard]] const VirtualServer& service() const { return service_; }

 private:
  struct Drain {
    TimePoint since;
    ipvs::Connections open;
    bool done = false;
  };
  /// Gone from the configuration.
  struct Leaving {
    ipvs::DestinationSettings settings;
    Drain drain;
  };
  struct Server {
    std::vector<bool> up;                     ///< by check
    std::size_t failing = 0;                  ///< how many of them are down
    std::vector<std::int64_t> contributions;  ///< by check; empty: none ever made one
    std::int64_t contributed = 0;             ///< their sum
    bool in_use = false;
    bool was_in = false;           ///< has been alive, or began so
    std::uint64_t down_since = 0;  ///< order among failures
    Mode mode = Mode::normal;
    Drain drain;                         ///< of Mode::drain
    std::optional<TimePoint> ramp_from;  ///< slow start
  };
  // pool_use.cpp
  /// Who is in use now. @param only the server that has changed, which is enough to look at
  /// without limits @return those that come into use or leave it
  std::vector<std::size_t> admit_servers(std::optional<std::size_t> only, Effects& effects);
  void decide(std::size_t change, const std::string& reason, TimePoint now, Effects& effects);
  void set_use(std::size_t server, bool in_use);
  void tell_kept(std::size_t server, const std::string& reason, Effects& effects) const;
  bool go_on(Drain& drain, const ipvs::DestinationKey& key, TimePoint now, Effects& effects) const;
  [[nodiscard]] std::uint32_t weight_now(std::size_t server) const;
  [[nodiscard]] Event event_of(const ipvs::DestinationKey& server, const char* name,
                               const std::string& what) const;

  void tell_server(std::size_t server, const std::string& reason, Effects& effects) const;
  void mail_check(std::size_t server, std::size_t check, bool server_changed,
                  const std::string& reason, Effects& effects) const;
  void update_quorum(Effects& effects);
  [[nodiscard]] bool quorum_holds() const;
  [[nodiscard]] std::string server_name(std::size_t server) const;

  std::shared_ptr<const VirtualServer> owner_;  ///< shared with the checks, which are part of it
  const VirtualServer& service_;
  std::vector<Server> servers_;
  std::uint64_t alive_weight_ = 0;
  bool quorum_ = false;
  bool panic_ = false;  ///< checks are distrusted
  std::map<ipvs::DestinationKey, Leaving> leaving_;
  std::uint64_t failures_ = 0;
  TimePoint now_;  ///< of the last change, for slow starts
};

}  // namespace holdfast::checkers
