#include "checkers/core/operators_word.h"

#include "checkers/core/kept_time.h"

namespace holdfast::checkers {

std::vector<std::byte> to_bytes(const OperatorsWord& word) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(word.mode));
  put(out, word.since);
  return out.take();
}

std::optional<OperatorsWord> operators_word(Bytes bytes) {
  ByteReader in{bytes};
  const std::optional<Mode> mode = mode_of(in.u8());
  const TimePoint since = take_time(in);
  if (!mode || !in.good() || !in.rest().empty()) return std::nullopt;
  return OperatorsWord{*mode, since};
}

}  // namespace holdfast::checkers
