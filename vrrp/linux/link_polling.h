// linkbeat_use_polling and linkbeat_interfaces: drivers that tell netlink nothing of a lost link
// are asked for it again and again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "daemon/base/event.h"
#include "daemon/base/time.h"
#include "vrrp/config/static_config.h"

namespace holdfast::vrrp {

/// Asks the driver of an interface. @param method not `automatic`
/// @return whether there is a link; nothing when the driver does not know by this method
std::optional<bool> ask_for_link(LinkbeatMethod method, const std::string& interface);

class LinkPolling {
 public:
  using Ask = std::function<std::optional<bool>(LinkbeatMethod, const std::string&)>;
  explicit LinkPolling(Ask ask = ask_for_link) : ask_{std::move(ask)} {}

  /// From now on these and no others. They are asked at the next poll().
  void set(std::map<std::string, LinkbeatMethod> interfaces, TimePoint now);
  /// Asks all of them. @param index_of an interface now; 0: there is none
  /// @return whether one says something else than before
  bool poll(const std::function<std::uint32_t(const std::string&)>& index_of, TimePoint now,
            Log& log);
  /// False only when it was asked and has none.
  [[nodiscard]] bool has_link(const std::string& interface) const;
  [[nodiscard]] std::optional<TimePoint> deadline() const { return due_; }

 private:
  struct Polled {
    LinkbeatMethod wanted = LinkbeatMethod::automatic;
    std::uint32_t index = 0;                 ///< of the interface that `method` works for
    std::optional<LinkbeatMethod> method{};  ///< found to work
    bool link = true;
  };
  bool ask(const std::string& name, Polled& polled, Log& log);

  Ask ask_;
  std::map<std::string, Polled> interfaces_;
  std::optional<TimePoint> due_;
};

}  // namespace holdfast::vrrp
