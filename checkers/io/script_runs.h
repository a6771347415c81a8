// The scripts of MISC_CHECK: the supervisor runs them, and a probe waits for its result.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "checkers/config/checks.h"
#include "checkers/core/verdict.h"
#include "daemon/process/messages.h"

namespace holdfast::checkers {

class ScriptRuns {
 public:
  explicit ScriptRuns(std::function<void(process::Message)> send) : send_{std::move(send)} {}

  /// @param serial of the configuration that `check` stands in
  /// @param object whose runs never overlap
  boost::asio::awaitable<Verdict> run(std::uint64_t serial, const MiscCheck& check,
                                      std::string object);
  void finished(const process::CheckResult& result);

 private:
  struct Waiting {
    boost::asio::steady_timer& wake;
    std::optional<process::CheckResult> result;
  };
  std::function<void(process::Message)> send_;
  std::map<std::uint64_t, Waiting*> waiting_;  ///< by run
  std::uint64_t last_run_ = 0;
};

}  // namespace holdfast::checkers
