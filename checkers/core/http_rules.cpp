#include "checkers/core/http_rules.h"

#include <algorithm>

namespace holdfast::checkers {
namespace {

std::string host_of(const HttpCheck& check, const HttpUrl& url, const Endpoint& endpoint) {
  if (!url.virtualhost.empty()) return url.virtualhost;
  if (!check.virtualhost.empty()) return check.virtualhost;
  const std::string address = endpoint.connect_ip->to_string();
  return endpoint.connect_ip->is_v6() ? fmt::format("[{}]:{}", address, *endpoint.connect_port)
                                      : fmt::format("{}:{}", address, *endpoint.connect_port);
}

std::string ranges_text(const HttpUrl& url) {
  std::string text;
  for (const auto& [low, high] : url.status) {
    if (!text.empty()) text += ' ';
    text += low == high ? fmt::format("{}", low) : fmt::format("{}-{}", low, high);
  }
  return text;
}

}  // namespace

std::string http_request(const HttpCheck& check, const HttpUrl& url, const Endpoint& endpoint) {
  const bool is_1_1 = check.version == HttpVersion::v1_1;
  const char* connection = check.version == HttpVersion::v1_0 ? "" : "Connection: close\r\n";
  return fmt::format("GET {} HTTP/1.{}\r\nUser-Agent: KeepAliveClient\r\n{}Host: {}\r\n\r\n",
                     url.path, is_1_1 ? 1 : 0, connection, host_of(check, url, endpoint));
}

std::optional<Verdict> judge_status(const HttpUrl& url, unsigned status) {
  const bool accepted = std::ranges::any_of(url.status, [&](const auto& range) {
    return status >= range.first && status <= range.second;
  });
  if (accepted) return std::nullopt;
  return Verdict::failed("{} answered status {}, expected {}", url.path, status, ranges_text(url));
}

std::optional<Verdict> judge_digest(const HttpUrl& url, const std::string& digest) {
  if (url.digest.empty() || url.digest == digest) return std::nullopt;
  return Verdict::failed("{} has the digest {}, expected {}", url.path, digest, url.digest);
}

Verdict judge_pattern(const HttpUrl& url, const BodyMatch& match) {
  if (!match.trouble().empty())
    return Verdict::failed("{}: the pattern cannot be followed: {}", url.path, match.trouble());
  if (match.has_match() != url.regex.must_not_match) return Verdict::passed();
  return Verdict::failed("{} {} '{}'", url.path,
                         url.regex.must_not_match ? "has a match of" : "has no match of",
                         url.regex.pattern);
}

std::string server_name(const HttpCheck& check, const HttpUrl& url) {
  if (!check.send_sni) return "";
  if (!check.sni_name.empty()) return check.sni_name;
  return url.virtualhost.empty() ? check.virtualhost : url.virtualhost;
}

}  // namespace holdfast::checkers
