// The table of bfd_instance, and the rules for the block as a whole.
#include "daemon/config/bfd.h"

#include <algorithm>
#include <array>

namespace holdfast::config {
namespace {

/// @source keywords.tsv
constexpr std::size_t longest_name = 31;
/// @source RFC 5880 4.1: 32 bits of microseconds
constexpr double longest_interval_ms = 4294967;
constexpr Range interval{1, longest_interval_ms, "ms"};
/// RFC 5880 6.8.3: at least one second while the session is not up.
constexpr Range idle_interval{1000, longest_interval_ms, "ms"};
constexpr Range weight_rule{-253, 253};

void read_weight(BfdInstance& bfd, const Row<BfdInstance>&, const Statement& statement,
                 Reader& reader) {
  static constexpr std::array<std::string_view, 1> options{"reverse"};
  const auto weight = read_number(with_argument(statement, 1), 1, weight_rule, reader);
  if (!weight) return;
  bfd.weight = static_cast<std::int16_t>(*weight);
  bfd.reverse = statement.words.size() > 2 && read_choice(statement, 2, Choice{options}, reader);
}

constexpr std::array schema{
    field<&BfdInstance::neighbor>("neighbor_ip", Address{}, "RFC 5881", "Address of the peer."),
    field<&BfdInstance::neighbor>("neighbour_ip", Address{}, "keepalived",
                                  "Other spelling of neighbor_ip."),
    field<&BfdInstance::source>("source_ip", Address{}, "RFC 5881",
                                "Local address; the kernel's choice by default."),
    field<&BfdInstance::min_rx>("min_rx", interval, "RFC 5880 4.1",
                                "Shortest interval at which we accept packets."),
    field<&BfdInstance::min_tx>("min_tx", interval, "RFC 5880 4.1",
                                "Shortest interval at which we send while up."),
    field<&BfdInstance::idle_tx>("idle_tx", idle_interval, "RFC 5880 6.8.3",
                                 "Interval at which we send while not up."),
    field<&BfdInstance::multiplier>("multiplier", Range{1, 255}, "RFC 5880 4.1",
                                    "Missed packets after which the session is down."),
    field<&BfdInstance::passive>("passive", Switch{}, "RFC 5880 6.1",
                                 "Send nothing before the peer does."),
    field<&BfdInstance::ttl>("ttl", Range{1, 255}, "RFC 5881 5",
                             "TTL of sent packets; 255 for IPv4 and 64 for IPv6 by default."),
    field<&BfdInstance::ttl>("hoplimit", Range{1, 255}, "keepalived", "Other spelling of ttl."),
    field<&BfdInstance::max_hops>("max_hops", Range{-1, 255}, "keepalived",
                                  "Hops that a received packet may have passed; 255: any number."),
    field<&BfdInstance::multihop>("multihop", Boolean{}, "RFC 5883 5",
                                  "Use port 4784 instead of 3784."),
    row<BfdInstance>("weight", "-253-253 [reverse]", "keepalived",
                     "What the session adds to a priority that follows it; 0: down is a fault.",
                     read_weight),
    field<&BfdInstance::for_vrrp>("vrrp", Switch{}, "keepalived", "VRRP follows the session."),
    field<&BfdInstance::for_checkers>("checker", Switch{}, "keepalived",
                                      "Checkers follow the session."),
};

bool complete(BfdInstance& bfd, const std::vector<BfdInstance>& before, Reader& reader) {
  const auto refuse = [&](std::string_view why) {
    reader.warn(bfd.place, fmt::format("bfd_instance {} {}; it is left out", bfd.name, why));
    return false;
  };
  if (!bfd.neighbor) return refuse("has no neighbor_ip");
  if (bfd.source && bfd.source->family() != bfd.neighbor->family())
    return refuse("has a source_ip and a neighbor_ip of different families");
  for (const BfdInstance& other : before) {
    if (other.name == bfd.name) return refuse("is already defined");
    if (other.neighbor == bfd.neighbor && other.source == bfd.source)
      return refuse(fmt::format("has the peer of {}", other.name));
  }
  if (!bfd.for_vrrp && !bfd.for_checkers) bfd.for_vrrp = bfd.for_checkers = true;
  return true;
}

}  // namespace

std::vector<BfdInstance> read_bfd(std::span<const Statement> tree, Reader& reader) {
  std::vector<BfdInstance> all;
  for (const Statement& statement : tree) {
    if (statement.keyword() != "bfd_instance") continue;
    const auto name = read_word(statement, 1, reader);
    if (!name || report_missing_block(statement, reader)) continue;
    if (name->empty() || name->size() > longest_name) {
      reader.warn(statement.place(1),
                  fmt::format("'bfd_instance' needs a name of 1..{} characters, found '{}'",
                              longest_name, *name));
      continue;
    }
    BfdInstance bfd;
    bfd.place = statement.place();
    bfd.name = *name;
    read_block<BfdInstance>(schema, bfd, statement.children, "bfd_instance", reader);
    if (complete(bfd, all, reader)) all.push_back(std::move(bfd));
  }
  return all;
}

std::vector<KeywordInfo> describe_bfd() {
  std::vector<KeywordInfo> all;
  describe<BfdInstance>(schema, "bfd_instance", all);
  for (KeywordInfo& info : all) info.supported = false;  // nobody speaks BFD yet
  return all;
}

}  // namespace holdfast::config
