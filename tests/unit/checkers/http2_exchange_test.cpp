// HTTP/2 from the side of a server: what it may send, frame by frame.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/core/grpc.h"
#include "checkers/io/http2_exchange.h"
#include "checkers/io/page_judge.h"

namespace holdfast::checkers {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Types and flags. @source RFC 9113 6
constexpr int data = 0, headers = 1, rst_stream = 3, settings = 4, push = 5, ping = 6, goaway = 7,
              continuation = 9;
constexpr int end_stream = 1, end_headers = 4;

std::string number(std::uint32_t value, int size) {
  std::string out;
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(value >> static_cast<unsigned>(shift) & 0xffU);
  return out;
}
std::string frame(int type, int flags, std::uint32_t stream, const std::string& payload) {
  return number(static_cast<std::uint32_t>(payload.size()), 3) + static_cast<char>(type) +
         static_cast<char>(flags) + number(stream, 4) + payload;
}
/// HPACK: a literal without a table, whose parts are shorter than 127 bytes.
std::string literal(const std::string& name, const std::string& value) {
  return std::string(1, '\0') + static_cast<char>(name.size()) + name +
         static_cast<char>(value.size()) + value;
}
const std::string ok = "\x88";  // :status 200, from the static table
const std::string greeting = frame(settings, 0, 0, "");

HttpUrl url() { return {"/health", "", {{200, 299}}, ""}; }
HttpRequest request() {
  return {"POST", "/health", "www.lab", {{"User-Agent", "probe"}, {"X-Probe", "1"}}, "hello"};
}

struct Talk {
  explicit Talk(AnswerSink& sink) : exchange{request(), "http", sink} {}
  /// Nothing: it goes on.
  std::string hear(const std::string& bytes, std::size_t piece) {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      if (auto verdict = exchange.add(std::string_view{bytes}.substr(at, piece)))
        return verdict->reason;
      said += exchange.take();
      if (exchange.verdict()) return exchange.verdict()->reason;
    }
    return "";
  }
  Http2Exchange exchange;
  std::string said = exchange.take();
};

/// The verdict on these bytes and then the end of the connection, whatever the pieces.
std::string judge(const std::string& bytes, const HttpUrl& what = url()) {
  std::string found;
  for (const std::size_t piece : {bytes.size() + 1, std::size_t{1}, std::size_t{7}}) {
    PageJudge sink{what};
    Talk talk{sink};
    std::string reason = talk.hear(bytes, piece);
    if (reason.empty()) reason = talk.exchange.end().reason;
    if (!found.empty()) {
      EXPECT_EQ(reason, found) << "in pieces of " << piece;
    }
    found = reason;
  }
  return found;
}

TEST(Http2Exchange, TheRequestComesAfterThePreface) {
  const HttpUrl sink_url = url();
  PageJudge sink{sink_url};
  const Talk talk{sink};
  EXPECT_THAT(talk.said, StartsWith("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  EXPECT_THAT(talk.said, HasSubstr(frame(data, end_stream, 1, "hello")));
}
TEST(Http2Exchange, AnAnswerEndsWithItsStream) {
  EXPECT_EQ(judge(greeting + frame(headers, end_headers | end_stream, 1, ok)), "passed");
  EXPECT_EQ(judge(greeting + frame(headers, end_headers, 1, ok) + frame(data, 0, 1, "o") +
                  frame(data, end_stream, 1, "k")),
            "passed");
  EXPECT_EQ(judge(greeting + frame(headers, end_headers, 1, ok) + frame(data, 0, 1, "ok") +
                  frame(headers, end_headers | end_stream, 1, literal("x-trailer", "1"))),
            "passed");
  EXPECT_EQ(judge(greeting + frame(headers, 0, 1, ok) +
                  frame(continuation, end_headers, 1, literal("a", "b")) +
                  frame(data, end_stream, 1, "")),
            "passed");
}
TEST(Http2Exchange, TheAnswerIsJudgedAsThatOfHttp1) {
  EXPECT_EQ(judge(greeting + frame(headers, end_headers, 1, literal(":status", "503"))),
            "/health answered status 503, expected 200-299");
  HttpUrl json = url();
  json.json = {{"/status", "UP"}};
  const auto page = [](const std::string& body) {
    return greeting + frame(headers, end_headers, 1, ok) + frame(data, end_stream, 1, body);
  };
  EXPECT_EQ(judge(page("{\"status\":\"UP\"}"), json), "passed");
  EXPECT_EQ(judge(page("{\"status\":\"no\"}"), json), "/health: '/status' is \"no\", expected UP");
}
TEST(Http2Exchange, InformationalAnswersComeBefore) {
  EXPECT_EQ(judge(greeting + frame(headers, end_headers, 1, literal(":status", "103")) +
                  frame(headers, end_headers | end_stream, 1, ok)),
            "passed");
}
TEST(Http2Exchange, WhatIsCutShortFails) {
  EXPECT_EQ(judge(""), "answer: the server closed the connection without one");
  EXPECT_EQ(judge(greeting), "answer: the server closed the connection too early");
  EXPECT_EQ(judge(greeting + frame(headers, end_headers, 1, ok) + frame(data, 0, 1, "o")),
            "body: the server closed the connection too early");
}
TEST(Http2Exchange, AResetIsToldWithItsCode) {
  EXPECT_EQ(judge(greeting + frame(rst_stream, 0, 1, number(7, 4))),
            "answer: the stream was reset (REFUSED_STREAM)");
  EXPECT_EQ(judge(greeting + frame(goaway, 0, 0, number(0, 4) + number(11, 4))),
            "answer: the server gives up the connection (ENHANCE_YOUR_CALM)");
}
TEST(Http2Exchange, WhatIsNoHttp2Fails) {
  EXPECT_EQ(judge("HTTP/1.1 400 Bad Request\r\n\r\n"), "answer: the server speaks HTTP/1");
  EXPECT_THAT(judge("SSH-2.0-OpenSSH_9.2\r\n"), StartsWith("answer: "));
  EXPECT_THAT(judge(greeting + frame(headers, end_headers, 1, literal("no", "status"))),
              StartsWith("answer: "));
  EXPECT_THAT(judge(greeting + frame(headers, end_headers, 1, ok + literal("content-length", "5")) +
                    frame(data, end_stream, 1, "ok")),
              StartsWith("answer: "));
  EXPECT_THAT(judge(greeting + frame(push, end_headers, 1, number(2, 4) + ok)),
              StartsWith("answer: "));
}

/// A server that goes on for ever: the reason, and how much it took.
std::pair<std::string, std::size_t> flood(const std::string& begin, const std::string& more,
                                          bool answers) {
  const HttpUrl sink_url = url();
  PageJudge sink{sink_url};
  Talk talk{sink};
  std::string reason = talk.hear(greeting + begin, 1000);
  std::size_t size = 0;
  for (; reason.empty() && size < (std::size_t{16} << 20U); size += more.size()) {
    if (auto verdict = talk.exchange.add(more)) reason = verdict->reason;
    if (answers) talk.exchange.take();
  }
  return {reason, size};
}
TEST(Http2Exchange, FloodsEndAtABound) {
  const std::string filler = literal("x", std::string(100, 'y'));
  std::string many;
  for (int i = 0; i < 100; ++i) many += filler;
  for (const bool answers : {false, true})
    for (const auto& [begin, more] :
         {std::pair{std::string{}, greeting},
          std::pair{std::string{}, frame(ping, 0, 0, "12345678")},
          std::pair{std::string{}, frame(99, 0, 0, std::string(16000, 'x'))},
          std::pair{frame(headers, 0, 1, ok), frame(continuation, 0, 1, "")},
          std::pair{frame(headers, 0, 1, ok), frame(continuation, 0, 1, many)},
          std::pair{frame(headers, end_headers, 1, ok), frame(data, 0, 1, "")}}) {
      const auto [reason, size] = flood(begin, more, answers);
      EXPECT_THAT(reason, StartsWith("answer: ")) << int{static_cast<unsigned char>(more[3])};
      EXPECT_LE(size, 300'000U) << reason;
    }
}
TEST(Http2Exchange, ABombOfHpackEndsAtTheLimitOfTheHeader) {
  // One entry of the table, and then a byte for each of its further copies (RFC 7541 7.3).
  std::string block = ok + "\x40\x01x" + "\x7f\x80\x1e" + std::string(0x7f + 0xf00, 'y');
  block += std::string(12'000, '\xbe');
  EXPECT_EQ(judge(greeting + frame(headers, end_headers, 1, block)),
            "answer: a header of more than 65536 bytes");
}
TEST(Http2Exchange, ALargeBodyIsNotKept) {
  const HttpUrl sink_url = url();
  PageJudge sink{sink_url};
  Talk talk{sink};
  EXPECT_EQ(talk.hear(greeting + frame(headers, end_headers, 1, ok), 100), "");
  const std::string piece = frame(data, 0, 1, std::string(16000, 'x'));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(talk.hear(piece, piece.size()), "");
  EXPECT_EQ(talk.hear(frame(data, end_stream, 1, ""), 100), "passed");
}

// gRPC

std::string grpc(const std::string& bytes, const std::string& service = "") {
  GrpcJudge sink{service};
  Http2Exchange exchange{grpc_health_request(service, "lab"), "http", sink};
  exchange.take();
  if (auto verdict = exchange.add(bytes)) return verdict->reason;
  exchange.take();
  return exchange.end().reason;
}
std::string message(const std::string& body) {
  return std::string(1, '\0') + number(static_cast<std::uint32_t>(body.size()), 4) + body;
}
const std::string grpc_header =
    greeting +
    frame(headers, end_headers, 1, ok + literal("content-type", "application/grpc+proto"));
std::string reply(const std::string& body, const std::string& status = "0") {
  return grpc_header + frame(data, 0, 1, body) +
         frame(headers, end_headers | end_stream, 1, literal("grpc-status", status));
}

TEST(Grpc, TheRequestNamesTheService) {
  EXPECT_EQ(grpc_health_request("", "h").body, std::string(5, '\0'));
  EXPECT_EQ(grpc_health_request("ab", "h").body, std::string("\0\0\0\0\x04\x0a\x02"
                                                             "ab",
                                                             9));
  EXPECT_EQ(grpc_health_request(std::string(200, 'x'), "h").body.substr(0, 8),
            std::string("\0\0\0\0\xcb\x0a\xc8\x01", 8));
}
TEST(Grpc, ServingIsASuccess) {
  EXPECT_EQ(grpc(reply(message("\x08\x01"))), "passed");
  EXPECT_EQ(grpc(reply(message("\x12\x02zz\x08\x01\x1d"
                               "1234"))),
            "passed")
      << "unknown fields are passed over";
}
TEST(Grpc, EverythingElseSaysWhatCame) {
  EXPECT_EQ(grpc(reply(message("\x08\x02"))), "NOT_SERVING, expected SERVING");
  EXPECT_EQ(grpc(reply(message("\x08\x03")), "db"), "db is SERVICE_UNKNOWN, expected SERVING");
  EXPECT_EQ(grpc(reply(message(""))), "UNKNOWN, expected SERVING");
  EXPECT_EQ(grpc(reply(message("\x08\x09"))), "status 9, expected SERVING");
  EXPECT_EQ(grpc(greeting + frame(headers, end_headers | end_stream, 1,
                                  ok + literal("content-type", "application/grpc") +
                                      literal("grpc-status", "12") +
                                      literal("grpc-message", "no such method"))),
            "grpc-status 12 (unimplemented), expected 0: 'no such method'");
  EXPECT_EQ(grpc(reply("", "99")), "grpc-status '99', expected 0");
  EXPECT_EQ(grpc(grpc_header + frame(data, end_stream, 1, message("\x08\x01"))),
            "the answer ends without a grpc-status");
  EXPECT_EQ(grpc(greeting + frame(headers, end_headers | end_stream, 1,
                                  ok + literal("content-type", "text/html"))),
            "answered 'text/html' and not application/grpc");
  EXPECT_EQ(grpc(greeting + frame(headers, end_headers, 1, literal(":status", "404"))),
            "answered HTTP status 404, expected 200");
}
TEST(Grpc, AMessageMustBeWholeAndOne) {
  EXPECT_EQ(grpc(reply("")), "a reply of 0 bytes, which is no message of gRPC");
  EXPECT_EQ(grpc(reply(std::string("\0\0\0\0\x05\x08\x01", 7))),
            "a message of 5 bytes in a reply of 7");
  EXPECT_EQ(grpc(reply(std::string("\x01\0\0\0\x02\x08\x01", 7))),
            "a compressed reply, which nobody asked for");
  EXPECT_EQ(grpc(reply(message("\x08"))), "the reply is no HealthCheckResponse");
  EXPECT_EQ(grpc(reply(message("\x0a\x7f"))), "the reply is no HealthCheckResponse");
  EXPECT_EQ(grpc(reply(std::string(1025, '\0'))), "a reply of more than 1024 bytes");
}

}  // namespace
}  // namespace holdfast::checkers
