// What the kernel answers about IPVS over generic netlink, as values. Here and in kernel.cpp, which
// asks, are the only places that know its attributes. Pure: a message in, values out.
#pragma once

#include <linux/netlink.h>

#include <map>

#include "daemon/base/result.h"
#include "ipvs/kernel.h"
#include "ipvs/statistics.h"
#include "ipvs/table.h"

namespace holdfast::ipvs {

/// Puts the service of an answer to IPVS_CMD_GET_SERVICE into the table; one that is not understood
/// is left out, here and in the next ones.
void read_service(nlmsghdr* message, Table& table);
/// Puts the destination of an answer to IPVS_CMD_GET_DEST into its service of the table.
void read_destination(nlmsghdr* message, const ServiceKey& service, Table& table);
/// Puts the open connections of a destination beside those of the others.
void read_connections(nlmsghdr* message, const ServiceKey& service,
                      std::map<DestinationKey, Connections>& open);
/// Puts a synchronisation daemon beside the others.
void read_daemon(nlmsghdr* message, std::map<SyncRole, SyncSettings>& daemons);
/// The values of an answer to IPVS_CMD_GET_CONFIG, in seconds; what is missing is 0.
Timeouts read_timeouts(nlmsghdr* message);

/// What a service has had. The counters of 64 bits where the kernel has them (since Linux 4.1),
/// else those of 32 bits. Error: one is missing, or of another size. @source linux/ip_vs.h
/// IPVS_SVC_ATTR_STATS64, IPVS_SVC_ATTR_STATS, IPVS_STATS_ATTR_*
Result<Traffic> read_service_traffic(nlmsghdr* message);
/// Puts what a destination has had beside that of the others. Errors as above, and: the destination
/// itself is not understood.
Result<void> read_destination_statistics(nlmsghdr* message, const ServiceKey& service,
                                         std::map<DestinationKey, DestinationStatistics>& found);

}  // namespace holdfast::ipvs
