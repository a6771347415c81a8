// holdfast-vrrp: started by holdfastd, which hands it the channel as descriptor 3.
#include <cstdlib>
#include <string_view>

#include "daemon/process/log.h"
#include "daemon/process/worker_main.h"
#include "vrrp/linux/process.h"
#include "vrrp/linux/release.h"

int main(int argc, char** argv) {
  using namespace holdfast;
  if (argc > 1 && std::string_view{argv[1]} == process::release_argument) {
    const auto log = process::make_log(
        process::from_environment(std::getenv("HOLDFAST_LOG"), "Keepalived_vrrp"));
    return vrrp::release_addresses(Fd{process::Channel::worker_fd}, *log);
  }
  return process::worker_main("holdfast-vrrp", "Keepalived_vrrp",
                              [](boost::asio::io_context& context, Log& log, auto send) {
                                return std::make_unique<vrrp::VrrpProcess>(context, log,
                                                                           std::move(send));
                              });
}
