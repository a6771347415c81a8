// A member that makes no difference between two objects.
#pragma once

#include <utility>

namespace holdfast::checkers {

/// Is a T; two of them are always equal.
template <typename T>
struct Uncompared : T {
  Uncompared() = default;
  Uncompared(T value) : T{std::move(value)} {}
  bool operator==(const Uncompared&) const { return true; }
};

}  // namespace holdfast::checkers
