// Numbers and times as they are kept for another process.
#pragma once

#include <cstdint>

#include "daemon/base/bytes.h"
#include "daemon/base/time.h"

namespace holdfast::checkers {

inline void put(ByteWriter& out, std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  out.u32(static_cast<std::uint32_t>(bits >> 32U));
  out.u32(static_cast<std::uint32_t>(bits));
}
inline void put(ByteWriter& out, TimePoint time) { put(out, time.time_since_epoch().count()); }

inline std::int64_t take_number(ByteReader& in) {
  const std::uint64_t upper = in.u32();
  return static_cast<std::int64_t>(upper << 32U | in.u32());
}
inline TimePoint take_time(ByteReader& in) { return TimePoint{Duration{take_number(in)}}; }

}  // namespace holdfast::checkers
