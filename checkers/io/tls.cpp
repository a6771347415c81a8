#include "checkers/io/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <map>
#include <tuple>

#include "daemon/base/free_with.h"
#include "daemon/base/hex.h"

namespace holdfast::checkers {

namespace asio = boost::asio;
namespace ssl = asio::ssl;

namespace {

using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using ContextKey =
    std::tuple<bool, std::string, std::string, std::string, std::string, std::optional<TlsVersion>>;

int protocol_of(TlsVersion version) {
  switch (version) {
    case TlsVersion::v1_0:
      return TLS1_VERSION;
    case TlsVersion::v1_1:
      return TLS1_1_VERSION;
    case TlsVersion::v1_2:
      return TLS1_2_VERSION;
    case TlsVersion::v1_3:
      break;
  }
  return TLS1_3_VERSION;
}

/// PEM; the supervisor has put it in the place of its file's name.
std::string key_of(const TlsRules& rules) {
  constexpr std::string_view prefix = "hex:";
  const bool is_placed = rules.key.starts_with(prefix);
  return is_placed ? from_hex(rules.key.substr(prefix.size())).value_or("") : "";
}

/// The settings that a context has and a single connection does not.
std::optional<Verdict> configure(ssl::context& context, const TlsRules& rules) {
  boost::system::error_code error;
  context.set_verify_mode(rules.verify ? ssl::verify_peer : ssl::verify_none, error);
  if (rules.verify && rules.ca_file.empty())
    context.set_default_verify_paths(error);
  else if (rules.verify)
    context.load_verify_file(rules.ca_file, error);
  if (error) return Verdict::not_run("tls-ca: cannot use {}: {}", rules.ca_file, error.message());
  if (!rules.certificate.empty()) context.use_certificate_chain_file(rules.certificate, error);
  if (error)
    return Verdict::not_run("tls-certificate: cannot use {}: {}", rules.certificate,
                            error.message());
  // Without it the library would ask at the terminal.
  context.set_password_callback(
      [password = rules.password](std::size_t, ssl::context::password_purpose) {
        return password;
      });
  if (const auto key = key_of(rules); !key.empty())
    context.use_private_key(asio::buffer(key), ssl::context::pem, error);
  if (error) return Verdict::not_run("tls-key: {}", error.message());
  ::SSL_CTX_set_session_cache_mode(context.native_handle(), SSL_SESS_CACHE_OFF);
  // Old servers with renegotiation or small keys are still servers, unless somebody asks.
  if (rules.lowest)
    ::SSL_CTX_set_min_proto_version(context.native_handle(), protocol_of(*rules.lowest));
  return std::nullopt;
}

using Contexts = std::map<ContextKey, std::shared_ptr<ssl::context>>;
Contexts& contexts() {
  static thread_local Contexts all;
  return all;
}

}  // namespace

void forget_tls_files() { contexts().clear(); }

std::optional<Verdict> TlsStream::open(Socket& socket, const TlsSettings& settings) {
  const TlsRules& rules = settings.rules;
  const ContextKey key{rules.verify, rules.ca_file,  rules.certificate,
                       rules.key,    rules.password, rules.lowest};
  if (const auto known = contexts().find(key); known != contexts().end()) {
    context_ = known->second;
  } else {
    context_ = std::make_shared<ssl::context>(ssl::context::tls_client);
    if (auto refused = configure(*context_, rules)) return refused;
    contexts().emplace(key, context_);
  }
  stream_ = std::make_unique<Stream>(socket, *context_);
  SSL* handle = stream_->native_handle();
  if (!settings.server_name.empty())
    ::SSL_set_tlsext_host_name(handle, settings.server_name.c_str());
  http2_ = settings.http2;
  constexpr std::array<unsigned char, 3> h2{2, 'h', '2'};
  if (http2_) ::SSL_set_alpn_protos(handle, h2.data(), h2.size());
  if (!rules.verify) return std::nullopt;
  const std::string& name = rules.name.empty() ? settings.server_name : rules.name;
  X509_VERIFY_PARAM* wanted = ::SSL_get0_param(handle);
  const bool set =
      name.empty()
          ? ::X509_VERIFY_PARAM_set1_ip_asc(wanted, settings.address.to_string().c_str()) == 1
          : ::X509_VERIFY_PARAM_set1_host(wanted, name.c_str(), name.size()) == 1;
  if (!set) return Verdict::not_run("tls-verify: '{}' is no name of a server", name);
  return std::nullopt;
}

std::optional<Verdict> TlsStream::judge_protocol() {
  if (!http2_) return std::nullopt;
  const unsigned char* name = nullptr;
  unsigned size = 0;
  ::SSL_get0_alpn_selected(stream_->native_handle(), &name, &size);
  if (std::string_view{reinterpret_cast<const char*>(name), size} == "h2") return std::nullopt;
  return Verdict::failed("tls-alpn: the server does not agree to h2 (HTTP/2)");
}

Verdict TlsStream::handshake_failure(const boost::system::error_code& error) {
  const long result = ::SSL_get_verify_result(stream_->native_handle());
  if (result != X509_V_OK) {
    const auto left = days_left();
    const std::string ago =
        result == X509_V_ERR_CERT_HAS_EXPIRED && left ? fmt::format(" {} days ago", -*left) : "";
    return Verdict::failed("tls-verify: {}{}", ::X509_verify_cert_error_string(result), ago);
  }
  if (error == ssl::error::stream_truncated || error == asio::error::eof)
    return Verdict::failed("tls-handshake: the server closed the connection");
  return Verdict::failed("tls-handshake: {}", error.message());
}

std::optional<int> TlsStream::days_left() {
  const Certificate certificate{::SSL_get1_peer_certificate(stream_->native_handle())};
  int days = 0;
  int seconds = 0;
  if (!certificate ||
      ::ASN1_TIME_diff(&days, &seconds, nullptr, ::X509_get0_notAfter(certificate.get())) != 1)
    return std::nullopt;
  return days;
}

}  // namespace holdfast::checkers
