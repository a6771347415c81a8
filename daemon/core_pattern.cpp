#include "daemon/core_pattern.h"

#include <fstream>

namespace holdfast {
namespace {

constexpr const char* path = "/proc/sys/kernel/core_pattern";

bool write_pattern(const std::string& pattern) {
  std::ofstream file{path};
  return static_cast<bool>(file << pattern << std::flush);
}

}  // namespace

CorePattern::CorePattern(const std::string& pattern, Log& log) {
  std::string before;
  std::getline(std::ifstream{path}, before);
  if (write_pattern(pattern))
    before_ = before;
  else
    log.write(Event{Level::warning, "core_pattern", fmt::format("cannot change {}", path)});
}

CorePattern::~CorePattern() {
  if (!before_.empty()) write_pattern(before_);
}

}  // namespace holdfast
