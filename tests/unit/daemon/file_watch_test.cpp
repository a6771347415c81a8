// The way to a file: which links it passes.
#include "daemon/file_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace holdfast {
namespace {

using testing::ElementsAre;
using testing::Pair;
namespace fs = std::filesystem;

/// A folder that goes away with the test.
class WayTo : public testing::Test {
 protected:
  WayTo() {
    std::string name = (fs::temp_directory_path() / "holdfast-way-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) root = fs::canonical(name).string();
  }
  ~WayTo() override {
    std::error_code ignored;
    fs::remove_all(root, ignored);
  }
  std::string at(const std::string& name) const { return root + "/" + name; }
  std::string root;
};

TEST_F(WayTo, APlainFileIsItsFolderAndItsNameWhetherItIsThereOrNot) {
  EXPECT_THAT(way_to(at("number")), ElementsAre(Pair(root, "number")));
  EXPECT_THAT(way_to(at("./folder/../number")), ElementsAre(Pair(root, "number")));
  EXPECT_THAT(way_to(at("later/number")), ElementsAre(Pair(at("later"), "number")));
}
TEST_F(WayTo, EveryLinkCountsAndTheEndAsWell) {
  fs::create_directory(at("..1"));
  fs::create_directory_symlink("..1", at("..data"));
  fs::create_symlink("..data/number", at("number"));
  EXPECT_THAT(way_to(at("number")),
              ElementsAre(Pair(root, "number"), Pair(root, "..data"), Pair(at("..1"), "number")));
  fs::create_symlink(at("number"), at("absolute"));
  EXPECT_THAT(way_to(at("absolute")), ElementsAre(Pair(root, "absolute"), Pair(root, "number"),
                                                  Pair(root, "..data"), Pair(at("..1"), "number")));
}
TEST_F(WayTo, LinksThatLeadInACircleHaveAnEnd) {
  fs::create_symlink("b", at("a"));
  fs::create_symlink("a", at("b"));
  EXPECT_LE(way_to(at("a")).size(), 41U);
}

}  // namespace
}  // namespace holdfast
