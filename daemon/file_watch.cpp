#include "daemon/file_watch.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "daemon/base/fd.h"

namespace holdfast {

namespace asio = boost::asio;

namespace {

/// @source runtime.md 9.3 of the reference: a number needs no more
constexpr std::size_t most_bytes = 127;
/// A folder that is not there is looked for again after this long.
constexpr auto retry_after = std::chrono::seconds{1};

/// The beginning of a regular file; empty for anything else.
std::string beginning_of(const std::string& path) {
  const Fd fd{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  std::array<char, most_bytes> buffer{};
  const ssize_t size = ::read(fd.get(), buffer.data(), buffer.size());
  std::string text{buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  const auto foreign = std::ranges::find_if(
      text, [](char c) { return c == 0 || static_cast<unsigned char>(c) >= 0x80; });
  text.erase(foreign, text.end());
  return text;
}

}  // namespace

FileWatch::FileWatch(asio::io_context& context, Log& log, Tell tell)
    : context_{context}, log_{log}, tell_{std::move(tell)}, inotify_{context}, retry_{context} {}

FileWatch::~FileWatch() = default;

bool FileWatch::open() {
  if (inotify_.is_open()) return true;
  const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor < 0) {
    log_.write(Event{Level::error, "inotify",
                     fmt::format("cannot watch files: {}", ::strerrordesc_np(errno))});
    return false;
  }
  inotify_.assign(descriptor);
  wait_for_event();
  return true;
}

void FileWatch::watch(std::vector<File> files) {
  retry_.cancel();
  for (const auto& [descriptor, folder] : by_descriptor_)
    ::inotify_rm_watch(inotify_.native_handle(), descriptor);
  folders_.clear();
  by_descriptor_.clear();
  files_ = std::move(files);
  contents_.assign(files_.size(), {});
  if (files_.empty() || !open()) {
    for (std::size_t i = 0; i < files_.size(); ++i) read(i, true);
    return;
  }
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const std::filesystem::path path{files_[i].path};
    const std::string parent = path.parent_path().string();
    folders_[parent.empty() ? "." : parent].names.emplace(path.filename().string(), i);
    if (made_.insert(files_[i].path).second) make(files_[i]);
  }
  for (std::size_t i = 0; i < files_.size(); ++i) read(i, true);
  watch_folders();  // looks again, and tells what has changed since
}

void FileWatch::make(const File& file) {
  if (!file.init) return;
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |
                    (file.overwrite ? O_TRUNC : O_EXCL);
  const Fd fd{::open(file.path.c_str(), flags, 0644)};
  if (!fd && errno == EEXIST) return;
  const std::string text = fmt::format("{}\n", *file.init);
  if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    log_.write(Event{Level::error, "track_file",
                     fmt::format("cannot write {}: {}", file.path, ::strerrordesc_np(errno))});
}

void FileWatch::read(std::size_t index, bool always) {
  std::string content = beginning_of(files_[index].path);
  if (!always && content == contents_[index]) return;
  contents_[index] = content;
  tell_({files_[index].object, std::move(content)});
}

/// Those that are not watched yet; what is not there is tried again.
void FileWatch::watch_folders() {
  constexpr std::uint32_t events = IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM |
                                   IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  bool missing = false;
  for (auto& [path, folder] : folders_) {
    if (folder.descriptor >= 0) continue;
    folder.descriptor = ::inotify_add_watch(inotify_.native_handle(), path.c_str(), events);
    if (folder.descriptor < 0) {
      missing = true;
      continue;
    }
    by_descriptor_.emplace(folder.descriptor, &folder);
    for (const auto& [name, index] : folder.names) read(index, false);
  }
  if (!missing) return;
  retry_.expires_after(retry_after);
  retry_.async_wait([this](const boost::system::error_code& error) {
    if (!error) watch_folders();
  });
}

void FileWatch::wait_for_event() {
  inotify_.async_wait(asio::posix::stream_descriptor::wait_read,
                      [this](const boost::system::error_code& error) {
                        if (error) return;
                        take_events();
                        wait_for_event();
                      });
}

/// @param name of the file; null: all of the folder
void FileWatch::read_changed(const Folder& folder, const char* name) {
  if (name == nullptr) {
    for (const auto& [file, index] : folder.names) read(index, false);
    return;
  }
  const auto [first, last] = folder.names.equal_range(name);
  for (auto entry = first; entry != last; ++entry) read(entry->second, false);
}

void FileWatch::take_events() {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  const ssize_t size = ::read(inotify_.native_handle(), buffer.data(), buffer.size());
  bool lost_folder = false;
  for (ssize_t at = 0; at + static_cast<ssize_t>(sizeof(inotify_event)) <= size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
    at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    if ((event->mask & IN_Q_OVERFLOW) != 0)
      for (std::size_t i = 0; i < files_.size(); ++i) read(i, false);
    const bool is_lost = (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0;
    const auto [begin, end] = by_descriptor_.equal_range(event->wd);
    if (begin == end) continue;
    for (auto folder = begin; folder != end; ++folder)
      read_changed(*folder->second, is_lost ? nullptr : event->len > 0 ? event->name : "");
    if (!is_lost) continue;
    if ((event->mask & IN_MOVE_SELF) != 0) ::inotify_rm_watch(inotify_.native_handle(), event->wd);
    for (auto folder = begin; folder != end; ++folder) folder->second->descriptor = -1;
    by_descriptor_.erase(begin, end);
    lost_folder = true;
  }
  if (lost_folder) watch_folders();
}

}  // namespace holdfast
