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

TEST(Bytes, InternetChecksumOfRfc1071Section3) {
  ByteWriter out;
  out.u32(0x0001f203);
  out.u32(0xf4f5f6f7);
  EXPECT_EQ(internet_checksum(internet_sum(out.bytes())), 0x220d);
  out.u8(0x12);  // an odd last byte is the upper half of a word
  EXPECT_EQ(internet_checksum(internet_sum(out.bytes())), 0x100d);
}

}  // namespace
}  // namespace holdfast
