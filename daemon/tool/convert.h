// `holdfast convert FILE [--to yaml|conf]`: the configuration in the other language.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace holdfast::tool {

/// Where it writes; tests put strings in their place.
struct Streams {
  std::ostream& out;
  std::ostream& error;
};

/// @return the exit status: 0 printed, 1 the command line is wrong, 2 it cannot be printed
int convert(const std::vector<std::string>& arguments, Streams streams);

}  // namespace holdfast::tool
