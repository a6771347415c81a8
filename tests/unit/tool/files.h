// A folder of its own for the files of a test.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace holdfast::tool {

class WithFiles : public testing::Test {
 protected:
  /// @return the path
  std::string file(const std::string& name, const std::string& content) {
    const auto path = folder_ / name;
    std::ofstream{path} << content;
    return path.string();
  }
  void SetUp() override {
    folder_ =
        std::filesystem::path{testing::TempDir()} / ("holdfast-tool-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

}  // namespace holdfast::tool
