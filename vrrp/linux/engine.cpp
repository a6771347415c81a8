// Events go into the router core, and what it asks for is done: adverts, addresses, announcements,
// scripts, log lines.
#include <algorithm>
#include <utility>

#include "daemon/process/clock.h"
#include "vrrp/linux/port.h"
#include "vrrp/linux/process.h"

namespace holdfast::vrrp {

using process::monotonic_now;

namespace {

/// As auth_hmac counts it.
HmacSequence time_of_day() {
  return hmac_clock(std::chrono::system_clock::now().time_since_epoch());
}

/// Peers may be any number of hops away, unless their lines say how many.
Reception reception_of(const Instance& config, const IpAddress& source) {
  Reception reception;
  reception.trailer = config.hmac_policy.has_value();
  if (!config.is_unicast()) return reception;
  const UnicastPeer* peer = config.unicast.find(source);
  reception.min_ttl = peer == nullptr ? std::uint8_t{0} : peer->min_ttl;
  reception.max_ttl = peer == nullptr ? std::uint8_t{255} : peer->max_ttl;
  if (config.unicast.old_checksum != OldUnicastChecksum::never) reception.old_group = config.group;
  return reception;
}

/// old_unicast_checksum, or a peer that uses it.
bool sends_old_checksum(const RunningInstance& instance) {
  const Instance& config = instance.config;
  if (!config.is_unicast() || config.unicast.old_checksum == OldUnicastChecksum::never)
    return false;
  return config.unicast.old_checksum == OldUnicastChecksum::use ||
         std::ranges::any_of(instance.peer_styles, [](const auto& known) {
           return known.second == ChecksumStyle::group_header;
         });
}

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

}  // namespace

void VrrpProcess::deliver(RunningInstance& instance, const RouterEvent& event, TimePoint now) {
  if (instance.group != nullptr && concerns_group(instance.router, instance.state, event, now))
    return deliver_to_group(instance, event, now);
  carry_out(instance, step(instance.router, instance.state, event, now), now);
}

void VrrpProcess::carry_out(RunningInstance& instance, Step next, TimePoint now) {
  instance.state = std::move(next.state);
  // Its VMAC comes before its first advert, and goes after its last.
  const bool active = std::holds_alternative<Active>(instance.state);
  if (active) follow_links(instance);
  for (const Action& action : next.actions) act(instance, action, now);
  if (!active) follow_links(instance);
  if (instance.handover) answer_handover(instance, now);
  save(instance);
  arm(instance);
}

void VrrpProcess::act(RunningInstance& instance, const Action& action, TimePoint now) {
  std::visit(
      Overloaded{
          [&](const SendAdvert& advert) { send_advert(instance, advert.priority); },
          [&](const HoldAddresses&) { hold_addresses(instance, true); },
          [&](const DropAddresses&) { hold_addresses(instance, false); },
          [&](const Announce& what) {
            if (what.occasion != Occasion::lower_priority || instance.conflict.may_announce(now))
              announce(instance, what.occasion, now);
          },
          [&](const StopAnnouncing&) {
            for (const AddressKey& key : instance.held) reconciler_->stop_announcing(key);
          },
          [&](const Transitioned& transition) { transitioned(instance, transition); },
          [&](const Suspicious& what) {
            instance.suspicious_log.write(
                log_, now,
                Event{Level::warning, "suspicious",
                      fmt::format("({}) {}", instance.config.name, what.what)}
                    .with("router", instance.config.name));
          },
      },
      action);
}

Result<void> VrrpProcess::send_to(Port& port, RunningInstance& instance, const Advert& advert,
                                  const AdvertSocket::Target& target,
                                  std::optional<HmacSequence> signature) {
  const Instance& config = instance.config;
  const bool old_sum = sends_old_checksum(instance);
  auto message = encode(advert, target.source, old_sum ? config.group : target.destination,
                        config.checksum_style);
  if (signature) sign(message, target.source, target.destination, *config.hmac_policy, *signature);
  if (config.auth_type == AuthType::ah) {
    const auto sequence = instance.ah_sequence.next();
    if (!sequence) return fail("the sequence numbers of auth_type AH are used up: restart");
    const auto identification = static_cast<std::uint16_t>(*sequence % 0xffff + 1);
    message =
        seal_ah(message, {target.source, target.destination, target.ttl, identification, *sequence},
                config.auth_pass.text());
  }
  ++instance.adverts_sent;
  return port.socket.send(message, target);
}

/// One number for an advert, however many peers it goes to. Nothing: it is not signed.
std::optional<HmacSequence> VrrpProcess::signature_of(RunningInstance& instance) {
  const auto& policy = instance.config.hmac_policy;
  if (!policy || policy->mode == HmacMode::receive_only) return std::nullopt;
  return instance.hmac_sender.next(*policy, time_of_day());
}

void VrrpProcess::send_advert(RunningInstance& instance, std::uint8_t priority) {
  const auto port = ports_.find(sending_port_of(instance));
  auto source = source_address(instance);
  // The interface has just lost it: a resignation still says who resigns.
  if (!source && priority == 0) source = instance.router.address;
  if (port == ports_.end() || !source) return;
  const auto signature = signature_of(instance);
  Result<void> sent;
  std::vector<Advert> adverts{make_advert(instance, priority)};
  if (instance.config.also_version_2)  // 8.4.2: both, whatever the rate
    adverts.emplace_back(adverts.front()).version = Version::v2;
  const auto send_all = [&](const AdvertSocket::Target& target) {
    for (const Advert& advert : adverts)
      if (auto done = send_to(*port->second, instance, advert, target, signature); !done)
        sent = std::move(done);
  };
  for (const UnicastPeer& peer : instance.config.unicast.peers)
    if (peer.address != *source)  // one list for all routers may name us as well
      send_all({*source, peer.address, instance.config.unicast.ttl.value_or(required_ttl)});
  if (!instance.config.is_unicast()) send_all({*source, instance.config.group});
  instance.owes_advert = !sent && priority > 0 && !own_link_runs(instance);
  if (sent || instance.owes_advert || !instance.faults.is_healthy()) return;
  instance.send_log.write(log_, monotonic_now(),
                          Event{Level::warning, "advert_not_sent",
                                fmt::format("({}) {}", instance.config.name, sent.error().what)}
                              .with("router", instance.config.name));
}

void VrrpProcess::transitioned(RunningInstance& instance, const Transitioned& transition) {
  const std::string& name = instance.config.name;
  const bool initial = transition.from == StateName::initialize;
  const bool stopped = transition.to == StateName::initialize;
  const NotifyScripts& notify = instance.config.notify;
  // keepalived: one that a reload takes away is in FAULT, or where it can be told so, deleted.
  const std::string_view gone = notify.deleted ? "DELETED" : "FAULT";
  const std::string_view state = !stopped    ? keepalived_name(transition.to)
                                 : removing_ ? gone
                                             : "STOP";
  const std::string reason = transition.to == StateName::fault && !instance.faults.is_healthy()
                                 ? instance.faults.text()
                                 : transition.reason;
  const std::string text =
      stopped ? fmt::format("({}) Stopping", name)
              : fmt::format("({}) Entering {} STATE{}", name, state, initial ? " (init)" : "");
  log_.write(Event{Level::notice, "transition", text}
                 .with("router", name)
                 .with("from", std::string{to_string(transition.from)})
                 .with("to", std::string{to_string(transition.to)})
                 .with("reason", reason));
  follow_conflict(instance, transition.to);
  follow_state(instance);
  const ScriptPlace script = stopped && !removing_                ? notify.stop
                             : stopped && notify.deleted          ? notify.deleted
                             : stopped                            ? notify.fault
                             : transition.to == StateName::active ? notify.master
                             : transition.to == StateName::backup ? notify.backup
                                                                  : notify.fault;
  const std::string object = "INSTANCE " + name;
  run_script(object, script, {});
  run_script(object, notify.any,
             {"INSTANCE", name, std::string{state}, std::to_string(instance.router.priority)});
  write_fifo("INSTANCE", name, state, instance.router.priority);
  mail(AlertAbout::instance, name, state, instance.config.smtp_alert, instance.last_mailed);
}

/// The IPVS sync daemon is master where the instance is, and backup elsewhere.
void VrrpProcess::follow_state(const RunningInstance& instance) {
  if (!sync_daemon_ || sync_daemon_->setting().instance != instance.config.name || stopping_)
    return;
  sync_daemon_->run({name_of(instance.state) == StateName::active ? ipvs::SyncRole::master
                                                                  : ipvs::SyncRole::backup});
}

/// @source runtime.md 7.3 of the reference: `INSTANCE "NAME" STATE PRIORITY`
void VrrpProcess::write_fifo(std::string_view kind, const std::string& name, std::string_view state,
                             unsigned priority) {
  if (globals_.notify_fifo.path.empty() && globals_.vrrp_fifo.path.empty()) return;
  send_(process::NotifyLine{fmt::format("{} \"{}\" {} {}\n", kind, name, state, priority)});
}

void VrrpProcess::mail(AlertAbout about, const std::string& name, std::string_view state,
                       std::optional<bool> own_setting, std::string& last_mailed) {
  const config::AlertDefs& alerts = globals_.alerts;
  if (!alerts.can_send() || !alerts.for_vrrp(own_setting)) return;
  if (auto alert = alert_of(about, name, state, alerts.no_faults, last_mailed))
    send_(process::SendMail{std::move(alert->subject), std::move(alert->body)});
}

/// fifo_write_vrrp_states_on_reload: for readers that were started anew.
void VrrpProcess::write_states() {
  for (const auto& [name, instance] : instances_)
    if (!waits_to_start(*instance))
      write_fifo("INSTANCE", name, keepalived_name(name_of(instance->state)),
                 instance->router.priority);
  for (const auto& [name, group] : groups_)
    if (group->announced != StateName::initialize)
      write_fifo("GROUP", name, keepalived_name(group->announced), 0);
}

void VrrpProcess::heard_lower(const RunningInstance& instance) {
  const std::string& name = instance.config.name;
  run_script("INSTANCE " + name, instance.config.notify.master_rx_lower_pri, {});
  write_fifo("INSTANCE", name, "MASTER_RX_LOWER_PRI", instance.router.priority);
}

/// Its own setting, that of its group, or the global one.
bool VrrpProcess::tells_priority(const RunningInstance& instance) const {
  if (instance.config.notify_priority_changes) return *instance.config.notify_priority_changes;
  if (instance.group != nullptr && instance.group->config.notify_priority_changes)
    return *instance.group->config.notify_priority_changes;
  return globals_.vrrp.notify_priority_changes;
}

void VrrpProcess::run_script(const std::string& object, ScriptPlace script,
                             std::vector<std::string> arguments) {
  if (script) send_(process::RunScript{serial_, *script, object, std::move(arguments)});
}

/// From the packet to an advert of which it is known who sent it, where that can be known.
tl::expected<Parsed, Discard> VrrpProcess::understand(RunningInstance& instance, Bytes packet,
                                                      const Arrival& arrival) {
  const Instance& config = instance.config;
  if (arrival.authenticated != (config.auth_type == AuthType::ah))
    return tl::make_unexpected(Discard::auth_mismatch);
  if (arrival.authenticated) {
    const auto opened = open_ah(packet, arrival, config.auth_pass.text(), instance.ah_sequence);
    if (!opened) return tl::make_unexpected(opened.error());
    packet = *opened;
  }
  auto parsed = parse(packet, arrival, reception_of(config, arrival.source));
  if (!parsed || !config.hmac_policy) return parsed;
  instance.hmac_receiver.remember(std::max<std::size_t>(config.unicast.peers.size(), 4));
  const bool stranger = config.is_unicast() && config.unicast.find(arrival.source) == nullptr;
  if (parsed->has_trailer && stranger) return tl::make_unexpected(Discard::source);
  const auto refused = instance.hmac_receiver.check(*parsed, packet, arrival.source,
                                                    *config.hmac_policy, time_of_day());
  if (refused) return tl::make_unexpected(*refused);
  return parsed;
}

void VrrpProcess::received(Port& port, Bytes message, const Arrival& arrival) {
  const Bytes advert =
      message.subspan(arrival.authenticated ? std::min(ah_size, message.size()) : std::size_t{0});
  RunningInstance* instance = port.find(peek_vrid(advert), arrival);
  if (instance == nullptr) {
    if (globals_.log_unknown_vrids) discard(nullptr, Discard::unknown_vrid, arrival);
    return;
  }
  const bool checks_source =
      instance->config.unicast.check_source.value_or(globals_.vrrp.check_unicast_src);
  if (checks_source && instance->config.is_unicast() &&
      instance->config.unicast.find(arrival.source) == nullptr)
    return discard(instance, Discard::source, arrival);
  if (instance->config.ignores_adverts) return discard(instance, Discard::owner, arrival);
  const auto parsed = understand(*instance, message, arrival);
  if (!parsed) return discard(instance, parsed.error(), arrival);
  const Expectation expectation{instance->router.version,
                                instance->router.advertisement_interval,
                                instance->config.auth_type,
                                instance->config.auth_pass,
                                instance->router.address,
                                instance->config.addresses.empty(),
                                instance->config.needs_link_local(),
                                instance->config.also_version_2};
  if (const auto reason = refuses(expectation, parsed->advert, arrival.source))
    return discard(instance, *reason, arrival);
  if (!takes_version(*instance, parsed->advert, arrival.source)) return;
  ++instance->adverts_received;
  port.know(arrival.source);
  learn_checksum(*instance, *parsed, arrival.source);
  check_advert(*instance, parsed->advert, arrival);
  const AdvertReceived heard{parsed->advert.priority, parsed->advert.interval, arrival.source};
  const bool was_serving = is_serving(*instance);
  deliver(*instance, heard, monotonic_now());
  if (was_serving && is_serving(*instance) && heard.priority != 0) rival_heard(*instance, heard);
}

/// How version 3 over IPv4 is summed differs between makers: both are taken, and what a sender does
/// is remembered, counted, and said once.
void VrrpProcess::learn_checksum(RunningInstance& instance, const Parsed& parsed,
                                 const IpAddress& source) {
  constexpr std::size_t most_senders = 16;
  if (parsed.advert.version != Version::v3 || source.is_v6()) return;
  ++instance.checksums[static_cast<std::size_t>(parsed.style)];
  if (const auto known = instance.peer_styles.find(source);
      known != instance.peer_styles.end() && known->second == parsed.style)
    return;
  if (instance.peer_styles.size() >= most_senders) instance.peer_styles.clear();
  instance.peer_styles[source] = parsed.style;
  if (parsed.style == instance.config.checksum_style) return;
  log_.write(Event{Level::info, "checksum_style",
                   fmt::format("({}) {} sums its adverts in another way than we do: {}, not {}",
                               instance.config.name, source.to_string(), to_string(parsed.style),
                               to_string(instance.config.checksum_style))}
                 .with("router", instance.config.name)
                 .with("style", std::string{to_string(parsed.style)}));
}

/// What RFC 9568 7.1 wants logged although the advert is accepted.
void VrrpProcess::check_advert(RunningInstance& instance, const Advert& advert,
                               const Arrival& arrival) {
  const std::string& name = instance.config.name;
  const Duration ours = instance.router.advertisement_interval;
  const TimePoint now = monotonic_now();
  if (advert.interval != ours && advert.interval != instance.foreign_interval)
    instance.interval_log.write(
        log_, now,
        Event{
            Level::warning, "interval_differs",
            fmt::format("({}) {} advertises every {} s, we are configured for {} s", name,
                        arrival.source.to_string(), in_seconds(advert.interval), in_seconds(ours))}
            .with("router", name));
  instance.foreign_interval = advert.interval;
  const bool is_known = std::exchange(instance.compared_with, arrival.source) == arrival.source;
  const bool skips =
      instance.config.skip_check_adv_addr.value_or(globals_.vrrp_skip_check_adv_addr);
  if (is_known && skips) return;
  // Erratum 8300 of RFC 9568.
  const bool has_link_local = instance.config.family == Family::ipv4 || advert.addresses.empty() ||
                              advert.addresses.front().is_link_local();
  const bool same = std::ranges::is_permutation(advert.addresses, listed_addresses(instance), {},
                                                {}, &VirtualAddress::address);
  if (same && (has_link_local || is_known)) return;
  instance.addresses_log.write(
      log_, now,
      Event{Level::warning, "addresses_differ",
            same
                ? fmt::format("({}) the first address that {} advertises is not link-local", name,
                              arrival.source.to_string())
                : fmt::format("({}) {} advertises {} addresses that are not the {} configured here",
                              name, arrival.source.to_string(), advert.addresses.size(),
                              listed_addresses(instance).size())}
          .with("router", name));
}

void VrrpProcess::discard(RunningInstance* instance, Discard reason, const Arrival& arrival) {
  ++discarded_;
  RepeatedLine& line = instance == nullptr ? unknown_vrids_ : instance->discard_log;
  if (instance != nullptr) ++instance->discarded[static_cast<std::size_t>(reason)];
  line.write(log_, monotonic_now(), [&] {
    const std::string name = instance == nullptr ? "-" : instance->config.name;
    Event event{Level::warning, "advert_discarded",
                fmt::format("({}) advert from {} discarded: {}", name, arrival.source.to_string(),
                            to_string(reason))};
    event.with("router", name)
        .with("reason", std::string{to_string(reason)})
        .with("source", arrival.source.to_string());
    return event;
  });
}

void VrrpProcess::save(const RunningInstance& instance) {
  if (table_ && !stopping_)
    put_record(instance.config.name, to_record(instance.state, instance.ah_sequence.last()));
}

}  // namespace holdfast::vrrp
