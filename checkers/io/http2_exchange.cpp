#include "checkers/io/http2_exchange.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "daemon/base/assert.h"
#include "daemon/base/free_with.h"

namespace holdfast::checkers {
namespace {

using Handle = std::unique_ptr<nghttp2_session, FreeWith<nghttp2_session_del>>;
using Callbacks =
    std::unique_ptr<nghttp2_session_callbacks, FreeWith<nghttp2_session_callbacks_del>>;
using Option = std::unique_ptr<nghttp2_option, FreeWith<nghttp2_option_del>>;

/// More header than any health page has, counted as RFC 9113 6.5.2 says: what a small block of
/// HPACK may unfold to.
constexpr std::size_t header_limit = 64 * 1024;
constexpr std::size_t field_overhead = 32;
/// What comes beside the body: frames of every kind, and the heads of those of the body, which may
/// be so small a part of it.
constexpr std::size_t control_limit = 256 * 1024;
constexpr std::size_t control_share = 16;
/// @source RFC 9113 4.1, 4.2: what we have not allowed to be longer
constexpr std::size_t frame_head = 9;
constexpr std::size_t longest_frame = 16384;
/// Answers to SETTINGS and PING that wait to be sent.
constexpr std::size_t most_acknowledgements = 100;

std::string_view view(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

std::size_t frame_length(std::string_view head) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(head[i]); };
  return std::size_t{byte(0)} << 16U | std::size_t{byte(1)} << 8U | byte(2);
}

nghttp2_nv field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::string lower(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace

/// The callbacks of nghttp2, and what they find out.
struct Http2Exchange::Session {
  explicit Session(AnswerSink& who) : sink{who} {}

  void start(const HttpRequest& request, std::string_view scheme);
  void decide(Verdict verdict) {
    if (!found) found = std::move(verdict);
  }
  /// A whole frame, or the begin of one that is too long.
  std::optional<Verdict> take(std::string_view frame);
  void take_header(std::string_view name, std::string_view value);
  void take_frame(const nghttp2_frame& frame);
  void take_close(std::int32_t which, std::uint32_t code);

  AnswerSink& sink;
  Handle handle;
  std::int32_t stream = -1;
  std::string body;  ///< of the request
  std::size_t sent = 0;
  std::size_t header_size = 0, received = 0, body_size = 0;
  bool has_status = false;
  std::string begin;   ///< of what the server says
  std::string unread;  ///< less than a frame
  std::string trouble;
  std::optional<Verdict> found;
};

void Http2Exchange::Session::take_header(std::string_view name, std::string_view value) {
  header_size += name.size() + value.size() + field_overhead;
  if (header_size > header_limit)
    return decide(Verdict::failed("answer: a header of more than {} bytes", header_limit));
  if (name != ":status") return sink.field(name, value);
  unsigned code = 0;
  std::from_chars(value.data(), value.data() + value.size(), code);
  // 8.1: any number of informational answers may come before the one that counts.
  if (code < 200) return;
  has_status = true;
  if (auto refused = sink.status(code)) decide(std::move(*refused));
}

void Http2Exchange::Session::take_frame(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_GOAWAY && frame.goaway.error_code != NGHTTP2_NO_ERROR)
    return decide(Verdict::failed("answer: the server gives up the connection ({})",
                                  ::nghttp2_http2_strerror(frame.goaway.error_code)));
  if (frame.hd.stream_id != stream || (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
  if ((frame.hd.type == NGHTTP2_DATA || frame.hd.type == NGHTTP2_HEADERS) && has_status && !found)
    decide(sink.finish());
}

void Http2Exchange::Session::take_close(std::int32_t which, std::uint32_t code) {
  if (which != stream) return;
  // What is wrong with the answer itself is said by the library before.
  if (!trouble.empty()) return decide(Verdict::failed("answer: {}", trouble));
  decide(Verdict::failed("answer: the stream was reset ({})", ::nghttp2_http2_strerror(code)));
}

void Http2Exchange::Session::start(const HttpRequest& request, std::string_view scheme) {
  nghttp2_session_callbacks* callbacks = nullptr;
  BASE_ASSERT(::nghttp2_session_callbacks_new(&callbacks) == 0);
  const Callbacks owned{callbacks};
  ::nghttp2_session_callbacks_set_on_header_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* self) {
        auto& session = *static_cast<Http2Exchange::Session*>(self);
        if (frame->hd.stream_id == session.stream && !session.found)
          session.take_header(view(name, name_size), view(value, value_size));
        return session.found ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
      });
  ::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t which, const std::uint8_t* bytes,
                    std::size_t size, void* self) {
        auto& session = *static_cast<Http2Exchange::Session*>(self);
        session.body_size += size;
        if (which != session.stream || session.found) return 0;
        if (auto refused = session.sink.body(view(bytes, size)))
          session.decide(std::move(*refused));
        return 0;
      });
  ::nghttp2_session_callbacks_set_on_frame_recv_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* self) {
        static_cast<Http2Exchange::Session*>(self)->take_frame(*frame);
        return 0;
      });
  ::nghttp2_session_callbacks_set_on_stream_close_callback(
      callbacks, [](nghttp2_session*, std::int32_t which, std::uint32_t code, void* self) {
        static_cast<Http2Exchange::Session*>(self)->take_close(which, code);
        return 0;
      });
  ::nghttp2_session_callbacks_set_error_callback2(
      callbacks, [](nghttp2_session*, int, const char* text, std::size_t size, void* self) {
        auto& session = *static_cast<Http2Exchange::Session*>(self);
        constexpr std::size_t longest = 200;
        session.trouble.assign(text, std::min(size, longest));
        for (char& c : session.trouble)
          if (c < ' ' || c > '~') c = '.';
        return 0;
      });
  ::nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame*, int error, void* self) {
        auto& session = *static_cast<Http2Exchange::Session*>(self);
        session.decide(Verdict::failed("answer: {}", session.trouble.empty()
                                                         ? ::nghttp2_strerror(error)
                                                         : session.trouble.c_str()));
        return 0;
      });
  nghttp2_option* option = nullptr;
  BASE_ASSERT(::nghttp2_option_new(&option) == 0);
  const Option owned_option{option};
  ::nghttp2_option_set_max_outbound_ack(option, most_acknowledgements);
  nghttp2_session* made = nullptr;
  BASE_ASSERT(::nghttp2_session_client_new2(&made, callbacks, this, option) == 0);
  handle.reset(made);
  constexpr std::array settings{
      nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, header_limit}};
  ::nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings.data(), settings.size());

  std::vector<std::pair<std::string, std::string>> fields{{":method", request.method},
                                                          {":scheme", std::string{scheme}},
                                                          {":authority", request.host},
                                                          {":path", request.path}};
  for (const auto& [name, value] : request.fields) fields.emplace_back(lower(name), value);
  std::vector<nghttp2_nv> lines;
  for (const auto& [name, value] : fields) lines.push_back(field(name, value));
  body = request.body;
  nghttp2_data_provider provider{};
  provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* room, std::size_t most,
                              std::uint32_t* flags, nghttp2_data_source*, void* self) {
    auto& session = *static_cast<Http2Exchange::Session*>(self);
    const std::size_t size = std::min(most, session.body.size() - session.sent);
    std::copy_n(session.body.data() + session.sent, size, room);
    session.sent += size;
    if (session.sent == session.body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  };
  stream = ::nghttp2_submit_request(made, nullptr, lines.data(), lines.size(),
                                    body.empty() ? nullptr : &provider, nullptr);
  if (stream < 0) decide(Verdict::failed("request: {}", ::nghttp2_strerror(stream)));
}

Http2Exchange::Http2Exchange(const HttpRequest& request, std::string_view scheme, AnswerSink& sink)
    : session_{std::make_unique<Session>(sink)} {
  session_->start(request, scheme);
}
Http2Exchange::~Http2Exchange() = default;

std::optional<Verdict> Http2Exchange::Session::take(std::string_view frame) {
  received += frame.size();
  const ssize_t used = ::nghttp2_session_mem_recv(
      handle.get(), reinterpret_cast<const std::uint8_t*>(frame.data()), frame.size());
  if (found) return found;
  if (used < 0)
    return Verdict::failed("answer: {}", trouble.empty()
                                             ? ::nghttp2_strerror(static_cast<int>(used))
                                             : trouble.c_str());
  if (received - body_size > control_limit + body_size / control_share)
    return Verdict::failed("answer: more than {} bytes of frames beside the body", control_limit);
  return std::nullopt;
}

const char* Http2Exchange::part() const { return session_->has_status ? "body" : "answer"; }

const std::optional<Verdict>& Http2Exchange::verdict() const { return session_->found; }

std::string Http2Exchange::take() {
  std::string out;
  for (;;) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = ::nghttp2_session_mem_send(session_->handle.get(), &bytes);
    if (size <= 0) break;
    out += view(bytes, static_cast<std::size_t>(size));
  }
  // It has said why and goodbye, and reads nothing any more.
  if (::nghttp2_session_want_read(session_->handle.get()) == 0)
    session_->decide(Verdict::failed("answer: {}", session_->trouble.empty()
                                                       ? "this is not HTTP/2"
                                                       : session_->trouble.c_str()));
  return out;
}

std::optional<Verdict> Http2Exchange::add(std::string_view bytes) {
  Session& session = *session_;
  constexpr std::string_view http1 = "HTTP/1.";
  if (session.begin.size() < http1.size()) {
    session.begin += bytes.substr(0, http1.size() - session.begin.size());
    if (session.begin == http1) return Verdict::failed("answer: the server speaks HTTP/1");
  }
  // Frame by frame: the library takes every piece of a CONTINUATION frame for a further one
  // (1.52.0-1+deb12u3), so that a slow server would be a flood.
  session.unread += bytes;
  std::string_view rest = session.unread;
  std::optional<Verdict> verdict;
  while (!verdict && rest.size() >= frame_head) {
    const std::size_t length = frame_length(rest);
    if (length <= longest_frame && rest.size() < frame_head + length) break;
    const std::size_t size = std::min(frame_head + length, rest.size());
    verdict = session.take(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  session.unread.erase(0, session.unread.size() - rest.size());
  return verdict;
}

Verdict Http2Exchange::end() {
  if (session_->found) return *session_->found;
  if (session_->begin.empty())
    return Verdict::failed("answer: the server closed the connection without one");
  return Verdict::failed("{}: the server closed the connection too early", part());
}

}  // namespace holdfast::checkers
