// MD5 of a stream of bytes, by OpenSSL. Only for comparing page contents, as keepalived does.
#pragma once

#include <span>
#include <string>

struct evp_md_ctx_st;

namespace holdfast::checkers {

class Md5 {
 public:
  Md5();
  ~Md5();
  Md5(const Md5&) = delete;
  Md5& operator=(const Md5&) = delete;
  void update(std::span<const char> bytes);
  /// 32 hexadecimal digits in lower case. Ends the stream.
  std::string hex();

 private:
  evp_md_ctx_st* context_;
};

}  // namespace holdfast::checkers
