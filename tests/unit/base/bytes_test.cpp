#include "daemon/base/bytes.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

TEST(Bytes, WhatWasWrittenIsRead) {
  ByteWriter out;
  out.u8(0x31);
  out.u16(0x0102);
  out.u32(0xC0000201);
  out.patch_u16(1, 0xa897);
  ByteReader in{out.bytes()};
  EXPECT_EQ(in.u8(), 0x31);
  EXPECT_EQ(in.u16(), 0xa897);
  EXPECT_EQ(in.u32(), 0xC0000201);
  EXPECT_TRUE(in.good());
  EXPECT_TRUE(in.rest().empty());
}

TEST(Bytes, ReadingPastTheEndIsBadAndYieldsZero) {
  ByteWriter out;
  out.u8(7);
  ByteReader in{out.bytes()};
  EXPECT_EQ(in.u32(), 0U);
  EXPECT_FALSE(in.good());
  EXPECT_EQ(in.u8(), 0);
}

}  // namespace
}  // namespace holdfast
