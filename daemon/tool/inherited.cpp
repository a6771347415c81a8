#include "daemon/tool/inherited.h"

#include <array>

namespace holdfast::tool {
namespace {

Source global(std::string_view keyword) { return {Scope::globals, keyword}; }
Source alias(std::string_view keyword) {
  return {.scope = Scope::block, .keyword = keyword, .is_alias = true};
}
/// vrrp_min_garp changes what is not set.
Source min_garp(std::string_view value) {
  return {.scope = Scope::globals, .keyword = "vrrp_min_garp", .implied = value};
}

void add_instance(std::vector<Inherited>& all) {
  constexpr std::string_view block = "vrrp_instance";
  const auto add = [&](std::string_view keyword, std::vector<Source> sources,
                       std::string_view fallback = {}) {
    all.push_back({block, keyword, std::move(sources), fallback});
  };
  add("version", {global("vrrp_version")});
  add("priority", {{Scope::block, "state", "MASTER", "255"}}, "100");
  add("garp_master_delay", {global("vrrp_garp_master_delay"), min_garp("0")}, "5");
  add("garp_master_repeat", {global("vrrp_garp_master_repeat"), min_garp("1")}, "5");
  add("garp_master_refresh", {global("vrrp_garp_master_refresh")});
  add("garp_master_refresh_repeat", {global("vrrp_garp_master_refresh_repeat")});
  add("garp_lower_prio_delay",
      {global("vrrp_garp_lower_prio_delay"), global("vrrp_garp_master_delay"), min_garp("0")}, "5");
  add("garp_lower_prio_repeat",
      {global("vrrp_garp_lower_prio_repeat"), global("vrrp_garp_master_repeat"), min_garp("1")},
      "5");
  add("down_timer_adverts", {global("vrrp_down_timer_adverts")});
  add("lower_prio_no_advert", {global("vrrp_lower_prio_no_advert")});
  add("higher_prio_send_advert", {global("vrrp_higher_prio_send_advert")});
  add("v3_checksum_as_v2", {global("v3_checksum_as_v2")});
  add("skip_check_adv_addr", {global("vrrp_skip_check_adv_addr")});
  add("strict_mode", {global("vrrp_strict")});
  add("owner_ignore_adverts", {global("vrrp_owner_ignore_adverts")});
  add("check_unicast_src", {global("vrrp_check_unicast_src")});
  add("garp_extra_if",
      {alias("vmac_garp_intvl"), global("vrrp_garp_extra_if"), global("vrrp_vmac_garp_intvl")});
  add("notify_priority_changes", {global("vrrp_notify_priority_changes")});
  add("smtp_alert", {global("smtp_alert_vrrp"), global("smtp_alert")}, "no");
  all.push_back(
      {"vrrp_sync_group", "notify_priority_changes", {global("vrrp_notify_priority_changes")}, {}});
  all.push_back(
      {"vrrp_sync_group", "smtp_alert", {global("smtp_alert_vrrp"), global("smtp_alert")}, "no"});
  all.push_back({"garp_group", "garp_interval", {global("vrrp_garp_interval")}, {}});
  all.push_back({"garp_group", "gna_interval", {global("vrrp_gna_interval")}, {}});
}

void add_service(std::vector<Inherited>& all) {
  constexpr std::string_view block = "virtual_server";
  all.push_back({block, "lb_algo", {alias("lvs_sched")}, "wlc"});
  all.push_back({block, "lb_kind", {alias("lvs_method")}, "NAT"});
  all.push_back({block, "protocol", {}, "UDP"});
  all.push_back({block, "delay_loop", {}, "60"});
  all.push_back({block, "connect_timeout", {}, "5"});
  all.push_back({block, "alpha", {}, "no"});
  all.push_back({block, "smtp_alert", {global("smtp_alert_checker"), global("smtp_alert")}, "no"});
}

void add_server(std::vector<Inherited>& all) {
  constexpr std::string_view block = "virtual_server/real_server";
  const auto service = [](std::string_view keyword) { return Source{Scope::service, keyword}; };
  all.push_back({block, "weight", {service("weight")}, {}});
  all.push_back({block, "lvs_method", {service("lb_kind"), service("lvs_method")}, "NAT"});
  all.push_back({block, "inhibit_on_failure", {service("inhibit_on_failure")}, "no"});
  all.push_back({block, "alpha", {service("alpha")}, "no"});
  for (const std::string_view keyword : {"retry", "delay_before_retry", "warmup", "connect_timeout",
                                         "delay_loop", "virtualhost", "rise", "fall"})
    all.push_back({block, keyword, {service(keyword)}, {}});
  all.push_back({block, "smtp_alert", {global("smtp_alert_checker"), global("smtp_alert")}, "yes"});
}

struct CheckDefaults {
  std::string_view block, retry, delay_before_retry;  ///< delay empty: that of delay_loop
};

void add_check(std::vector<Inherited>& all, const CheckDefaults& defaults) {
  const auto outside = [](std::string_view keyword) {
    return std::vector<Source>{{Scope::server, keyword}, {Scope::service, keyword}};
  };
  const auto from_loop = [&](std::vector<Source> sources) {
    sources.push_back({Scope::block, "delay_loop"});
    for (const Source& source : outside("delay_loop")) sources.push_back(source);
    return sources;
  };
  const auto add = [&](std::string_view keyword, std::vector<Source> sources,
                       std::string_view fallback = {}) {
    all.push_back({defaults.block, keyword, std::move(sources), fallback});
  };
  add("delay_loop", outside("delay_loop"), "60");
  auto retry = outside("retry");
  retry.insert(retry.begin(), alias("nb_get_retry"));
  add("retry", std::move(retry), defaults.retry);
  add("rise", outside("rise"), "1");
  add("fall", outside("fall"));
  if (defaults.delay_before_retry.empty())
    add("delay_before_retry", from_loop(outside("delay_before_retry")), "60");
  else
    add("delay_before_retry", outside("delay_before_retry"), defaults.delay_before_retry);
  add("warmup", from_loop(outside("warmup")), "60");
  add("connect_timeout", outside("connect_timeout"), "5");
  add("alpha", outside("alpha"), "no");
  add("misc_timeout", from_loop({}), "60");
  add("log_all_failures", {global("checker_log_all_failures")}, "no");
  add("virtualhost", outside("virtualhost"));
  add("connect_ip", {{.scope = Scope::server, .word = 1}});
  if (!defaults.block.ends_with("PING_CHECK"))
    add("connect_port",
        {{.scope = Scope::server, .word = 2}, {.scope = Scope::service, .word = 2}});
}

}  // namespace

std::span<const Inherited> inherited_keywords() {
  static const std::vector<Inherited> all = [] {
    std::vector<Inherited> rows;
    add_instance(rows);
    add_service(rows);
    add_server(rows);
    for (const CheckDefaults& defaults : std::to_array<CheckDefaults>({
             {"virtual_server/real_server/TCP_CHECK", "1", "1"},
             {"virtual_server/real_server/PING_CHECK", "1", "1"},
             {"virtual_server/real_server/HTTP_GET", "1", "3"},
             {"virtual_server/real_server/SSL_GET", "1", "3"},
             {"virtual_server/real_server/GRPC_CHECK", "1", "3"},
             {"virtual_server/real_server/SMTP_CHECK", "1", "1"},
             {"virtual_server/real_server/UDP_CHECK", "1", "1"},
             {"virtual_server/real_server/DNS_CHECK", "3", ""},
             {"virtual_server/real_server/MISC_CHECK", "0", "1"},
             {"virtual_server/real_server/FILE_CHECK", "0", "1"},
             {"virtual_server/real_server/BFD_CHECK", "0", "1"},
             {"virtual_server/real_server/DIALOGUE_CHECK", "1", "1"},
             {"virtual_server/real_server/REDIS_CHECK", "1", "1"},
             {"virtual_server/real_server/POSTGRESQL_CHECK", "1", "1"},
             {"virtual_server/real_server/MYSQL_CHECK", "1", "1"},
             {"virtual_server/real_server/LDAP_CHECK", "1", "1"},
             {"virtual_server/real_server/AGENT_CHECK", "0", "1"},
         }))
      add_check(rows, defaults);
    return rows;
  }();
  return all;
}

}  // namespace holdfast::tool
