#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <rapidcheck/gtest.h>

#include <cstring>

#include "daemon/netlink/monitor.h"

namespace holdfast::netlink {
namespace {

constexpr std::uint16_t highest = 11;

/// A message with an ifaddrmsg header; attributes are added as (type, claimed length, bytes).
class Sample {
 public:
  Sample() : bytes_(NLMSG_LENGTH(sizeof(ifaddrmsg))) { finish(); }
  Sample& add(std::uint16_t type, std::uint16_t claimed, std::size_t size) {
    const nlattr header{claimed, type};
    const auto at = bytes_.size();
    bytes_.resize(at + NLA_ALIGN(sizeof header + size), std::byte{0x5a});
    std::memcpy(bytes_.data() + at, &header, sizeof header);
    finish();
    return *this;
  }
  Sample& add(std::uint16_t type, std::size_t size) {
    return add(type, static_cast<std::uint16_t>(sizeof(nlattr) + size), size);
  }
  [[nodiscard]] const nlmsghdr& message() const {
    return *reinterpret_cast<const nlmsghdr*>(bytes_.data());
  }
  [[nodiscard]] std::vector<const nlattr*> table() const {
    return attributes(message(), sizeof(ifaddrmsg), highest);
  }
  [[nodiscard]] bool holds(std::span<const std::byte> part) const {
    return part.data() >= bytes_.data() &&
           part.data() + part.size() <= bytes_.data() + bytes_.size();
  }

 private:
  void finish() {
    reinterpret_cast<nlmsghdr*>(bytes_.data())->nlmsg_len =
        static_cast<std::uint32_t>(bytes_.size());
  }
  std::vector<std::byte> bytes_;
};

TEST(Attributes, AreFoundByTheirType) {
  Sample sample;
  sample.add(IFA_LOCAL, 4).add(IFA_LABEL, 5).add(highest, 1);
  const auto table = sample.table();
  EXPECT_EQ(payload(table[IFA_LOCAL]).size(), 4U);
  EXPECT_EQ(payload(table[IFA_LABEL]).size(), 5U);
  EXPECT_EQ(payload(table[highest]).size(), 1U);
  EXPECT_EQ(table[IFA_BROADCAST], nullptr);
}

TEST(Attributes, AMissingOneHasAnEmptyPayload) { EXPECT_TRUE(payload(nullptr).empty()); }

TEST(Attributes, AnUnknownTypeIsSkipped) {
  Sample sample;
  sample.add(highest + 1, 4).add(IFA_LOCAL, 4);
  EXPECT_EQ(sample.table().size(), highest + 1U);
  EXPECT_NE(sample.table()[IFA_LOCAL], nullptr);
}

TEST(Attributes, OneThatClaimsMoreThanTheMessageHasEndsTheList) {
  Sample sample;
  sample.add(IFA_LOCAL, 4).add(IFA_LABEL, 400, 4);
  EXPECT_NE(sample.table()[IFA_LOCAL], nullptr);
  EXPECT_EQ(sample.table()[IFA_LABEL], nullptr);
}

TEST(Attributes, OneThatClaimsLessThanItsOwnHeaderEndsTheList) {
  Sample sample;
  sample.add(IFA_LABEL, 0, 4).add(IFA_LOCAL, 4);
  EXPECT_EQ(sample.table()[IFA_LABEL], nullptr);
  EXPECT_EQ(sample.table()[IFA_LOCAL], nullptr);
}

TEST(Attributes, AMessageWithoutItsFixedHeaderHasNone) {
  const Sample sample;
  EXPECT_EQ(attributes(sample.message(), sizeof(ifaddrmsg) + 4, highest),
            std::vector<const nlattr*>(highest + 1U, nullptr));
}

RC_GTEST_PROP(Attributes, WhateverTheyClaimTheirPayloadLiesInTheMessage,
              (const std::vector<std::pair<std::uint16_t, std::uint8_t>>& claims)) {
  Sample sample;
  for (const auto& [claimed, type] : claims)
    sample.add(type % 16, claimed % 64, *rc::gen::inRange<std::size_t>(0, 32));
  for (const nlattr* attribute : sample.table())
    if (attribute != nullptr) RC_ASSERT(sample.holds(payload(attribute)));
}

}  // namespace
}  // namespace holdfast::netlink
