#include "vrrp/core/hmac_trailer.h"

#include <algorithm>

namespace holdfast::vrrp {
namespace {

constexpr std::uint8_t trailer_type = 1;
constexpr std::size_t tag_at = 12;
constexpr std::size_t checksum_at = 6;  // RFC 9568 5.2.8

/// Family, version, VRID, zero, and the source in 16 bytes: who claims to have sent it.
std::vector<std::byte> pseudo_header(Bytes message, const IpAddress& source) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(source.family()));
  out.u8(std::to_integer<std::uint8_t>(message[0]) >> 4);
  out.u8(std::to_integer<std::uint8_t>(message[1]));
  out.u8(0);
  out.append(source.bytes());
  for (std::size_t rest = source.bytes().size(); rest < 16; ++rest) out.u8(0);
  return out.take();
}

/// The checksum and the tag count as zero: the kernel may fill in the one, and the other is made.
Sha256Tag tag_of(Bytes message, const IpAddress& source, Bytes trailer, const Secret& key) {
  constexpr std::array<std::byte, 2> no_checksum{};
  constexpr Sha256Tag no_tag{};
  return hmac_sha256_128(key.text(),
                         {pseudo_header(message, source), message.first(checksum_at), no_checksum,
                          message.subspan(checksum_at + 2), trailer.first(tag_at), no_tag});
}

std::uint32_t seconds_of(HmacSequence sequence) {
  return static_cast<std::uint32_t>(sequence >> 32);
}

/// In either direction, on a clock that goes round.
bool is_within(HmacSequence a, HmacSequence b, std::uint32_t window) {
  const std::uint32_t ahead = seconds_of(a) - seconds_of(b);
  return std::min(ahead, 0U - ahead) <= window;
}

}  // namespace

HmacSequence hmac_clock(std::chrono::nanoseconds since_epoch) {
  constexpr std::uint64_t nanoseconds = 1'000'000'000;
  const auto total = static_cast<std::uint64_t>(since_epoch.count());
  const std::uint64_t fraction = (total % nanoseconds << 16) / nanoseconds;
  return total / nanoseconds << 32 | fraction << 16;
}

bool is_later(HmacSequence a, HmacSequence b) {
  constexpr std::uint64_t half = std::uint64_t{1} << 63;
  return a != b && a - b < half;
}

HmacSequence HmacSender::next(const HmacPolicy& policy, HmacSequence clock) {
  HmacSequence sequence = clock;
  const bool clock_went_back = last_ && !is_later(clock, *last_);
  // Of a small step the receivers' marks are still valid: numbers go on one by one.
  if (clock_went_back &&
      (policy.anti_replay == AntiReplay::monotonic || is_within(*last_, clock, policy.window)))
    sequence = *last_ + 1;
  last_ = sequence;
  return sequence;
}

void sign(std::vector<std::byte>& message, const IpAddress& source, const IpAddress& destination,
          const HmacPolicy& policy, HmacSequence sequence) {
  ByteWriter trailer;
  trailer.u8(trailer_type);
  trailer.u8(policy.active_key);
  trailer.u16(0);
  trailer.u32(static_cast<std::uint32_t>(sequence >> 32));
  trailer.u32(static_cast<std::uint32_t>(sequence));
  const Sha256Tag tag = tag_of(message, source, trailer.bytes(), policy.keys.at(policy.active_key));
  trailer.append(tag);
  message.insert(message.end(), trailer.bytes().begin(), trailer.bytes().end());
  if (source.is_v6()) set_ipv6_checksum(message, source, destination);
}

bool HmacReceiver::is_replayed(const IpAddress& source, HmacSequence sequence,
                               const HmacPolicy& policy, HmacSequence clock) const {
  const auto mark = marks_.find(source);
  if (mark == marks_.end() || is_later(sequence, mark->second.newest)) return false;
  // A mark from before a clock was corrected would shut its sender out.
  return policy.anti_replay == AntiReplay::monotonic ||
         is_within(mark->second.newest, clock, policy.window);
}

void HmacReceiver::note(const IpAddress& source, HmacSequence sequence) {
  if (!marks_.contains(source) && marks_.size() >= most_)
    marks_.erase(
        std::ranges::min_element(marks_, {}, [](const auto& entry) { return entry.second.used; }));
  marks_[source] = {sequence, ++uses_};
}

std::optional<Discard> HmacReceiver::check(const Parsed& parsed, Bytes message,
                                           const IpAddress& source, const HmacPolicy& policy,
                                           HmacSequence clock) {
  if (!parsed.has_trailer) {
    if (policy.mode == HmacMode::enforce) return Discard::hmac_missing;
    ++counters_.missing;
    return std::nullopt;
  }
  const Bytes trailer = message.last(hmac_trailer_size);
  const Bytes advert = message.first(message.size() - hmac_trailer_size);
  ByteReader in{trailer};
  const bool is_known_type = in.u8() == trailer_type;
  const auto key = policy.keys.find(in.u8());
  const bool is_plain = in.u16() == 0;
  const HmacSequence sequence = HmacSequence{in.u32()} << 32;
  const HmacSequence number = sequence | in.u32();
  if (!is_known_type || !is_plain || key == policy.keys.end()) return Discard::hmac_key;
  if (!is_within(number, clock, policy.window)) return Discard::hmac_stale;
  if (!equal_in_constant_time(in.rest(), tag_of(advert, source, trailer, key->second)))
    return Discard::hmac_invalid;
  if (is_replayed(source, number, policy, clock)) return Discard::replay;
  note(source, number);
  ++counters_.valid;
  return std::nullopt;
}

}  // namespace holdfast::vrrp
