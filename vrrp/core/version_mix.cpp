#include "vrrp/core/version_mix.h"

#include <utility>

namespace holdfast::vrrp {

VersionMix::Verdict VersionMix::heard(const Advert& advert, const IpAddress& source,
                                      TimePoint now) {
  if (senders_.size() >= most_senders && !senders_.contains(source)) senders_.clear();
  Sender& sender = senders_.try_emplace(source, Sender{now, 0, Tell::nothing}).first->second;
  return advert.version == Version::v3 ? heard_version_3(sender, advert.interval, now)
                                       : heard_version_2(sender, now);
}

VersionMix::Verdict VersionMix::heard_version_3(Sender& sender, Duration interval,
                                                TimePoint now) const {
  // One may get lost; when two are missing those of version 2 count, before the deadline is over.
  sender.version_3_until = now + 2 * interval;
  if (++sender.alone < adverts_alone) return {};
  sender.alone = adverts_alone;
  const Tell before = std::exchange(sender.told, Tell::version_2_missing);
  return {true, before == sender.told ? Tell::nothing : sender.told};
}

VersionMix::Verdict VersionMix::heard_version_2(Sender& sender, TimePoint now) const {
  sender.alone = 0;
  if (now < sender.version_3_until) {
    sender.told = Tell::nothing;
    return {false, Tell::nothing};
  }
  const Tell before = std::exchange(sender.told, Tell::version_2_alone);
  return {true, before == sender.told ? Tell::nothing : sender.told};
}

}  // namespace holdfast::vrrp
