// What must stand in the JSON of a body.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/core/body_pattern.h"
#include "checkers/core/json_match.h"

namespace holdfast::checkers {
namespace {

using testing::HasSubstr;

JsonRule rule(const char* pointer, const char* expected) {
  JsonRule out{pointer, std::nullopt, {}};
  if (expected != nullptr) out.expected = expected;
  if (out.expected && out.expected->starts_with('~')) {
    BodyRegex regex;
    regex.pattern = out.expected->substr(1);
    out.pattern = *BodyPattern::compile(regex);
  }
  return out;
}
/// Empty: it fits.
std::string reason(std::string_view body, const char* pointer, const char* expected) {
  HttpUrl url{"/health", "", {{200, 299}}, ""};
  url.json = {rule(pointer, expected)};
  JsonMatch match;
  for (const char& c : body)  // whatever the pieces
    if (auto failure = match.add(url, {&c, 1})) return failure->reason;
  const auto failure = match.finish(url);
  return failure ? failure->reason : "";
}

constexpr auto page = R"({"status":"UP","checks":[{"a/b":1,"m~n":true},{"n":null,"f":1.50}]})";

TEST(JsonMatch, APlaceHasItsValue) {
  EXPECT_EQ(reason(page, "/status", "UP"), "");
  EXPECT_EQ(reason(page, "/checks/0/a~1b", "1"), "");
  EXPECT_EQ(reason(page, "/checks/0/m~0n", "true"), "");
  EXPECT_EQ(reason(page, "/checks/1/n", "null"), "");
  EXPECT_EQ(reason(page, "/checks/1/f", "1.5"), "") << "numbers are compared as such";
  EXPECT_EQ(reason("\"UP\"", "", "UP"), "") << "the empty pointer is the whole document";
}
TEST(JsonMatch, APatternMatchesTheValueWithoutItsQuotes) {
  EXPECT_EQ(reason(page, "/status", "~^(UP|OK)$"), "");
  EXPECT_EQ(reason(page, "/checks/0/a~1b", "~^[0-9]+$"), "");
  EXPECT_EQ(reason(page, "/status", "~^DOWN$"), "/health: '/status' is \"UP\", expected ~^DOWN$");
}
TEST(JsonMatch, WithoutAValueThePlaceMustBeThere) {
  EXPECT_EQ(reason(page, "/checks/1", nullptr), "");
  EXPECT_EQ(reason(page, "/checks/2", nullptr),
            "/health: '/checks/2' is not in the JSON of the body");
}
TEST(JsonMatch, WhatDiffersIsShown) {
  EXPECT_EQ(reason(page, "/status", "DOWN"), "/health: '/status' is \"UP\", expected DOWN");
  EXPECT_EQ(reason(page, "/checks", "1"), "/health: '/checks' is an array, expected 1");
  EXPECT_EQ(reason(page, "/checks/0", "1"), "/health: '/checks/0' is an object, expected 1");
  EXPECT_EQ(reason(page, "/checks/1/n", "0"), "/health: '/checks/1/n' is null, expected 0");
  const std::string longer = "{\"status\":\"" + std::string(500, 'x') + "\\n\"}";
  EXPECT_LT(reason(longer, "/status", "UP").size(), 150U);
  EXPECT_EQ(reason("[\"a\\nb\"]", "/0", "UP").find('\n'), std::string::npos);
}
TEST(JsonMatch, WhatIsNoJsonFails) {
  for (const std::string_view body : {"", "{", "<html>", "{\"a\":\"\xff\"}", "{} {}"})
    EXPECT_THAT(reason(body, "/a", nullptr), HasSubstr("/health: the body is not JSON: ")) << body;
}
TEST(JsonMatch, ManyLevelsAreNotFollowed) {
  EXPECT_THAT(reason(std::string(100'000, '['), "/0", nullptr), HasSubstr("is not JSON: "));
}
TEST(JsonMatch, ALongBodyFailsAsSoonAsItIsTooLong) {
  HttpUrl url{"/health", "", {{200, 299}}, ""};
  JsonMatch match;
  const std::string piece(4096, ' ');
  for (std::size_t size = 0; size < JsonMatch::most_kept; size += piece.size())
    EXPECT_EQ(match.add(url, piece), std::nullopt);
  EXPECT_EQ(match.add(url, " ")->reason,
            "/health: a body of more than 262144 bytes is not read as JSON");
}

}  // namespace
}  // namespace holdfast::checkers
