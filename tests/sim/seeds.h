// Bodies that run once for each seed; a failure names the seed, and SIM_SEED=N replays it alone.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include "daemon/base/time.h"

namespace holdfast::sim {

/// @param seeds how many; sanitized builds run 1,000 at most
/// @param body returns for how long it simulated
template <typename Body>
void for_each_seed(std::uint64_t seeds, const Body& body) {
  if (std::getenv("HOLDFAST_SANITIZED") != nullptr) seeds = std::min<std::uint64_t>(seeds, 1000);
  if (const char* only = std::getenv("SIM_SEED")) {
    body(std::strtoull(only, nullptr, 10));
    return;
  }
  const auto begun = std::chrono::steady_clock::now();
  Duration simulated{0};
  for (std::uint64_t seed = 0; seed < seeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("SIM_SEED=" + std::to_string(seed));
    simulated += body(seed);
  }
  const std::chrono::duration<double> real = std::chrono::steady_clock::now() - begun;
  std::cout << seeds << " seeds, " << in_seconds(simulated) / 3600 / real.count()
            << " simulated hours per second\n";
}

}  // namespace holdfast::sim
