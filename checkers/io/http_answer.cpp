#include "checkers/io/http_answer.h"

#include <algorithm>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

namespace holdfast::checkers {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {
/// More header than any health page has; beyond it the check fails.
constexpr std::uint32_t header_limit = 64 * 1024;
}  // namespace

/// Beast's parser with a body that is looked at and forgotten.
struct HttpAnswer::Parser : http::basic_parser<false> {
  using Error = boost::system::error_code;
  using View = beast::string_view;

  Parser(AnswerSink& who, bool has_body) : sink{who} {
    header_limit(checkers::header_limit);
    body_limit(boost::none);
    eager(true);
    skip(!has_body);
  }

  void body(View piece) {
    if (!refused) refused = sink.body({piece.data(), piece.size()});
  }
  [[nodiscard]] Verdict mistake(const Error& error) const {
    if (error == http::error::header_limit)
      return Verdict::failed("answer: a header of more than {} bytes", checkers::header_limit);
    return Verdict::failed("{}: {}", is_header_done() ? "body" : "answer", error.message());
  }

  void on_request_impl(http::verb, View, View, int, Error&) override {}
  void on_response_impl(int code, View, int, Error&) override {
    refused = sink.status(static_cast<unsigned>(code));
  }
  void on_field_impl(http::field, View name, View value, Error&) override {
    sink.field({name.data(), name.size()}, {value.data(), value.size()});
  }
  void on_header_impl(Error&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, Error&) override {}
  std::size_t on_body_impl(View piece, Error&) override {
    body(piece);
    return piece.size();
  }
  void on_chunk_header_impl(std::uint64_t, View, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View piece, Error&) override {
    body(piece);
    return piece.size();
  }
  void on_finish_impl(Error&) override {}

  AnswerSink& sink;
  beast::flat_buffer unread{header_limit_buffer};
  std::optional<Verdict> refused;  ///< by the sink

  static constexpr std::size_t header_limit_buffer = 2 * std::size_t{checkers::header_limit};
};

HttpAnswer::HttpAnswer(AnswerSink& sink, bool has_body)
    : parser_{std::make_unique<Parser>(sink, has_body)} {}
HttpAnswer::~HttpAnswer() = default;

const char* HttpAnswer::part() const { return parser_->is_header_done() ? "body" : "answer"; }

std::optional<Verdict> HttpAnswer::add(std::string_view bytes) {
  Parser& parser = *parser_;
  while (!bytes.empty()) {
    // The buffer has room for a header; a body passes through it.
    const std::size_t room = parser.unread.max_size() - parser.unread.size();
    const std::string_view piece = bytes.substr(0, room);
    if (piece.empty()) return Verdict::failed("answer: a line of more than {} bytes", header_limit);
    const auto target = parser.unread.prepare(piece.size());
    std::ranges::copy(piece, static_cast<char*>(target.data()));
    parser.unread.commit(piece.size());
    bytes.remove_prefix(piece.size());
    for (;;) {
      Parser::Error error;
      const std::size_t used = parser.put(parser.unread.data(), error);
      parser.unread.consume(used);
      if (parser.refused && parser.is_header_done()) return parser.refused;
      if (error == http::error::need_more) break;
      if (error) return parser.mistake(error);
      if (parser.is_done()) return parser.sink.finish();
      if (used == 0 || parser.unread.size() == 0) break;
    }
  }
  return std::nullopt;
}

Verdict HttpAnswer::end() {
  if (!parser_->got_some())
    return Verdict::failed("answer: the server closed the connection without one");
  Parser::Error error;
  parser_->put_eof(error);
  if (error == http::error::partial_message || error == http::error::end_of_stream)
    return Verdict::failed("{}: the server closed the connection too early", part());
  if (error) return parser_->mistake(error);
  return parser_->refused ? *parser_->refused : parser_->sink.finish();
}

}  // namespace holdfast::checkers
