// Any bytes as what the other side of a conversation says. The first byte chooses the conversation,
// the second how the rest is cut into pieces: the verdict must not depend on the pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "checkers/core/agent.h"
#include "checkers/core/body_pattern.h"
#include "checkers/core/talk.h"
#include "daemon/base/assert.h"

namespace {

using namespace holdfast::checkers;
using Kind = DialogueStep::Kind;

DialogueStep expect(const char* pattern) {
  BodyRegex regex;
  regex.pattern = pattern;
  regex.options = {"multiline"};
  return {.kind = Kind::expect, .text = pattern, .pattern = *BodyPattern::compile(regex)};
}

std::vector<TalkCheck> checks() {
  const DialogueStep bytes{.kind = Kind::expect_bytes, .bytes = {{0x31, 0x00}, {0xff, 0x0f}}};
  const DialogueStep secret{.kind = Kind::send, .text = "AUTH hunter2\r\n", .is_secret = true};
  return {
      {DialogueCheck{{expect("^220 "), secret, expect("(a|bc)+\\n"), bytes, expect("x.*y")}},
       false,
       {},
       {}},
      {RedisCheck{"user", "password", RedisRole::replica}, false, {}, {}},
      {RedisCheck{"", "", RedisRole::master}, false, {}, {}},
      {PostgresqlCheck{"user", "data"}, false, {}, {}},
      {PostgresqlCheck{}, false, {}, {}},
      {MysqlCheck{"user", "data"}, false, {}, {}},
      {MysqlCheck{}, true, {}, {}},
      {LdapCheck{"cn=a", "b", false, true, "dc=c"}, false, {}, {}},
      {AgentCheck{"hello\n"}, false, {}, {}},
  };
}

/// The verdict on these bytes, by pieces of `size`, and then the end of the connection.
Verdict converse(const TalkCheck& check, std::string_view bytes, std::size_t size) {
  const auto talk = make_talk(check);
  std::size_t sends = 0;
  for (;;) {
    const Action action = talk->next();
    if (const auto* done = std::get_if<Done>(&action)) return done->verdict;
    if (!std::holds_alternative<Receive>(action)) {
      BASE_ASSERT(++sends < 100);  // whatever comes, it does not talk for ever
      continue;
    }
    if (bytes.empty()) talk->end();
    talk->add(bytes.substr(0, size));
    bytes.remove_prefix(std::min(size, bytes.size()));
    BASE_ASSERT(talk->came().size() < 1000);
  }
}

/// Line by line, as an agent says it in the course of time.
void obey(std::string_view lines) {
  constexpr std::uint32_t weight = 8;
  AgentState state{HealthRecord{}, weight};
  while (!lines.empty()) {
    Verdict probe = Verdict::passed();
    probe.reason = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), probe.reason.size() + 1));
    const Verdict verdict = state.apply(probe, weight);
    BASE_ASSERT(!verdict.reason.empty());
    if (verdict.weight) BASE_ASSERT(*verdict.weight >= 0 && *verdict.weight <= 800);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<TalkCheck> all = checks();
  if (size < 2) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data + 2), size - 2};
  const std::size_t which = data[0] % (all.size() + 1);
  if (which == all.size()) {
    obey(bytes);
    return 0;
  }
  const Verdict whole = converse(all[which], bytes, bytes.size() + 1);
  const Verdict cut = converse(all[which], bytes, std::max<std::size_t>(data[1], 1));
  // Data in front of TLS is told from data behind it by the pieces alone.
  if (!all[which].tls) BASE_ASSERT(whole.kind == cut.kind);
  // That of an agent is its line, which may be empty.
  BASE_ASSERT(whole.kind == Verdict::Kind::passed || !whole.reason.empty());
  return 0;
}
