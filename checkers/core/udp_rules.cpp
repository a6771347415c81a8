#include "checkers/core/udp_rules.h"

#include <algorithm>
#include <string_view>

namespace holdfast::checkers {

std::vector<std::byte> udp_payload(const UdpCheck& check) {
  constexpr std::size_t default_size = 32;
  constexpr std::string_view filler = "holdfast check ";
  std::vector<std::byte> bytes(check.payload ? check.payload->size() : default_size);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = check.payload ? std::byte{(*check.payload)[i]}
                             : static_cast<std::byte>(filler[i % filler.size()]);
  return bytes;
}

Verdict judge_udp(const UdpCheck& check, Bytes reply) {
  const BytePattern& wanted = check.reply;
  if (wanted.value.empty()) return Verdict::passed();
  if (reply.size() < check.min_reply || reply.size() > check.max_reply)
    return Verdict::failed("a reply of {} bytes, expected {} to {}", reply.size(), check.min_reply,
                           check.max_reply);
  if (reply.size() < wanted.value.size())
    return Verdict::failed("a reply of {} bytes, shorter than the {} that are expected",
                           reply.size(), wanted.value.size());
  for (std::size_t i = 0; i < wanted.value.size(); ++i) {
    const auto byte = std::to_integer<std::uint8_t>(reply[i]);
    if ((byte & wanted.mask[i]) != (wanted.value[i] & wanted.mask[i]))
      return Verdict::failed("byte {} of the reply is {:02x}, which the pattern does not allow", i,
                             byte);
  }
  return Verdict::passed();
}

}  // namespace holdfast::checkers
