// Names that iproute2's files give to numbers: tables, protocols, scopes, realms, groups.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "vrrp/config/route.h"

namespace holdfast::vrrp {

class IprouteNames {
 public:
  /// @param etc_dir @param usr_dir the folders of iproute2; the first has precedence
  IprouteNames(std::string etc_dir, std::string usr_dir)
      : folders_{std::move(usr_dir), std::move(etc_dir)} {}

  /// Gives every Id of the line its number.
  /// @return false when a name is in no file; `unknown` says which
  bool resolve(Route& route, std::string& unknown);
  bool resolve(PolicyRule& rule, std::string& unknown);
  bool resolve_group(Id& group, std::string& unknown) { return resolve(group, "group", unknown); }

 private:
  bool resolve(Id& id, const char* file, std::string& unknown);
  const std::map<std::string, std::uint32_t>& table(const std::string& file);

  std::array<std::string, 2> folders_;  ///< a later one overrides
  std::map<std::string, std::map<std::string, std::uint32_t>> tables_;
};

}  // namespace holdfast::vrrp
