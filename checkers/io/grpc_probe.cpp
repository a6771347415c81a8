// GRPC_CHECK: one call of the health service.
#include "checkers/core/grpc.h"
#include "checkers/io/http_fetch.h"
#include "checkers/io/probe.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

asio::awaitable<Verdict> grpc_probe(ProbeTask task) {
  const auto& check = std::get<HttpCheck>(task.check.probe);
  const Endpoint& endpoint = task.check.endpoint;
  const std::string service = check.grpc_service.value_or("");
  GrpcJudge judge{service};
  HttpFetch fetch{grpc_health_request(service, http_request(check, {}, endpoint).host),
                  HttpVersion::v2,
                  endpoint,
                  task.check.final_timing.connect_timeout,
                  check.tls,
                  server_name(check, {}),
                  check.tls_rules};
  co_return co_await http_fetch(std::move(fetch), judge);
}

}  // namespace holdfast::checkers
