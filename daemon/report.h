// What -t prints: the findings of a configuration for people, with colours on a terminal, or for
// programs as JSON or SARIF.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/diagnostic.h"

namespace holdfast {

enum class ReportFormat : std::uint8_t { text, json, sarif };
/// `text`, `json` or `sarif`; nothing for another word.
std::optional<ReportFormat> report_format(std::string_view name);

/// A finding, and how often it was made at its place.
struct Found {
  config::Shown shown;
  std::size_t count = 1;
};

/// Findings in their order; what is found many times at one place (a sequence) is told once, with
/// its count. Ends with a line break unless it is empty.
/// JSON: {"findings": [{"file", "line", "column", "severity", "message", "rule", "source",
/// "read_as", "chain", "count"}]}. SARIF: sarif.h
std::string report_of(const std::vector<config::Diagnostic>& findings, const config::Text& text,
                      ReportFormat format, bool colours);

}  // namespace holdfast
