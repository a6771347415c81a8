#include "checkers/io/md5.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "daemon/base/assert.h"

namespace holdfast::checkers {

Md5::Md5() : context_{EVP_MD_CTX_new()} {
  BASE_ASSERT(context_ != nullptr);
  BASE_ASSERT(EVP_DigestInit_ex(context_, EVP_md5(), nullptr) == 1);
}

Md5::~Md5() { EVP_MD_CTX_free(context_); }

void Md5::update(std::span<const char> bytes) {
  BASE_ASSERT(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1);
}

std::string Md5::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  BASE_ASSERT(EVP_DigestFinal_ex(context_, digest.data(), &size) == 1);
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace holdfast::checkers
