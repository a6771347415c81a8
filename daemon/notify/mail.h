// An alert mail, and what all of them have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

namespace holdfast::notify {

struct Mail {
  std::string subject;  ///< without "[ROUTER_ID]"
  std::string body;
  std::time_t happened = 0;       ///< when: it may leave much later
  std::vector<std::string> owed;  ///< who has not got it yet; empty: nobody has
  unsigned attempts = 0;          ///< so far
  bool operator==(const Mail&) const = default;
};

/// Addresses are as in the configuration: `user@host`, or `Some Name <user@host>`.
struct Envelope {
  std::string router_id;
  std::string helo;  ///< the host that speaks
  std::string from;
  std::vector<std::string> recipients;
  bool operator==(const Envelope&) const = default;
};

/// What became of a mail.
enum class Fate : std::uint8_t {
  sent,
  refused,   ///< for good (5xx): it is not tried again
  postponed  ///< 4xx, or the connection failed
};

struct Outcome {
  std::size_t mail = 0;  ///< its number in the batch
  Fate fate = Fate::postponed;
  std::string text;               ///< what the server said, or what went wrong
  std::vector<std::string> owed;  ///< postponed: for these only; empty: for all
  bool operator==(const Outcome&) const = default;
};

}  // namespace holdfast::notify
