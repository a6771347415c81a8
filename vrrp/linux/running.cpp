#include "vrrp/linux/running.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace holdfast::vrrp {
namespace {

/// In Record::state: has_given_way().
constexpr std::uint8_t gave_way_bit = 0x80;

struct Record {
  std::uint8_t state = 0;  ///< StateName, and gave_way_bit
  std::uint8_t active_priority = 0;
  std::uint8_t version = 2;  ///< of this layout
  std::uint8_t family = 0;   ///< of the address: 4 or 6
  std::uint32_t ah_sequence = 0;
  std::array<std::byte, 16> active_address{};
  std::int64_t first = 0;   ///< Backup: deadline; Active: next advert
  std::int64_t second = 0;  ///< Backup: interval; Active: last advert
};

std::optional<Record> read(std::span<const std::byte> bytes) {
  Record record;
  if (bytes.size() != sizeof record) return std::nullopt;
  std::memcpy(&record, bytes.data(), sizeof record);
  return record.version == 2 ? std::optional{record} : std::nullopt;
}

TimePoint time_of(std::int64_t nanoseconds) { return TimePoint{Duration{nanoseconds}}; }

}  // namespace

std::vector<std::byte> to_record(const State& state, std::uint32_t ah_sequence) {
  Record record;
  record.ah_sequence = ah_sequence;
  record.state = static_cast<std::uint8_t>(name_of(state));
  if (has_given_way(state)) record.state |= gave_way_bit;
  if (const auto* backup = std::get_if<Backup>(&state)) {
    record.active_priority = backup->active_priority;
    record.family = static_cast<std::uint8_t>(backup->active_address.family());
    std::ranges::copy(backup->active_address.bytes(), record.active_address.begin());
    record.first = backup->deadline.time_since_epoch().count();
    record.second = backup->active_interval.count();
  } else if (const auto* active = std::get_if<Active>(&state)) {
    record.first = active->next_advert.time_since_epoch().count();
    record.second = active->last_advert.time_since_epoch().count();
  }
  const auto bytes = std::as_bytes(std::span{&record, 1});
  return {bytes.begin(), bytes.end()};
}

std::uint32_t ah_sequence_in(std::span<const std::byte> bytes) {
  const auto record = read(bytes);
  return record ? record->ah_sequence : 0;
}

std::optional<State> from_record(std::span<const std::byte> bytes) {
  const auto found = read(bytes);
  if (!found) return std::nullopt;
  const Record& record = *found;
  const bool gave_way = (record.state & gave_way_bit) != 0;
  switch (static_cast<StateName>(record.state & ~gave_way_bit)) {
    case StateName::backup: {
      Backup backup;
      backup.deadline = time_of(record.first);
      backup.active_interval = Duration{record.second};
      backup.active_priority = record.active_priority;
      backup.gave_way = gave_way;
      const std::size_t size = record.family == static_cast<int>(Family::ipv4) ? 4 : 16;
      backup.active_address = *IpAddress::from_bytes(std::span{record.active_address}.first(size));
      return backup;
    }
    case StateName::active:
      // A handover that was under way is off.
      return Active{time_of(record.first), time_of(record.second), TimePoint{}};
    case StateName::fault:
      return Fault{gave_way};
    case StateName::initialize:
      return Initialize{};
  }
  return std::nullopt;
}

}  // namespace holdfast::vrrp
