#include "vrrp/linux/made_links.h"

#include <gtest/gtest.h>
#include <linux/if_link.h>

#include "vrrp/linux/release.h"

namespace holdfast::vrrp {
namespace {

const LinkSettings wanted{"macvlan",           2,   {0, 0, 0x5e, 0, 1, 51}, MACVLAN_MODE_PRIVATE, 0,
                          "holdfast 128 VI_1", true};

Link as_wanted() {
  Link link;
  link.index = 7;
  link.name = "vrrp.51";
  link.kind = wanted.kind;
  link.base = wanted.base;
  link.mac = wanted.mac;
  link.mode = wanted.mode;
  link.alias = wanted.alias;
  link.up = true;
  return link;
}

template <typename Change>
Actual actual_after(const Change& change, bool marked = true) {
  Link link = as_wanted();
  change(link);
  return actual_of(link, wanted, marked);
}

TEST(MadeLink, ThatIsAsWantedIsLeftAlone) {
  const Actual actual = actual_after([](Link&) {});
  EXPECT_TRUE(actual.ours);
  EXPECT_EQ(actual.fit, Actual::Fit::good);
}

TEST(MadeLink, ThatSomebodyChangedIsCorrected) {
  const auto is_corrected = [](const auto& change) {
    const Actual actual = actual_after(change);
    return actual.ours && actual.fit == Actual::Fit::overwrite;
  };
  EXPECT_TRUE(is_corrected([](Link& link) { link.up = false; }));
  EXPECT_TRUE(is_corrected([](Link& link) { link.mac[5] = 1; }));
  EXPECT_TRUE(is_corrected([](Link& link) { link.mode = MACVLAN_MODE_BRIDGE; }));
  EXPECT_TRUE(is_corrected([](Link& link) { link.group = 5; }));
  EXPECT_TRUE(is_corrected([](Link& link) { link.alias = "mine"; }));
}

TEST(MadeLink, OfAnotherKindOrBaseIsMadeAnew) {
  EXPECT_EQ(actual_after([](Link& link) { link.kind = "ipvlan"; }).fit, Actual::Fit::renew);
  EXPECT_EQ(actual_after([](Link& link) { link.base = 3; }).fit, Actual::Fit::renew);
}

TEST(MadeLink, ThatADeadDaemonLeftIsTakenOver) {
  const Actual actual = actual_after(
      [](Link& link) {
        link.alias.clear();
        link.up = false;
      },
      false);
  EXPECT_TRUE(actual.ours);
  EXPECT_EQ(actual.fit, Actual::Fit::overwrite);
}

TEST(MadeLink, OfSomebodyElseIsNotTouched) {
  EXPECT_FALSE(actual_after([](Link& link) { link.mode = MACVLAN_MODE_BRIDGE; }, false).ours);
  EXPECT_FALSE(actual_after([](Link& link) { link.mac[5] = 1; }, false).ours);
  EXPECT_FALSE(actual_after([](Link& link) { link.base = 3; }, false).ours);
  EXPECT_FALSE(actual_after([](Link& link) { link.kind = "dummy"; }, false).ours);
}

TEST(MadeLink, ThatIsNotOursIsNeitherRemovedNorMadeAnew) {
  Keeper<std::string, LinkSettings> keeper;
  keeper.want("vrrp.51", wanted, {});
  keeper.plan(
      {{"vrrp.51", Actual{false}}}, [](const std::string&) { return true; },
      Actual::Fit::overwrite);
  EXPECT_FALSE(keeper.removes() || keeper.adds());
}

TEST(MadeLink, ThatIsToBeMadeAnewIsNotJustCorrected) {
  Keeper<std::string, LinkSettings> keeper;
  LinkSettings before = wanted;
  before.kind = "ipvlan";
  keeper.want("vrrp.51", before, {});
  keeper.plan(
      {{"vrrp.51", Actual{true}}}, [](const std::string&) { return true; }, Actual::Fit::overwrite);
  keeper.want("vrrp.51", wanted, {});
  keeper.plan(
      {{"vrrp.51", Actual{true, Actual::Fit::renew}}}, [](const std::string&) { return true; },
      Actual::Fit::overwrite);
  EXPECT_TRUE(keeper.removes() && keeper.adds());
}

TEST(LeftOver, IsTheInterfaceOfTheRecordOrTheOneThatWasBeingMade) {
  Link link;
  link.index = 7;
  link.kind = "macvlan";
  EXPECT_TRUE(is_left_over(link, 7));
  EXPECT_FALSE(is_left_over(link, 6)) << "another one that has its name now";
  EXPECT_TRUE(is_left_over(link, 0)) << "its maker died before it knew the index";
  link.up = true;
  EXPECT_FALSE(is_left_over(link, 0)) << "never up before its index is known";
  link.up = false;
  link.kind = "dummy";
  EXPECT_FALSE(is_left_over(link, 0));
}

}  // namespace
}  // namespace holdfast::vrrp
