// Any bytes as what a raw ICMP socket received.
#include <cstddef>
#include <cstdint>
#include <span>

#include "checkers/core/echo.h"
#include "daemon/base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast::checkers;
  const auto packet = std::as_bytes(std::span{data, size});
  const auto message = without_ip_header(packet);
  BASE_ASSERT(message.size() <= packet.size());
  const Echo echo{0x1234, 7};
  for (const bool v6 : {false, true}) {
    // An answer names the request it answers; a request is not one.
    if (answers(echo, message, v6)) BASE_ASSERT(!answers({0x1234, 8}, message, v6));
    BASE_ASSERT(!answers(echo, echo_request(echo, v6), v6));
  }
  return 0;
}
