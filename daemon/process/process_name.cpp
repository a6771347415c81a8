#include "daemon/process/process_name.h"

#include <sys/prctl.h>

#include <array>
#include <string>

namespace holdfast::process {

void set_process_name(std::string_view configured, std::string_view otherwise) {
  static const std::string original = [] {
    std::array<char, 16> name{};
    ::prctl(PR_GET_NAME, name.data());
    return std::string{name.data()};
  }();
  const std::string_view first = configured.empty() ? otherwise : configured;
  const std::string name = first.empty() ? original : std::string{first};
  ::prctl(PR_SET_NAME, name.c_str());
}

}  // namespace holdfast::process
