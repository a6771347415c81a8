// RFC 9568 8.4.2: versions 2 and 3 on one link, while routers of version 2 are replaced one by one.
// Which adverts of version 2 count, and what is worth telling. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "daemon/base/ip.h"
#include "daemon/base/time.h"
#include "vrrp/core/packet.h"

namespace holdfast::vrrp {

class VersionMix {
 public:
  /// Adverts of version 3 alone, after which it is believed that none of version 2 come.
  static constexpr unsigned adverts_alone = 4;
  /// Senders that are known at most; then all are forgotten.
  static constexpr std::size_t most_senders = 16;

  enum class Tell : std::uint8_t {
    nothing,
    version_2_alone,   ///< the sender has to be replaced yet
    version_2_missing  ///< routers of version 2 do not hear it (8.4.2: "MAY report")
  };
  struct Verdict {
    bool takes = true;
    Tell tell = Tell::nothing;  ///< once for a sender, until it changes
  };
  /// An advert that passed refuses().
  Verdict heard(const Advert& advert, const IpAddress& source, TimePoint now);

 private:
  struct Sender {
    TimePoint version_3_until;  ///< its adverts of version 2 are ignored until then
    unsigned alone = 0;         ///< adverts of version 3 since one of version 2
    Tell told = Tell::nothing;
  };
  Verdict heard_version_3(Sender& sender, Duration interval, TimePoint now) const;
  Verdict heard_version_2(Sender& sender, TimePoint now) const;

  std::map<IpAddress, Sender> senders_;
};

}  // namespace holdfast::vrrp
