#include "vrrp/linux/iptables_filter.h"

#include <libiptc/libiptc.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_set.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <sstream>

#include "vrrp/linux/ip_sets.h"

extern "C" {
#include <libiptc/libip6tc.h>  // which does not say itself that it is C
}

namespace holdfast::vrrp {
namespace {

constexpr char table[] = "filter";
constexpr std::string_view record_word{"iptables"};
constexpr std::string_view nothing{"-"};  ///< a chain or set that is not used, in a record
constexpr int attempts = 5;               ///< where other programs change the table as well

/// What differs between the two families in libiptc.
struct V4 {
  static constexpr Family family = Family::ipv4;
  using Entry = ipt_entry;
  static xtc_handle* init() { return iptc_init(table); }
  static constexpr auto free = iptc_free;
  static constexpr auto commit = iptc_commit;
  static constexpr auto is_chain = iptc_is_chain;
  static constexpr auto first_rule = iptc_first_rule;
  static constexpr auto next_rule = iptc_next_rule;
  static constexpr auto insert = iptc_insert_entry;
  static constexpr auto remove = iptc_delete_num_entry;
  static constexpr auto explain = iptc_strerror;
};
struct V6 {
  static constexpr Family family = Family::ipv6;
  using Entry = ip6t_entry;
  static xtc_handle* init() { return ip6tc_init(table); }
  static constexpr auto free = ip6tc_free;
  static constexpr auto commit = ip6tc_commit;
  static constexpr auto is_chain = ip6tc_is_chain;
  static constexpr auto first_rule = ip6tc_first_rule;
  static constexpr auto next_rule = ip6tc_next_rule;
  static constexpr auto insert = ip6tc_insert_entry;
  static constexpr auto remove = ip6tc_delete_num_entry;
  static constexpr auto explain = ip6tc_strerror;
};

/// A rule as the kernel takes it: the entry, its matches, its target.
template <typename V>
class EntryWriter {
 public:
  EntryWriter() : bytes_(XT_ALIGN(sizeof(typename V::Entry))) {}
  typename V::Entry& entry() { return *reinterpret_cast<typename V::Entry*>(bytes_.data()); }

  template <typename Info>
  void match(const char* name, std::uint8_t revision, const Info& info) {
    xt_entry_match header{};
    std::strncpy(header.u.user.name, name, sizeof header.u.user.name - 1);
    header.u.user.revision = revision;
    header.u.match_size =
        static_cast<std::uint16_t>(XT_ALIGN(sizeof header) + XT_ALIGN(sizeof info));
    append(&header, sizeof header);
    append(&info, sizeof info);
  }
  /// libiptc knows DROP by its name.
  std::vector<char>& drop() {
    entry().target_offset = static_cast<std::uint16_t>(bytes_.size());
    xt_standard_target target{};
    std::strncpy(target.target.u.user.name, "DROP", sizeof target.target.u.user.name - 1);
    target.target.u.target_size = XT_ALIGN(sizeof target);
    append(&target, sizeof target);
    entry().next_offset = static_cast<std::uint16_t>(bytes_.size());
    return bytes_;
  }

 private:
  void append(const void* data, std::size_t size) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + XT_ALIGN(size));
    std::memcpy(bytes_.data() + at, data, size);
  }
  std::vector<char> bytes_;
};

void put_interface(char (&name)[IFNAMSIZ], unsigned char (&mask)[IFNAMSIZ],
                   const std::string& interface) {
  interface.copy(name, IFNAMSIZ - 1);
  std::fill_n(mask, interface.size() + 1, static_cast<unsigned char>(0xff));
}

template <typename Ip>
void put_interface(Ip& ip, const IptablesRule& rule) {
  if (rule.in)
    put_interface(ip.iniface, ip.iniface_mask, rule.interface);
  else
    put_interface(ip.outiface, ip.outiface_mask, rule.interface);
}

void put_conditions(ipt_ip& ip, const IptablesRule& rule) {
  if (rule.address) {
    in_addr& address = rule.in ? ip.dst : ip.src;
    std::memcpy(&address, rule.address->bytes().data(), sizeof address);
    (rule.in ? ip.dmsk : ip.smsk).s_addr = 0xffffffff;
  }
  ip.proto = rule.protocol;
  if (!rule.interface.empty()) put_interface(ip, rule);
}

void put_conditions(ip6t_ip6& ip, const IptablesRule& rule) {
  if (rule.address) {
    in6_addr& address = rule.in ? ip.dst : ip.src;
    std::memcpy(&address, rule.address->bytes().data(), sizeof address);
    std::memset(rule.in ? &ip.dmsk : &ip.smsk, 0xff, sizeof address);
  }
  ip.proto = rule.protocol;
  if (rule.protocol != 0) ip.flags |= IP6T_F_PROTO;
  if (rule.but_protocol) ip.invflags |= XT_INV_PROTO;
  if (!rule.interface.empty()) put_interface(ip, rule);
}

ip6t_icmp icmp6_types_but(std::uint8_t type) {
  ip6t_icmp info{};
  info.type = type;
  info.code[1] = 0xff;
  info.invflags = IP6T_ICMP_INV;
  return info;
}

/// Of packets that come the destination counts, and the interface that they came by; of those that
/// leave the source, or the interface alone. Revision 4 is that of every kernel since 3.19.
xt_set_info_match_v4 set_match(const IptablesRule& rule, std::uint16_t index) {
  xt_set_info_match_v4 info{};
  info.match_set.index = index;
  info.match_set.dim = rule.set_of_interfaces ? IPSET_DIM_TWO : IPSET_DIM_ONE;
  if (!rule.in) info.match_set.flags |= IPSET_DIM_ONE_SRC;
  if (rule.in && rule.set_of_interfaces) info.match_set.flags |= IPSET_DIM_TWO_SRC;
  return info;
}

template <typename V>
Result<std::vector<char>> entry_for(const IptablesRule& rule, const std::string& mark) {
  EntryWriter<V> writer;
  if constexpr (V::family == Family::ipv4)
    put_conditions(writer.entry().ip, rule);
  else
    put_conditions(writer.entry().ipv6, rule);
  for (const std::uint8_t type : rule.but_types) writer.match("icmp6", 0, icmp6_types_but(type));
  if (!rule.set.empty()) {
    const auto index = index_of_ip_set(rule.set);
    if (!index) return tl::make_unexpected(index.error());
    writer.match("set", 4, set_match(rule, *index));
  }
  xt_comment_info comment{};
  mark.copy(comment.comment, sizeof comment.comment - 1);
  writer.match("comment", 0, comment);
  return std::move(writer.drop());
}

template <typename Entry>
bool is_ours(const Entry& entry, const std::string& mark) {
  const char* const begin = reinterpret_cast<const char*>(&entry);
  for (std::size_t at = sizeof entry; at < entry.target_offset;) {
    const auto* match = reinterpret_cast<const xt_entry_match*>(begin + at);
    if (std::string_view{match->u.user.name} == "comment") {
      const auto* info = reinterpret_cast<const xt_comment_info*>(match->data);
      if (mark == info->comment) return true;
    }
    if (match->u.match_size == 0) return false;
    at += match->u.match_size;
  }
  return false;
}

template <typename V>
struct Table {
  std::unique_ptr<xtc_handle, void (*)(xtc_handle*)> handle{V::init(), V::free};

  static tl::unexpected<Error> failure(std::string_view what) {
    const int code = errno;
    return tl::make_unexpected(
        Error{fmt::format("cannot {} of iptables ({}): {}", what,
                          V::family == Family::ipv4 ? "IPv4" : "IPv6", V::explain(code)),
              code});
  }
  template <typename Do>
  void for_each(const std::string& chain, const Do& take) const {
    for (const auto* entry = V::first_rule(chain.c_str(), handle.get()); entry != nullptr;
         entry = V::next_rule(entry, handle.get()))
      take(*entry);
  }
  [[nodiscard]] std::size_t count(const std::string& chain, const std::string& mark) const {
    std::size_t found = 0;
    if (V::is_chain(chain.c_str(), handle.get()) != 0)
      for_each(chain, [&](const auto& entry) { found += is_ours(entry, mark) ? 1 : 0; });
    return found;
  }
  /// @return true when there was something
  bool remove_ours(const std::string& chain, const std::string& mark) {
    std::vector<unsigned> numbers;
    unsigned number = 0;
    for_each(chain, [&](const auto& entry) {
      if (is_ours(entry, mark)) numbers.push_back(number);
      ++number;
    });
    for (auto next = numbers.rbegin(); next != numbers.rend(); ++next)
      V::remove(chain.c_str(), *next, handle.get());
    return !numbers.empty();
  }
};

using Rules = std::vector<IptablesRule>;

/// Ours go and these come, at the head of their chains, in one step.
template <typename V>
Result<void> replace_once(const IptablesSettings& settings, const Rules& rules,
                          const std::string& mark) {
  Table<V> current;
  if (!current.handle) {
    // A machine that has no such table has no rules of ours either.
    if (rules.empty()) return {};
    return Table<V>::failure("read the table filter");
  }
  bool changed = !rules.empty();
  for (const std::string& chain : {settings.in, settings.out}) {
    if (chain.empty()) continue;
    if (V::is_chain(chain.c_str(), current.handle.get()) == 0) {
      if (rules.empty()) continue;
      return fail("there is no chain {} in the table filter of iptables", chain);
    }
    changed |= current.remove_ours(chain, mark);
  }
  if (!changed) return {};
  std::array<unsigned, 2> next{};
  for (const IptablesRule& rule : rules) {
    const auto entry = entry_for<V>(rule, mark);
    if (!entry) return tl::make_unexpected(entry.error());
    const std::string& chain = rule.in ? settings.in : settings.out;
    if (V::insert(chain.c_str(), reinterpret_cast<const typename V::Entry*>(entry->data()),
                  next.at(rule.in ? 0 : 1)++, current.handle.get()) == 0)
      return Table<V>::failure("make a rule");
  }
  if (V::commit(current.handle.get()) == 0) return Table<V>::failure("change the rules");
  return {};
}

template <typename V>
Result<void> replace(const IptablesSettings& settings, const FilterElements& elements,
                     const std::string& mark) {
  const Rules rules = iptables_rules(settings, V::family, elements);
  Result<void> done;
  for (int i = 0; i < attempts; ++i) {
    done = replace_once<V>(settings, rules, mark);
    if (done || done.error().code != EAGAIN) break;  // EAGAIN: another program was faster
  }
  return done;
}

template <typename V>
bool has_rules(const IptablesSettings& settings, const FilterElements& elements,
               const std::string& mark) {
  const Rules rules = iptables_rules(settings, V::family, elements);
  const Table<V> current;
  if (!current.handle) return rules.empty();
  for (const bool in : {true, false}) {
    const std::string& chain = in ? settings.in : settings.out;
    const auto expected = static_cast<std::size_t>(
        std::ranges::count_if(rules, [&](const IptablesRule& rule) { return rule.in == in; }));
    if (!chain.empty() && current.count(chain, mark) != expected) return false;
  }
  return true;
}

/// Each of our ipsets, and the entries that these elements are in it.
template <typename Do>
Result<void> for_each_set(const IptablesSettings& settings, const FilterElements& elements,
                          const Do& take) {
  Result<void> done;
  for (std::size_t i = 0; i < filter_sets && !settings.sets.empty(); ++i) {
    const auto set = static_cast<FilterSet>(i);
    const Family family = set == FilterSet::vips4 ? Family::ipv4 : Family::ipv6;
    IpSetEntries entries;
    for (const FilterElement& element : elements)
      if (element.set == set) entries.insert(ipset_entry(element));
    done = take(settings.sets.at(i), family, set == FilterSet::link_local, entries);
    if (!done) return done;
  }
  return done;
}

}  // namespace

bool has_old_iptables() {
  for (const char* path : {"/usr/sbin/iptables", "/sbin/iptables", "/usr/local/sbin/iptables"}) {
    std::error_code error;
    const auto program = std::filesystem::canonical(path, error);
    if (!error) return program.filename().string().find("nft") == std::string::npos;
  }
  return false;
}

std::string IptablesFilter::mark() const {
  return settings_.name + (settings_.sets.empty() ? "" : " " + settings_.sets.front());
}

std::string IptablesFilter::record() const {
  const auto word = [](const std::string& text) { return text.empty() ? nothing : text; };
  std::string out = fmt::format("{} {} {} {}", record_word, settings_.name, word(settings_.in),
                                word(settings_.out));
  for (const std::string& set : settings_.sets) out += " " + set;
  return out;
}

std::unique_ptr<IptablesFilter> IptablesFilter::from_record(const std::string& record) {
  std::istringstream words{record};
  std::string word;
  IptablesSettings settings;
  if (!(words >> word >> settings.name >> settings.in >> settings.out) || word != record_word)
    return nullptr;
  for (std::string* chain : {&settings.in, &settings.out})
    if (*chain == nothing) chain->clear();
  while (words >> word) settings.sets.push_back(word);
  if (!settings.sets.empty()) settings.sets = ipset_names(settings.sets);
  return std::make_unique<IptablesFilter>(std::move(settings));
}

Result<void> IptablesFilter::fill_sets(const FilterElements& elements) {
  return for_each_set(settings_, elements,
                      [](const std::string& name, Family family, bool interfaces,
                         const IpSetEntries& entries) -> Result<void> {
                        // No set without a use; one that is there may still be in a rule.
                        if (entries.empty() && !index_of_ip_set(name)) return {};
                        return fill_ip_set(name, family, interfaces, entries);
                      });
}

Result<void> IptablesFilter::write_rules(const FilterElements& elements) {
  if (auto done = replace<V4>(settings_, elements, mark()); !done) return done;
  return replace<V6>(settings_, elements, mark());
}

bool IptablesFilter::has_same_rules(const FilterElements& elements) const {
  return std::ranges::all_of(std::array{Family::ipv4, Family::ipv6}, [&](Family family) {
    return iptables_rules(settings_, family, elements) ==
           iptables_rules(settings_, family, elements_);
  });
}

/// Sets before the rules that name them.
Result<void> IptablesFilter::build(const FilterElements& elements) {
  if (auto done = fill_sets(elements); !done) return done;
  if (auto done = write_rules(elements); !done) return done;
  elements_ = elements;
  return {};
}

Result<void> IptablesFilter::add(const FilterElements& elements) {
  FilterElements all = elements_;
  all.insert(elements.begin(), elements.end());
  if (!has_same_rules(all)) return build(all);
  elements_ = std::move(all);
  return for_each_set(settings_, elements,
                      [](const std::string& name, Family, bool, const IpSetEntries& entries) {
                        return add_to_ip_set(name, entries);
                      });
}

Result<void> IptablesFilter::remove(const FilterElements& elements) {
  FilterElements rest = elements_;
  for (const FilterElement& element : elements) rest.erase(element);
  const bool same = has_same_rules(rest);
  elements_ = std::move(rest);
  if (!same)
    if (auto done = write_rules(elements_); !done) return done;
  return for_each_set(settings_, elements,
                      [](const std::string& name, Family, bool, const IpSetEntries& entries) {
                        return remove_from_ip_set(name, entries);
                      });
}

/// Rules before the sets that they name.
Result<void> IptablesFilter::clear() {
  elements_.clear();
  if (auto done = write_rules({}); !done) return done;
  return for_each_set(settings_, {},
                      [](const std::string& name, Family, bool, const IpSetEntries&) {
                        return destroy_ip_set(name);
                      });
}

Result<bool> IptablesFilter::is_intact(const FilterElements& elements) {
  if (!has_rules<V4>(settings_, elements, mark()) || !has_rules<V6>(settings_, elements, mark()))
    return false;
  bool same = true;
  const auto done = for_each_set(
      settings_, elements,
      [&](const std::string& name, Family, bool, const IpSetEntries& entries) -> Result<void> {
        const auto present = entries_of_ip_set(name);
        if (present) same &= *present == entries;
        if (!present && present.error().code == ENOENT)
          same &= entries.empty();
        else if (!present)
          return tl::make_unexpected(present.error());
        return {};
      });
  if (!done) return tl::make_unexpected(done.error());
  return same;
}

}  // namespace holdfast::vrrp
