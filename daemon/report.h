// What -t prints: the findings of a configuration for people, with colours on a terminal, or for
// programs as JSON.
#pragma once

#include <string>
#include <vector>

#include "daemon/config/diagnostic.h"

namespace holdfast {

enum class ReportFormat : std::uint8_t { text, json };

/// Findings in their order; what is found many times at one place (a sequence) is told once, with
/// its count. Ends with a line break unless it is empty.
/// JSON: {"findings": [{"file", "line", "column", "severity", "message", "source", "read_as",
/// "chain", "count"}]}
std::string report_of(const std::vector<config::Diagnostic>& findings, const config::Text& text,
                      ReportFormat format, bool colours);

}  // namespace holdfast
