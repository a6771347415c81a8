// One end of the SEQPACKET socket pair between the supervisor and a worker. A message is one small
// JSON object and at most four descriptors. messages.h gives the objects their types.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"

namespace holdfast::process {

/// Started with this argument and its predecessor's state table as descriptor 3, a worker releases
/// what is recorded there and ends.
inline constexpr const char* release_argument = "release";

struct Packet {
  boost::json::object body;
  std::vector<Fd> fds;
};

class Channel {
 public:
  /// Largest message; larger data travels as a sealed memfd.
  static constexpr std::size_t max_message = 64 * 1024;
  static constexpr std::size_t max_fds = 4;
  /// The descriptor number at which a worker finds its end.
  static constexpr int worker_fd = 3;

  /// Takes over a SEQPACKET socket and makes it non-blocking and close-on-exec.
  explicit Channel(Fd socket);
  /// (supervisor's end, worker's end)
  static Result<std::pair<Channel, Fd>> make_pair();

  /// Sends at once. Errors: the peer is gone, the queue is full, the message is too long.
  Result<void> send(const boost::json::object& body, const std::vector<int>& fds = {});
  /// The next message, or nothing when none waits. Error: the peer closed its end ("closed",
  /// code EPIPE), or sent something that is not one JSON object (code EBADMSG; skip it).
  Result<std::optional<Packet>> receive();
  /// For the event loop: readable means receive() has something.
  [[nodiscard]] int descriptor() const { return socket_.get(); }

 private:
  Fd socket_;
};

}  // namespace holdfast::process
