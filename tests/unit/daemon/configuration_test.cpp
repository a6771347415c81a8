// What workers may ask the supervisor for.
#include "daemon/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

TEST(FilesToWatch, OnlyWhatTheConfigurationNamesIsWatchedAndTheRestIsNamed) {
  Configuration configuration;
  configuration.files[{3, 1}] = {"/a", true};
  configuration.files[{5, 1}] = {"/b", false};
  const process::WatchFiles request{
      1, {{"a", {3, 1}, 7, true}, {"b", {5, 1}, 7, false}, {"c", {9, 1}, {}, false}}};
  const FilesToWatch found = files_to_watch(request, &configuration);
  ASSERT_THAT(found.files, SizeIs(2));
  EXPECT_EQ(found.files[0].path, "/a");
  EXPECT_EQ(found.files[0].init, 7);
  EXPECT_EQ(found.files[1].init, std::nullopt);
  EXPECT_THAT(found.unknown, ElementsAre("c"));
}
TEST(FilesToWatch, OfAConfigurationThatIsNotKnownAnyMoreNothingIsWatched) {
  const process::WatchFiles request{1, {{"a", {3, 1}, 7, true}}};
  const FilesToWatch found = files_to_watch(request, nullptr);
  EXPECT_THAT(found.files, SizeIs(0));
  EXPECT_THAT(found.unknown, ElementsAre("a"));
}

}  // namespace
}  // namespace holdfast
