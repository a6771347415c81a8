// The JSON Schema of a configuration in YAML.
#pragma once

#include <boost/json/object.hpp>
#include <vector>

#include "daemon/config/schema.h"

namespace holdfast::tool {

/// @param keywords of every block: all_keywords()
boost::json::object json_schema(const std::vector<config::KeywordInfo>& keywords);

}  // namespace holdfast::tool
