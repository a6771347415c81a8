// The table of auth_hmac. Messages never show a key.
#include <algorithm>
#include <array>

#include "daemon/base/hex.h"
#include "vrrp/config/instance_parts.h"

namespace holdfast::vrrp {
namespace {

using config::Choice;
using config::field;
using config::pending;
using config::Range;
using config::Reader;
using config::Row;
using config::row;
using config::Statement;
using std::string_view_literals::operator""sv;

constexpr std::array replay_words{"time"sv, "monotonic"sv};
constexpr std::array mode_words{"enforce"sv, "permissive"sv, "receive-only"sv};

/// The key behind its id, or nothing; the reason has been reported.
std::optional<HmacKey> read_key_value(const Statement& statement, Reader& reader) {
  HmacKey key;
  const std::string_view text = statement.words[2].text;
  for (const std::string_view prefix : {"file:"sv, "credential:"sv})
    if (text.starts_with(prefix)) {
      key.source = HmacKey::Source::file;
      key.value = Secret{text};
      if (text.size() > prefix.size()) return key;
      reader.warn(statement.place(2), fmt::format("'{}' needs a {} behind it", prefix,
                                                  prefix == "file:" ? "path" : "name"));
      return std::nullopt;
    }
  key.value = Secret{text};
  if (text.starts_with("hex:")) {
    key.source = HmacKey::Source::hex;
    const auto bytes = from_hex(text.substr(4));
    if (!bytes) {
      reader.warn(statement.place(2), "'hex:' needs pairs of hexadecimal digits");
      return std::nullopt;
    }
    key.value = Secret{*bytes};
  }
  const std::size_t size = key.value.text().size();
  if (size >= shortest_hmac_key && size <= longest_hmac_key) return key;
  reader.warn(statement.place(2), fmt::format("a key has {}..{} bytes, this one has {}",
                                              shortest_hmac_key, longest_hmac_key, size));
  return std::nullopt;
}

void read_key(Hmac& hmac, const Row<Hmac>&, const Statement& statement, Reader& reader) {
  const Statement id_only = config::part_of(statement, 0, 2);
  const auto id = config::read_number(id_only, 1, Range{1, 255}, reader);
  if (!id) return;
  if (statement.words.size() < 3) {
    reader.error(statement.end(), "'key' needs an id and a key, and nothing follows the id");
    return;
  }
  auto key = read_key_value(statement, reader);
  if (!key) return;
  key->id = static_cast<std::uint8_t>(*id);
  if (std::ranges::find(hmac.keys, key->id, &HmacKey::id) != hmac.keys.end())
    reader.warn(statement.place(1), fmt::format("key {} is there twice; the first one stays", *id));
  else
    hmac.keys.push_back(std::move(*key));
}

constexpr std::array hmac_schema{
    row<Hmac>("key", "ID(1-255) TEXT|hex:HEX|file:PATH|credential:NAME", "keepalived 2.4.0",
              "A shared key of 32 to 64 bytes; several while keys change.", read_key),
    field<&Hmac::active_key>("active_key", Range{1, 255}, "keepalived 2.4.0",
                             "Id of the key that signs."),
    field<&Hmac::time_window>(
        "time_window", Range{1, 300, "s"}, "keepalived 2.4.0",
        "How far clocks may differ; 3 advertisement intervals and at least 5 s by default."),
    field<&Hmac::anti_replay>("anti_replay", Choice{replay_words}, "keepalived 2.4.0",
                              "Whether old sequence numbers expire with the window."),
    field<&Hmac::mode>("mode", Choice{mode_words}, "keepalived 2.4.0",
                       "What happens to adverts without a trailer, and whether we sign."),
};

}  // namespace

void read_hmac(std::optional<Hmac>& out, const Statement& statement, Reader& reader) {
  Hmac hmac;
  config::read_block<Hmac>(hmac_schema, hmac, statement.children, "auth_hmac", reader);
  if (!hmac.active_key) {
    reader.warn(statement.place(), "auth_hmac needs 'active_key'; it is left out");
  } else if (std::ranges::find(hmac.keys, *hmac.active_key, &HmacKey::id) == hmac.keys.end()) {
    reader.warn(statement.place(), fmt::format("auth_hmac has no key {}, which active_key names; "
                                               "it is left out",
                                               *hmac.active_key));
  } else {
    out = std::move(hmac);
  }
}

void describe_hmac(std::vector<config::KeywordInfo>& out) {
  config::describe<Hmac>(hmac_schema, "vrrp_instance/auth_hmac", out);
}

}  // namespace holdfast::vrrp
