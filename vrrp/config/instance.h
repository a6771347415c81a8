// Reading one vrrp_instance block: the table is in schema.cpp, authentication.cpp and
// hmac_schema.cpp.
#pragma once

#include <vector>

#include "vrrp/config/config.h"

namespace holdfast::vrrp {

/// Reads, completes and appends one instance; one that cannot run is reported and left out.
void read_instance(VrrpConfig& config, const config::Statement& block, config::Reader& reader);
void describe_instance(std::vector<config::KeywordInfo>& out);

/// `authentication { auth_type ... auth_pass ... }`
void read_authentication(Instance&, const config::Row<Instance>&, const config::Statement&,
                         config::Reader&);
void describe_authentication(std::vector<config::KeywordInfo>& out);

}  // namespace holdfast::vrrp
