// A kernel's IPVS table in memory: does what Linux does with each operation, and can be told to
// refuse, to have no IPVS, and to be changed by somebody else.
#pragma once

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ipvs/kernel.h"
#include "ipvs/reconciler.h"

namespace holdfast::ipvs {

/// What the tests look at; outlives the ports that the reconciler opens and drops.
struct FakeKernelState {
  Table table;
  bool present = true;  ///< the module ip_vs is loaded
  int dump_error = 0;   ///< errno of the next dumps; 0: they work
  std::map<SyncRole, SyncSettings> daemons;
  Timeouts timeouts{900, 120, 300};
  std::size_t changes = 0;     ///< of daemons and time-outs
  int settings_error = 0;      ///< errno of what concerns daemons and time-outs
  std::size_t openings = 0;    ///< attempts, failed ones as well
  std::size_t dumps = 0;       ///< reads of the whole table
  std::size_t reads = 0;       ///< of one service
  std::size_t looks = 0;       ///< at the destinations of one service
  bool counts = true;          ///< an outline tells how many destinations there are
  std::size_t batches = 0;     ///< calls of apply()
  std::size_t operations = 0;  ///< in all of them
  std::function<bool(const Operation&)> refuse = [](const Operation&) { return false; };
};

/// What Linux answers to an operation. @return 0 or an errno
inline int answer(const Table& table, const Operation& operation) {
  using Kind = Operation::Kind;
  const auto service = table.find(operation.service);
  const bool has_service = service != table.end();
  if (operation.kind == Kind::add_service) return has_service ? EEXIST : 0;
  if (!has_service) return ESRCH;
  if (operation.kind == Kind::edit_service || operation.kind == Kind::remove_service) return 0;
  const bool has_destination = service->second.destinations.contains(operation.destination);
  if (operation.kind == Kind::add_destination) return has_destination ? EEXIST : 0;
  return has_destination ? 0 : ENOENT;
}

class FakeKernel : public KernelPort {
 public:
  explicit FakeKernel(FakeKernelState& state) : state_{state} {}
  Result<Table> dump() override {
    ++state_.dumps;
    if (state_.dump_error != 0) return fail_errno(state_.dump_error, "cannot read the IPVS table");
    Table table = state_.table;
    for (auto& [key, service] : table) service.settings.flags |= service_flag::hashed;
    return table;
  }
  Result<Outlines> outlines(bool whole) override {
    if (state_.dump_error != 0) return fail_errno(state_.dump_error, "cannot read the IPVS table");
    Outlines found;
    for (const auto& [key, service] : state_.table) {
      if (!whole && !key.address.is_v4()) continue;
      Outline outline{service.settings, std::nullopt};
      outline.settings.flags |= service_flag::hashed;
      if (!whole && state_.counts) outline.destinations = service.destinations.size();
      found.emplace(key, std::move(outline));
    }
    return found;
  }
  Result<bool> has_destinations(const ServiceKey& key, const Service& service) override {
    ++state_.looks;
    const auto found = state_.table.find(key);
    return found == state_.table.end() ? service.destinations.empty()
                                       : found->second.destinations == service.destinations;
  }
  Result<std::optional<Service>> read(const ServiceKey& key) override {
    ++state_.reads;
    const auto found = state_.table.find(key);
    if (found == state_.table.end()) return std::nullopt;
    return found->second;
  }
  std::vector<Refused> apply(std::span<const Operation> operations) override {
    ++state_.batches;
    state_.operations += operations.size();
    std::vector<Refused> refused;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      const int code = state_.refuse(operations[i]) ? EINVAL : answer(state_.table, operations[i]);
      if (code == 0)
        ipvs::apply(state_.table, operations[i]);
      else
        refused.push_back({i, fail_errno(code, "cannot {}", to_string(operations[i])).value()});
    }
    return refused;
  }
  Result<void> flush() override {
    state_.table.clear();
    return {};
  }
  Result<std::map<SyncRole, SyncSettings>> sync_daemons() override {
    if (state_.settings_error != 0) return fail_errno(state_.settings_error, "cannot read");
    return state_.daemons;
  }
  Result<void> start_sync(SyncRole role, const SyncSettings& settings) override {
    const auto with_defaults = [&] {
      SyncSettings made = settings;
      if (made.port == 0) made.port = 8848;
      if (made.ttl == 0) made.ttl = 1;
      if (!made.group) made.group = IpAddress::v4(0xE0000051);
      return made;
    };
    return change([&] { state_.daemons.emplace(role, with_defaults()); });
  }
  Result<void> stop_sync(SyncRole role) override {
    return change([&] { state_.daemons.erase(role); });
  }
  Result<Timeouts> timeouts() override { return state_.timeouts; }
  Result<void> set_timeouts(const Timeouts& timeouts) override {
    return change([&] { state_.timeouts = timeouts; });
  }
  Result<std::map<DestinationKey, Connections>> connections(const ServiceKey& key) override {
    std::map<DestinationKey, Connections> open;
    const auto service = state_.table.find(key);
    if (service == state_.table.end()) return fail_errno(ESRCH, "no such service");
    for (const auto& [destination, settings] : service->second.destinations) open[destination];
    return open;
  }

 private:
  Result<void> change(const std::function<void()>& carry_out) {
    ++state_.changes;
    if (state_.settings_error != 0) return fail_errno(state_.settings_error, "cannot change");
    carry_out();
    return {};
  }
  FakeKernelState& state_;
};

/// What a Reconciler opens. @param state must outlive the reconciler
inline Connector::Open opens(FakeKernelState& state) {
  return [&state]() -> Result<std::unique_ptr<KernelPort>> {
    ++state.openings;
    if (!state.present) return tl::make_unexpected(Error{"this kernel has no IPVS", ENOENT});
    return std::make_unique<FakeKernel>(state);
  };
}

class LogInMemory : public Log {
 public:
  void write(const Event& event) override { events.push_back(event); }
  [[nodiscard]] std::size_t count(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::count(events, name, &Event::name));
  }
  std::vector<Event> events;
};

}  // namespace holdfast::ipvs
