// Keeps the kernel's IPVS table as it is wanted: sends the difference, and looks now and then
// whether somebody else has changed it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/base/event.h"
#include "daemon/base/time.h"
#include "ipvs/connector.h"
#include "ipvs/kernel.h"

namespace holdfast::ipvs {

class Reconciler {
 public:
  /// @param open connects to the kernel; as long as it fails it is called again at the 1st, 2nd,
  /// 4th and then every 8th resync()
  Reconciler(Connector::Open open, Log& log)
      : connector_{std::move(open), "checks go on, the table is written when it is there", log},
        log_{log} {}

  /// Replaces one service of the wanted table. Nothing is sent before reconcile(); one that was
  /// wanted so already is not touched.
  void want(const ServiceKey& key, Service service);
  /// The service must go. Once it is gone it is no longer ours: one that somebody makes later with
  /// the same key is theirs.
  void unwant(const ServiceKey& key);
  /// The same of one that a daemon before this one made.
  void remove(const ServiceKey& key);
  /// Firewall marks of services in the kernel that are not ours, as of the last look.
  [[nodiscard]] std::set<std::uint32_t> marks_of_others() const;
  /// Services of these firewall marks are ours, whoever made them: those that a dead predecessor
  /// left go. 0, 0: none.
  void own_marks(std::uint32_t first, std::uint32_t last);
  /// Sends what differs from the mirror of the kernel, all services touched since the last call in
  /// one batch. Costs nothing for services that were not touched. A refusal means that the mirror
  /// was wrong: the service is read, and repaired.
  void reconcile();
  /// Nothing may wait for the next look: reconcile(), or where the table is not known yet,
  /// resync().
  void settle();
  /// Reads the kernel's table and repairs it. The first call is the start: what matches is left
  /// alone. @return false while there is no IPVS
  bool resync();
  /// Looks whether others have changed our services, and repairs these: at all of them, and at the
  /// destinations of half of them, or of at least 256; the other half is next. What was refused is
  /// tried again. As long as the table is not known, resync(). @return false while there is no IPVS
  bool look();
  /// Removes every service, whoever made it (lvs_flush). Afterwards the table is known.
  void flush();
  /// Removes our services.
  void clear();
  /// Open connections of a service's destinations; nothing: the kernel does not say.
  std::optional<std::map<DestinationKey, Connections>> connections(const ServiceKey& service);
  /// What a service and its destinations have had. Error: there is no IPVS, or as
  /// KernelPort::statistics().
  Result<ServiceStatistics> statistics(const ServiceKey& service);

  /// For what is set beside the table; nothing: there was no IPVS at the last look.
  [[nodiscard]] KernelPort* kernel() const { return connector_.get(); }

  struct Counters {
    std::uint64_t operations = 0;  ///< accepted by the kernel
    std::uint64_t refused = 0;     ///< every time, while the log names each one once
    std::uint64_t drift = 0;       ///< operations that repaired what others changed
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }
  /// How often what others changed in a wanted service was repaired.
  [[nodiscard]] std::uint64_t repairs(const ServiceKey& key) const;

 private:
  /// Sends them and keeps the mirror. @return what was refused
  std::vector<Refused> send(const std::vector<Operation>& operations);
  void report(const std::vector<Refused>& refused);
  /// Sends what differs of the services that were touched, from a mirror that is right.
  void make_as_wanted();
  /// @param operations that undo what others did to our services since the mirror was right
  /// @param looked_at how many services
  void report_drift(const std::vector<Operation>& operations, std::size_t looked_at);
  /// The services whose destinations are looked at next.
  std::vector<ServiceKey> next_part();
  /// Reads these services, and makes all that were touched as they are wanted.
  bool repair(std::set<ServiceKey> doubtful, std::size_t looked_at);
  /// The table is not known any more.
  bool lose(const Error& error);
  void adopt_marks();
  /// Services that are neither wanted nor in the kernel are nobody's.
  void forget_removed();

  Connector connector_;
  Log& log_;
  Table wanted_, mirror_;
  std::set<ServiceKey> ours_;     ///< wanted, or wanted before and not yet removed
  std::set<ServiceKey> touched_;  ///< since the last reconcile()
  bool mirror_valid_ = false;
  /// What the kernel refused of them stands between the mirror and the wanted table.
  std::set<ServiceKey> unsettled_;
  std::optional<ServiceKey> next_;  ///< of next_part(); nothing: the first one
  bool drift_reported_ = false;     ///< until nothing was changed in as many looks as see all
  std::size_t in_order_ = 0;        ///< services looked at since the last change by others
  std::string dump_error_;          ///< the last one that was reported
  std::set<std::string> refusals_;  ///< those in force that were reported
  Counters counters_;
  std::uint32_t first_mark_ = 0, last_mark_ = 0;  ///< of own_marks()
  std::map<ServiceKey, std::uint64_t> repairs_;   ///< of those that ever were
};

}  // namespace holdfast::ipvs
