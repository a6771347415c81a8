// What each block and keyword of checkers becomes, and what is said of a wrong one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/config/config.h"
#include "tests/unit/config/support.h"

namespace holdfast::checkers {
namespace {

using config::Place;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Outcome {
  CheckersConfig config;
  std::vector<std::string> found;  ///< without "not supported yet"
};
Outcome read(std::string_view content) {
  config::Parsed parsed{content};
  config::Reader reader{parsed.diagnostics};
  Outcome outcome{read_checkers(parsed.tree, reader), findings(parsed.diagnostics)};
  std::erase_if(outcome.found, [](const std::string& finding) {
    return finding.ends_with("is not supported yet");
  });
  return outcome;
}
/// With the lines in a service, before its server.
Outcome in_service(std::string_view lines) {
  return read(
      fmt::format("virtual_server 192.0.2.10 80 {{\n{}\nlb_algo sh\nlb_kind TUN\n"
                  "protocol TCP\nreal_server 198.51.100.1 80 {{ }}\n}}\n",
                  lines));
}
/// With the lines in a server; they begin on line 3.
Outcome in_server(std::string_view lines) {
  return read(
      fmt::format("virtual_server 192.0.2.10 80 {{\nreal_server 198.51.100.1 80 {{\n{}\n}}\n"
                  "lb_algo rr\nlb_kind NAT\nprotocol TCP\ndelay_loop 7\n}}\n",
                  lines));
}
std::vector<std::string> server_findings(std::string_view lines) { return in_server(lines).found; }
Check check(std::string_view block) {
  const auto [config, found] = in_server(block);
  EXPECT_THAT(found, IsEmpty()) << block;
  return config.services.at(0).servers.at(0).checks.at(0);
}
template <typename Probe>
Probe probe(std::string_view block) {
  return std::get<Probe>(check(block).probe);
}

TEST(ServiceBlock, IsReadWithEveryKeyword) {
  const auto [config, found] =
      in_service("ip_family inet6\npersistence_engine sip\nha_suspend\nsmtp_alert no\nsnmp_name v");
  EXPECT_THAT(found, IsEmpty());
  const VirtualServer& service = config.services.at(0);
  EXPECT_EQ(service.ip_family, Family::ipv6);
  EXPECT_EQ(service.persistence_engine, "sip");
  EXPECT_TRUE(service.ha_suspend);
  EXPECT_EQ(service.smtp_alert, false);
  EXPECT_EQ(service.snmp_name, "v");
}
TEST(ServiceBlock, SaysWhatIsWrong) {
  EXPECT_THAT(
      in_service("ip_family inet4\nsmtp_alert perhaps\nha_suspendd").found,
      ElementsAre(HasSubstr("2:11 warning 'ip_family' needs one of inet, inet6, found "
                            "'inet4' (did you mean 'inet'?)"),
                  HasSubstr("'smtp_alert' needs true"), HasSubstr("did you mean 'ha_suspend'?")));
}
TEST(ServiceBlock, AMarkHasNoAddressThatCouldBeElsewhere) {
  const auto [config, found] = read(
      "virtual_server fwmark 7 {\nlb_algo rr\nlb_kind DR\nha_suspend\n"
      "real_server 198.51.100.1 {\n}\n}\n");
  EXPECT_THAT(found,
              ElementsAre(HasSubstr("virtual_server FWM 7: ha_suspend goes by the address")));
  EXPECT_FALSE(config.services.at(0).ha_suspend);
}
TEST(ServerBlock, HasMailAndSnmp) {
  const auto [config, found] = in_server("smtp_alert\nsnmp_name s");
  EXPECT_THAT(found, IsEmpty());
  EXPECT_EQ(config.services.at(0).servers[0].smtp_alert, true);
  EXPECT_EQ(config.services.at(0).servers[0].snmp_name, "s");
}

TEST(SchedulerFlags, NeedTheirSchedulerInWhateverOrder) {
  const auto [config, found] = in_service("sh-port\nsh-fallback");
  EXPECT_THAT(found, IsEmpty());
  EXPECT_EQ(config.services.at(0).settings.flags,
            ipvs::service_flag::scheduler_1 | ipvs::service_flag::scheduler_2);
  const auto wrong = in_service("mh-port");
  EXPECT_THAT(wrong.found, ElementsAre(HasSubstr("mh-port and mh-fallback are for lb_algo mh")));
  EXPECT_EQ(wrong.config.services.at(0).settings.flags, 0U);
}

TEST(TunnelLine, HasATypeAPortAndAChecksum) {
  const auto gue = in_server("lvs_method TUN type gue port 6080 remcsum");
  EXPECT_THAT(gue.found, IsEmpty());
  EXPECT_EQ(gue.config.services.at(0).servers[0].tunnel,
            (Tunnel{TunnelType::gue, 6080, TunnelChecksum::remote}));
  const auto gre = in_service("sorry_server_lvs_method TUN csum type gre\nlvs_method TUN");
  EXPECT_THAT(gre.found, IsEmpty());
  EXPECT_EQ(gre.config.services.at(0).sorry_tunnel,
            (Tunnel{TunnelType::gre, {}, TunnelChecksum::on}));
}
TEST(TunnelLine, SaysWhatItsTypeDoesNotAllow) {
  const auto finding = [](std::string_view words) {
    const auto found = server_findings(fmt::format("lvs_method {}", words));
    EXPECT_EQ(found.size(), 1U) << words;
    return found.empty() ? "" : found[0];
  };
  EXPECT_EQ(finding("TUN type gue"), "3:16 warning 'lvs_method': type gue needs a port");
  EXPECT_THAT(finding("TUN type gre port 5"), HasSubstr("only type gue has a port"));
  EXPECT_THAT(finding("TUN type ipip csum"), HasSubstr("type ipip has no checksum"));
  EXPECT_THAT(finding("TUN type gre remcsum"), HasSubstr("type gre has no remcsum"));
  EXPECT_THAT(finding("TUN type gue port 0"), HasSubstr("'port' is 0, outside 1..65535"));
  EXPECT_THAT(finding("TUN typ gue"), HasSubstr("(did you mean 'type'?)"));
  EXPECT_THAT(finding("NAT type gre"), HasSubstr("only TUN has a type"));
}

TEST(FirewallMarkService, IsReadWithItsChecks) {
  const auto [config, found] = read(
      "virtual_server fwmark 7 {\nip_family inet\nreal_server 198.51.100.1 {\n"
      "TCP_CHECK {\nconnect_port 80\n}\n}\n}\n");
  EXPECT_THAT(found, ElementsAre(HasSubstr("FWM 7 has no valid lb_algo"),
                                 HasSubstr("FWM 7 has no valid lb_kind")));
  const VirtualServer& service = config.services.at(0);
  EXPECT_THAT(service.keys, ElementsAre(ipvs::ServiceKey::of_mark(7, Family::ipv4)));
  EXPECT_EQ(service.name, "FWM 7");
  EXPECT_EQ(service.servers.at(0).checks.at(0).endpoint.connect_port, 80);
  EXPECT_THAT(read("virtual_server fwmark 0 {\n}\nvirtual_server fwmark").found,
              ElementsAre("1:23 warning 'fwmark' is 0, outside 1..4294967295; the default stays",
                          HasSubstr("error 'fwmark' needs a whole number")));
}
TEST(FirewallMarkService, HasTheFamilyOfItsServers) {
  const auto [config, found] = read(
      "virtual_server fwmark 7 {\nlb_algo rr\nlb_kind DR\nprotocol TCP\n"
      "real_server 2001:db8::1 80 {\n}\nreal_server 198.51.100.1 80 {\n}\n}\n");
  EXPECT_THAT(found, ElementsAre(HasSubstr("real_server 198.51.100.1 and its virtual_server FWM 7 "
                                           "are of different address families")));
  EXPECT_THAT(config.services.at(0).keys, ElementsAre(ipvs::ServiceKey::of_mark(7, Family::ipv6)));
}
TEST(GroupService, IsEveryAddressAndMarkOfItsGroup) {
  const auto [config, found] = read(
      "virtual_server_group web {\n192.0.2.9-10 443\nfwmark 3\n}\n"
      "virtual_server group web {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\n"
      "real_server 198.51.100.1 80 {\n}\n}\n");
  const auto tcp = [](const char* address, std::uint16_t port) {
    return ipvs::ServiceKey{ipvs::Protocol::tcp, *IpAddress::parse(address), port};
  };
  ASSERT_EQ(config.services.size(), 1U) << testing::PrintToString(found);
  EXPECT_EQ(config.services[0].name, "[web]:0");
  EXPECT_THAT(config.services[0].keys,
              testing::IsSupersetOf({tcp("192.0.2.9", 443), tcp("192.0.2.10", 443),
                                     ipvs::ServiceKey::of_mark(3, Family::ipv4)}));
}
constexpr const char* marked_groups =
    "virtual_server_group web {\n192.0.2.0/24 443\n2001:db8::/64 443\n}\n"
    "virtual_server_group own {\n192.0.3.1 443\nfwmark 3\n}\n";
constexpr const char* tunnel =
    " {\nlb_algo rr\nlb_kind TUN\nprotocol TCP\nreal_server 198.51.100.1 {\n}\n}\n";
TEST(GroupService, HasMarkedAddressesWithNftablesIpvs) {
  const std::string text = std::string{"global_defs {\nnftables_ipvs\n}\n"} + marked_groups +
                           "virtual_server group web" + tunnel + "virtual_server group own" +
                           tunnel;
  const auto [config, found] = read(text);
  ASSERT_EQ(config.services.size(), 2U) << testing::PrintToString(found);
  EXPECT_THAT(
      config.services[0].marked,
      ElementsAre(GroupRange{*IpAddress::parse("192.0.2.0"), *IpAddress::parse("192.0.2.255"), 443},
                  GroupRange{*IpAddress::parse("2001:db8::"),
                             *IpAddress::parse("2001:db8::ffff:ffff:ffff:ffff"), 443}));
  EXPECT_EQ(config.services[0].keys.size(), 2U);
  EXPECT_THAT(keys_without_mark(config.services[0]), IsEmpty()) << "2^64 services";
  EXPECT_THAT(config.services[1].marked, IsEmpty()) << "a group with a mark of its own";
}
TEST(GroupService, LeavesMarkedAddressesToWhoHadThemFirst) {
  const std::string text = std::string{"global_defs {\nnftables_ipvs\n}\n"} + marked_groups +
                           "virtual_server 192.0.2.9 443" + tunnel + "virtual_server group web" +
                           tunnel + "virtual_server 192.0.2.8 443" + tunnel;
  const auto [config, found] = read(text);
  EXPECT_THAT(found, ElementsAre(HasSubstr("[web]:0: of 192.0.2.0-192.0.2.255 port 443 some "
                                           "addresses are those of another virtual_server"),
                                 HasSubstr("[192.0.2.8]:tcp:443 is already defined")));
  ASSERT_EQ(config.services.size(), 2U);
  EXPECT_EQ(config.services[1].marked.size(), 3U);
}
TEST(GroupService, WithoutItsGroupIsLeftOut) {
  const auto [config, found] = read(
      "virtual_server group wbe {\nreal_server 198.51.100.1 80 {\n}\n}\n"
      "virtual_server_group web {\n192.0.2.1 80\n}\n");
  EXPECT_THAT(config.services, IsEmpty());
  EXPECT_THAT(found, ElementsAre("1:1 warning virtual_server group wbe has no "
                                 "virtual_server_group of that name (did you mean 'web'?); it is "
                                 "left out"));
}
TEST(GroupService, AnAddressThatIsSomebodyElsesIsLeftOut) {
  const auto [config, found] = read(
      "virtual_server_group web {\n192.0.2.1 80\n192.0.2.2 80\n}\n"
      "virtual_server 192.0.2.1 80 {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\n"
      "real_server 198.51.100.1 80 {\n}\n}\n"
      "virtual_server group web {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\n"
      "real_server 198.51.100.1 80 {\n}\n}\n");
  ASSERT_EQ(config.services.size(), 2U);
  EXPECT_EQ(config.services[1].keys.size(), 1U);
  EXPECT_THAT(found,
              ElementsAre(HasSubstr("virtual_server [192.0.2.1]:tcp:80 is already defined")));
}

ServerGroup group(std::string_view lines) {
  const auto [config, found] = read(fmt::format("virtual_server_group G {{\n{}\n}}\n", lines));
  EXPECT_THAT(found, IsEmpty()) << lines;
  return config.groups.at(0);
}
GroupRange range(const char* first, const char* last, std::uint16_t port) {
  return {*IpAddress::parse(first), *IpAddress::parse(last), port};
}
TEST(ServerGroupLine, IsAnAddressARangeOrAPrefix) {
  EXPECT_THAT(group("192.0.2.1 80\n192.0.2.2").ranges,
              ElementsAre(range("192.0.2.1", "192.0.2.1", 80), range("192.0.2.2", "192.0.2.2", 0)));
  EXPECT_THAT(
      group("192.0.2.1-20 80\n192.0.2.250-192.0.3.2 0").ranges,
      ElementsAre(range("192.0.2.1", "192.0.2.20", 80), range("192.0.2.250", "192.0.3.2", 0)));
  EXPECT_THAT(group("2001:db8::1-ff00 443").ranges,
              ElementsAre(range("2001:db8::1", "2001:db8::ff00", 443)));
  EXPECT_THAT(
      group("192.0.2.16/28 80\n2001:db8::/125").ranges,
      ElementsAre(range("192.0.2.16", "192.0.2.31", 80), range("2001:db8::", "2001:db8::7", 0)));
}
TEST(ServerGroupLine, IsAFirewallMarkWithAFamily) {
  EXPECT_THAT(group("fwmark 3\nfwmark 4 inet6").marks,
              ElementsAre(GroupMark{3, std::nullopt}, GroupMark{4, Family::ipv6}));
}
TEST(ServerGroupLine, SaysWhatIsWrong) {
  const auto finding = [](std::string_view line) {
    const auto found =
        read(fmt::format("virtual_server_group G {{\n192.0.2.1\n{}\n}}\n", line)).found;
    EXPECT_EQ(found.size(), 1U) << line;
    return found.empty() ? "" : found[0];
  };
  EXPECT_EQ(finding("192.0.2.9-8"),
            "3:1 warning '192.0.2.9-8' is left out: the range ends before it begins");
  EXPECT_THAT(finding("192.0.2.9-256"), HasSubstr("the range ends in 0..255"));
  EXPECT_THAT(finding("192.0.2.9-::1"), HasSubstr("addresses of two families"));
  EXPECT_THAT(finding("2001:db8::1-10000"), HasSubstr("the range ends in 0..ffff"));
  EXPECT_THAT(finding("192.0.2.1/24"), HasSubstr("bits behind the prefix must be 0"));
  EXPECT_THAT(finding("192.0.2.0/33"), HasSubstr("prefix length"));
  EXPECT_THAT(finding("192.0.2.2 65536"), HasSubstr("outside 0..65535"));
  EXPECT_THAT(finding("fwmrk 3"), HasSubstr("(did you mean 'fwmark'?)"));
  EXPECT_THAT(finding("fwmark 3 inet4"), HasSubstr("(did you mean 'inet'?)"));
}
TEST(ServerGroup, NeedsANameOfItsOwnAndAnAddress) {
  const auto [config, found] = read(
      "virtual_server_group A {\n192.0.2.1\n}\nvirtual_server_group A {\n192.0.2.2\n}\n"
      "virtual_server_group B {\n}\nvirtual_server_group C\nvirtual_server_group\n");
  EXPECT_EQ(config.groups.size(), 1U);
  EXPECT_THAT(found, ElementsAre(HasSubstr("4:1 warning virtual_server_group A is already defined"),
                                 HasSubstr("virtual_server_group B has no address"),
                                 HasSubstr("needs a block"), HasSubstr("needs a word")));
}

TEST(TlsBlock, NamesFiles) {
  const auto [config, found] =
      read("SSL {\npassword p\nca /ca.pem\ncertificate /c.pem\nkey /k.pem\n}\n");
  EXPECT_THAT(found, IsEmpty());
  EXPECT_EQ(config.tls, (TlsIdentity{"p", "/ca.pem", "/c.pem", "/k.pem"}));
  EXPECT_THAT(read("SSL {\ncertficate /c\n}\nSSL\n").found,
              ElementsAre(HasSubstr("unknown keyword 'certficate' in SSL (did you mean "
                                    "'certificate'?)"),
                          HasSubstr("'SSL' needs a block")));
}

TEST(SslGet, IsHttpWithTls) {
  const Check ssl = check(
      "SSL_GET {\nenable_sni\nsni_name a.example\ntls_compliant\nurl {\npath /\ntls_compliant no\n"
      "}\n}");
  EXPECT_EQ(ssl.keyword(), "SSL_GET");
  EXPECT_EQ(ssl.identity(), "SSL_GET 198.51.100.1:80 /");
  EXPECT_EQ(ssl.final_timing.delay_before_retry, seconds{3});
  const auto& http = std::get<HttpCheck>(ssl.probe);
  EXPECT_TRUE(http.tls && http.send_sni && http.tls_compliant);
  EXPECT_EQ(http.sni_name, "a.example");
  EXPECT_EQ(http.urls.at(0).tls_compliant, false);
  EXPECT_TRUE(probe<HttpCheck>("SSL_GET {\nsni_name\nurl {\npath /\n}\n}").send_sni);
  EXPECT_THAT(server_findings("SSL_GET { }"),
              ElementsAre(HasSubstr("error SSL_GET needs at least one url block")));
  EXPECT_THAT(server_findings("HTTP_GET {\ntls_compliant\nurl {\npath /\n}\n}"),
              ElementsAre(HasSubstr("unknown keyword 'tls_compliant' in HTTP_GET")));
}
TEST(BodyPattern, HasOptionsOffsetsAndAStack) {
  const auto http = probe<HttpCheck>(
      "HTTP_GET {\nurl {\npath /\nregex \"^ok [0-9]+\"\nregex_no_match\n"
      "regex_options caseless multiline\nregex_min_offset 10\nregex_max_offset 20\n"
      "regex_stack 100 2000\n}\n}");
  EXPECT_EQ(http.urls.at(0).regex,
            (BodyRegex{"^ok [0-9]+", true, {"caseless", "multiline"}, 10, 20, 100, 2000}));
  EXPECT_THAT(server_findings("HTTP_GET {\nurl {\npath /\nregex \"a\"\n"
                              "regex_options caseless use_offset_limit\n}\n}"),
              ElementsAre(HasSubstr("note 'use_offset_limit' changes nothing: ")));
  EXPECT_THAT(server_findings("HTTP_GET {\nurl {\npath /\nregex_options caseles\n"
                              "regex_stack 9 8\nregex_stack 9\nregex_min_offset -1\n}\n}"),
              ElementsAre(HasSubstr("(did you mean 'caseless'?)"),
                          HasSubstr("starts with more than its maximum"),
                          HasSubstr("error 'regex_stack' needs"), HasSubstr("outside 0..")));
}

TEST(SmtpCheckBlock, HasANameAndPerhapsAHostBlock) {
  EXPECT_EQ(probe<SmtpCheck>("SMTP_CHECK {\n}").helo_name, "smtpchecker.keepalived.org");
  EXPECT_EQ(probe<SmtpCheck>("SMTP_CHECK {\nhelo_name a.example\n}").helo_name, "a.example");
  const auto nested =
      in_server("SMTP_CHECK {\nconnect_port 24\nhost {\nconnect_port 25\nretry 2\n}\n}");
  EXPECT_THAT(nested.found, ElementsAre(HasSubstr("note 'host' is deprecated")));
  const Check& check = nested.config.services.at(0).servers[0].checks.at(0);
  EXPECT_EQ(check.endpoint.connect_port, 25);
  EXPECT_EQ(check.final_timing.retry, 2U);
  EXPECT_THAT(server_findings("SMTP_CHECK {\nhelo_nam x\nconnect_port 0\n}"),
              ElementsAre(HasSubstr("(did you mean 'helo_name'?)"), HasSubstr("outside 1..65535")));
}

TEST(DnsCheckBlock, HasATypeANameAndRetriesOfItsOwn) {
  const Check plain = check("DNS_CHECK {\n}");
  EXPECT_EQ(std::get<DnsCheck>(plain.probe), (DnsCheck{DnsType::soa, "."}));
  EXPECT_EQ(plain.final_timing.retry, 3U);
  EXPECT_EQ(plain.final_timing.delay_before_retry, seconds{7}) << "delay_loop";
  EXPECT_EQ(probe<DnsCheck>("DNS_CHECK {\ntype AAAA\nname www.example.org.\n}"),
            (DnsCheck{DnsType::aaaa, "www.example.org."}));
  EXPECT_THAT(server_findings("DNS_CHECK {\ntype AAA\nname a..b\n}"),
              ElementsAre(HasSubstr("'type' needs one of A, NS, CNAME"),
                          HasSubstr("'name' needs a domain name")));
}

TEST(UdpCheckBlock, HasBytesToSendAndToExpect) {
  const auto plain = probe<UdpCheck>("UDP_CHECK {\n}");
  EXPECT_EQ(plain.payload, std::nullopt);
  EXPECT_EQ(plain.max_reply, 255);
  const auto all = probe<UdpCheck>(
      "UDP_CHECK {\npayload 0a1B 5 ff\nrequire_reply \"0x xx 7 X\"\nmin_reply_length 3\n"
      "max_reply_length 65535\n}");
  EXPECT_EQ(all.payload, (std::vector<std::uint8_t>{0x0a, 0x1b, 5, 0xff}));
  EXPECT_TRUE(all.require_reply);
  EXPECT_EQ(all.reply, (BytePattern{{0, 0, 7, 0}, {0xf0, 0, 0xff, 0}}));
  EXPECT_EQ(all.min_reply, 3);
  EXPECT_TRUE(probe<UdpCheck>("UDP_CHECK {\nrequire_reply\n}").require_reply);
}
TEST(UdpCheckBlock, SaysWhatIsWrong) {
  EXPECT_THAT(server_findings("UDP_CHECK {\npayload 0x\npayload\nrequire_reply zz\n"
                              "min_reply_length 65536\npaylod 1\n}"),
              ElementsAre("4:9 warning 'payload' needs bytes as hexadecimal digits, found '0x'",
                          HasSubstr("error 'payload' needs bytes"),
                          HasSubstr("hexadecimal digits with x for any digit, found 'zz'"),
                          HasSubstr("outside 0..65535"), HasSubstr("(did you mean 'payload'?)")));
}

TEST(MiscCheckBlock, RunsAScriptWithoutRetries) {
  const Check misc =
      check("MISC_CHECK {\nmisc_path \"/bin/check -a\"\nmisc_dynamic\nuser nobody :adm\n}");
  const auto& script = std::get<MiscCheck>(misc.probe);
  EXPECT_EQ(script.place, (Place{3, 1}));
  EXPECT_EQ(script.command, "/bin/check -a");
  EXPECT_TRUE(script.dynamic);
  EXPECT_EQ(script.user, (config::ScriptUser{"nobody", "adm", true}));
  EXPECT_EQ(script.timeout, Duration{seconds{7}}) << "delay_loop";
  EXPECT_EQ(misc.final_timing.retry, 0U);
  EXPECT_EQ(misc.identity(), "MISC_CHECK -:0 /bin/check -a");
  EXPECT_EQ(probe<MiscCheck>("MISC_CHECK {\nmisc_path /a\nmisc_timeout 2.5\n}").timeout,
            Duration{milliseconds{2500}});
  EXPECT_THAT(
      server_findings("MISC_CHECK {\nmisc_pth /a\nmisc_timeout 0\nconnect_ip 10.0.0.1\n}"),
      ElementsAre(HasSubstr("(did you mean 'misc_path'?)"), HasSubstr("'misc_timeout' is 0"),
                  HasSubstr("unknown keyword 'connect_ip' in MISC_CHECK"),
                  HasSubstr("error MISC_CHECK needs a script: misc_path")));
}

Outcome with_file(std::string_view lines) {
  return read(
      fmt::format("track_file f {{\nfile /f\nweight 5 reverse\n}}\n"
                  "virtual_server 192.0.2.10 80 {{\nreal_server 198.51.100.1 80 {{\n"
                  "FILE_CHECK {{\n{}\n}}\n}}\nlb_algo rr\nlb_kind NAT\nprotocol TCP\n}}\n",
                  lines));
}
TEST(FileCheckBlock, FollowsATrackFile) {
  const auto final_check = [](std::string_view lines) {
    const auto [config, found] = with_file(lines);
    EXPECT_THAT(found, IsEmpty()) << lines;
    return std::get<FileCheck>(config.services.at(0).servers.at(0).checks.at(0).probe);
  };
  EXPECT_EQ(final_check("track_file f\nweight -3 reverse"), (FileCheck{"f", "/f", -3, true}));
  EXPECT_EQ(final_check("track_file f\nweight 3 noreverse"), (FileCheck{"f", "/f", 3, false}));
  EXPECT_EQ(final_check("track_file f"), (FileCheck{"f", "/f", 5, true})) << "those of the file";
}
TEST(FileCheckBlock, SaysWhatIsWrong) {
  EXPECT_THAT(server_findings("FILE_CHECK {\nweight 2147483648\nweight 1 revers\n}"),
              ElementsAre(HasSubstr("outside -2147483647..2147483647"),
                          HasSubstr("(did you mean 'reverse'?)"),
                          HasSubstr("error FILE_CHECK needs the name of a track_file")));
  EXPECT_THAT(with_file("track_file g").found,
              ElementsAre(HasSubstr("there is no track_file g with a file (did you mean 'f'?)")));
}
TEST(BfdCheckBlock, FollowsASession) {
  const Check bfd = check("BFD_CHECK {\nname peer\nalpha\n}");
  EXPECT_EQ(std::get<BfdCheck>(bfd.probe).name, "peer");
  EXPECT_TRUE(bfd.final_timing.alpha);
  EXPECT_THAT(server_findings("BFD_CHECK {\nalhpa\n}"),
              ElementsAre(HasSubstr("(did you mean 'alpha'?)"),
                          HasSubstr("error BFD_CHECK needs the name of a bfd_instance")));
}

TEST(PendingBlock, IsAnErrorWhateverItHolds) {
  config::Parsed parsed{
      "virtual_server 192.0.2.10 80 {\nreal_server 198.51.100.1 80 {\nBFD_CHECK { }\n}\n}"};
  config::Reader reader{parsed.diagnostics};
  read_checkers(parsed.tree, reader);
  EXPECT_THAT(findings(parsed.diagnostics),
              testing::Contains("3:1 error 'BFD_CHECK' is not supported yet"));
}

}  // namespace
}  // namespace holdfast::checkers
