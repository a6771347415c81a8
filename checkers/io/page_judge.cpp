#include "checkers/io/page_judge.h"

#include "checkers/core/http_rules.h"

namespace holdfast::checkers {

PageJudge::PageJudge(const HttpUrl& url) : url_{url} {
  if (!url_.digest.empty()) digest_.emplace();
  if (url_.regex.compiled) match_.emplace(url_.regex.compiled);
  if (!url_.json.empty()) json_.emplace();
}

std::optional<Verdict> PageJudge::status(unsigned code) { return judge_status(url_, code); }

std::optional<Verdict> PageJudge::body(std::string_view piece) {
  if (digest_) digest_->update(piece);
  if (match_) match_->add(piece);
  return json_ ? json_->add(url_, piece) : std::nullopt;
}

Verdict PageJudge::finish() {
  if (auto wrong = judge_digest(url_, digest_ ? digest_->hex() : "")) return *wrong;
  if (json_)
    if (auto wrong = json_->finish(url_)) return *wrong;
  if (!match_) return Verdict::passed();
  match_->finish();
  return judge_pattern(url_, *match_);
}

}  // namespace holdfast::checkers
