// Files that a worker follows: their folders are watched by inotify, so that a file may be
// replaced, removed and made again; and so are the links on the way to them, each of which may lead
// elsewhere at any time. An event costs the same however many files there are, unless it is about
// a link.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/base/event.h"
#include "daemon/process/messages.h"

namespace holdfast {

class FileWatch {
 public:
  struct File {
    std::string object, path;
    std::optional<std::int32_t> init;  ///< written once when the file is missing
    bool overwrite = false;            ///< or in any case
  };
  using Tell = std::function<void(process::FileContent)>;
  FileWatch(boost::asio::io_context& context, Log& log, Tell tell);
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;
  ~FileWatch();

  /// These and no others; tells the content of each at once.
  void watch(std::vector<File> files);

 private:
  struct Folder {
    int descriptor = -1;                                      ///< of inotify; -1: none
    std::unordered_multimap<std::string, std::size_t> names;  ///< of files and links, to index
  };
  bool open();
  void make(const File& file);
  void read(std::size_t index, bool always);
  void read_all();
  bool read_changed(const std::string& path, const Folder& folder, const char* name);
  void place_files();
  void watch_folders();
  void wait_for_event();
  void take_events();

  boost::asio::io_context& context_;
  Log& log_;
  Tell tell_;
  boost::asio::posix::stream_descriptor inotify_;
  boost::asio::steady_timer retry_;
  std::vector<File> files_;
  std::vector<std::string> contents_;
  std::set<std::string> made_;  ///< paths whose init_file is done
  std::map<std::string, Folder> folders_;
  /// One folder of the system may be several here: its path can be spelled in several ways.
  std::unordered_multimap<int, std::string> by_descriptor_;  ///< to the folder's path
};

/// Where a change can make the path lead to another file: each link on the way and its end, as
/// folder and name. The folders have no links in them; of a way that ends early the last one does
/// not exist.
std::vector<std::pair<std::string, std::string>> way_to(const std::string& path);

}  // namespace holdfast
