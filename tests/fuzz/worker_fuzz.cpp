// Any bytes from a worker that somebody took over: as a message to the supervisor, and as the state
// table that the next worker reads.
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "daemon/base/assert.h"
#include "daemon/process/messages.h"
#include "daemon/process/state_table.h"

namespace holdfast::process {
namespace {

void as_message(std::string_view bytes) {
  boost::system::error_code error;
  const auto value = boost::json::parse(bytes, error);
  if (error || !value.is_object()) return;
  const auto message = parse_message({value.get_object(), {}});
  if (!message) BASE_ASSERT(!message.error().what.empty());
}

void as_state_table(std::string_view bytes) {
  static const Fd file = [] { return *StateTable::create("fuzz"); }();
  if (::ftruncate(file.get(), 0) != 0 ||
      ::pwrite(file.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return;
  auto table = StateTable::open(file);
  if (!table) return;
  for (const std::string& key : table->keys())
    BASE_ASSERT(key.size() <= StateTable::max_key &&
                table->get(key).size() <= StateTable::max_value);
  const std::byte value{42};
  if (table->put("fuzz", {&value, 1})) BASE_ASSERT(table->get("fuzz").front() == value);
  table->erase("fuzz");
  BASE_ASSERT(table->get("fuzz").empty());
}

}  // namespace
}  // namespace holdfast::process

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  holdfast::process::as_message(bytes);
  holdfast::process::as_state_table(bytes);
  return 0;
}
