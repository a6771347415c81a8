// The interfaces that instances make: VMACs and ipvlans. They are wanted, observed and corrected as
// addresses are (keeper.h); each is up only while its instance is Active, so that a Backup sends no
// frame with the virtual MAC and takes none (RFC 9568 6.4.2), whatever its kernel would like to
// say.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "daemon/base/event.h"
#include "daemon/process/sysctls.h"
#include "vrrp/config/instance_parts.h"
#include "vrrp/core/removals.h"
#include "vrrp/linux/keeper.h"
#include "vrrp/linux/link_writer.h"
#include "vrrp/linux/links.h"

namespace holdfast::vrrp {

/// What the kernel's interface is to us, given what is wanted of its name.
/// @param marked it carries our alias, or a predecessor recorded it
Actual actual_of(const Link& link, const LinkSettings& wanted, bool marked);

class MadeLinks {
 public:
  /// @param mark that tells our interfaces from those of another daemon in this namespace
  MadeLinks(Links& links, LinkWriter writer, std::uint8_t mark, Log& log)
      : links_{links}, writer_{std::move(writer)}, mark_{mark}, log_{log}, sysctls_{log} {}

  struct Ledger {
    /// @param index 0: it is about to be made
    std::function<void(const std::string& name, std::uint32_t index)> hold;
    std::function<void(const std::string& name)> release;
  };
  void set_ledger(Ledger ledger) { ledger_ = std::move(ledger); }
  /// What a predecessor made. An interface of that name with another index is somebody else's.
  void inherit(const std::string& name, std::uint32_t index) { held_[name] = index; }
  [[nodiscard]] process::Sysctls& sysctls() { return sysctls_; }

  struct Wish {
    MadeLink link;      ///< with a name; its group is a number
    std::string owner;  ///< name of the instance
    bool up = false;    ///< of one that was not wanted before
  };
  /// From now on these must be there, and those of before that are not among them must not.
  /// @param settings of the kernel that hold as long
  void want(std::vector<Wish> wishes, process::Sysctls::Values settings, TimePoint now);
  /// Up at once, since an advert may follow; down with its turn in lower_next().
  void set_up(const std::string& name, bool up, TimePoint now);
  /// Whether any is to be set down.
  [[nodiscard]] bool lowers() const { return !lowering_.empty(); }
  /// One of them: the kernel waits for all its processors meanwhile.
  void lower_next(TimePoint now);
  struct Lost {
    std::string owner, what;
  };
  /// Another program's work is undone. @return what it had removed, each once
  std::vector<Lost> kernel_changed(TimePoint now);
  /// When something that was refused is tried again.
  [[nodiscard]] std::optional<TimePoint> deadline() const;
  void retry(TimePoint now);

  /// Whether an interface of this name is there and is neither ours nor what the link must be.
  [[nodiscard]] bool is_taken(const MadeLink& link, const std::string& name) const;
  /// Why adverts and addresses cannot use it; empty: they can.
  [[nodiscard]] std::string fault_of(const std::string& name) const;
  /// The interface whose cable counts for this one. Null: not one of ours.
  [[nodiscard]] const Link* base_of(const std::string& name) const;
  /// Whose interfaces were not as wanted and are now: hosts may have learned something else.
  [[nodiscard]] std::set<std::string> take_corrected() { return std::exchange(corrected_, {}); }
  /// True once after something was sent: what depends on interfaces should look again.
  [[nodiscard]] bool take_finished() { return std::exchange(sent_, false); }

 private:
  [[nodiscard]] LinkSettings settings_of(const Wish& wish, bool up) const;
  [[nodiscard]] bool is_ours(const Link& link) const;
  [[nodiscard]] std::string alias_of(const Wish& wish) const;
  void renew();
  void reconcile(TimePoint now);
  bool pass(TimePoint now);
  void hold(const std::string& name, std::uint32_t index);
  void forget(std::string name);
  void forget_gone();
  void settle_held(const LinkChange& change, bool refused);
  void retry_changed();
  void plan();
  std::vector<LinkChange> take_changes(TimePoint now);
  void prepare(const Wish& wish, const Link& link);
  void set_base_sysctls();
  void set_sysctls_of_new_links();
  void tell_base(const std::string& name);
  void send_state(const std::string& name, bool up, TimePoint now);

  Links& links_;
  LinkWriter writer_;
  std::uint8_t mark_;
  Log& log_;
  process::Sysctls sysctls_;
  Ledger ledger_;
  std::map<std::string, Wish> wishes_;
  /// Made or taken over by us, and their index; 0: being made.
  std::map<std::string, std::uint32_t> held_;
  Keeper<std::string, LinkSettings> keeper_;
  std::map<std::string, std::uint32_t> prepared_;  ///< and the index that was given its sysctls
  /// Of an interface and its base: the indexes, and whether the base is up.
  using Situation = std::tuple<std::uint32_t, std::uint32_t, bool>;
  std::map<std::string, Situation> situations_;
  RemovalCount corrections_;
  std::map<std::string, TimePoint> contested_;  ///< and until when they are left alone
  std::set<std::string> corrected_;             ///< names of instances
  process::Sysctls::Values settings_;
  std::set<std::uint32_t> indexes_;  ///< of the interfaces that have had them
  std::deque<std::string> lowering_;
  bool sent_ = false;
};

}  // namespace holdfast::vrrp
