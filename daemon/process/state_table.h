// What a worker must remember over its own death: a table of small records in a shared memory
// file. The supervisor creates the file and keeps it; the worker maps it and updates records in
// place (no system call); the next worker reads them. A record that was being written when the
// worker died fails its checksum and its previous version is used.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"

namespace holdfast::process {

class StateTable {
 public:
  static constexpr std::size_t max_key = 112;
  static constexpr std::size_t max_value = 128;
  /// 2 versions of a record in one slot
  static constexpr std::size_t max_records = 200'000;

  /// An empty memory file for one worker.
  static Result<Fd> create(std::string_view name);
  /// Maps the file and reads what is there. The descriptor may be closed afterwards by the caller.
  static Result<StateTable> open(const Fd& fd);

  StateTable(StateTable&&) noexcept;
  StateTable& operator=(StateTable&&) noexcept;
  StateTable(const StateTable&) = delete;
  StateTable& operator=(const StateTable&) = delete;
  ~StateTable();

  /// Writes or replaces a record. Keys longer than max_key are cut to it with a hash at the end.
  /// Error: the value is too long, or the table is full and cannot grow.
  Result<void> put(std::string_view key, std::span<const std::byte> value);
  [[nodiscard]] std::span<const std::byte> get(std::string_view key) const;  ///< empty: none
  void erase(std::string_view key);
  [[nodiscard]] std::vector<std::string> keys() const;
  /// Erases all records but those with these keys.
  void retain(const std::unordered_set<std::string>& keys);

 private:
  StateTable() = default;
  struct Impl;
  Impl* impl_ = nullptr;
};

}  // namespace holdfast::process
