// A log line is an event with fields, and text made from them. Cores return events; adapters hand
// them to a Log (daemon/process/log.h writes to stderr, syslog and the journal).
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast {

/// error: an operator must act. warning: may have to. notice: a state changed. info: start, stop,
/// reload. debug: per packet.
enum class Level : std::uint8_t { error, warning, notice, info, debug };

struct Event {
  Level level = Level::info;
  /// One word for programs: "transition", "advert_discarded", "service_added".
  std::string name;
  /// The sentence for people; keeps keepalived's wording where monitoring greps for it.
  std::string text;
  /// (key, value): the cause and the objects, e.g. {"router", "VI_1"}, {"reason", "deadline"}.
  std::vector<std::pair<std::string, std::string>> fields;

  Event() = default;
  Event(Level severity, std::string_view event_name, std::string sentence)
      : level{severity}, name{event_name}, text{std::move(sentence)} {}
  /// Adds a field; chainable.
  Event& with(std::string_view key, std::string value) & {
    fields.emplace_back(std::string{key}, std::move(value));
    return *this;
  }
  Event&& with(std::string_view key, std::string value) && {
    fields.emplace_back(std::string{key}, std::move(value));
    return std::move(*this);
  }
};

/// `text [name key=value key="two words"]`: what the stderr and syslog sinks print.
std::string to_line(const Event& event);
std::string_view to_string(Level level);

/// Where events go. Implementations must not block and must bound what they keep.
class Log {
 public:
  Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  virtual ~Log() = default;
  virtual void write(const Event& event) = 0;
};

}  // namespace holdfast
