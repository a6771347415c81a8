// What HTTP_GET asks and what it accepts, apart from the transport. Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkers/config/config.h"
#include "checkers/core/body_pattern.h"
#include "checkers/core/verdict.h"

namespace holdfast::checkers {

/// What is asked, whatever the version of HTTP.
struct HttpRequest {
  std::string method, path;
  /// Of the url, else of the check, server or service, without port; else the address that is
  /// checked, with its port.
  std::string host;
  std::vector<std::pair<std::string, std::string>> fields;  ///< the others, User-Agent first
  std::string body;
};
HttpRequest http_request(const HttpCheck& check, const HttpUrl& url, const Endpoint& endpoint);
/// The same as keepalived writes it (runtime.md 16.3).
std::string http1_text(const HttpRequest& request, HttpVersion version);
/// Nothing when the status is accepted, else the failure.
std::optional<Verdict> judge_status(const HttpUrl& url, unsigned status);
/// Nothing when the digest is accepted or not asked for. @param digest MD5 in lower case
std::optional<Verdict> judge_digest(const HttpUrl& url, const std::string& digest);
/// @param match of the whole body with the pattern of the url
Verdict judge_pattern(const HttpUrl& url, const BodyMatch& match);
/// What the TLS handshake names: sni_name, else the virtualhost of the url, check, server or
/// service; empty: nothing.
std::string server_name(const HttpCheck& check, const HttpUrl& url);

}  // namespace holdfast::checkers
