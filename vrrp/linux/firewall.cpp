#include "vrrp/linux/firewall.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "daemon/process/clock.h"
#include "vrrp/linux/iptables_filter.h"
#include "vrrp/linux/links.h"
#include "vrrp/linux/nft_filter.h"

namespace holdfast::vrrp {

using process::monotonic_now;
namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Programs change rules in several transactions; one look is enough for all of them.
constexpr Duration pause_before_look = milliseconds{50};
/// Where others change rules all the time, looking is not all that we do.
constexpr Duration between_looks = seconds{1};
/// Where nobody tells that something changed.
constexpr Duration between_silent_looks = milliseconds{1500};
constexpr unsigned longest_retry = 5;  ///< 2^5 s

/// No name of an instance begins with it: it has no line break.
constexpr std::string_view record_prefix{"\nfirewall "};
constexpr std::string_view nftables_record{"nftables "};

/// @param name of the table when the configuration gives none
NftSettings nft_settings(const config::FirewallDefs& settings, const std::string& name) {
  NftSettings out;
  out.table = settings.table.value_or("").empty() ? name : *settings.table;
  out.priority = settings.priority;
  out.by_index = settings.by_index;
  out.counters = settings.counters;
  return out;
}

/// keepalived: nftables where it is named as well, and where iptables writes nftables anyway.
bool uses_iptables(const config::FirewallDefs& settings) {
  const bool asked = !settings.iptables_in.empty() || !settings.iptables_out.empty();
  return asked && !settings.table && has_old_iptables();
}

/// @param name of what the configuration does not name
Result<std::unique_ptr<PacketFilter>> make_filter(const config::FirewallDefs& settings,
                                                  const std::string& name) {
  if (uses_iptables(settings)) {
    IptablesSettings chosen{name, settings.iptables_in, settings.iptables_out, {}};
    if (!settings.no_ipsets)
      chosen.sets = ipset_names(settings.ipsets.empty() ? std::vector{name} : settings.ipsets);
    return std::make_unique<IptablesFilter>(std::move(chosen));
  }
  auto filter = NftFilter::open(nft_settings(settings, name));
  if (!filter) return tl::make_unexpected(filter.error());
  return std::unique_ptr<PacketFilter>{std::move(*filter)};
}

}  // namespace

std::string firewall_name(std::uint8_t mark) {
  return mark == default_address_mark ? "holdfast" : fmt::format("holdfast_{}", mark);
}

std::string firewall_record(const std::string& filter) {
  return std::string{record_prefix} + filter;
}

std::string filter_of_record(const std::string& record) {
  return record.starts_with(record_prefix) ? record.substr(record_prefix.size()) : std::string{};
}

Result<void> clear_filter(const std::string& record) {
  if (const auto iptables = IptablesFilter::from_record(record)) return iptables->clear();
  if (!record.starts_with(nftables_record)) return fail("unknown record of rules: {}", record);
  const auto filter = make_filter({}, record.substr(nftables_record.size()));
  if (!filter) return tl::make_unexpected(filter.error());
  return (*filter)->clear();
}

Firewall::Firewall(asio::io_context& context, Log& log)
    : log_{log}, name_{firewall_name(default_address_mark)}, context_{context}, timer_{context} {}

Firewall::~Firewall() {
  if (readable_) readable_->release();  // the descriptor belongs to the filter
}

void Firewall::name_after(std::uint8_t mark) { name_ = firewall_name(mark); }

/// The new one is in place before the old one goes.
void Firewall::configure(const config::FirewallDefs& settings, bool needed) {
  needed_ = needed;
  if (filter_ && settings_ == settings) return;
  settings_ = settings;
  failures_ = 0;
  if (!filter_) return;
  const auto old = std::exchange(filter_, nullptr);
  if (readable_) readable_->release();
  readable_.reset();
  built_ = false;
  before_addresses();
  if (filter_ && filter_->record() == old->record()) return;
  clear(*old);
}

void Firewall::refuse(FilterPlan::Owner owner, FilterElements elements) {
  plan_.want(owner, std::move(elements));
}

void Firewall::before_addresses() {
  if (!is_needed() || failures_ > 0) return;
  if (!filter_ || !built_) return build();
  if (plan_.additions().empty()) return;
  if (filter_->add(plan_.additions()))
    plan_.note_added();
  else
    build();  // somebody was faster than our look at it
}

void Firewall::build() {
  if (!filter_) {
    auto made = make_filter(settings_, name_);
    if (!made) return failed(made.error());
    filter_ = std::move(*made);
    log_.write(
        Event{Level::info, "firewall",
              fmt::format("packets to virtual addresses are dropped by {}", filter_->record())});
    watch();
  }
  if (ledger_.hold) ledger_.hold(firewall_record(filter_->record()));
  inherited_.erase(filter_->record());
  if (auto done = filter_->build(plan_.everything()); !done) return failed(done.error());
  if (std::exchange(failures_, 0) > 0)
    log_.write(Event{Level::notice, "firewall", "the firewall rules are in place"});
  plan_.note_added();
  built_ = true;
  if (filter_->descriptor() < 0) look_at(monotonic_now() + between_silent_looks);
}

/// Addresses are held all the same: a router that is reachable is better than none.
void Firewall::failed(const Error& error) {
  built_ = false;
  if (failures_ == 0)
    log_.write(Event{Level::error, "firewall",
                     fmt::format("{}; until it can be done, the virtual addresses take packets "
                                 "although no_accept or strict mode says that they must not",
                                 error.what)});
  look_at(monotonic_now() + seconds{1U << std::min(failures_, longest_retry)});
  ++failures_;
}

void Firewall::after_addresses() {
  if (built_ && !plan_.removals().empty() && !filter_->remove(plan_.removals())) built_ = false;
  plan_.note_removed();
  if (!is_needed())
    drop_filter();
  else
    before_addresses();
  drop_inherited();
}

void Firewall::clear(PacketFilter& filter) {
  if (auto done = filter.clear(); !done)
    log_.write(Event{Level::error, "firewall", done.error().what});
  else if (ledger_.release)
    ledger_.release(firewall_record(filter.record()));
}

void Firewall::drop_filter() {
  failures_ = 0;
  if (!filter_) return;
  if (readable_) readable_->release();
  readable_.reset();
  clear(*filter_);
  filter_.reset();
  built_ = false;
}

/// Also what a whole daemon left that was killed: its table drops packets of addresses that are
/// plain ones now.
void Firewall::drop_inherited() {
  if (!std::exchange(settled_, true) && !filter_)
    inherited_.insert(uses_iptables(settings_)
                          ? (*make_filter(settings_, name_))->record()
                          : std::string{nftables_record} + nft_settings(settings_, name_).table);
  for (const std::string& record : std::exchange(inherited_, {})) {
    if (filter_ && filter_->record() == record) continue;
    if (auto done = clear_filter(record); !done)
      log_.write(Event{Level::debug, "firewall", done.error().what});
    else if (ledger_.release)
      ledger_.release(firewall_record(record));
  }
}

void Firewall::links_changed() {
  if (filter_ && settings_.by_index) look_at(monotonic_now());
}

void Firewall::close() {
  plan_ = {};
  needed_ = false;
  timer_.cancel();
  drop_filter();
  drop_inherited();
}

void Firewall::watch() {
  if (!readable_) {
    if (filter_->descriptor() < 0) return;
    readable_ = std::make_unique<asio::posix::stream_descriptor>(context_, filter_->descriptor());
  }
  readable_->async_wait(
      asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
        if (error || !filter_ || !readable_) return;
        if (filter_->has_changed() && built_)
          look_at(std::max(monotonic_now() + pause_before_look, last_look_ + between_looks));
        watch();
      });
}

void Firewall::look_at(TimePoint when) {
  if (due_ && *due_ <= when) return;
  due_ = when;
  timer_.expires_at(std::chrono::steady_clock::time_point{when.time_since_epoch()});
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    due_.reset();
    look();
  });
}

void Firewall::look() {
  if (failures_ > 0 || !built_) {
    if (is_needed()) build();
    return;
  }
  if (!filter_) return;
  last_look_ = monotonic_now();
  const auto intact = filter_->is_intact(plan_.applied());
  if (!intact) return look_at(last_look_ + between_looks);
  if (*intact && filter_->descriptor() < 0) return look_at(last_look_ + between_silent_looks);
  if (*intact) return;
  log_.write(Event{Level::warning, "firewall_changed",
                   fmt::format("another program changed the firewall rules of the virtual "
                               "addresses ({}); they are put back",
                               filter_->record())});
  build();
}

}  // namespace holdfast::vrrp
