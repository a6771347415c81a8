// One batch of mails over one connection, with a time limit for connecting and for each reply.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>

#include "daemon/notify/mail_job.h"

namespace holdfast::notify {

/// @param report called for each mail, as soon as it is known what became of it
boost::asio::awaitable<void> deliver(MailJob job, std::function<void(const Outcome&)> report);
/// The name of this host, as complete as the name service knows it.
std::string host_name();

}  // namespace holdfast::notify
