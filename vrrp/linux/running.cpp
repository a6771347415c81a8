#include "vrrp/linux/running.h"

#include <cstring>
#include <utility>

namespace holdfast::vrrp {
namespace {

struct Record {
  std::uint8_t state = 0;
  std::uint8_t active_priority = 0;
  std::uint8_t version = 1;  ///< of this layout
  std::uint8_t unused = 0;
  std::uint32_t active_address = 0;
  std::int64_t first = 0;   ///< Backup: deadline; Active: next advert
  std::int64_t second = 0;  ///< Backup: interval; Active: last advert
};

TimePoint time_of(std::int64_t nanoseconds) { return TimePoint{Duration{nanoseconds}}; }

}  // namespace

std::vector<std::byte> to_record(const State& state) {
  Record record;
  record.state = static_cast<std::uint8_t>(name_of(state));
  if (const auto* backup = std::get_if<Backup>(&state)) {
    record.active_priority = backup->active_priority;
    record.active_address =
        backup->active_address.is_v4() ? backup->active_address.host_order() : 0;
    record.first = backup->deadline.time_since_epoch().count();
    record.second = backup->active_interval.count();
  } else if (const auto* active = std::get_if<Active>(&state)) {
    record.first = active->next_advert.time_since_epoch().count();
    record.second = active->last_advert.time_since_epoch().count();
  }
  const auto bytes = std::as_bytes(std::span{&record, 1});
  return {bytes.begin(), bytes.end()};
}

std::optional<State> from_record(std::span<const std::byte> bytes) {
  Record record;
  if (bytes.size() != sizeof record) return std::nullopt;
  std::memcpy(&record, bytes.data(), sizeof record);
  if (record.version != 1) return std::nullopt;
  switch (static_cast<StateName>(record.state)) {
    case StateName::backup: {
      Backup backup;
      backup.deadline = time_of(record.first);
      backup.active_interval = Duration{record.second};
      backup.active_priority = record.active_priority;
      backup.active_address = IpAddress::v4(record.active_address);
      return backup;
    }
    case StateName::active:
      return Active{time_of(record.first), time_of(record.second), TimePoint{}};
    case StateName::fault:
      return Fault{};
    case StateName::initialize:
      return Initialize{};
  }
  return std::nullopt;
}

}  // namespace holdfast::vrrp
