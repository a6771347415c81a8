// Keys that stand in files: `key ID file:PATH` and `key ID credential:NAME` of auth_hmac, `key
// PATH` of SSL and `tls_key PATH` of checks. The supervisor reads them, since the worker that uses
// them has no right to.
#pragma once

#include <span>

#include "daemon/config/schema.h"
#include "daemon/config/text.h"

namespace holdfast {

/// Puts `hex:...` in the place of each. One that cannot be read, or whose
/// content is no key, is an error.
void place_keys(config::Text& text, std::span<const config::Statement> tree,
                config::Reader& reader);

}  // namespace holdfast
