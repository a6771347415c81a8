#include "checkers/core/alarms.h"

namespace holdfast::checkers {

void Alarm::cancel() {
  if (alarms_ != nullptr) alarms_->remove(*this);
}

Alarms::~Alarms() {
  for (Alarm* alarm : heap_) alarm->alarms_ = nullptr;
}

void Alarms::put(std::size_t place, Alarm* alarm) {
  heap_[place] = alarm;
  alarm->place_ = place;
}

/// Moves the alarm at `place` up or down to where it belongs.
void Alarms::settle(std::size_t place) {
  Alarm* const alarm = heap_[place];
  for (; place > 0 && alarm->at_ < heap_[(place - 1) / 2]->at_; place = (place - 1) / 2)
    put(place, heap_[(place - 1) / 2]);
  for (;;) {
    std::size_t child = 2 * place + 1;
    if (child + 1 < heap_.size() && heap_[child + 1]->at_ < heap_[child]->at_) ++child;
    if (child >= heap_.size() || alarm->at_ <= heap_[child]->at_) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, alarm);
}

void Alarms::set(Alarm& alarm, TimePoint at) {
  if (alarm.alarms_ != this) {
    alarm.cancel();
    alarm.alarms_ = this;
    alarm.place_ = heap_.size();
    heap_.push_back(&alarm);
  }
  alarm.at_ = at;
  settle(alarm.place_);
}

void Alarms::remove(Alarm& alarm) {
  Alarm* const last = heap_.back();
  heap_.pop_back();
  alarm.alarms_ = nullptr;
  if (last == &alarm) return;
  put(alarm.place_, last);
  settle(alarm.place_);
}

std::optional<TimePoint> Alarms::earliest() const {
  return heap_.empty() ? std::nullopt : std::optional{heap_.front()->at_};
}

Alarm* Alarms::take_due(TimePoint now) {
  if (heap_.empty() || heap_.front()->at_ > now) return nullptr;
  Alarm* const due = heap_.front();
  remove(*due);
  return due;
}

}  // namespace holdfast::checkers
