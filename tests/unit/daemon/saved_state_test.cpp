#include "daemon/saved_state.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace holdfast {
namespace {

using std::chrono::seconds;

const StateOrigin then{"0000-boot", "/run/holdfast.pid", seconds{1000}};

StateOrigin later(seconds by) {
  StateOrigin now = then;
  now.uptime += by;
  return now;
}
std::string refusal(const std::string& file, const StateOrigin& now) {
  const auto state = unwrapped_state(file, now);
  return state ? "" : state.error().what;
}

TEST(SavedStateFile, ComesBackAsItWas) {
  const std::string bytes{"a\nb\0c", 5};
  EXPECT_EQ(unwrapped_state(wrapped_state(then, bytes), later(seconds{1})).value(), bytes);
  EXPECT_EQ(unwrapped_state(wrapped_state(then, ""), then).value(), "");
}
TEST(SavedStateFile, IsRefusedWhereItIsNotOfUsAndNow) {
  const std::string file = wrapped_state(then, "state");
  EXPECT_EQ(refusal(file, later(longest_state_age)), "");
  EXPECT_EQ(refusal(file, later(longest_state_age + seconds{1})), "it is older than 300 s");
  EXPECT_EQ(refusal(file, later(seconds{-1})), "it is from the future");
  EXPECT_EQ(refusal(file, {"other", then.daemon, then.uptime}), "it is from before this boot");
  EXPECT_EQ(refusal(file, {then.boot, "/run/b.pid", then.uptime}), "it is of another daemon");
  std::string damaged = file;
  damaged.back() = 'x';
  EXPECT_EQ(refusal(damaged, then), "it is damaged");
  EXPECT_EQ(refusal("", then), "it is of another version");
}
TEST(SavedStateFile, EveryCutIsRefused) {
  const std::string file = wrapped_state(then, "state");
  for (std::size_t size = 0; size < file.size(); ++size)
    EXPECT_NE(refusal(file.substr(0, size), then), "") << size;
}
TEST(SavedStateFile, IsReplacedAsAWholeAndFollowsNoLink) {
  std::string folder = std::filesystem::temp_directory_path() / "saved_state_XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string path = saved_state_path(folder + "/holdfast.pid");
  EXPECT_EQ(path, folder + "/holdfast.state");
  EXPECT_EQ(read_state(path, then).error().code, ENOENT);
  const std::string other = folder + "/other";
  std::ofstream{other} << "precious";
  std::filesystem::create_symlink(other, path + ".new");
  ASSERT_TRUE(write_state(path, then, "first"));
  ASSERT_TRUE(write_state(path, then, "second"));
  EXPECT_EQ(read_state(path, then).value(), "second");
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  std::string kept;
  std::ifstream{other} >> kept;
  EXPECT_EQ(kept, "precious");
  std::filesystem::remove(path);
  std::filesystem::create_symlink(other, path);
  EXPECT_FALSE(read_state(path, then));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace holdfast
