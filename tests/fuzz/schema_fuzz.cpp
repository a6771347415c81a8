// Bytes choose keywords of the tables and words for them: statements that are nearly right, of
// every block, as far as the typed configuration of every process.
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/read_everything.h"

namespace holdfast::config {
namespace {

using std::string_view_literals::operator""sv;

/// Keywords by the path of their block; the top level is "".
const std::map<std::string, std::vector<std::string>>& known_keywords() {
  static const auto known = [] {
    std::vector<KeywordInfo> all = describe_top_level();
    describe<GlobalDefs>(global_schema(), "global_defs", all);
    for (const auto& more : {vrrp::describe_vrrp(), checkers::describe_checkers()})
      all.insert(all.end(), more.begin(), more.end());
    std::map<std::string, std::vector<std::string>> by_block;
    for (const KeywordInfo& info : all) by_block[info.block].push_back(info.keyword);
    return by_block;
  }();
  return known;
}

/// What arguments are made of: ends of ranges, addresses of both families, options of lines.
constexpr std::array words{
    "0"sv,          "1"sv,       "-1"sv,         "255"sv,       "256"sv,      "65536"sv,
    "4294967296"sv, "3.5"sv,     "0.01"sv,       "1e9"sv,       "10.0.0.1"sv, "10.0.0.1/24"sv,
    "fe80::1/64"sv, "::"sv,      "10.0.0.1-9"sv, "eth0"sv,      "dev"sv,      "via"sv,
    "table"sv,      "nexthop"sv, "weight"sv,     "reverse"sv,   "on"sv,       "off"sv,
    "true"sv,       "a"sv,       "b"sv,          "lock"sv,      "\"q u\""sv,  "\"\""sv,
    "from"sv,       "to"sv,      "scope"sv,      "type"sv,      "link"sv,     "encap"sv,
    "mpls"sv,       "100/200"sv, "0xff"sv,       "255.0.0.0"sv, "fwmark"sv,   "group"sv,
    "/bin/true"sv,  "10s"sv,     "20ms"sv,       "NAT"sv,       "TUN"sv,      "%"sv};

class Writer {
 public:
  explicit Writer(std::span<const std::uint8_t> bytes) : bytes_{bytes} {}

  std::string run() {
    while (!bytes_.empty() && out_.size() < most_text) statement("", 0);
    return std::move(out_);
  }

 private:
  static constexpr std::size_t most_text = 100'000, most_depth = 6;

  std::size_t below(std::size_t bound) {
    if (bytes_.empty()) return 0;
    const std::size_t chosen = bytes_.front() % bound;
    bytes_ = bytes_.subspan(1);
    return chosen;
  }

  void statement(const std::string& block, std::size_t depth) {
    const auto table = known_keywords().find(block);
    const bool has_table = table != known_keywords().end();
    const std::string keyword = has_table ? table->second[below(table->second.size())]
                                          : std::string{words[below(words.size())]};
    out_ += keyword;
    for (std::size_t count = below(8); count > 0; --count) {
      out_ += ' ';
      out_ += words[below(words.size())];
    }
    const std::string inner = block.empty() ? keyword : block + "/" + keyword;
    const bool opens = depth < most_depth && (known_keywords().contains(inner) || below(4) == 0);
    if (opens) {
      out_ += " {\n";
      for (std::size_t count = below(8); count > 0 && out_.size() < most_text; --count)
        statement(inner, depth + 1);
      out_ += '}';
    }
    out_ += '\n';
  }

  std::span<const std::uint8_t> bytes_;
  std::string out_;
};

}  // namespace
}  // namespace holdfast::config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast::config;
  const std::string written = Writer{{data, size}}.run();
  Text text{{"fuzz"}, {}};
  std::string_view rest = written;
  for (std::uint32_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = rest.find('\n');
    text.lines.push_back({rest.substr(0, end), 0, number});
    rest.remove_prefix(end + 1);
  }
  read_everything(text);
  return 0;
}
