#include "daemon/identity.h"

#include "daemon/net_namespace.h"

namespace holdfast {
namespace {

config::Place place_of(const Configuration& configuration, const char* keyword) {
  const auto found = configuration.root_places.find(keyword);
  return found == configuration.root_places.end() ? config::Place{} : found->second;
}

std::string in_words(const std::optional<std::string>& name) {
  if (!name) return "none";
  return name->empty() ? "the initial one" : "'" + *name + "'";
}

std::optional<std::string> name_or_none(const std::string& name) {
  return name.empty() ? std::nullopt : std::optional{name};
}

}  // namespace

std::string Identity::suffix() const {
  std::string all;
  for (const std::string& name : {net_namespace, instance})
    if (!name.empty()) all += "_" + name;
  return all;
}

Identity identity_of(const Configuration& configuration, const Options& options) {
  const config::RootDefs& root = configuration.root;
  Identity identity;
  identity.net_namespace = options.net_namespace.value_or(root.net_namespace);
  identity.net_namespace_ipvs = root.net_namespace_ipvs;
  identity.instance = root.instance;
  identity.pid_folder =
      root.use_pid_dir || !identity.net_namespace.empty() || !identity.instance.empty();
  return identity;
}

std::string pid_path(const Identity& identity, bool as_keepalived, std::string_view name) {
  const bool is_main = name.empty();
  std::string path = as_keepalived && !identity.pid_folder ? "/run/"
                     : as_keepalived                       ? "/run/keepalived/"
                                                           : "/run/holdfast/";
  if (!identity.net_namespace.empty()) path += identity.net_namespace + "/";
  path += is_main ? (as_keepalived ? "keepalived" : "holdfast") : name;
  if (!identity.instance.empty()) path += "_" + identity.instance;
  return path + ".pid";
}

void name_pid_files(Options& options, const Identity& identity) {
  const auto fill = [&](std::string& path, std::string_view name) {
    if (path.empty()) path = pid_path(identity, options.as_keepalived, name);
  };
  fill(options.pid_file, "");
  fill(options.vrrp_pid_file, "vrrp");
  fill(options.checkers_pid_file, "checkers");
}

void enter_namespace_of(const Identity& identity, Configuration& configuration) {
  const auto fails = [&](const char* keyword, const Error& error) {
    configuration.findings.push_back(
        {config::Severity::error, place_of(configuration, keyword), error.what});
  };
  if (identity.net_namespace_ipvs)
    if (const auto socket = open_generic_netlink(*identity.net_namespace_ipvs); !socket)
      fails("net_namespace_ipvs", socket.error());
  if (!identity.net_namespace.empty())
    if (const auto entered = enter_net_namespace(identity.net_namespace); !entered)
      fails("net_namespace", entered.error());
}

void refuse_other_identity(const Identity& running, Configuration& next, const Options& options) {
  const Identity wanted = identity_of(next, options);
  const auto compare = [&](const char* keyword, const std::optional<std::string>& is,
                           const std::optional<std::string>& other) {
    if (is != other)
      next.findings.push_back(
          {config::Severity::error, place_of(next, keyword),
           fmt::format("'{}' cannot change at a reload: it is {}, and here {}; restart the daemon",
                       keyword, in_words(is), in_words(other))});
  };
  compare("net_namespace", name_or_none(running.net_namespace), name_or_none(wanted.net_namespace));
  compare("net_namespace_ipvs", running.net_namespace_ipvs, wanted.net_namespace_ipvs);
  compare("instance", name_or_none(running.instance), name_or_none(wanted.instance));
}

}  // namespace holdfast
