// VRRP advertisements on the wire: versions 2 and 3 (RFC 3768, RFC 9568 section 5), with the simple
// password of RFC 2338 for version 2. Pure: bytes in, values out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/bytes.h"
#include "daemon/base/ip.h"
#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "vrrp/core/keyed_hash.h"

namespace holdfast::vrrp {

/// @source RFC 9568 5.1.1.4: IANA protocol number
inline constexpr std::uint8_t protocol_number = 112;
/// @source RFC 9568 5.1.1.3
inline constexpr std::uint8_t required_ttl = 255;
/// @source RFC 9568 5.2.4: a router that advertises it owns the addresses
inline constexpr std::uint8_t owner_priority = 255;
/// Behind the addresses of version 2. @source RFC 3768 5.3.10
inline constexpr std::size_t authentication_size = 8;

enum class Version : std::uint8_t { v2 = 2, v3 = 3 };
/// @source RFC 2338 5.3.6
enum class AuthType : std::uint8_t { none = 0, password = 1, ah = 2 };
/// How a version 3 IPv4 checksum was computed: RFC 9568 covers the message only; keepalived and
/// readers of RFC 5798 add a pseudo header. Receivers take both.
/// `group_header`: of unicast, as keepalived before 1.3.6: the pseudo header names the group.
enum class ChecksumStyle : std::uint8_t { message, pseudo_header, group_header };
inline constexpr std::size_t checksum_styles = 3;
std::string_view to_string(ChecksumStyle style);

/// One advertisement. `interval` is whole seconds in version 2 and 10 ms steps in version 3.
struct Advert {
  Version version = Version::v3;
  std::uint8_t vrid = 1;
  std::uint8_t priority = 100;
  Duration interval = std::chrono::seconds{1};
  AuthType auth_type = AuthType::none;  ///< version 2 only
  Secret password;                      ///< at most 8 bytes; version 2 with AuthType::password
  std::vector<IpAddress> addresses;     ///< all of one family
  bool operator==(const Advert&) const = default;
};

/// Why an advertisement was not handed to the router. One counter each.
enum class Discard : std::uint8_t {
  truncated,       ///< shorter than its own header and address count say
  length,          ///< more bytes than the address count accounts for
  version,         ///< neither 2 nor 3, or not the version of this router
  type,            ///< not an advertisement
  ttl,             ///< RFC 9568 7.1: not 255
  checksum,        ///< fits neither reading
  zero_addresses,  ///< RFC 9568 5.2.5, erratum 8299
  interval,        ///< zero (erratum 8301); version 2: differs from ours
  auth_type,       ///< unknown authentication type
  auth_mismatch,   ///< known, but not the one configured
  auth_failure,    ///< wrong password
  own,             ///< our own advertisement, looped back
  unknown_vrid,    ///< no router for this VRID on the interface
  source,          ///< check_unicast_src: not one of our peers
  replay,          ///< AH or auth_hmac: a sequence number that was there before
  hmac_missing,    ///< auth_hmac, mode enforce: no trailer
  hmac_key,        ///< a trailer of another kind, or a key id that we do not have
  hmac_stale,      ///< older or newer than the clocks may differ
  hmac_invalid,    ///< not signed with that key
  owner,           ///< owner_ignore_adverts: we own the addresses
  first_address,   ///< RFC 9568 5.2.9, strict mode: the first IPv6 address is not link-local
};
inline constexpr std::size_t discard_reasons = 21;
std::string_view to_string(Discard reason);

/// The VRRP message. @pre addresses.size() <= 255
/// @param destination as the pseudo header has it
/// @param style only looked at for version 3 over IPv4; both pseudo headers are the same here
std::vector<std::byte> encode(const Advert& advert, const IpAddress& source,
                              const IpAddress& destination, ChecksumStyle style);

/// Behind an advert with auth_hmac (hmac_trailer.h). @source draft-cassen-vrrp-auth-hmac
inline constexpr std::size_t hmac_trailer_size = 28;

struct Parsed {
  Advert advert;
  ChecksumStyle style = ChecksumStyle::message;
  bool has_trailer = false;  ///< the last hmac_trailer_size bytes are not of the advert
};

/// Where a packet came from, as the socket saw it. Valid while the packet is.
struct Arrival {
  IpAddress source, destination;
  std::uint8_t ttl = 0;
  Bytes ip_header{};           ///< IPv4
  bool authenticated = false;  ///< the message begins with an authentication header (ah.h)
};

/// What the bytes of an advert must be, by the configuration of the router and who sent them.
struct Reception {
  std::uint8_t min_ttl = required_ttl, max_ttl = required_ttl;  ///< RFC 9568 7.1; unicast differs
  bool trailer = false;                  ///< auth_hmac: there may be a trailer
  std::optional<IpAddress> old_group{};  ///< ChecksumStyle::group_header counts as well, with it
};

/// Checks everything that RFC 9568 7.1 asks before the state machine sees an advert, save what
/// compares it with the configuration (refuses()). Trailing bytes are a length error.
tl::expected<Parsed, Discard> parse(Bytes message, const Arrival& arrival,
                                    const Reception& reception = {});

/// What the router of this VRID requires of a well-formed advert.
struct Expectation {
  Version version = Version::v3;
  Duration interval{};  ///< version 2: must be equal (RFC 3768 7.1)
  AuthType auth_type = AuthType::none;
  Secret password;
  IpAddress own_address;
  bool no_addresses = false;      ///< ours has none either (no_virtual_ipaddress): then 0 is right
  bool link_local_first = false;  ///< of IPv6 addresses (RFC 9568 7.1, erratum 8300)
  /// Version 2 as well, whatever its interval: the Active router's counts (RFC 9568 8.4.2).
  bool also_version_2 = false;
};
/// Nothing when the advert may go to the state machine. Passwords are compared in constant time.
std::optional<Discard> refuses(const Expectation& expectation, const Advert& advert,
                               const IpAddress& source);

/// IP header, authentication and all, in bytes.
std::size_t largest_advert(Family family, std::size_t addresses);

/// How many addresses an advert lists so that it is not fragmented. keepalived leaves room for an
/// Ethernet header as well, and both lists have to be the same.
/// @param mtu of the link, bytes
/// @param extra bytes beside the header of the advert and its addresses: authentication, trailer
std::size_t addresses_that_fit(std::size_t mtu, Family family, std::size_t extra);

/// The VRID of a message that may be anything: 0 when there is none. For dispatch before parse().
std::uint8_t peek_vrid(Bytes message);

/// Over a message as it is, trailer and all (RFC 8200 8.1).
void set_ipv6_checksum(std::vector<std::byte>& message, const IpAddress& source,
                       const IpAddress& destination);

}  // namespace holdfast::vrrp
