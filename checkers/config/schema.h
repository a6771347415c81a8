// Pieces that the schema files share.
#pragma once

#include "checkers/config/config.h"

namespace holdfast::checkers {

/// Reads TCP_CHECK, PING_CHECK or HTTP_GET. Nothing when it cannot be used; that is reported.
std::optional<Check> read_check(const config::Statement& block, config::Reader& reader);
void describe_checks(std::vector<config::KeywordInfo>& out);

/// `lb_kind` and its relatives: NAT, DR or TUN.
std::optional<ipvs::Forwarding> read_forwarding(const config::Statement& statement,
                                                config::Reader& reader);
/// ADDRESS [PORT] at `word`; port 0 when missing.
std::optional<ipvs::DestinationKey> read_destination(const config::Statement& statement,
                                                     std::size_t word, config::Reader& reader);
/// Defaults, inheritance and the rules of a whole service. False: it cannot be used.
bool complete(VirtualServer& service, const config::GlobalDefs& globals, config::Reader& reader);

/// @source runtime.md 16.1 and keywords.tsv
inline constexpr config::Range seconds_rule{0, 4'294, "s"};
inline constexpr config::Range positive_seconds{0.000001, 4'294, "s"};
inline constexpr config::Range retry_rule{0, 1'000'000};

}  // namespace holdfast::checkers
