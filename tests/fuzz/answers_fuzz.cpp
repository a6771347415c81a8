// Any bytes as what a checked server sends. The first byte says over which protocol, the second how
// the rest is cut into pieces: the verdict on a page must not depend on the pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "checkers/core/dns.h"
#include "checkers/core/udp_rules.h"
#include "checkers/io/http_answer.h"
#include "checkers/io/page_judge.h"
#include "daemon/base/assert.h"

namespace {

using namespace holdfast::checkers;

HttpUrl url() {
  HttpUrl out{"/", "444bcb3a3fcf8389296c49467f27e1d6", {{200, 299}, {404, 404}}, ""};
  out.regex.pattern = "(a|bc)+$|^x.*y";
  out.regex.options = {"multiline", "utf"};
  out.regex.compiled = *BodyPattern::compile(out.regex);
  return out;
}

Verdict judge(const HttpUrl& what, std::string_view bytes, std::size_t piece) {
  PageJudge sink{what};
  HttpAnswer answer{sink};
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    if (auto verdict = answer.add(bytes.substr(at, piece))) return *verdict;
  return answer.end();
}

void judge_http(std::string_view bytes, std::size_t piece) {
  static const HttpUrl with_all = url();
  const Verdict whole = judge(with_all, bytes, bytes.size() + 1);
  const Verdict cut = judge(with_all, bytes, piece);
  BASE_ASSERT(whole.kind == cut.kind);
  BASE_ASSERT(!whole.reason.empty());
}

void judge_datagram(std::span<const std::byte> bytes) {
  const DnsCheck dns{DnsType::aaaa, "www.example.org"};
  constexpr std::uint16_t id = 0x3132;
  const auto verdict = judge_dns(dns, id, bytes);
  // Whatever passes is a reply to this query: it has the id, and is not the query itself.
  if (verdict && verdict->kind == Verdict::Kind::passed) {
    BASE_ASSERT(bytes.size() >= 12 && bytes[0] == std::byte{0x31} && bytes[1] == std::byte{0x32});
    BASE_ASSERT((bytes[2] & std::byte{0x80}) != std::byte{0});
  }
  const UdpCheck udp{{}, true, {{0x31, 0x00}, {0xff, 0x0f}}, 1, 100};
  if (judge_udp(udp, bytes).kind == Verdict::Kind::passed)
    BASE_ASSERT(bytes.size() >= 2 && bytes.size() <= 100 && bytes[0] == std::byte{0x31});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::span<const std::uint8_t> rest{data + 2, size - 2};
  const std::string_view text{reinterpret_cast<const char*>(rest.data()), rest.size()};
  if (data[0] % 2 == 0)
    judge_http(text, std::max<std::size_t>(data[1], 1));
  else
    judge_datagram(std::as_bytes(rest));
  return 0;
}
