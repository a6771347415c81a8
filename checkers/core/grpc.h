// The health service of gRPC (grpc.health.v1.Health/Check): what is asked, and what the answer
// means. Pure.
#pragma once

#include <string>

#include "checkers/core/answer_sink.h"
#include "checkers/core/http_rules.h"

namespace holdfast::checkers {

/// @param service whose health is asked for; empty: the server's as a whole
/// @param host the authority of the request
HttpRequest grpc_health_request(std::string_view service, std::string host);

/// Passed: the answer says SERVING.
/// @source grpc/doc/PROTOCOL-HTTP2.md, grpc/doc/health-checking.md
class GrpcJudge : public AnswerSink {
 public:
  /// A reply has one number; a longer one fails.
  static constexpr std::size_t longest_reply = 1024;

  explicit GrpcJudge(std::string service) : service_{std::move(service)} {}
  std::optional<Verdict> status(unsigned code) override;
  void field(std::string_view name, std::string_view value) override;
  std::optional<Verdict> body(std::string_view piece) override;
  Verdict finish() override;

 private:
  [[nodiscard]] Verdict judge_reply() const;

  std::string service_;
  std::string type_, status_, message_;
  std::string reply_;
};

}  // namespace holdfast::checkers
