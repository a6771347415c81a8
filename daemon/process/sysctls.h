// Settings of the kernel below /proc/sys that somebody wants: set, and put back when nobody wants
// them any more.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "daemon/base/event.h"

namespace holdfast::process {

class Sysctls {
 public:
  /// "net/ipv4/conf/eth0/arp_ignore" and its value.
  using Values = std::map<std::string, std::string>;

  explicit Sysctls(Log& log, std::string root = "/proc/sys/") : log_{log}, root_{std::move(root)} {}

  /// Told of each value before it is changed and after it is put back, so that a successor knows.
  struct Ledger {
    std::function<void(const std::string& path, const std::string& original)> hold;
    std::function<void(const std::string& path)> release;
  };
  void set_ledger(Ledger ledger) { ledger_ = std::move(ledger); }
  /// What a predecessor found before it changed it.
  void inherit(const std::string& path, const std::string& original) {
    originals_.emplace(path, original);
  }

  /// Nothing: there is no such setting here.
  [[nodiscard]] std::optional<std::string> get(const std::string& path) const;
  /// The value before it was ours.
  [[nodiscard]] std::optional<std::string> original(const std::string& path) const;
  /// Sets it for good, also to what it is: from then on it does not follow conf/default. What is
  /// not there is passed over, a refusal goes to the log.
  void set(const std::string& path, const std::string& value);
  /// By path, of all that was changed and not put back.
  [[nodiscard]] const Values& originals() const { return originals_; }
  /// From now on these values hold, and what held before gets its old value back, unless somebody
  /// else has changed it meanwhile.
  void hold(Values wanted);

 private:
  Log& log_;
  std::string root_;
  Ledger ledger_;
  Values held_;
  Values originals_;
};

}  // namespace holdfast::process
