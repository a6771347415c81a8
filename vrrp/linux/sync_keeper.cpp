#include "vrrp/linux/sync_keeper.h"

#include <utility>

namespace holdfast::vrrp {
namespace {

/// How often it is looked at for changes by others.
constexpr auto interval = std::chrono::seconds{2};

}  // namespace

SyncKeeper::SyncKeeper(boost::asio::io_context& context, const config::SyncDaemon& setting,
                       std::uint8_t vrid, Log& log, int socket)
    : connector_{[socket]() -> Result<std::unique_ptr<ipvs::KernelPort>> {
                   auto kernel = ipvs::Kernel::open(socket);
                   if (!kernel) return tl::make_unexpected(kernel.error());
                   return std::move(*kernel);
                 },
                 "connections are not synchronised before it is there", log},
      daemon_{setting, vrid, log, [this] { return connector_.connect(); }},
      timer_{context} {}

void SyncKeeper::run(const std::set<ipvs::SyncRole>& roles) {
  daemon_.run(roles);
  if (roles.empty())
    timer_.cancel();
  else
    look_later();
}

void SyncKeeper::look_later() {
  timer_.expires_after(interval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    if (!daemon_.look()) connector_.drop();
    look_later();
  });
}

}  // namespace holdfast::vrrp
