// holdfast-checkers: started by holdfastd, which hands it the channel as descriptor 3.
#include <boost/asio/io_context.hpp>
#include <optional>

#include "checkers/io/process.h"
#include "daemon/process/worker_main.h"
#include "ipvs/kernel.h"

int main() {
  using namespace holdfast;
  return process::worker_main("holdfast-checkers", "Keepalived_healthcheckers",
                              [](boost::asio::io_context& context, Log& log, auto send) {
                                return std::make_unique<checkers::CheckersProcess>(
                                    context, log, std::move(send),
                                    [&log](int socket, const netlink::ReceiveBuffer& buffer)
                                        -> Result<std::unique_ptr<ipvs::KernelPort>> {
                                      auto kernel = ipvs::Kernel::open(socket);
                                      if (!kernel) return tl::make_unexpected(kernel.error());
                                      (*kernel)->set_buffer(buffer, log);
                                      return std::unique_ptr<ipvs::KernelPort>{std::move(*kernel)};
                                    });
                              });
}
