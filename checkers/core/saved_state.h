// What the checkers of one daemon leave to those of the next: verdicts by service, server and
// check. Read as foreign bytes. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkers/core/leaving.h"
#include "checkers/core/operators_word.h"
#include "checkers/core/record.h"

namespace holdfast::checkers {

struct SavedServer {
  OperatorsWord word = {};
  std::map<std::string, CheckRecord> checks;  ///< by Check::identity()
  bool operator==(const SavedServer&) const = default;

  /// What a check of this server begins with: its own record, else the verdict of the server.
  [[nodiscard]] CheckRecord record_for(const std::string& check) const;
};

struct SavedService {
  bool quorum = false;
  std::map<std::string, SavedServer> servers;
  std::vector<LeavingServer> leaving = {};  ///< gone from the configuration, draining
  bool operator==(const SavedService&) const = default;
};

using SavedState = std::map<std::string, SavedService>;  ///< by name of the service

std::string to_bytes(const SavedState& state);
/// Nothing: these are none of to_bytes(). Costs no more than the bytes are long.
std::optional<SavedState> saved_state(std::string_view bytes);

}  // namespace holdfast::checkers
