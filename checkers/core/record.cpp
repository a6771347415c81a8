#include "checkers/core/record.h"

#include "checkers/core/kept_time.h"

namespace holdfast::checkers {
namespace {

constexpr std::uint8_t up_flag = 1, judged_flag = 2, decided_flag = 4;

}  // namespace

std::vector<std::byte> to_bytes(const CheckRecord& record) {
  ByteWriter out;
  const HealthRecord& health = record.health;
  out.u8(static_cast<std::uint8_t>((health.up ? up_flag : 0) | (health.judged ? judged_flag : 0) |
                                   (record.decision ? decided_flag : 0)));
  out.u32(health.contrary);
  put(out, health.contribution);
  if (!record.decision) return out.take();
  put(out, record.decision->at);
  out.append(std::as_bytes(std::span{record.decision->reason}));
  return out.take();
}

std::optional<CheckRecord> check_record(Bytes bytes) {
  ByteReader in{bytes};
  const std::uint8_t flags = in.u8();
  CheckRecord record;
  record.health.up = (flags & up_flag) != 0;
  record.health.judged = (flags & judged_flag) != 0;
  record.health.contrary = in.u32();
  record.health.contribution = take_number(in);
  if (flags > (up_flag | judged_flag | decided_flag)) return std::nullopt;
  if ((flags & decided_flag) != 0) {
    const TimePoint at = take_time(in);
    const Bytes reason = in.rest();
    record.decision = Finding{
        printable_reason({reinterpret_cast<const char*>(reason.data()), reason.size()}), at};
  } else if (!in.rest().empty()) {
    return std::nullopt;
  }
  if (!in.good()) return std::nullopt;
  return record;
}

}  // namespace holdfast::checkers
