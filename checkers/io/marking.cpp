#include "checkers/io/marking.h"

#include <algorithm>
#include <utility>

#include "daemon/process/messages.h"

namespace holdfast::checkers {

std::string mark_table_name(std::uint8_t mark) {
  return mark == process::usual_mark ? "keepalived_ipvs" : fmt::format("keepalived_ipvs_{}", mark);
}

void Marking::name_after(std::uint8_t mark, Fd socket) {
  if (table_) return;
  default_name_ = mark_table_name(mark);
  settings_.comment = fmt::format("holdfast {}", mark);
  socket_ = std::move(socket);
}

Result<void> Marking::connect() {
  if (table_) return {};
  auto opened = MarkTable::open(std::move(socket_));
  if (!opened) return tl::make_unexpected(opened.error());
  table_ = std::move(*opened);
  return {};
}

void Marking::plan(const config::FirewallDefs& settings, std::span<const VirtualServer> services,
                   const std::set<std::uint32_t>& by_others) {
  const std::string& name = settings.ipvs_table.value_or("");
  settings_.table = name.empty() ? default_name_ : name;
  settings_.priority = settings.ipvs_priority;
  settings_.counters = settings.counters;
  const bool any = std::ranges::any_of(
      services, [](const VirtualServer& service) { return !service.marked.empty(); });
  if (const auto connected = any ? connect() : Result<void>{}; !connected)
    failed(connected.error());
  else if (any && !std::exchange(inherited_, true))
    inherit();
  TakenMarks taken = marks_in(services);
  taken.by_others = by_others;
  const Marks before = std::exchange(
      marks_,
      table_ ? give_marks(services, marks_, there_, taken, settings.ipvs_first_mark) : Marks{});
  wanted_ = marked_ranges(services, marks_);
  for (const auto& [range, mark] : there_) orphans_.insert(mark);
  for (const auto& [service, mark] : marks_) orphans_.erase(mark);
  for (const std::uint32_t mark : taken.by_configuration) orphans_.erase(mark);
  orphans_.erase(0);
  report(before);
}

/// What is there under the name that ours has, whoever made it: the marks of its groups go on.
void Marking::inherit() {
  auto found = table_->read(settings_.table);
  if (found)
    there_ = std::move(*found);
  else
    log_.write(Event{Level::debug, "marks", found.error().what});
}

void Marking::report(const Marks& before) const {
  for (const auto& [service, mark] : marks_)
    if (const auto known = before.find(service); known == before.end() || known->second != mark)
      log_.write(Event{Level::info, "mark_given",
                       fmt::format("VS {} has the firewall mark {}", service, mark)});
}

std::optional<std::uint32_t> Marking::mark_of(const VirtualServer& service) const {
  const auto found = marks_.find(service.identity());
  return found == marks_.end() ? std::nullopt : std::optional{found->second};
}

bool Marking::place() {
  if (!wanted_.empty() && !put(wanted_)) return false;
  if (wanted_.empty()) clear();
  if (!std::exchange(settled_, true)) remove_others();
  return true;
}

/// A new table is in place before one of another name goes.
bool Marking::put(const MarkedRanges& ranges) {
  const bool same_table = placed_ && placed_settings_ == settings_;
  if (same_table && there_ == ranges) return true;
  if (!same_table || !table_->change(settings_, there_, ranges, MarkTable::Rules::kept))
    if (auto renewed = renew(settings_, ranges); !renewed) return failed(renewed.error());
  generation_.reset();
  const NftTables old = placed_tables();
  const bool renamed = std::exchange(placed_settings_, settings_).table != settings_.table;
  there_ = ranges;
  if (!std::exchange(placed_, true))
    log_.write(Event{Level::info, "marks",
                     fmt::format("packets to groups get their firewall marks by the nftables table "
                                 "{}",
                                 settings_.table)});
  else if (renamed)
    remove(old);
  return true;
}

/// Whatever is there under its name.
Result<void> Marking::renew(const MarkTableSettings& settings, const MarkedRanges& ranges) {
  generation_.reset();
  const auto now = table_->read(settings.table);
  if (now && table_->change(settings, *now, ranges, MarkTable::Rules::replaced)) return {};
  return table_->build(settings, now ? tables_for(settings.table, *now) : NftTables{}, ranges);
}

void Marking::remove(const NftTables& tables) {
  if (auto removed = table_->remove(tables); !removed)
    log_.write(Event{Level::error, "marks", removed.error().what});
}

bool Marking::failed(const Error& error) {
  marks_.clear();
  wanted_.clear();
  log_.write(Event{Level::error, "marks",
                   fmt::format("{}; until a reload finds that it can be done, every address of a "
                               "group is a service of its own",
                               error.what)});
  clear();
  return false;
}

/// Also of a daemon that was killed and had another configuration.
void Marking::remove_others() {
  if (!connect()) return;  // then there are none
  auto others = table_->tables_with(settings_.comment);
  if (!others) return log_.write(Event{Level::debug, "marks", others.error().what});
  for (const netlink::NftTable& ours : placed_tables()) others->erase(ours);
  remove(*others);
}

NftTables Marking::placed_tables() const {
  return placed_ ? tables_for(placed_settings_.table, there_) : NftTables{};
}

bool Marking::look() {
  if (!placed_) return true;
  const auto now = table_->generation();
  if (!now || generation_ == *now) return true;
  const auto intact = table_->is_intact(placed_settings_, there_);
  if (!intact) return true;  // somebody is at it: the next look tells
  if (*intact) {
    generation_ = *now;
    repair_reported_ = false;
    return true;
  }
  if (!std::exchange(repair_reported_, true))
    log_.write(Event{Level::warning, "marks_changed",
                     fmt::format("another program changed the nftables table {}, which gives "
                                 "groups their firewall marks; it is put back",
                                 placed_settings_.table)});
  if (auto renewed = renew(placed_settings_, there_); !renewed) return failed(renewed.error());
  return true;
}

void Marking::clear() {
  const NftTables tables = placed_tables();
  if (!std::exchange(placed_, false)) return;
  there_.clear();
  remove(tables);
}

}  // namespace holdfast::checkers
