// holdfast-vrrp: started by holdfastd, which hands it the channel as descriptor 3.
#include "daemon/process/worker_main.h"
#include "vrrp/linux/process.h"

int main() {
  using namespace holdfast;
  return process::worker_main("holdfast-vrrp", "Keepalived_vrrp",
                              [](boost::asio::io_context& context, Log& log, auto send) {
                                return std::make_unique<vrrp::VrrpProcess>(context, log,
                                                                           std::move(send));
                              });
}
