#include "daemon/file_watch.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>

#include "daemon/base/fd.h"

namespace holdfast {

namespace asio = boost::asio;

namespace {

/// @source runtime.md 9.3 of the reference: a number needs no more
constexpr std::size_t most_bytes = 127;
/// A folder that is not there is looked for again after this long.
constexpr auto retry_after = std::chrono::seconds{1};
/// @source path_resolution(7): the kernel follows no more
constexpr int most_links = 40;

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

bool is_link(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_symlink(path, ignored);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> way_to(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<std::pair<std::string, std::string>> way;
  const fs::path absolute = fs::absolute(path, error);
  fs::path walked = "/";
  std::deque<fs::path> ahead(std::next(absolute.begin()), absolute.end());
  for (int links = 0; !ahead.empty();) {
    const fs::path name = std::move(ahead.front());
    ahead.pop_front();
    if (name.empty() || name == ".") continue;
    const fs::path here = walked / name;
    if (name == "..") {
      walked = walked.parent_path();
    } else if (is_link(here) && ++links <= most_links) {
      way.emplace_back(walked, name);
      const fs::path target = fs::read_symlink(here, error);
      if (target.is_absolute()) walked = "/";
      ahead.insert(ahead.begin(), target.begin(), target.end());
      if (target.is_absolute()) ahead.pop_front();
    } else if (ahead.empty()) {
      way.emplace_back(walked, name);
    } else {
      walked = here;
    }
  }
  return way;
}

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
  files_ = std::move(files);
  contents_.assign(files_.size(), {});
  const bool watching = !files_.empty() && open();
  if (watching)
    for (const File& file : files_)
      if (made_.insert(file.path).second) make(file);
  for (std::size_t i = 0; i < files_.size(); ++i) read(i, true);
  if (inotify_.is_open()) place_files();
  if (watching) watch_folders();
}

/// Finds the folders that matter now. What was watched and still matters goes on.
void FileWatch::place_files() {
  auto before = std::exchange(folders_, {});
  for (std::size_t i = 0; i < files_.size(); ++i)
    for (auto& [folder, name] : way_to(files_[i].path)) folders_[folder].names.emplace(name, i);
  by_descriptor_.clear();
  for (auto& [path, folder] : folders_)
    if (const auto same = before.find(path); same != before.end()) {
      folder.descriptor = same->second.descriptor;
      if (folder.descriptor >= 0) by_descriptor_.emplace(folder.descriptor, path);
    }
  for (const auto& [path, folder] : before)
    if (folder.descriptor >= 0 && !by_descriptor_.contains(folder.descriptor))
      ::inotify_rm_watch(inotify_.native_handle(), folder.descriptor);
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

void FileWatch::read_all() {
  for (std::size_t i = 0; i < files_.size(); ++i) read(i, false);
}

/// Those that are not watched yet; what is not there is tried again.
void FileWatch::watch_folders() {
  constexpr std::uint32_t events = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_TO |
                                   IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  bool missing = false;
  for (auto& [path, folder] : folders_) {
    if (folder.descriptor >= 0) continue;
    folder.descriptor = ::inotify_add_watch(inotify_.native_handle(), path.c_str(), events);
    if (folder.descriptor < 0) {
      missing = true;
      continue;
    }
    by_descriptor_.emplace(folder.descriptor, path);
    for (const auto& [name, index] : folder.names) read(index, false);  // what has changed since
  }
  if (!missing) return;
  retry_.expires_after(retry_after);
  retry_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    place_files();  // a link may lead there by now
    watch_folders();
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
/// @return the way to one of them may be another one now
bool FileWatch::read_changed(const std::string& path, const Folder& folder, const char* name) {
  if (name == nullptr) {
    for (const auto& [file, index] : folder.names) read(index, false);
    return true;
  }
  const auto [first, last] = folder.names.equal_range(name);
  bool by_a_link = first != last && is_link(std::filesystem::path{path} / name);
  for (auto entry = first; entry != last; ++entry) {
    read(entry->second, false);
    // Of a file without links the end of its way is its own name: nothing else leads there.
    const std::filesystem::path own{files_[entry->second].path};
    by_a_link |= own.filename() != name || own.parent_path() != path;
  }
  return by_a_link;
}

void FileWatch::take_events() {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  const ssize_t size = ::read(inotify_.native_handle(), buffer.data(), buffer.size());
  bool other_ways = false;
  for (ssize_t at = 0; at + static_cast<ssize_t>(sizeof(inotify_event)) <= size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
    at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    if ((event->mask & IN_Q_OVERFLOW) != 0) {
      read_all();
      other_ways = true;
    }
    const bool is_lost = (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0;
    const auto [begin, end] = by_descriptor_.equal_range(event->wd);
    if (begin == end) continue;
    // A file that was made is read when it has been written, and a link at once.
    if ((event->mask & IN_CREATE) != 0 &&
        !is_link(std::filesystem::path{begin->second} / event->name))
      continue;
    for (auto entry = begin; entry != end; ++entry)
      other_ways |= read_changed(entry->second, folders_.at(entry->second),
                                 is_lost          ? nullptr
                                 : event->len > 0 ? event->name
                                                  : "");
    if (!is_lost) continue;
    if ((event->mask & IN_MOVE_SELF) != 0) ::inotify_rm_watch(inotify_.native_handle(), event->wd);
    for (auto entry = begin; entry != end; ++entry) folders_.at(entry->second).descriptor = -1;
    by_descriptor_.erase(begin, end);
  }
  if (!other_ways) return;
  place_files();
  watch_folders();
}

}  // namespace holdfast
