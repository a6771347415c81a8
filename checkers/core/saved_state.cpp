#include "checkers/core/saved_state.h"

#include <algorithm>

namespace holdfast::checkers {
namespace {

constexpr std::uint32_t version = 4;
/// A check's identity has its path in it, and a script its arguments.
constexpr std::size_t longest_name = 0xffff;

void put(ByteWriter& out, std::string_view text) {
  text = text.substr(0, longest_name);
  out.u16(static_cast<std::uint16_t>(text.size()));
  out.append(std::as_bytes(std::span{text}));
}

void put(ByteWriter& out, const std::vector<std::byte>& record) {
  out.u16(static_cast<std::uint16_t>(record.size()));
  out.append(record);
}

std::string take_text(ByteReader& in) {
  const Bytes bytes = in.take(in.u16());
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

SavedServer take_server(ByteReader& in) {
  SavedServer server;
  server.word = operators_word(in.take(in.u16())).value_or(OperatorsWord{});
  for (std::uint32_t left = in.u32(); left > 0 && in.good(); --left) {
    std::string check = take_text(in);
    if (auto record = check_record(in.take(in.u16())))
      server.checks.emplace(std::move(check), std::move(*record));
  }
  return server;
}

SavedService take_service(ByteReader& in) {
  SavedService service{in.u8() != 0, {}};
  for (std::uint32_t left = in.u32(); left > 0 && in.good(); --left)
    if (auto server = leaving_server(in.take(in.u16()))) service.leaving.push_back(*server);
  for (std::uint32_t left = in.u32(); left > 0 && in.good(); --left) {
    std::string name = take_text(in);
    service.servers.emplace(std::move(name), take_server(in));
  }
  return service;
}

}  // namespace

CheckRecord SavedServer::record_for(const std::string& check) const {
  if (const auto found = checks.find(check); found != checks.end()) return found->second;
  const bool up =
      std::ranges::all_of(checks, [](const auto& entry) { return entry.second.health.up; });
  return {{up, true}, {}};
}

std::string to_bytes(const SavedState& state) {
  ByteWriter out;
  out.u32(version);
  out.u32(static_cast<std::uint32_t>(state.size()));
  for (const auto& [name, service] : state) {
    put(out, name);
    out.u8(service.quorum ? 1 : 0);
    out.u32(static_cast<std::uint32_t>(service.leaving.size()));
    for (const LeavingServer& server : service.leaving) {
      put(out, to_bytes(server));
    }
    out.u32(static_cast<std::uint32_t>(service.servers.size()));
    for (const auto& [key, server] : service.servers) {
      put(out, key);
      put(out, to_bytes(server.word));
      out.u32(static_cast<std::uint32_t>(server.checks.size()));
      for (const auto& [check, record] : server.checks) {
        put(out, check);
        put(out, to_bytes(record));
      }
    }
  }
  const auto& bytes = out.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<SavedState> saved_state(std::string_view bytes) {
  ByteReader in{std::as_bytes(std::span{bytes})};
  if (in.u32() != version) return std::nullopt;
  SavedState state;
  for (std::uint32_t left = in.u32(); left > 0 && in.good(); --left) {
    std::string name = take_text(in);
    state.emplace(std::move(name), take_service(in));
  }
  if (!in.good() || !in.rest().empty()) return std::nullopt;
  return state;
}

}  // namespace holdfast::checkers
