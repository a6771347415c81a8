// Any bytes as what a server of HTTP/2 sends. The first byte says whether a page or the health of a
// gRPC service is asked for, the second how the rest is cut into pieces: the verdict must not
// depend on them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "checkers/core/grpc.h"
#include "checkers/io/http2_exchange.h"
#include "checkers/io/page_judge.h"
#include "daemon/base/assert.h"

namespace {

using namespace holdfast::checkers;

HttpUrl url() {
  HttpUrl out{"/", "", {{200, 299}, {404, 404}}, ""};
  out.regex.pattern = "(a|bc)+$|^x.*y";
  out.regex.compiled = *BodyPattern::compile(out.regex);
  return out;
}

Verdict judge(const HttpRequest& request, AnswerSink& sink, std::string_view bytes,
              std::size_t piece) {
  Http2Exchange exchange{request, "http", sink};
  std::size_t sent = exchange.take().size();
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    if (auto verdict = exchange.add(bytes.substr(at, piece))) return *verdict;
    // Nobody makes us say much more than was said to us.
    sent += exchange.take().size();
    BASE_ASSERT(sent <= 2000 + 40 * bytes.size());
    if (exchange.verdict()) return *exchange.verdict();
  }
  return exchange.end();
}

Verdict judge_page(std::string_view bytes, std::size_t piece) {
  static const HttpUrl what = url();
  PageJudge sink{what};
  return judge({"GET", "/", "lab", {{"User-Agent", "fuzz"}}, ""}, sink, bytes, piece);
}

Verdict judge_health(std::string_view bytes, std::size_t piece) {
  GrpcJudge sink{"db"};
  return judge(grpc_health_request("db", "lab"), sink, bytes, piece);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 2, size - 2};
  const std::size_t piece = std::max<std::size_t>(data[1], 1);
  const auto run = data[0] % 2 == 0 ? judge_page : judge_health;
  const Verdict whole = run(text, text.size() + 1);
  const Verdict cut = run(text, piece);
  BASE_ASSERT(!whole.reason.empty());
  BASE_ASSERT(whole.kind == cut.kind);
  return 0;
}
