// Which firewall mark leads to which server by its way of forwarding (check_path), over reloads.
// Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "checkers/config/config.h"

namespace holdfast::checkers {

/// Checks of one server by one way have one mark, whatever services and addresses they are of. A
/// path keeps its mark as long as some check goes by it; the lowest free one is given next.
class PathMarks {
 public:
  struct Change {
    std::vector<std::pair<ipvs::ServiceKey, ForwardingPath>> made;
    std::vector<ipvs::ServiceKey> gone;  ///< those of `made` may be among them: gone goes first
  };
  /// Sets the fwmark of every check that has a path.
  Change assign(CheckersConfig& config);
  [[nodiscard]] bool empty() const { return marks_.empty(); }

 private:
  std::uint32_t take();
  void free_unused(const std::set<std::uint32_t>& used, Change& change);

  std::map<ForwardingPath, std::uint32_t> marks_;
  std::uint32_t first_ = 0;       ///< of the configuration
  std::uint32_t next_ = 0;        ///< the first one that never was given
  std::set<std::uint32_t> free_;  ///< below it
};

/// The private service of a path: this server alone, with a weight that no verdict changes.
ipvs::Service service_of(const ForwardingPath& path);
/// "DR", "TUN", "NAT"
std::string_view method_of(const ForwardingPath& path);

}  // namespace holdfast::checkers
