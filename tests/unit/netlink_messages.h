// The messages of a batch of netlink requests.
#pragma once

#include <gtest/gtest.h>
#include <libmnl/libmnl.h>

#include <span>
#include <vector>

namespace holdfast {

inline std::vector<const nlmsghdr*> messages_of(std::span<const char> batch) {
  std::vector<const nlmsghdr*> out;
  auto left = static_cast<int>(batch.size());
  for (const auto* message = reinterpret_cast<const nlmsghdr*>(batch.data());
       mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
    out.push_back(message);
  EXPECT_EQ(left, 0);
  return out;
}

}  // namespace holdfast
