#include "vrrp/linux/link_polling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace holdfast::vrrp {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

struct Lines : Log {
  void write(const Event& event) override { texts.push_back(event.text); }
  std::vector<std::string> texts;
};

class LinkPollingTest : public testing::Test {
 protected:
  bool poll() {
    return polling_.poll([this](const std::string&) { return index_; }, now_, log_);
  }

  std::set<LinkbeatMethod> works_{LinkbeatMethod::ethtool, LinkbeatMethod::ioctl};
  bool link_ = true;
  std::uint32_t index_ = 2;
  std::vector<LinkbeatMethod> asked_;
  Lines log_;
  TimePoint now_{seconds{100}};
  LinkPolling polling_{[this](LinkbeatMethod method, const std::string&) {
    asked_.push_back(method);
    return works_.contains(method) ? std::optional{link_} : std::nullopt;
  }};
};

TEST_F(LinkPollingTest, AsksEachSecondByTheFirstMethodThatWorks) {
  polling_.set({{"eth0", LinkbeatMethod::automatic}}, now_);
  EXPECT_EQ(polling_.deadline(), now_);
  EXPECT_FALSE(poll());
  EXPECT_THAT(asked_, ElementsAre(LinkbeatMethod::mii, LinkbeatMethod::ethtool));
  EXPECT_EQ(polling_.deadline(), now_ + seconds{1});
  asked_.clear();
  EXPECT_FALSE(poll());
  EXPECT_THAT(asked_, ElementsAre(LinkbeatMethod::ethtool));
  EXPECT_THAT(log_.texts, ElementsAre("the link of eth0 is asked for each second by ETHTOOL"));
}

TEST_F(LinkPollingTest, TellsOfEachChangeOnce) {
  polling_.set({{"eth0", LinkbeatMethod::ethtool}}, now_);
  link_ = false;
  EXPECT_TRUE(polling_.has_link("eth0"));
  EXPECT_TRUE(poll());
  EXPECT_FALSE(polling_.has_link("eth0"));
  EXPECT_TRUE(polling_.has_link("eth1"));
  EXPECT_FALSE(poll());
  link_ = true;
  EXPECT_TRUE(poll());
  EXPECT_TRUE(polling_.has_link("eth0"));
}

TEST_F(LinkPollingTest, SaysWhenADriverDoesNotHaveWhatIsWanted) {
  polling_.set({{"eth0", LinkbeatMethod::mii}}, now_);
  EXPECT_FALSE(poll());
  ASSERT_THAT(log_.texts, SizeIs(1));
  EXPECT_THAT(log_.texts.front(), HasSubstr("by ETHTOOL: its driver has no MII"));
}

TEST_F(LinkPollingTest, AnInterfaceThatIsMadeAnewIsAskedByAllMethods) {
  polling_.set({{"eth0", LinkbeatMethod::automatic}}, now_);
  poll();
  index_ = 3;
  works_ = {LinkbeatMethod::mii};
  asked_.clear();
  EXPECT_FALSE(poll());
  EXPECT_THAT(asked_, ElementsAre(LinkbeatMethod::mii));
}

TEST_F(LinkPollingTest, AnInterfaceThatIsNotThereIsNotAsked) {
  polling_.set({{"eth0", LinkbeatMethod::automatic}}, now_);
  index_ = 0;
  EXPECT_FALSE(poll());
  EXPECT_THAT(asked_, SizeIs(0));
}

TEST_F(LinkPollingTest, WithoutInterfacesNothingIsDue) {
  polling_.set({{"eth0", LinkbeatMethod::automatic}}, now_);
  polling_.set({}, now_);
  EXPECT_EQ(polling_.deadline(), std::nullopt);
}

TEST_F(LinkPollingTest, AReloadKeepsWhatIsKnown) {
  polling_.set({{"eth0", LinkbeatMethod::automatic}}, now_);
  link_ = false;
  poll();
  polling_.set({{"eth0", LinkbeatMethod::automatic}}, now_ + seconds{5});
  EXPECT_FALSE(polling_.has_link("eth0"));
  EXPECT_EQ(polling_.deadline(), now_ + seconds{1});
}

}  // namespace
}  // namespace holdfast::vrrp
