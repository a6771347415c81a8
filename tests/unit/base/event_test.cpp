#include "daemon/base/event.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

TEST(Event, LineHasTextThenNameAndFields) {
  const Event event = Event{Level::notice, "transition", "(VI_1) Entering MASTER STATE"}
                          .with("router", "VI_1")
                          .with("reason", "no advert for 0.361 s");
  EXPECT_EQ(
      to_line(event),
      "(VI_1) Entering MASTER STATE [transition router=VI_1 reason=\"no advert for 0.361 s\"]");
}

TEST(Event, ForeignTextCannotForgeALineOrAField) {
  const Event event = Event{Level::info, "x", "t"}.with("body", "a\nb\" c=d");
  EXPECT_EQ(to_line(event), "t [x body=\"a b\\\" c=d\"]");
}

}  // namespace
}  // namespace holdfast
