// Scripts as the configuration names them.
#pragma once

#include <optional>

#include "daemon/config/schema.h"

namespace holdfast::vrrp {

/// The place of a script's keyword, for process::RunScript; the supervisor has the command.
using ScriptPlace = std::optional<config::Place>;

/// Scripts of an instance or a sync group; `deleted`, `master_rx_lower_pri` and `conflict` of an
/// instance only.
struct NotifyScripts {
  ScriptPlace master, backup, fault, stop, any, deleted, master_rx_lower_pri, conflict;
  bool operator==(const NotifyScripts&) const = default;
};

/// Keeps the place of `"CMD" [USER [GROUP]]`. The first one stays, as in keepalived; a second one
/// is reported.
void read_script_place(ScriptPlace& out, const config::Statement& statement,
                       config::Reader& reader);

/// The row reader of one script: `read_notify<Instance, &NotifyScripts::master>`.
template <typename T, ScriptPlace NotifyScripts::* Script>
void read_notify(T& target, const config::Row<T>&, const config::Statement& statement,
                 config::Reader& reader) {
  read_script_place(target.notify.*Script, statement, reader);
}

}  // namespace holdfast::vrrp
