#include "vrrp/config/static_config.h"

#include <algorithm>
#include <array>

#include "vrrp/config/words.h"

namespace holdfast::vrrp {
namespace {

using config::Reader;
using config::Statement;
using std::string_view_literals::operator""sv;

constexpr std::array method_words{"MII"sv, "ETHTOOL"sv, "IOCTL"sv};
/// @source keepalived: one byte
constexpr config::Range delay{0, 255, "s"};

/// True for an interface that the list does not have; the other case is reported.
template <typename T>
bool is_new(const std::vector<T>& list, const Statement& line, Reader& reader) {
  if (std::ranges::find(list, line.keyword(), &T::interface) == list.end()) return true;
  reader.warn(line.place(),
              fmt::format("'{}' is there twice; the first one stays", line.keyword()));
  return false;
}

/// `IF DOWN [UP]`. Without UP it is 0; the manual has it equal to DOWN.
void read_delay(std::vector<InterfaceDelay>& out, const Statement& line, Reader& reader) {
  InterfaceDelay made;
  if (!read_interface(line, 0, reader) || !is_new(out, line, reader)) return;
  made.interface = line.keyword();
  const Statement down = config::part_of(line, 0, 2);
  const auto down_delay = config::read_seconds(down, 1, delay, reader);
  if (!down_delay) return;
  made.down = *down_delay;
  if (line.words.size() > 2) {
    const auto up_delay = config::read_seconds(line, 2, delay, reader);
    if (!up_delay) return;
    made.up = *up_delay;
  }
  out.push_back(std::move(made));
}

/// `IF [MII|ETHTOOL|IOCTL]`
void read_linkbeat(std::vector<LinkbeatInterface>& out, const Statement& line, Reader& reader) {
  LinkbeatInterface made;
  if (!read_interface(line, 0, reader) || !is_new(out, line, reader)) return;
  made.interface = line.keyword();
  if (line.words.size() > 1)
    if (const auto method = config::read_choice(line, 1, config::Choice{method_words}, reader))
      made.method = static_cast<LinkbeatMethod>(*method);
  out.push_back(std::move(made));
}

/// no_track: nobody looks at the line.
template <typename T>
void tie(StaticConfig& out, const T& made, std::vector<std::string> interfaces,
         const Statement& line) {
  if (made.track_group.empty() || made.no_track) return;
  out.tied.push_back({made.track_group, line.place(), std::move(interfaces)});
}

void read_address(StaticConfig& out, const Statement& line, Reader& reader) {
  auto address = read_address_line(line, LineUse::fixed, reader);
  if (!address) return;
  tie(out, *address, {address->interface}, line);
  out.addresses.push_back(std::move(*address));
}

void read_route(StaticConfig& out, const Statement& line, Reader& reader) {
  auto route = read_route_line(line, LineUse::fixed, reader);
  if (!route) return;
  std::vector<std::string> interfaces{route->interface};
  for (const NextHop& hop : route->nexthops) interfaces.push_back(hop.interface);
  std::erase(interfaces, "");
  tie(out, *route, std::move(interfaces), line);
  out.routes.push_back(std::move(*route));
}

void read_rule(StaticConfig& out, const Statement& line, Reader& reader) {
  auto rule = read_rule_line(line, LineUse::fixed, reader);
  if (!rule) return;
  std::vector<std::string> interfaces{rule->input, rule->output};
  std::erase(interfaces, "");
  tie(out, *rule, std::move(interfaces), line);
  out.rules.push_back(std::move(*rule));
}

template <typename T>
void read_lines(T& out, const Statement& block, Reader& reader,
                void (*read)(T&, const Statement&, Reader&)) {
  if (config::report_missing_block(block, reader)) return;
  report_words_before_block(block, reader);
  for (const Statement& line : block.children) read(out, line, reader);
}

}  // namespace

bool read_static(StaticConfig& out, const Statement& block, Reader& reader) {
  if (block.keyword() == "static_ipaddress")
    read_lines(out, block, reader, read_address);
  else if (block.keyword() == "static_routes")
    read_lines(out, block, reader, read_route);
  else if (block.keyword() == "static_rules")
    read_lines(out, block, reader, read_rule);
  else if (block.keyword() == "interface_up_down_delays")
    read_lines(out.delays, block, reader, read_delay);
  else if (block.keyword() == "linkbeat_interfaces")
    read_lines(out.linkbeat, block, reader, read_linkbeat);
  else if (block.keyword() == "linkbeat_use_polling")
    out.polls_all_links = true;  // the supervisor has checked the line
  else
    return false;
  return true;
}

}  // namespace holdfast::vrrp
