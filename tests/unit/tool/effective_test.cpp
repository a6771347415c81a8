#include "daemon/tool/effective.h"

#include <gmock/gmock.h>

#include "daemon/tool/tool.h"
#include "tests/unit/tool/files.h"

namespace holdfast::tool {
namespace {

constexpr const char* content = R"(global_defs {
  vrrp_version 3
  vrrp_min_garp
  vrrp_garp_lower_prio_repeat 4
  checker_log_all_failures
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 5
  state MASTER
  nopreempt
  virtual_ipaddress {
    10.0.0.1
  }
}
virtual_server 10.0.0.1 80 {
  lvs_method DR
  lvs_sched rr
  protocol TCP
  delay_loop 7
  retry 4
  weight 3
  real_server 10.0.0.2 80 {
    connect_timeout 2
    TCP_CHECK {
      retry 0
    }
    HTTP_GET {
      url {
        path /
      }
    }
    PING_CHECK {
      delay_loop 9
    }
  }
}
)";

class InEffect : public WithFiles {
 protected:
  void SetUp() override {
    WithFiles::SetUp();
    path_ = file("a.conf", content);
    loaded_ = load(path_, "");
    keywords_ = all_keywords();
    effective_.emplace(keywords_, loaded_.tree, loaded_.configuration.text);
  }
  /// `VALUE ORIGIN` without the folder; empty: nothing is said of it.
  std::string find(const std::vector<std::string>& blocks, const std::string& keyword) {
    Path path;
    std::span<const config::Statement> inside = loaded_.tree;
    for (const std::string& block : blocks)
      for (const config::Statement& statement : inside)
        if (statement.keyword() == block) {
          path.push_back(&statement);
          inside = statement.children;
          break;
        }
    EXPECT_EQ(path.size(), blocks.size());
    std::vector<const config::Statement*> statements;
    for (const config::Statement& statement : inside) statements.push_back(&statement);
    for (const Setting& setting : effective_->unset(path, statements)) {
      if (setting.keyword != keyword) continue;
      std::string origin = setting.origin;
      if (const auto at = origin.find(path_); at != std::string::npos)
        origin.replace(at, path_.size(), "a");
      return setting.value + " " + origin;
    }
    return "";
  }

  std::string path_;
  Loaded loaded_;
  std::vector<config::KeywordInfo> keywords_;
  std::optional<Effective> effective_;
};

TEST_F(InEffect, OfAnInstanceIsTakenFromGlobalDefs) {
  EXPECT_EQ(find({"vrrp_instance"}, "version"), "3 global_defs a:2");
  EXPECT_EQ(find({"vrrp_instance"}, "priority"), "255 state a:10");
  EXPECT_EQ(find({"vrrp_instance"}, "down_timer_adverts"), "3 default");
  EXPECT_EQ(find({"vrrp_instance"}, "garp_master_repeat"), "1 global_defs vrrp_min_garp a:3");
  EXPECT_EQ(find({"vrrp_instance"}, "garp_lower_prio_repeat"), "4 global_defs a:4");
  EXPECT_EQ(find({"vrrp_instance"}, "advert_int"), "1 default");
  EXPECT_EQ(find({"vrrp_instance"}, "preempt"), "");  // nopreempt stands there
  EXPECT_EQ(find({"vrrp_instance"}, "interface"), "");
}

TEST_F(InEffect, OfAServerAndACheckIsTakenFromWhatIsAround) {
  const std::vector<std::string> server{"virtual_server", "real_server"};
  EXPECT_EQ(find(server, "weight"), "3 virtual_server a:22");
  EXPECT_EQ(find(server, "lvs_method"), "DR virtual_server a:17");
  EXPECT_EQ(find(server, "delay_before_retry"), "");
  const std::vector<std::string> http{"virtual_server", "real_server", "HTTP_GET"};
  EXPECT_EQ(find(http, "connect_timeout"), "2 real_server a:24");
  EXPECT_EQ(find(http, "retry"), "4 virtual_server a:21");
  EXPECT_EQ(find(http, "delay_before_retry"), "3 default");
  EXPECT_EQ(find(http, "warmup"), "7 virtual_server a:20");
  EXPECT_EQ(find(http, "log_all_failures"), "yes global_defs a:5");
  EXPECT_EQ(find(http, "connect_ip"), "10.0.0.2 real_server a:23");
  EXPECT_EQ(find({"virtual_server", "real_server", "PING_CHECK"}, "warmup"), "9 delay_loop a:34");
  EXPECT_EQ(find({"virtual_server"}, "lb_algo"), "");  // lvs_sched stands there
}

TEST_F(InEffect, IsWhatTheTypedConfigurationHas) {
  ASSERT_EQ(loaded_.vrrp.instances.size(), 1U);
  const vrrp::Instance& instance = loaded_.vrrp.instances[0];
  const auto number = [&](const char* keyword) {
    return std::stod(find({"vrrp_instance"}, keyword));
  };
  EXPECT_EQ(number("version"), static_cast<double>(instance.router.version));
  EXPECT_EQ(number("priority"), instance.router.priority);
  EXPECT_EQ(number("garp_master_delay"), in_seconds(instance.announce.delay));
  EXPECT_EQ(number("garp_master_repeat"), instance.announce.repeat);
  EXPECT_EQ(number("garp_master_refresh"), in_seconds(instance.announce.refresh));
  EXPECT_EQ(number("garp_master_refresh_repeat"), instance.announce.refresh_repeat);
  EXPECT_EQ(number("garp_lower_prio_delay"), in_seconds(instance.announce.lower_prio_delay));
  EXPECT_EQ(number("garp_lower_prio_repeat"), instance.announce.lower_prio_repeat);
  ASSERT_EQ(loaded_.checkers.services.size(), 1U);
  const checkers::RealServer& server = loaded_.checkers.services[0].servers.at(0);
  ASSERT_EQ(server.checks.size(), 3U);
  for (const checkers::Check& check : server.checks) {
    SCOPED_TRACE(check.keyword());
    const auto of_check = [&](const char* keyword, double fallback) {
      const auto found =
          find({"virtual_server", "real_server", std::string{check.keyword()}}, keyword);
      return found.empty() ? fallback : std::stod(found);  // empty: it stands in the block
    };
    EXPECT_EQ(of_check("retry", 0), check.final_timing.retry);
    EXPECT_EQ(of_check("delay_loop", 9), in_seconds(check.final_timing.delay_loop));
    EXPECT_EQ(of_check("delay_before_retry", -1),
              in_seconds(check.final_timing.delay_before_retry));
    EXPECT_EQ(of_check("warmup", -1), in_seconds(check.final_timing.warmup));
    EXPECT_EQ(of_check("connect_timeout", -1), in_seconds(check.final_timing.connect_timeout));
  }
}

TEST(InheritedKeywords, AreKeywords) {
  const auto all = all_keywords();
  const auto is_known = [&](std::string_view block, std::string_view keyword) {
    return std::ranges::any_of(all, [&](const config::KeywordInfo& info) {
      return info.block == block && info.keyword == keyword;
    });
  };
  for (const Inherited& inherited : inherited_keywords())
    for (const Source& source : inherited.sources) {
      if (source.scope != Scope::globals) continue;
      EXPECT_TRUE(is_known("global_defs", source.keyword)) << source.keyword;
    }
}

}  // namespace
}  // namespace holdfast::tool
