#include "ipvs/connector.h"

#include <algorithm>
#include <utility>

namespace holdfast::ipvs {

bool Connector::may_ask() {
  // Asking for a missing family makes the kernel run modprobe, so not each second for ever.
  constexpr unsigned longest_skip = 7;
  if (calls_to_skip_ > 0) {
    --calls_to_skip_;
    return false;
  }
  calls_to_skip_ = last_skip_;
  last_skip_ = std::min(2 * last_skip_ + 1, longest_skip);
  return true;
}

KernelPort* Connector::connect() {
  if (kernel_ || !may_ask()) return kernel_.get();
  auto opened = open_();
  if (opened) {
    kernel_ = std::move(*opened);
    if (std::exchange(absence_reported_, false))
      log_.write(Event{Level::notice, "ipvs_present", "IPVS is there now"});
  } else if (!std::exchange(absence_reported_, true)) {
    log_.write(Event{Level::error, "ipvs_absent",
                     fmt::format("{}; {}", opened.error().what, consequence_)});
  }
  return kernel_.get();
}

}  // namespace holdfast::ipvs
