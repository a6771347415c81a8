// Layout of the file: slots of one size. A slot holds a key and two versions of its value; the
// valid one with the higher sequence counts. A version is written first and made valid last.
#include "daemon/process/state_table.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <unordered_map>

namespace holdfast::process {
namespace {

struct Version {
  std::uint64_t sequence;  ///< 0: never written
  std::uint32_t checksum;
  std::uint32_t size;
  std::array<std::byte, StateTable::max_value> value;
};
struct Slot {
  std::uint16_t key_size;  ///< 0: free
  std::array<char, StateTable::max_key> key;
  std::array<Version, 2> versions;
};
constexpr std::size_t first_slots = 64;

/// FNV-1a. @source draft-eastlake-fnv: 32-bit offset basis and prime
std::uint32_t fnv(std::span<const std::byte> bytes, std::uint32_t hash = 2166136261U) {
  for (const std::byte byte : bytes)
    hash = (hash ^ std::to_integer<std::uint32_t>(byte)) * 16777619U;
  return hash;
}

std::uint32_t checksum_of(const Version& version) {
  return fnv(std::as_bytes(std::span{&version.sequence, 1}),
             fnv(std::span{version.value}.first(
                 std::min<std::size_t>(version.size, StateTable::max_value))));
}

bool is_valid(const Version& version) {
  return version.sequence != 0 && version.size <= StateTable::max_value &&
         version.checksum == checksum_of(version);
}

std::string fitted(std::string_view key) {
  if (key.size() <= StateTable::max_key) return std::string{key};
  const std::string hash = fmt::format("#{:016x}", std::hash<std::string_view>{}(key));
  return std::string{key.substr(0, StateTable::max_key - hash.size())} + hash;
}

}  // namespace

struct StateTable::Impl {
  Fd fd;
  Slot* slots = nullptr;
  std::size_t capacity = 0;
  std::unordered_map<std::string, std::size_t> index;
  std::vector<std::size_t> free;

  ~Impl() {
    if (slots != nullptr) ::munmap(slots, capacity * sizeof(Slot));
  }
  Result<void> map(std::size_t wanted) {
    if (wanted > max_records) return fail("the state table is full ({} records)", max_records);
    if (::ftruncate(fd.get(), static_cast<off_t>(wanted * sizeof(Slot))) != 0)
      return fail_errno(errno, "cannot grow the state table");
    void* mapped =
        ::mmap(nullptr, wanted * sizeof(Slot), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (mapped == MAP_FAILED) return fail_errno(errno, "cannot map the state table");
    if (slots != nullptr) ::munmap(slots, capacity * sizeof(Slot));
    slots = static_cast<Slot*>(mapped);
    for (std::size_t i = capacity; i < wanted; ++i) adopt(i);
    capacity = wanted;
    std::ranges::sort(free, std::greater{});
    return {};
  }
  void adopt(std::size_t i) {
    const Slot& slot = slots[i];
    if (slot.key_size == 0 || slot.key_size > max_key ||
        !(is_valid(slot.versions[0]) || is_valid(slot.versions[1]))) {
      slots[i].key_size = 0;
      free.push_back(i);
    } else {
      index.emplace(std::string{slot.key.data(), slot.key_size}, i);
    }
  }
};

Result<Fd> StateTable::create(std::string_view name) {
  Fd fd{::memfd_create(std::string{name}.c_str(), MFD_CLOEXEC)};
  if (!fd) return fail_errno(errno, "cannot create the state table {}", name);
  return fd;
}

Result<StateTable> StateTable::open(const Fd& fd) {
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail_errno(errno, "cannot read the state table");
  StateTable table;
  table.impl_ = new Impl;
  table.impl_->fd = Fd{::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)};
  const std::size_t present = static_cast<std::size_t>(status.st_size) / sizeof(Slot);
  if (auto mapped = table.impl_->map(std::clamp(present, first_slots, max_records)); !mapped)
    return tl::make_unexpected(mapped.error());
  return table;
}

StateTable::StateTable(StateTable&& other) noexcept : impl_{std::exchange(other.impl_, nullptr)} {}
StateTable& StateTable::operator=(StateTable&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}
StateTable::~StateTable() { delete impl_; }

Result<void> StateTable::put(std::string_view key, std::span<const std::byte> value) {
  if (value.size() > max_value) return fail("a state record of {} bytes is too long", value.size());
  const std::string name = fitted(key);
  auto found = impl_->index.find(name);
  if (found == impl_->index.end()) {
    if (impl_->free.empty())
      if (auto grown = impl_->map(std::min(max_records, impl_->capacity * 2)); !grown) return grown;
    if (impl_->free.empty()) return fail("the state table is full ({} records)", max_records);
    found = impl_->index.emplace(name, impl_->free.back()).first;
    impl_->free.pop_back();
    Slot& fresh = impl_->slots[found->second];
    fresh.versions = {};
    std::ranges::copy(name, fresh.key.begin());
    fresh.key_size = static_cast<std::uint16_t>(name.size());
  }
  Slot& slot = impl_->slots[found->second];
  const bool first_is_newer = slot.versions[0].sequence > slot.versions[1].sequence;
  const std::uint64_t sequence = std::max(slot.versions[0].sequence, slot.versions[1].sequence) + 1;
  Version& target = slot.versions[first_is_newer ? 1 : 0];
  target.sequence = sequence;
  target.checksum = ~target.checksum;  // not valid until the last line
  std::atomic_signal_fence(std::memory_order_seq_cst);
  target.size = static_cast<std::uint32_t>(value.size());
  std::ranges::copy(value, target.value.begin());
  std::atomic_signal_fence(std::memory_order_seq_cst);
  target.checksum = checksum_of(target);
  return {};
}

std::span<const std::byte> StateTable::get(std::string_view key) const {
  const auto found = impl_->index.find(fitted(key));
  if (found == impl_->index.end()) return {};
  const Version* best = nullptr;
  for (const Version& version : impl_->slots[found->second].versions)
    if (is_valid(version) && (best == nullptr || version.sequence > best->sequence))
      best = &version;
  return best == nullptr ? std::span<const std::byte>{} : std::span{best->value}.first(best->size);
}

void StateTable::erase(std::string_view key) {
  const auto found = impl_->index.find(fitted(key));
  if (found == impl_->index.end()) return;
  impl_->slots[found->second].key_size = 0;
  impl_->free.push_back(found->second);
  impl_->index.erase(found);
}

std::vector<std::string> StateTable::keys() const {
  std::vector<std::string> all;
  for (const auto& [key, slot] : impl_->index) all.push_back(key);
  std::ranges::sort(all);
  return all;
}

void StateTable::retain(const std::unordered_set<std::string>& keys) {
  std::unordered_set<std::string> cut;
  for (const std::string& key : keys)
    if (key.size() > max_key) cut.insert(fitted(key));
  std::erase_if(impl_->index, [&](const auto& record) {
    const auto& [key, slot] = record;
    if (keys.contains(key) || cut.contains(key)) return false;
    impl_->slots[slot].key_size = 0;
    impl_->free.push_back(slot);
    return true;
  });
}

}  // namespace holdfast::process
