#include "vrrp/linux/ip_sets.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <sstream>

#include "daemon/base/fd.h"

extern "C" {
#include <libipset/ipset.h>
#include <libipset/linux_ip_set.h>
#include <libipset/session.h>
#include <libipset/types.h>
}

namespace holdfast::vrrp {
namespace {

struct Close {
  void operator()(ipset* handle) const { ipset_fini(handle); }
};
using Handle = std::unique_ptr<ipset, Close>;

/// What the library says instead of printing it, or ending the process.
struct Said {
  std::string output, trouble;
};

std::string formatted(const char* format, va_list arguments) {
  char line[1024];
  const int size = std::vsnprintf(line, sizeof line, format, arguments);
  if (size <= 0) return {};
  return {line, std::min(static_cast<std::size_t>(size), sizeof line - 1)};
}

int on_output(struct ipset_session*, void* said, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  static_cast<Said*>(said)->output += formatted(format, arguments);
  va_end(arguments);
  return 0;
}
int on_error(ipset*, void* said, int, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  static_cast<Said*>(said)->trouble += formatted(format, arguments);
  va_end(arguments);
  return -1;
}
int on_refusal(ipset* handle, void* said) {
  struct ipset_session* session = ipset_session(handle);
  if (const char* message = ipset_session_report_msg(session); message != nullptr)
    static_cast<Said*>(said)->trouble += message;
  ipset_session_report_reset(session);
  return -1;
}

Result<Handle> open(Said& said) {
  ipset_load_types();
  Handle handle{ipset_init()};
  if (!handle || ipset_custom_printf(handle.get(), on_error, on_refusal, on_output, &said) != 0)
    return fail("cannot open a session with the kernel's ipsets");
  return handle;
}

tl::unexpected<Error> failure(Said& said) {
  std::ranges::replace(said.trouble, '\n', ' ');
  return fail("ipset: {}", said.trouble);
}

/// Lines in the language of `ipset restore`, which go to the kernel in batches.
Result<void> restore(const std::string& lines) {
  if (lines.empty()) return {};
  Said said;
  const auto handle = open(said);
  if (!handle) return tl::make_unexpected(handle.error());
  std::string text = lines;
  const std::unique_ptr<FILE, int (*)(FILE*)> stream{::fmemopen(text.data(), text.size(), "r"),
                                                     std::fclose};
  if (!stream) return fail_errno(errno, "ipset");
  if (ipset_parse_stream(handle->get(), stream.get()) != 0 || !said.trouble.empty())
    return failure(said);
  return {};
}

std::string lines_of(const char* command, const std::string& name, const IpSetEntries& entries) {
  std::string lines;
  for (const std::string& entry : entries)
    lines += fmt::format("{} {} {} -exist\n", command, name, entry);
  return lines;
}

/// For the time of a swap.
std::string spare_name(const std::string& name) {
  constexpr std::size_t longest = IPSET_MAXNAMELEN - 1;
  return name.substr(0, longest - 1) + "~";
}

}  // namespace

Result<void> fill_ip_set(const std::string& name, Family family, bool with_interfaces,
                         const IpSetEntries& entries) {
  const std::string type =
      fmt::format("{} family {}", with_interfaces ? "hash:net,iface" : "hash:ip",
                  family == Family::ipv4 ? "inet" : "inet6");
  const std::string spare = spare_name(name);
  return restore(
      fmt::format("create {0} {2} -exist\ncreate {1} {2} -exist\nflush {1}\n", name, spare, type) +
      lines_of("add", spare, entries) + fmt::format("swap {0} {1}\ndestroy {1}\n", name, spare));
}

Result<void> add_to_ip_set(const std::string& name, const IpSetEntries& entries) {
  return restore(lines_of("add", name, entries));
}

Result<void> remove_from_ip_set(const std::string& name, const IpSetEntries& entries) {
  return restore(lines_of("del", name, entries));
}

Result<void> destroy_ip_set(const std::string& name) {
  if (const auto index = index_of_ip_set(name); !index) {
    if (index.error().code == ENOENT) return {};
    return tl::make_unexpected(index.error());
  }
  return restore(fmt::format("destroy {}\n", name));
}

Result<IpSetEntries> entries_of_ip_set(const std::string& name) {
  if (const auto index = index_of_ip_set(name); !index) return tl::make_unexpected(index.error());
  Said said;
  const auto handle = open(said);
  if (!handle) return tl::make_unexpected(handle.error());
  std::string command = "save " + name;
  if (ipset_parse_line(handle->get(), command.data()) != 0 || !said.trouble.empty())
    return failure(said);
  IpSetEntries entries;
  std::istringstream lines{said.output};
  for (std::string word, set, entry, line; std::getline(lines, line);) {
    std::istringstream words{line};
    if (words >> word >> set >> entry && word == "add") entries.insert(entry);
  }
  return entries;
}

Result<std::uint16_t> index_of_ip_set(const std::string& name) {
  const Fd socket{::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW)};
  if (!socket) return fail_errno(errno, "cannot ask for ipset {}", name);
  ip_set_req_version version{IP_SET_OP_VERSION, 0};
  socklen_t size = sizeof version;
  if (::getsockopt(socket.get(), SOL_IP, SO_IP_SET, &version, &size) != 0)
    // Without the module ip_set there is no such option, and no such set.
    return fail_errno(errno == ENOPROTOOPT ? ENOENT : errno, "cannot ask for ipset {}", name);
  ip_set_req_get_set request{IP_SET_OP_GET_BYNAME, version.version, {}};
  name.copy(request.set.name, IPSET_MAXNAMELEN - 1);
  size = sizeof request;
  if (::getsockopt(socket.get(), SOL_IP, SO_IP_SET, &request, &size) != 0)
    return fail_errno(errno, "cannot ask for ipset {}", name);
  if (request.set.index == IPSET_INVALID_ID) return fail_errno(ENOENT, "ipset {}", name);
  return request.set.index;
}

}  // namespace holdfast::vrrp
