// main() of a worker: refuses to be started by hand, sets up the log, runs the loop.
#pragma once

#include <functional>
#include <memory>

#include "daemon/process/worker_loop.h"

namespace holdfast::process {

using Send = std::function<void(Message)>;
using MakeWorker =
    std::function<std::unique_ptr<Worker>(boost::asio::io_context&, Log&, Send send)>;

/// @param program name for ps and messages; @param identity syslog ident. @return exit status
int worker_main(const char* program, const char* identity, const MakeWorker& make);

}  // namespace holdfast::process
