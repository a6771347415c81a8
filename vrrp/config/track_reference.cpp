// The lines of track_interface, track_script, track_file, track_process and track_bfd.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "vrrp/config/line_option.h"
#include "vrrp/config/track.h"

namespace holdfast::vrrp {
namespace {

using config::Reader;
using config::Statement;
using std::string_view_literals::operator""sv;

constexpr std::array line_words{"weight"sv, "reverse"sv, "noreverse"sv};

/// keepalived: files and processes may weigh 254, the others are cut to 253.
constexpr std::int64_t heaviest = 254;
bool is_cut(TrackKind kind) { return kind != TrackKind::file && kind != TrackKind::process; }

std::optional<std::int16_t> read_line_weight(const Statement& line, std::size_t word,
                                             TrackKind kind, Reader& reader) {
  const Statement value = part_of(line, word, 2);
  const auto number =
      config::read_number(value, 1, config::Range{-double{heaviest}, double{heaviest}}, reader);
  if (!number) return std::nullopt;
  if (!is_cut(kind) || std::abs(*number) < heaviest) return static_cast<std::int16_t>(*number);
  const auto cut = static_cast<std::int16_t>(*number > 0 ? heaviest - 1 : 1 - heaviest);
  reader.warn(value.place(1),
              fmt::format("'weight' is {}, outside -253..253; {} is used", *number, cut));
  return cut;
}

void read_line(TrackReference& out, const Statement& line, TrackKind kind, Reader& reader) {
  bool weighed = false;
  for (std::size_t word = 1; word < line.words.size();) {
    const std::string_view option = line.words[word].text;
    if (option == "weight") {
      out.weight = read_line_weight(line, word, kind, reader);
      weighed = true;
      word += 2;
      continue;
    }
    const bool known =
        option == "reverse" || (option == "noreverse" && kind != TrackKind::interface);
    if (known && weighed) {
      out.reverse = option == "reverse";
    } else if (known) {
      reader.warn(line.place(word),
                  fmt::format("'{}' needs a weight before it: 'weight 10 {}'", option, option));
    } else if (!reader.diagnostics.is_full(config::Severity::warning)) {
      reader.warn(line.place(word), fmt::format("unknown option '{}' of a tracker{}", option,
                                                config::did_you_mean(option, line_words)));
    }
    ++word;
  }
}

}  // namespace

void read_references(std::vector<TrackReference>& out, TrackKind kind, const Statement& block,
                     Reader& reader) {
  report_words_before_block(block, reader);
  for (const Statement& line : block.children) {
    TrackReference reference;
    reference.name = line.keyword();
    reference.place = line.place();
    if (kind == TrackKind::interface && !read_interface(line, 0, reader)) continue;
    read_line(reference, line, kind, reader);
    if (std::ranges::find(out, reference.name, &TrackReference::name) != out.end())
      reader.warn(line.place(),
                  fmt::format("'{}' is tracked twice; the first one stays", reference.name));
    else
      out.push_back(std::move(reference));
  }
}

void check_references(const Trackers& track, const TrackerConfig& trackers, std::string_view owner,
                      Reader& reader) {
  const auto check = [&](const auto& references, const auto& known, std::string_view what) {
    for (const TrackReference& reference : references) {
      const auto is_named = [&](const auto& tracker) { return tracker.name == reference.name; };
      if (std::ranges::any_of(known, is_named)) continue;
      if (reader.diagnostics.is_full(config::Severity::warning)) return;
      std::vector<std::string_view> names;
      for (const auto& tracker : known) names.push_back(tracker.name);
      reader.warn(reference.place,
                  fmt::format("{} tracks {} '{}', which is not defined; it is ignored{}", owner,
                              what, reference.name, config::did_you_mean(reference.name, names)));
    }
  };
  check(track.scripts, trackers.scripts, "vrrp_script");
  check(track.files, trackers.files, "track_file");
  check(track.processes, trackers.processes, "vrrp_track_process");
}

}  // namespace holdfast::vrrp
