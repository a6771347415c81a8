#include "daemon/config/lint.h"

#include <algorithm>

namespace holdfast::config {

bool is_inside(const IpAddress& address, const ConnectedAddress& connected) {
  if (address.family() != connected.address.family()) return false;
  const auto a = address.bytes();
  const auto b = connected.address.bytes();
  for (std::size_t bit = 0; bit < connected.prefix_length; ++bit) {
    const auto mask = std::byte{0x80} >> static_cast<int>(bit % 8);
    if ((a[bit / 8] & mask) != (b[bit / 8] & mask)) return false;
  }
  return true;
}

std::vector<Advice> without_ignored(std::vector<Advice> advice, const Text& text,
                                    const std::set<std::string, std::less<>>& ignored) {
  std::erase_if(advice, [&](const Advice& one) {
    if (ignored.contains(one.id)) return true;
    if (one.place.line >= text.lines.size()) return false;
    const Line& line = text.lines[one.place.line];
    return text.ignored.contains({line.file, line.number, std::string{one.id}});
  });
  return advice;
}

}  // namespace holdfast::config
