// HTTP_GET and SSL_GET: the urls of a check in order, each on a connection of its own.
#include "checkers/io/http_fetch.h"
#include "checkers/io/page_judge.h"
#include "checkers/io/probe.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

namespace {

HttpFetch fetch_of(const ProbeTask& task, const HttpCheck& check, const HttpUrl& url) {
  const Endpoint& endpoint = task.check.endpoint;
  return {http_request(check, url, endpoint),
          check.version,
          endpoint,
          task.check.final_timing.connect_timeout,
          check.tls,
          server_name(check, url),
          check.tls_rules,
          check.tls && url.tls_compliant.value_or(check.tls_compliant)};
}

}  // namespace

asio::awaitable<Verdict> http_probe(ProbeTask task) {
  const auto& check = std::get<HttpCheck>(task.check.probe);
  Verdict last = Verdict::passed();
  for (const HttpUrl& url : check.urls) {
    PageJudge judge{url};
    HttpFetch fetch = fetch_of(task, check, url);
    last = co_await http_fetch(std::move(fetch), judge);
    if (last.kind != Verdict::Kind::passed || (task.recovering && check.fast_recovery)) break;
  }
  co_return last;
}

}  // namespace holdfast::checkers
