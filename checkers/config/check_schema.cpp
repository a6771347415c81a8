// The check blocks: which table reads which, and what each cannot do without. TCP_CHECK and
// PING_CHECK have nothing of their own; the others are in http_schema.cpp and plain_checks.cpp.
#include <array>

#include "checkers/config/schema.h"

namespace holdfast::checkers {

using config::Reader;

Check read_check(const config::Statement& block, Reader& reader) {
  Check check;
  check.place = block.place();
  const std::string_view keyword = block.keyword();
  if (keyword == "HTTP_GET" || keyword == "SSL_GET" || keyword == "GRPC_CHECK") {
    read_http_check(check, block, reader);
  } else if (keyword == "TCP_CHECK" || keyword == "PING_CHECK") {
    if (keyword == "PING_CHECK") check.probe = PingCheck{};
    config::read_block<Check>(endpoint_rows, check, block.children, keyword, reader);
  } else if (!read_talk_check(check, block, reader)) {
    read_plain_check(check, block, reader);
  }
  return check;
}

bool has_required(const Check& check, Reader& reader) {
  const auto require = [&](bool is_there, std::string_view what) {
    if (!is_there) reader.error(check.place, fmt::format("{} needs {}", check.keyword(), what));
    return is_there;
  };
  if (const auto* http = std::get_if<HttpCheck>(&check.probe))
    return require(http->grpc_service || !http->urls.empty(),
                   "at least one url block: url { path / }");
  if (const auto* talk = std::get_if<TalkCheck>(&check.probe)) {
    if (is_agent(check) &&
        !require(check.endpoint.connect_port.has_value(), "the port of the agent: connect_port"))
      return false;
    const std::string_view missing = missing_in(*talk);
    return require(missing.empty(), missing);
  }
  if (const auto* misc = std::get_if<MiscCheck>(&check.probe))
    return require(misc->place.has_value(), "a script: misc_path");
  if (const auto* file = std::get_if<FileCheck>(&check.probe))
    return require(!file->file.empty(), "the name of a track_file: track_file");
  if (const auto* bfd = std::get_if<BfdCheck>(&check.probe))
    return require(!bfd->name.empty(), "the name of a bfd_instance: name");
  return true;
}

void describe_checks(std::vector<config::KeywordInfo>& out) {
  const std::string base = "virtual_server/real_server/";
  config::describe<Check>(endpoint_rows, base + "TCP_CHECK", out);
  config::describe<Check>(endpoint_rows, base + "PING_CHECK", out);
  describe_http(out);
  describe_plain_checks(out);
  describe_talks(out);
}

}  // namespace holdfast::checkers
