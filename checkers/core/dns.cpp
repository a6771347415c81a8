#include "checkers/core/dns.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace holdfast::checkers {
namespace {

using std::string_view_literals::operator""sv;

/// @source RFC 1035 4.1.1
constexpr std::size_t header_size = 12;
constexpr std::uint16_t response_flag = 0x8000, recursion_desired = 0x0100, code_mask = 0x000f;
/// @source RFC 1035 3.2.4
constexpr std::uint16_t class_internet = 1;

/// @source RFC 1035 3.2.2, RFC 3596 2.1 (AAAA), RFC 4034 2 and 3 (DNSKEY, RRSIG)
constexpr std::array<std::uint16_t, 9> type_codes{1, 2, 5, 6, 15, 16, 28, 46, 48};

/// @source RFC 1035 4.1.1, RFC 2136 2.2
constexpr std::array code_names{"NOERROR"sv, "FORMERR"sv, "SERVFAIL"sv, "NXDOMAIN"sv,
                                "NOTIMP"sv,  "REFUSED"sv, "YXDOMAIN"sv, "YXRRSET"sv,
                                "NXRRSET"sv, "NOTAUTH"sv, "NOTZONE"sv};

void write_name(ByteWriter& out, std::string_view name) {
  while (!name.empty() && name != ".") {
    const std::string_view label = name.substr(0, name.find('.'));
    out.u8(static_cast<std::uint8_t>(label.size()));
    out.append(std::as_bytes(std::span{label}));
    name.remove_prefix(std::min(label.size() + 1, name.size()));
  }
  out.u8(0);
}

std::vector<std::byte> question(const DnsCheck& check) {
  ByteWriter out;
  write_name(out, check.name);
  out.u16(type_codes.at(static_cast<std::size_t>(check.type)));
  out.u16(class_internet);
  return out.take();
}

/// Names may come back in another case. @source RFC 4343 3
std::byte lower(std::byte byte) {
  const auto c = std::to_integer<unsigned char>(byte);
  return c >= 'A' && c <= 'Z' ? static_cast<std::byte>(c + ('a' - 'A')) : byte;
}

}  // namespace

std::vector<std::byte> dns_query(const DnsCheck& check, std::uint16_t id) {
  ByteWriter out;
  out.u16(id);
  out.u16(recursion_desired);
  out.u16(1);  // one question; no answer, authority or additional record
  for (int section = 0; section < 3; ++section) out.u16(0);
  out.append(question(check));
  return out.take();
}

std::optional<Verdict> judge_dns(const DnsCheck& check, std::uint16_t id, Bytes reply) {
  if (reply.size() < header_size)
    return Verdict::failed("a reply of {} bytes, shorter than the header of DNS", reply.size());
  ByteReader in{reply};
  const std::uint16_t their_id = in.u16();
  const std::uint16_t flags = in.u16();
  const std::uint16_t questions = in.u16();
  if (their_id != id || (flags & response_flag) == 0) return std::nullopt;
  // Some servers leave the question out of an error.
  if (questions > 0) {
    const auto asked = question(check);
    const Bytes echoed = reply.subspan(header_size);
    if (echoed.size() < asked.size())
      return Verdict::failed("a reply of {} bytes, cut off in its question", reply.size());
    if (!std::ranges::equal(asked, echoed.first(asked.size()), {}, lower, lower))
      return std::nullopt;
  }
  const unsigned code = flags & code_mask;
  if (code == 0) return Verdict::passed();
  if (code < code_names.size()) return Verdict::failed("the answer is {}", code_names.at(code));
  return Verdict::failed("the answer is the error {}", code);
}

}  // namespace holdfast::checkers
