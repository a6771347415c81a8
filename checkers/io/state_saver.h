// When what outlives the daemon is handed to the supervisor: soon after a change, not for each of
// many, and now and then without one, since old state is not trusted.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

namespace holdfast::checkers {

class StateSaver {
 public:
  /// @param save hands it over; takes its time
  StateSaver(boost::asio::io_context& context, std::function<void()> save);
  /// Something has changed.
  void soon();
  /// For the last time.
  void finish();

 private:
  void arm(boost::asio::steady_timer::duration wait);

  boost::asio::steady_timer timer_;
  std::function<void()> save_;
  boost::asio::steady_timer::duration pause_{};  ///< between two, longer for a large state
  bool due_soon_ = false, finished_ = false;
};

}  // namespace holdfast::checkers
