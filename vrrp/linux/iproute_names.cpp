#include "vrrp/linux/iproute_names.h"

#include <netdb.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace holdfast::vrrp {
namespace {

/// `NUMBER NAME`, comments from '#'.
void read_file(const std::filesystem::path& path, std::map<std::string, std::uint32_t>& out) {
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);) {
    std::istringstream words{line.substr(0, line.find('#'))};
    std::string number;
    std::string name;
    if (!(words >> number >> name)) continue;
    const auto value = c_number(number);
    if (value && *value <= 0xFFFF'FFFF) out[name] = static_cast<std::uint32_t>(*value);
  }
}

/// Of the system's list of protocols.
bool resolve_protocol(Id& id, std::string& unknown) {
  if (id.name.empty()) return true;
  const protoent* const found = ::getprotobyname(id.name.c_str());
  if (found == nullptr)
    unknown = id.name + " (protocols)";
  else
    id = Id{static_cast<std::uint32_t>(found->p_proto), {}};
  return found != nullptr;
}

}  // namespace

const std::map<std::string, std::uint32_t>& IprouteNames::table(const std::string& file) {
  const auto [found, is_new] = tables_.try_emplace(file);
  if (!is_new) return found->second;
  for (const std::string& folder : folders_) {
    read_file(folder + "/" + file, found->second);
    std::vector<std::filesystem::path> parts;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator{folder + "/" + file + ".d", none})
      if (entry.path().extension() == ".conf") parts.push_back(entry.path());
    std::ranges::sort(parts);
    for (const auto& part : parts) read_file(part, found->second);
  }
  return found->second;
}

bool IprouteNames::resolve(Id& id, const char* file, std::string& unknown) {
  if (id.name.empty()) return true;
  const auto& names = table(file);
  const auto found = names.find(id.name);
  if (found == names.end()) {
    unknown = id.name + " (" + file + ")";
    return false;
  }
  id = Id{found->second, {}};
  return true;
}

bool IprouteNames::resolve(Route& route, std::string& unknown) {
  const auto realms = [&](std::optional<Realms>& value) {
    return !value || ((!value->source || resolve(*value->source, "rt_realms", unknown)) &&
                      resolve(value->destination, "rt_realms", unknown));
  };
  bool all = resolve(route.tos, "rt_dsfield", unknown) &&
             resolve(route.table, "rt_tables", unknown) &&
             resolve(route.protocol, "rt_protos", unknown) &&
             (!route.scope || resolve(*route.scope, "rt_scopes", unknown)) && realms(route.realms);
  for (NextHop& hop : route.nexthops) all = all && realms(hop.realms);
  return all;
}

bool IprouteNames::resolve(PolicyRule& rule, std::string& unknown) {
  return (!rule.table || resolve(*rule.table, "rt_tables", unknown)) &&
         resolve(rule.tos, "rt_dsfield", unknown) && resolve(rule.protocol, "rt_protos", unknown) &&
         (!rule.ip_protocol || resolve_protocol(*rule.ip_protocol, unknown)) &&
         (!rule.suppress_group || resolve(*rule.suppress_group, "group", unknown)) &&
         (!rule.realms ||
          ((!rule.realms->source || resolve(*rule.realms->source, "rt_realms", unknown)) &&
           resolve(rule.realms->destination, "rt_realms", unknown)));
}

}  // namespace holdfast::vrrp
