// What an advert lists, as much as fits the link, and the versions in which it leaves and is heard.
#include "daemon/process/clock.h"
#include "vrrp/core/ah.h"
#include "vrrp/linux/process.h"

namespace holdfast::vrrp {

using process::monotonic_now;

namespace {

/// Bytes of an advert beside its header and addresses.
std::size_t extra_bytes(const Instance& config) {
  std::size_t extra = 0;
  if (config.router.version == Version::v2 || config.also_version_2) extra += authentication_size;
  if (config.auth_type == AuthType::ah) extra += ah_size;
  if (config.hmac_policy) extra += hmac_trailer_size;
  return extra;
}

}  // namespace

/// An advert that is fragmented is lost where a fragment is; keepalived leaves out the same ones.
void VrrpProcess::list_what_fits(RunningInstance& instance, const Link* link) {
  constexpr std::size_t ethernet_mtu = 1500;
  const Instance& config = instance.config;
  const std::size_t mtu = link == nullptr ? ethernet_mtu : link->mtu;
  const std::size_t fit = std::min(addresses_that_fit(mtu, config.family, extra_bytes(config)),
                                   config.addresses.size());
  if (std::exchange(instance.listed, fit) == fit || fit == config.addresses.size()) return;
  log_.write(
      Event{Level::warning, "addresses_not_listed",
            fmt::format("({}) an advert lists {} of {} addresses, which is what fits the MTU "
                        "of {} bytes; the others are held all the same",
                        config.name, fit, config.addresses.size(), mtu)}
          .with("router", config.name)
          .with("listed", std::to_string(fit)));
}

Advert VrrpProcess::make_advert(const RunningInstance& instance, std::uint8_t priority) {
  Advert advert;
  advert.version = instance.router.version;
  advert.vrid = instance.config.vrid();
  advert.priority = priority;
  advert.interval = instance.router.advertisement_interval;
  advert.auth_type = instance.config.auth_type;
  advert.password = instance.config.auth_pass;
  for (const VirtualAddress& address : listed_addresses(instance))
    advert.addresses.push_back(address.address);
  return advert;
}

/// also_version_2: of a sender that speaks both versions only one counts.
bool VrrpProcess::takes_version(RunningInstance& instance, const Advert& advert,
                                const IpAddress& source) {
  if (!instance.config.also_version_2) return true;
  const VersionMix::Verdict verdict = instance.versions.heard(advert, source, monotonic_now());
  if (verdict.tell == VersionMix::Tell::nothing) return verdict.takes;
  const bool missing = verdict.tell == VersionMix::Tell::version_2_missing;
  log_.write(Event{
      missing ? Level::warning : Level::notice, missing ? "version_2_missing" : "version_2_alone",
      missing
          ? fmt::format("({}) {} advertises in version 3 alone: routers of version 2 do "
                        "not hear it",
                        instance.config.name, source.to_string())
          : fmt::format("({}) {} speaks version 2 alone", instance.config.name, source.to_string())}
                 .with("router", instance.config.name)
                 .with("source", source.to_string()));
  return verdict.takes;
}

}  // namespace holdfast::vrrp
