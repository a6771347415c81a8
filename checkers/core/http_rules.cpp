#include "checkers/core/http_rules.h"

#include <algorithm>

#include "checkers/config/field_name.h"

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

HttpRequest http_request(const HttpCheck& check, const HttpUrl& url, const Endpoint& endpoint) {
  HttpRequest request{url.method, url.path, host_of(check, url, endpoint), {}, url.body};
  std::string agent = "KeepAliveClient";
  for (const auto& [name, value] : url.headers) {
    if (is_field(name, "Host"))
      request.host = value;
    else if (is_field(name, "User-Agent"))
      agent = value;
    else
      request.fields.emplace_back(name, value);
  }
  request.fields.emplace(request.fields.begin(), "User-Agent", std::move(agent));
  // RFC 9110 8.6: methods that have a body say how long it is, also when it is empty.
  if (!url.body.empty() || url.method == "POST" || url.method == "PUT" || url.method == "PATCH")
    request.fields.emplace_back("Content-Length", fmt::format("{}", url.body.size()));
  return request;
}

std::string http1_text(const HttpRequest& request, HttpVersion version) {
  std::string text = fmt::format("{} {} HTTP/1.{}\r\n", request.method, request.path,
                                 version == HttpVersion::v1_1 ? 1 : 0);
  const auto add = [&](std::string_view name, std::string_view value) {
    text += fmt::format("{}: {}\r\n", name, value);
  };
  add(request.fields.front().first, request.fields.front().second);
  if (version != HttpVersion::v1_0) add("Connection", "close");
  add("Host", request.host);
  for (std::size_t i = 1; i < request.fields.size(); ++i)
    add(request.fields[i].first, request.fields[i].second);
  return text + "\r\n" + request.body;
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
