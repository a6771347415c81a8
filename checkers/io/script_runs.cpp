#include "checkers/io/script_runs.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "checkers/core/misc_rules.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

namespace {

Verdict judge(const MiscCheck& check, const process::CheckResult& result) {
  switch (result.outcome) {
    case process::CheckOutcome::exited:
      return judge_exit(check, result.code);
    case process::CheckOutcome::signalled:
      return Verdict::failed("ended by signal {}", result.code);
    case process::CheckOutcome::timed_out:
      return Verdict::failed("timed out after {} s", in_seconds(*check.timeout));
    case process::CheckOutcome::busy:
      return Verdict::not_run("its last run has not ended");
    case process::CheckOutcome::refused:
    case process::CheckOutcome::ended:
      break;
  }
  return Verdict::not_run("it cannot be started; the log says why");
}

}  // namespace

asio::awaitable<Verdict> ScriptRuns::run(std::uint64_t serial, const MiscCheck& check,
                                         std::string object) {
  asio::steady_timer wake{co_await asio::this_coro::executor,
                          asio::steady_timer::time_point::max()};
  Waiting waiting{wake, std::nullopt};
  const std::uint64_t number = ++last_run_;
  waiting_.emplace(number, &waiting);
  send_(process::RunCheck{serial, *check.place, std::move(object), number, *check.timeout});
  while (!waiting.result) co_await wake.async_wait(asio::as_tuple(asio::use_awaitable));
  waiting_.erase(number);
  co_return judge(check, *waiting.result);
}

void ScriptRuns::finished(const process::CheckResult& result) {
  const auto found = waiting_.find(result.run);
  if (found == waiting_.end() || found->second->result) return;
  found->second->result = result;
  found->second->wake.cancel();
}

}  // namespace holdfast::checkers
