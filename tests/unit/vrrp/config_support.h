// What the tests of VRRP's configuration share.
#pragma once

#include <string>
#include <vector>

#include "tests/unit/config_text.h"
#include "vrrp/config/config.h"

namespace holdfast::vrrp {

/// An instance that lacks nothing, around `lines`, which begin on line 7.
inline std::string instance_with(const std::string& lines, const char* name = "VI_1",
                                 int vrid = 51) {
  return fmt::format(
      "vrrp_instance {} {{\n interface eth0\n virtual_router_id {}\n"
      " virtual_ipaddress {{\n 192.0.2.{}/24\n }}\n{}\n}}\n",
      name, vrid, vrid, lines);
}

/// What was read from a text, and what was found: "LINE:COLUMN severity message".
struct ReadVrrp {
  explicit ReadVrrp(std::string_view content) : text{content} {
    config = read_vrrp(text.tree, text.reader);
    for (const config::Diagnostic& found : text.diagnostics.all())
      findings.push_back(fmt::format("{}:{} {} {}", found.place.line + 1, found.place.column,
                                     to_string(found.severity), found.message));
  }
  config::FromText text;
  VrrpConfig config;
  std::vector<std::string> findings;
};

/// A line of a block, and the first thing that is said about it.
struct Saying {
  const char* lines;
  const char* finding;
};

}  // namespace holdfast::vrrp
