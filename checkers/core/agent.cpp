#include "checkers/core/agent.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "checkers/core/shown.h"
#include "checkers/core/talk.h"

namespace holdfast::checkers {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::uint32_t whole = 100;
constexpr std::uint32_t most_percent = 10'000;
/// A line of more is none.
constexpr std::size_t longest_line = 1024;
constexpr std::string_view expected =
    "expected up, down, fail, stopped, ready, drain, maint or a share such as 75%";

std::string lower(std::string_view word) {
  std::string out{word};
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return out;
}

/// 0..10000, without the sign.
std::optional<std::uint32_t> share_of(std::string_view word) {
  if (!word.ends_with('%')) return std::nullopt;
  std::uint32_t percent = 0;
  const char* const end = word.data() + word.size() - 1;
  const auto [stop, error] = std::from_chars(word.data(), end, percent);
  if (error != std::errc{} || stop != end || percent > most_percent) return std::nullopt;
  return percent;
}

class Agent : public Talk {
 public:
  explicit Agent(const AgentCheck& check) : check_{check}, asked_{check.send.empty()} {}

 private:
  Action step() override {
    if (!asked_) {
      asked_ = true;
      return Send{"question", check_.send};
    }
    const std::size_t end = unread().find_first_of("\r\n"sv);
    const bool is_whole = end != std::string_view::npos || (has_ended() && !unread().empty());
    if (!is_whole && unread().size() <= longest_line) return Receive{"line"};
    if (!is_whole || std::min(end, unread().size()) > longest_line)
      return Done{Verdict::failed("line: more than {} bytes{}", longest_line, came())};
    Verdict verdict = Verdict::passed();
    verdict.reason = unread().substr(0, end);
    return Done{std::move(verdict)};
  }

  AgentCheck check_;
  bool asked_;
};

}  // namespace

std::unique_ptr<Talk> make_agent(const AgentCheck& check) { return std::make_unique<Agent>(check); }

AgentState::AgentState(const HealthRecord& health, std::uint32_t configured_weight)
    : up_{health.up} {
  const std::int64_t weight = configured_weight + health.contribution;
  if (health.contribution == 0 || configured_weight == 0) return;
  if (weight <= 0)
    mode_ = AgentMode::drain;
  else
    percent_ = static_cast<std::uint32_t>(
        std::min<std::int64_t>(weight * whole / configured_weight, most_percent));
}

Verdict AgentState::apply(const Verdict& probe, std::uint32_t configured_weight) {
  if (probe.kind == Verdict::Kind::not_run) return probe;
  std::string warning;
  if (probe.kind == Verdict::Kind::failed) {
    warning = fmt::format("the agent says nothing ({}); what it said last stays", probe.reason);
  } else if (auto refused = take(probe.reason); !refused) {
    warning = fmt::format("{}; what the agent said last stays", refused.error().what);
  } else {
    warning = std::move(*refused);
    reason_ = "the agent says " + shown(probe.reason);
  }
  Verdict now = verdict(configured_weight);
  now.warning = warning.empty() ? probe.warning : warning;
  return now;
}

Result<std::string> AgentState::take(std::string_view line) {
  constexpr std::string_view separators = " \t,";
  AgentState next = *this;
  std::string refused;
  bool is_empty = true;
  std::string_view rest = line.substr(0, line.find('#'));
  for (std::size_t at = rest.find_first_not_of(separators); at != std::string_view::npos;
       at = rest.find_first_not_of(separators)) {
    rest.remove_prefix(at);
    const std::string word = lower(rest.substr(0, rest.find_first_of(separators)));
    rest.remove_prefix(word.size());
    is_empty = false;
    if (word == "up")
      next.up_ = true;
    else if (word == "down" || word == "fail" || word == "failed" || word == "stopped")
      next.up_ = false;
    else if (word == "ready")
      next.mode_ = AgentMode::ready;
    else if (word == "drain")
      next.mode_ = AgentMode::drain;
    else if (word == "maint")
      next.mode_ = AgentMode::maint;
    else if (const auto percent = share_of(word))
      next.percent_ = *percent;
    else if (word.starts_with("maxconn:"))
      refused = fmt::format("the agent's {} is not supported: uthreshold of the real_server counts",
                            shown(word));
    else
      return fail("the agent said {}: {}", shown(line), expected);
  }
  if (is_empty) return fail("the agent said {}: {}", shown(line), expected);
  *this = std::move(next);
  return refused;
}

std::int64_t AgentState::weight(std::uint32_t configured) const {
  if (mode_ == AgentMode::drain) return 0;
  const std::int64_t share = std::int64_t{configured} * percent_ / whole;
  // A share that is not 0 does not become 0 by rounding: that would be a drain.
  return share == 0 && configured > 0 && percent_ > 0 ? 1 : share;
}

Verdict AgentState::verdict(std::uint32_t configured_weight) const {
  if (!up_ || mode_ == AgentMode::maint) return Verdict::failed("{}", reason_);
  Verdict good = Verdict::passed();
  good.reason = reason_;
  good.weight = weight(configured_weight);
  return good;
}

}  // namespace holdfast::checkers
