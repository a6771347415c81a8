#include "checkers/core/findings.h"

#include "daemon/base/utf8.h"

namespace holdfast::checkers {

std::string printable_reason(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = utf8_size(text, at);
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool shown = size > 0 && byte >= 0x20 && byte != 0x7f;
    if (out.size() + (shown ? size : 1) > Findings::longest) break;
    if (shown)
      out += text.substr(at, size);
    else
      out += '?';
    at += size == 0 ? 1 : size;
  }
  return out;
}

void Findings::add(const Verdict& verdict, bool decided, TimePoint now) {
  last_ = Finding{printable_reason(verdict.reason), now};
  if (decided && verdict.kind != Verdict::Kind::not_run) decision_ = last_;
}

}  // namespace holdfast::checkers
