// Findings as SARIF 2.1.0, which code hosts and editors show beside the lines of a file.
#pragma once

#include <boost/json/object.hpp>
#include <span>

#include "daemon/report.h"

namespace holdfast {

/// One run with a result for each finding. Columns count characters. What is not a finding of lint
/// has the rule `configuration`.
/// @source OASIS SARIF 2.1.0, sections 3.13 (log), 3.19 (driver), 3.27 (result), 3.30 (region)
boost::json::object to_sarif(std::span<const Found> findings);

}  // namespace holdfast
