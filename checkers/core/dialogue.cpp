// DIALOGUE_CHECK: the steps in their order. Each expectation begins behind the last match.
#include <algorithm>
#include <optional>
#include <vector>

#include "checkers/core/body_pattern.h"
#include "checkers/core/shown.h"
#include "checkers/core/talk.h"

namespace holdfast::checkers {
namespace {

using Kind = DialogueStep::Kind;

/// What a server may say before a pattern matches.
constexpr std::size_t most_read = 1024 * 1024;

/// The words of a text that may be the secret in it: those behind the first, which is the command,
/// unless there is no other. Only their begin, as an echo may be cut.
std::vector<std::string> secrets_in(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  constexpr std::size_t telling = 4;
  std::vector<std::string> words;
  for (std::size_t at = text.find_first_not_of(blanks); at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(blanks, at), text.size());
    words.emplace_back(text.substr(at, std::min(end - at, telling)));
    at = text.find_first_not_of(blanks, end);
  }
  if (words.size() > 1) words.erase(words.begin());
  return words;
}

std::string hex_of(const BytePattern& pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.value.size(); ++i)
    for (const unsigned shift : {4U, 0U})
      out += (pattern.mask[i] >> shift & 0xfU) == 0
                 ? "x"
                 : fmt::format("{:x}", pattern.value[i] >> shift & 0xfU);
  constexpr std::size_t most = 60;
  return out.size() > most ? out.substr(0, most) + "..." : out;
}

class Dialogue : public Talk {
 public:
  explicit Dialogue(const DialogueCheck& check) : steps_{check.steps} {}

  [[nodiscard]] std::string came() const override {
    const bool has_secret = std::ranges::any_of(secrets_, [this](const std::string& secret) {
      return first_bytes().find(secret) != std::string_view::npos;
    });
    return has_secret ? "; came something with a password in it" : Talk::came();
  }

 private:
  Action step() override {
    while (at_ < steps_.size()) {
      const DialogueStep& step = steps_[at_];
      if (step.kind == Kind::send) {
        if (step.is_secret)
          for (std::string& secret : secrets_in(step.text)) secrets_.push_back(std::move(secret));
        return Send{name(at_++, "send"), step.text};
      }
      if (step.kind == Kind::start_tls) {
        ++at_;
        return StartTls{};
      }
      auto wait = step.kind == Kind::expect ? expect(step) : expect_bytes(step);
      if (wait) return *wait;
      ++at_;
    }
    return Done{Verdict::passed()};
  }

  static std::string name(std::size_t at, std::string_view what) {
    return fmt::format("step {}, {}", at + 1, what);
  }

  /// Nothing: it has come.
  std::optional<Action> expect(const DialogueStep& step) {
    const std::string what = name(at_, "expect " + shown(step.text));
    if (!match_) match_.emplace(step.pattern);
    const std::string piece = take();
    read_ += piece.size();
    match_->add(piece);
    if (has_ended()) match_->finish();
    if (match_->has_match()) {
      put_back(match_->rest());
      match_.reset();
      read_ = 0;
      return std::nullopt;
    }
    if (!match_->trouble().empty()) return failed_with(what, match_->trouble() + came());
    if (read_ > most_read)
      return Done{Verdict::failed("{}: no match in {} bytes{}", what, read_, came())};
    return Receive{what};
  }

  std::optional<Action> expect_bytes(const DialogueStep& step) {
    const auto& [value, mask] = step.bytes;
    const std::string what = name(at_, "expect_hex " + hex_of(step.bytes));
    for (std::size_t i = 0; i < std::min(unread().size(), value.size()); ++i)
      if (((static_cast<unsigned char>(unread()[i]) ^ value[i]) & mask[i]) != 0)
        return Done{Verdict::failed("{}: byte {} differs{}", what, i, came())};
    if (unread().size() < value.size()) return Receive{what};
    consume(value.size());
    return std::nullopt;
  }

  std::vector<DialogueStep> steps_;
  std::vector<std::string> secrets_;
  std::size_t at_ = 0;
  std::optional<BodyMatch> match_;
  std::size_t read_ = 0;  ///< by this match
};

}  // namespace

std::unique_ptr<Talk> make_dialogue(const DialogueCheck& check) {
  return std::make_unique<Dialogue>(check);
}

}  // namespace holdfast::checkers
