// Any bytes from a mail server. The first byte says how many mails there are and into what pieces
// the bytes are cut; names and bodies come from the same bytes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "daemon/base/assert.h"
#include "daemon/notify/mail_text.h"
#include "daemon/notify/smtp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast::notify;
  if (size == 0) return 0;
  const std::size_t mails = data[0] % 4, piece = data[0] / 4 + 1;
  std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  const std::string name{bytes.substr(0, 40)};
  const Envelope envelope{name, name, name, {name, "a@x", name}};
  const Mail mail{name, std::string{bytes}, 0, {}, 0};

  // Whatever is in it, the content has one end, which is its last.
  const std::string text = content(envelope, mail);
  BASE_ASSERT(text.find("\r\n.\r\n") == text.size() - 5);
  BASE_ASSERT(text.find("\n\n") == std::string::npos);
  BASE_ASSERT(mailbox(name).find_first_of("\r\n<> ") == std::string::npos);

  SmtpClient smtp{envelope, std::vector<Mail>(mails, mail)};
  std::vector<bool> decided(mails, false);
  const auto check = [&] {
    for (const Outcome& outcome : smtp.take_outcomes()) {
      BASE_ASSERT(outcome.mail < mails && !decided[outcome.mail]);
      decided[outcome.mail] = true;
    }
  };
  while (!bytes.empty() && !smtp.is_over()) {
    const std::string said = smtp.receive(bytes.substr(0, piece));
    BASE_ASSERT(said.empty() || said.ends_with("\r\n"));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    check();
  }
  smtp.lost("the end");
  check();
  BASE_ASSERT(smtp.is_over());
  for (const bool one : decided) BASE_ASSERT(one);
  return 0;
}
