// How far a TLS server is trusted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::checkers {

/// @source RFC 8996: 1.0 and 1.1 are not to be used any more; the library has them still
enum class TlsVersion : std::uint8_t { v1_0, v1_1, v1_2, v1_3 };

/// How far a TLS server is trusted. keepalived trusts every one.
struct TlsRules {
  bool verify = false;           ///< its chain and its name
  std::string ca_file;           ///< PEM; empty: those of the system
  std::string name;              ///< that its certificate must have; empty: what the check asks for
  std::string certificate, key;  ///< PEM files, when the server wants to know us
  std::string password;          ///< of the key
  std::optional<TlsVersion> lowest;
  std::uint32_t expiry_days = 0;  ///< so long before the certificate's end there is a warning
  bool operator==(const TlsRules&) const = default;
};

}  // namespace holdfast::checkers
