#include "vrrp/core/keyed_hash.h"

#include <nettle/hmac.h>
#include <nettle/memops.h>

#include <cstring>

namespace holdfast::vrrp {
namespace {

const std::uint8_t* octets(const void* data) { return static_cast<const std::uint8_t*>(data); }

template <typename Tag, typename Context, typename SetKey, typename Update, typename Digest>
Tag keyed(std::string_view key, std::initializer_list<Bytes> parts, SetKey set_key, Update update,
          Digest digest) {
  Context context;
  Tag tag;
  set_key(&context, key.size(), octets(key.data()));
  for (const Bytes part : parts) update(&context, part.size(), octets(part.data()));
  digest(&context, tag.size(), reinterpret_cast<std::uint8_t*>(tag.data()));
  ::explicit_bzero(&context, sizeof context);
  return tag;
}

}  // namespace

Md5Tag hmac_md5_96(std::string_view key, std::initializer_list<Bytes> parts) {
  return keyed<Md5Tag, hmac_md5_ctx>(key, parts, nettle_hmac_md5_set_key, nettle_hmac_md5_update,
                                     nettle_hmac_md5_digest);
}

Sha256Tag hmac_sha256_128(std::string_view key, std::initializer_list<Bytes> parts) {
  return keyed<Sha256Tag, hmac_sha256_ctx>(key, parts, nettle_hmac_sha256_set_key,
                                           nettle_hmac_sha256_update, nettle_hmac_sha256_digest);
}

bool equal_in_constant_time(Bytes a, Bytes b) {
  return a.size() == b.size() && nettle_memeql_sec(a.data(), b.data(), a.size()) != 0;
}

void Secret::wipe() noexcept {
  // resize() within the capacity moves nothing: short texts live in the object itself.
  text_.resize(text_.capacity());
  ::explicit_bzero(text_.data(), text_.size());
  text_.clear();
}

}  // namespace holdfast::vrrp
