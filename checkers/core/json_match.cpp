#include "checkers/core/json_match.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "checkers/core/body_pattern.h"

namespace holdfast::checkers {
namespace {

namespace json = boost::json;
using ErrorCode = json::error_code;

/// For the reason of a failure. JSON has no control characters, so neither has a log line.
std::string shown(const json::value& value) {
  constexpr std::size_t longest = 80;
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  std::string text = json::serialize(value);
  if (text.size() <= longest) return text;
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

/// A scalar without the quotes of JSON.
std::string text_of(const json::value& value) {
  return value.is_string() ? std::string{value.get_string()} : json::serialize(value);
}

bool is_equal_number(const json::value& found, std::string_view expected) {
  ErrorCode error;
  const json::value number = json::parse({expected.data(), expected.size()}, error);
  if (error || !number.is_number()) return false;
  if (!found.is_double() && !number.is_double()) return found == number;
  const auto a = found.to_number<double>(error);
  return !error && a == number.to_number<double>(error) && !error;
}

bool fits(const json::value& found, const JsonRule& rule) {
  if (!rule.expected) return true;
  if (found.is_structured()) return false;
  if (rule.pattern) {
    BodyMatch match{rule.pattern};
    match.add(text_of(found));
    match.finish();
    return match.has_match();
  }
  return text_of(found) == *rule.expected ||
         (found.is_number() && is_equal_number(found, *rule.expected));
}

}  // namespace

std::optional<Verdict> JsonMatch::add(const HttpUrl& url, std::string_view piece) {
  if (piece.size() > most_kept - body_.size())
    return Verdict::failed("{}: a body of more than {} bytes is not read as JSON", url.path,
                           most_kept);
  body_ += piece;
  return std::nullopt;
}

std::optional<Verdict> JsonMatch::finish(const HttpUrl& url) const {
  ErrorCode error;
  const json::value root = json::parse(body_, error);
  if (error) return Verdict::failed("{}: the body is not JSON: {}", url.path, error.message());
  for (const JsonRule& rule : url.json) {
    const json::value* found = root.find_pointer(rule.pointer, error);
    if (found == nullptr)
      return Verdict::failed("{}: '{}' is not in the JSON of the body", url.path, rule.pointer);
    if (!fits(*found, rule))
      return Verdict::failed("{}: '{}' is {}, expected {}", url.path, rule.pointer, shown(*found),
                             *rule.expected);
  }
  return std::nullopt;
}

}  // namespace holdfast::checkers
