// Names of numbers that every system has; others are in iproute2's files.
#pragma once

#include <array>

#include "vrrp/config/words.h"

namespace holdfast::vrrp {

/// @source linux/rtnetlink.h rt_class_t
inline constexpr std::array table_names{KnownId{"unspec", 0}, KnownId{"default", 253},
                                        KnownId{"main", 254}, KnownId{"local", 255}};
/// @source linux/rtnetlink.h rt_scope_t
inline constexpr std::array scope_names{KnownId{"global", 0}, KnownId{"site", 200},
                                        KnownId{"link", 253}, KnownId{"host", 254},
                                        KnownId{"nowhere", 255}};
/// @source linux/rtnetlink.h RTPROT_*
inline constexpr std::array protocol_names{KnownId{"redirect", 1}, KnownId{"kernel", 2},
                                           KnownId{"boot", 3},     KnownId{"static", 4},
                                           KnownId{"ra", 9},       KnownId{"keepalived", 18}};
/// @source IANA protocol numbers
inline constexpr std::array ip_protocol_names{
    KnownId{"icmp", 1}, KnownId{"tcp", 6},        KnownId{"udp", 17},  KnownId{"dccp", 33},
    KnownId{"gre", 47}, KnownId{"ipv6-icmp", 58}, KnownId{"sctp", 132}};

}  // namespace holdfast::vrrp
