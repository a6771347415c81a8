#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include <bit>
#include <boost/program_options.hpp>
#include <cstdio>
#include <fstream>
#include <memory>

#include "checkers/config/lint.h"
#include "daemon/tool/tool.h"
#include "vrrp/config/lint.h"

namespace holdfast::tool {
namespace {

namespace po = boost::program_options;

std::optional<Duration> seconds_of(const std::string& path) {
  std::ifstream file{path};
  long long seconds = 0;
  if (!(file >> seconds)) return std::nullopt;
  return Duration{std::chrono::seconds{seconds}};
}

std::optional<std::pair<IpAddress, std::uint8_t>> network_of(const ifaddrs& entry) {
  if (entry.ifa_addr == nullptr || entry.ifa_netmask == nullptr) return std::nullopt;
  std::span<const std::byte> address;
  std::span<const std::byte> mask;
  if (entry.ifa_addr->sa_family == AF_INET) {
    address =
        std::as_bytes(std::span{&reinterpret_cast<sockaddr_in*>(entry.ifa_addr)->sin_addr, 1});
    mask =
        std::as_bytes(std::span{&reinterpret_cast<sockaddr_in*>(entry.ifa_netmask)->sin_addr, 1});
  } else if (entry.ifa_addr->sa_family == AF_INET6) {
    address =
        std::as_bytes(std::span{&reinterpret_cast<sockaddr_in6*>(entry.ifa_addr)->sin6_addr, 1});
    mask =
        std::as_bytes(std::span{&reinterpret_cast<sockaddr_in6*>(entry.ifa_netmask)->sin6_addr, 1});
  }
  const auto parsed = IpAddress::from_bytes(address);
  if (!parsed) return std::nullopt;
  int bits = 0;
  for (const std::byte byte : mask) bits += std::popcount(std::to_integer<unsigned>(byte));
  return std::pair{*parsed, static_cast<std::uint8_t>(bits)};
}

}  // namespace

config::Machine this_machine() {
  config::Machine machine;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) == 0) {
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner{list, ::freeifaddrs};
    for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
      machine.interfaces.insert(entry->ifa_name);
      if (const auto network = network_of(*entry))
        machine.addresses.push_back({entry->ifa_name, network->first, network->second});
    }
  }
  machine.tcp_keepalive_time = seconds_of("/proc/sys/net/ipv4/tcp_keepalive_time");
  machine.conntrack_established =
      seconds_of("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established");
  return machine;
}

namespace {

std::vector<config::Diagnostic> advice_for(const Loaded& loaded,
                                           const std::set<std::string, std::less<>>& ignored) {
  const config::Machine machine = this_machine();
  std::vector<config::Advice> advice = vrrp::lint(loaded.vrrp, machine);
  for (config::Advice& more : checkers::lint(loaded.checkers, machine))
    advice.push_back(std::move(more));
  std::vector<config::Diagnostic> findings;
  for (config::Advice& one : without_ignored(std::move(advice), loaded.configuration.text, ignored))
    findings.push_back({config::Severity::note, one.place, std::move(one.message), one.id});
  return findings;
}

}  // namespace

int lint(const std::vector<std::string>& arguments) {
  po::options_description options("Options");
  options.add_options()("ignore", po::value<std::vector<std::string>>()->composing(), "")(
      "config-id,i", po::value<std::string>()->default_value(""), "")(
      "format", po::value<std::string>()->default_value("text"), "")("file",
                                                                     po::value<std::string>(), "");
  po::positional_options_description positional;
  positional.add("file", 1);
  po::variables_map given;
  try {
    po::store(po::command_line_parser(arguments).options(options).positional(positional).run(),
              given);
  } catch (const po::error& error) {
    std::fprintf(stderr, "holdfast lint: %s\n", error.what());
    return usage_error;
  }
  if (given.count("file") == 0) {
    std::fputs("holdfast lint: name a file\n", stderr);
    return usage_error;
  }
  const auto format = report_format(given["format"].as<std::string>());
  if (!format) {
    std::fputs("holdfast lint: --format needs text, json or sarif\n", stderr);
    return usage_error;
  }
  std::set<std::string, std::less<>> ignored;
  if (given.count("ignore") != 0)
    for (const std::string& rule : given["ignore"].as<std::vector<std::string>>())
      ignored.insert(rule);
  const Loaded loaded = load(given["file"].as<std::string>(), given["config-id"].as<std::string>());
  std::vector<config::Diagnostic> findings = loaded.findings;
  if (loaded.configuration.readable)
    for (config::Diagnostic& advice : advice_for(loaded, ignored))
      findings.push_back(std::move(advice));
  const bool colours = ::isatty(STDOUT_FILENO) == 1;
  std::fputs(report_of(in_order(findings), loaded.configuration.text, *format, colours).c_str(),
             stdout);
  if (!loaded.configuration.readable) return 6;
  return findings.empty() ? 0 : 1;
}

}  // namespace holdfast::tool
