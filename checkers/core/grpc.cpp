#include "checkers/core/grpc.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "checkers/core/shown.h"

namespace holdfast::checkers {
namespace {

using std::string_view_literals::operator""sv;

// A message: one byte (compressed or not), four of its length, and then it.
constexpr std::size_t prefix_size = 5;
// Fields of Protocol Buffers: number << 3 | type. @source protobuf.dev/programming-guides/encoding
constexpr std::uint64_t service_field = 1U << 3U | 2U;
constexpr std::uint64_t status_field = 1U << 3U | 0U;
constexpr std::uint64_t serving = 1;

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value > 0x7f; value >>= 7U) out += static_cast<char>(value | 0x80U);
  return out + static_cast<char>(value);
}

/// Takes it from the front. Nothing: it is not whole, or has more than 64 bits.
std::optional<std::uint64_t> take_varint(std::string_view& rest) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

bool skip(std::string_view& rest, std::uint64_t size) {
  if (size > rest.size()) return false;
  rest.remove_prefix(static_cast<std::size_t>(size));
  return true;
}

/// The `status` of a HealthCheckResponse; fields that are not known are passed over. Nothing: this
/// is none.
std::optional<std::uint64_t> status_of(std::string_view message) {
  std::uint64_t status = 0;  // a field that is not there is 0
  while (!message.empty()) {
    const auto tag = take_varint(message);
    if (!tag) return std::nullopt;
    std::optional<std::uint64_t> number;
    switch (*tag & 7U) {
      case 0:
        number = take_varint(message);
        if (!number) return std::nullopt;
        if (*tag == status_field) status = *number;
        break;
      case 1:
        if (!skip(message, 8)) return std::nullopt;
        break;
      case 2:
        number = take_varint(message);
        if (!number || !skip(message, *number)) return std::nullopt;
        break;
      case 5:
        if (!skip(message, 4)) return std::nullopt;
        break;
      default:
        return std::nullopt;
    }
  }
  return status;
}

std::string name_of_health(std::uint64_t status) {
  static constexpr std::array names{"UNKNOWN"sv, "SERVING"sv, "NOT_SERVING"sv, "SERVICE_UNKNOWN"sv};
  return status < names.size() ? std::string{names.at(status)} : fmt::format("status {}", status);
}

/// "12 (unimplemented)". @source grpc/doc/statuscodes.md
std::string words_of_code(std::string_view code) {
  static constexpr std::array names{"ok"sv,
                                    "cancelled"sv,
                                    "unknown"sv,
                                    "invalid argument"sv,
                                    "deadline exceeded"sv,
                                    "not found"sv,
                                    "already exists"sv,
                                    "permission denied"sv,
                                    "resource exhausted"sv,
                                    "failed precondition"sv,
                                    "aborted"sv,
                                    "out of range"sv,
                                    "unimplemented"sv,
                                    "internal"sv,
                                    "unavailable"sv,
                                    "data loss"sv,
                                    "unauthenticated"sv};
  std::size_t number = names.size();
  const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), number);
  if (error != std::errc{} || end != code.data() + code.size() || number >= names.size())
    return shown(code);
  return fmt::format("{} ({})", number, names.at(number));
}

}  // namespace

HttpRequest grpc_health_request(std::string_view service, std::string host) {
  const std::string message =
      service.empty() ? "" : varint(service_field) + varint(service.size()) + std::string{service};
  std::string body(1, '\0');  // not compressed
  for (int shift = 24; shift >= 0; shift -= 8)
    body += static_cast<char>(message.size() >> static_cast<unsigned>(shift) & 0xffU);
  return {
      "POST",
      "/grpc.health.v1.Health/Check",
      std::move(host),
      {{"User-Agent", "KeepAliveClient"}, {"Content-Type", "application/grpc"}, {"TE", "trailers"}},
      body + message};
}

std::optional<Verdict> GrpcJudge::status(unsigned code) {
  if (code == 200) return std::nullopt;
  return Verdict::failed("answered HTTP status {}, expected 200", code);
}

void GrpcJudge::field(std::string_view name, std::string_view value) {
  constexpr std::size_t longest = 200;
  value = value.substr(0, longest);
  if (name == "content-type") type_ = value;
  if (name == "grpc-status") status_ = value;
  if (name == "grpc-message") message_ = value;
}

std::optional<Verdict> GrpcJudge::body(std::string_view piece) {
  if (piece.size() > longest_reply - reply_.size())
    return Verdict::failed("a reply of more than {} bytes", longest_reply);
  reply_ += piece;
  return std::nullopt;
}

Verdict GrpcJudge::finish() {
  if (status_.empty() && !type_.starts_with("application/grpc"))
    return Verdict::failed("answered {} and not application/grpc", shown(type_));
  if (status_.empty()) return Verdict::failed("the answer ends without a grpc-status");
  if (status_ != "0")
    return Verdict::failed("grpc-status {}, expected 0{}{}", words_of_code(status_),
                           message_.empty() ? "" : ": ", message_.empty() ? "" : shown(message_));
  return judge_reply();
}

Verdict GrpcJudge::judge_reply() const {
  if (reply_.size() < prefix_size)
    return Verdict::failed("a reply of {} bytes, which is no message of gRPC", reply_.size());
  if (reply_[0] != '\0') return Verdict::failed("a compressed reply, which nobody asked for");
  std::size_t size = 0;
  for (std::size_t i = 1; i < prefix_size; ++i)
    size = size << 8U | static_cast<unsigned char>(reply_[i]);
  if (size != reply_.size() - prefix_size)
    return Verdict::failed("a message of {} bytes in a reply of {}", size, reply_.size());
  const auto health = status_of(std::string_view{reply_}.substr(prefix_size));
  if (!health) return Verdict::failed("the reply is no HealthCheckResponse");
  if (*health == serving) return Verdict::passed();
  return Verdict::failed("{}{}{}, expected SERVING", service_, service_.empty() ? "" : " is ",
                         name_of_health(*health));
}

}  // namespace holdfast::checkers
