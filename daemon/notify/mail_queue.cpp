#include "daemon/notify/mail_queue.h"

#include <algorithm>

namespace holdfast::notify {

void MailQueue::add(Mail mail, TimePoint now) {
  if (is_idle()) earliest_ = std::max(earliest_, now + gather);
  waiting_.push_back(std::move(mail));
  bound();
}

void MailQueue::bound() {
  while (waiting_.size() > most_waiting) {
    waiting_.pop_front();
    ++dropped_;
  }
}

std::optional<TimePoint> MailQueue::due() const {
  if (waiting_.empty() || !under_way_.empty()) return std::nullopt;
  return earliest_;
}

std::vector<Mail> MailQueue::take() {
  std::vector<Mail> batch;
  const std::size_t size = std::min(waiting_.size(), most_in_batch);
  for (std::size_t i = 0; i < size; ++i) {
    ++waiting_.front().attempts;
    batch.push_back(waiting_.front());
    under_way_.emplace_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  got_through_ = false;
  return batch;
}

void MailQueue::settle(const Outcome& outcome) {
  if (outcome.mail >= under_way_.size() || !under_way_[outcome.mail]) return;
  if (outcome.fate == Fate::postponed) {
    under_way_[outcome.mail]->owed = outcome.owed;
    return;
  }
  under_way_[outcome.mail].reset();
  got_through_ = true;
}

MailQueue::Ended MailQueue::ended(TimePoint now) {
  Ended result;
  bool postponed = false;
  for (auto mail = under_way_.rbegin(); mail != under_way_.rend(); ++mail) {
    if (!*mail) continue;
    postponed = true;
    if ((*mail)->attempts >= most_attempts)
      ++result.given_up;
    else
      waiting_.push_front(std::move(**mail));
  }
  under_way_.clear();
  bound();
  result.waiting = waiting_.size();
  failures_ = !postponed ? 0 : got_through_ ? 1 : failures_ + 1;
  earliest_ = now;
  if (postponed) {
    constexpr unsigned most_doublings = 10;
    const auto factor = 1U << std::min(failures_ - 1, most_doublings);
    result.pause = std::min(longest_pause, first_pause * factor);
    earliest_ = now + *result.pause;
  }
  return result;
}

}  // namespace holdfast::notify
