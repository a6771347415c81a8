#include "checkers/io/shared_probe.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "checkers/io/probe.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

SharedProbe::SharedProbe(PollSet& poll_set, std::shared_ptr<const Check> check)
    : poll_set_{poll_set}, check_{std::move(check)} {}

/// One that has chosen its source keeps it.
void SharedProbe::continue_as(std::shared_ptr<const Check> check) {
  if (!check_->endpoint.source) check_ = std::move(check);
}

void SharedProbe::send_from(const IpAddress& source) {
  if (check_->endpoint.source == source) return;
  const auto own = std::make_shared<Check>(*check_);
  own->endpoint.source = source;
  check_ = own;
}

asio::awaitable<ProbeResult> SharedProbe::next(std::uint64_t known, bool recovering) {
  const auto self = shared_from_this();
  if (under_way_) {
    if (!finished_)
      finished_ = std::make_unique<asio::steady_timer>(co_await asio::this_coro::executor,
                                                       asio::steady_timer::time_point::max());
    co_await finished_->async_wait(asio::as_tuple(asio::use_awaitable));
    co_return last_;
  }
  const TimePoint begun = poll_set_.now();
  if (last_.number != known && last_.number != 0 &&
      begun - last_.begun < check_->final_timing.delay_loop)
    co_return last_;
  under_way_ = true;
  const auto check = check_;                        // it may be another one before the probe ends
  ProbeTask task{*check, ++sequence_, recovering};  // g++ 12 destroys a temporary here twice
  Verdict verdict = co_await probe(std::move(task));
  under_way_ = false;
  last_ = {std::move(verdict), last_.number + 1, begun, poll_set_.now()};
  if (finished_) finished_->cancel();
  co_return last_;
}

std::shared_ptr<SharedProbe> SharedProbes::of(const std::shared_ptr<const Check>& check,
                                              PollSet& poll_set) {
  const std::size_t hash = std::hash<std::string>{}(check->identity());
  const auto [first, last] = probes_.equal_range(hash);
  for (auto entry = first; entry != last; ++entry)
    if (auto known = entry->second.lock(); known && known->check().same_probe(*check)) {
      known->continue_as(check);
      return known;
    }
  auto made = std::make_shared<SharedProbe>(poll_set, check);
  probes_.emplace(hash, made);
  return made;
}

void SharedProbes::tidy() {
  std::erase_if(probes_, [](const auto& entry) { return entry.second.expired(); });
}

}  // namespace holdfast::checkers
