#include "checkers/core/echo.h"

namespace holdfast::checkers {
namespace {

constexpr std::uint8_t v4_request = 8;    // RFC 792
constexpr std::uint8_t v4_reply = 0;      // RFC 792
constexpr std::uint8_t v6_request = 128;  // RFC 4443 4.1
constexpr std::uint8_t v6_reply = 129;    // RFC 4443 4.2
/// Carried in the payload so that a reply of another program is not taken for ours.
constexpr std::uint32_t cookie = 0x486f4661;

}  // namespace

std::vector<std::byte> echo_request(const Echo& echo, bool v6) {
  ByteWriter out;
  out.u8(v6 ? v6_request : v4_request);
  out.u8(0);
  out.u16(0);
  out.u16(echo.id);
  out.u16(echo.sequence);
  out.u32(cookie);
  if (!v6) out.patch_u16(2, internet_checksum(internet_sum(out.bytes())));
  return out.take();
}

bool answers(const Echo& echo, Bytes message, bool v6) {
  ByteReader in{message};
  const bool is_reply = in.u8() == (v6 ? v6_reply : v4_reply);
  (void)in.u8();
  (void)in.u16();
  const bool ours = in.u16() == echo.id && in.u16() == echo.sequence && in.u32() == cookie;
  return in.good() && is_reply && ours;
}

Bytes without_ip_header(Bytes packet) {
  if (packet.empty()) return {};
  const std::size_t header = std::to_integer<std::size_t>(packet[0] & std::byte{0xf}) * 4;
  return header > packet.size() ? Bytes{} : packet.subspan(header);
}

}  // namespace holdfast::checkers
