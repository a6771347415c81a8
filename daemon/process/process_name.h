// How this process is called in the process list.
#pragma once

#include <string_view>

namespace holdfast::process {

/// The first of the two that is not empty; when both are, the name that it was started with.
/// @source prctl(2) PR_SET_NAME: what is longer than 15 characters is cut
void set_process_name(std::string_view configured, std::string_view otherwise);

}  // namespace holdfast::process
