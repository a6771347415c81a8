// The tables of vrrp_script and vrrp_track_process.
#include <array>

#include "vrrp/config/blocks.h"
#include "vrrp/config/track.h"

namespace holdfast::vrrp {
namespace {

using config::field;
using config::Range;
using config::Reader;
using config::Row;
using config::row;
using config::Statement;
using config::Switch;
using config::weight_row;
using std::string_view_literals::operator""sv;

/// @source keepalived: 32 bits of microseconds
constexpr Range run_time{0.000'001, 4294, "s"};
constexpr Range result_count{1, 2'147'483'647};
constexpr Range settle_time{0.000'001, 3600, "s"};
constexpr std::array param_match_words{"initial"sv, "partial"sv};

void read_script(TrackScript& script, const Row<TrackScript>&, const Statement& statement,
                 Reader& reader) {
  if (!script.script)
    for (std::size_t word = 1; word < statement.words.size(); ++word)
      script.command.emplace_back(statement.words[word].text);
  read_script_place(script.script, statement, reader);
}

void read_user(TrackScript& script, const Row<TrackScript>&, const Statement& statement,
               Reader& reader) {
  const std::string_view group = statement.words.size() > 2 ? statement.words[2].text : "";
  const Statement name = config::part_of(statement, 0, 2);
  if (const auto user = config::read_word(name, 1, reader))
    script.user = config::make_script_user(*user, group);
}

constexpr std::array script_schema{
    row<TrackScript>("script", "\"CMD [ARGS]\"", "keepalived",
                     "Command that is run; exit status 0 means healthy.", read_script),
    field<&TrackScript::interval>("interval", run_time, "keepalived",
                                  "Time from the start of a run to the next."),
    field<&TrackScript::timeout>(
        "timeout", run_time, "keepalived",
        "A run that takes longer is ended and counts as failed; the interval by default."),
    weight_row<TrackScript, 253>("-253-253 [reverse]",
                                 "Added to the priority; with 0 a failure means FAULT."),
    field<&TrackScript::rise>("rise", result_count, "keepalived",
                              "Good results in a row that make it healthy."),
    field<&TrackScript::fall>("fall", result_count, "keepalived",
                              "Bad results in a row that make it unhealthy."),
    row<TrackScript>("user", "USER [[:]GROUP]", "keepalived",
                     "Who runs the script; script_user by default.", read_user),
    field<&TrackScript::init_fail>("init_fail", Switch{}, "keepalived",
                                   "Counts as failed until the first result."),
};

void read_process(TrackProcess& process, const Row<TrackProcess>&, const Statement& statement,
                  Reader& reader) {
  if (statement.words.size() < 2) {
    config::read_word(statement, 1, reader);
    return;
  }
  process.command = statement.words[1].text;
  process.parameters.clear();
  for (std::size_t word = 2; word < statement.words.size(); ++word)
    process.parameters.emplace_back(statement.words[word].text);
}

/// The bare keyword means exact.
void read_param_match(TrackProcess& process, const Row<TrackProcess>& self,
                      const Statement& statement, Reader& reader) {
  process.param_match = ParamMatch::exact;
  if (statement.words.size() < 2) return;
  if (const auto match = config::read_choice(statement, 1, self.rule, reader))
    process.param_match = static_cast<ParamMatch>(*match);
}

void read_delay(TrackProcess& process, const Row<TrackProcess>& self, const Statement& statement,
                Reader& reader) {
  if (const auto delay = config::read_seconds(statement, 1, self.rule, reader))
    process.terminate_delay = process.fork_delay = *delay;
}

constexpr std::array process_schema{
    row<TrackProcess>(
        "process", "COMMAND [PARAMETER ...]", "keepalived",
        "Program whose processes are counted: the name that the kernel shows (15 characters), or "
        "with parameters, param_match or full_command the first word of the command line.",
        read_process),
    Row<TrackProcess>{
        "param_match", config::Choice{param_match_words}, "[initial|partial]", "keepalived",
        "How parameters are compared: all of them; `partial`: the first ones, and more may follow; "
        "`initial`: also the last one needs only to begin so.",
        read_param_match},
    weight_row<TrackProcess, 254>("-254-254 [reverse]",
                                  "Added to the priority; with 0 a lost quorum means FAULT."),
    field<&TrackProcess::quorum>("quorum", Range{1, 65'535}, "keepalived",
                                 "Fewest processes that must run."),
    field<&TrackProcess::quorum_max>("quorum_max", Range{0, 65'535}, "keepalived",
                                     "Most processes that may run; 0: none."),
    Row<TrackProcess>{
        "delay", settle_time, {}, "keepalived", "Sets terminate_delay and fork_delay.", read_delay},
    field<&TrackProcess::terminate_delay>("terminate_delay", settle_time, "keepalived",
                                          "Grace time after the quorum is lost."),
    field<&TrackProcess::fork_delay>("fork_delay", settle_time, "keepalived",
                                     "Settling time after the quorum is reached."),
    field<&TrackProcess::full_command>(
        "full_command", Switch{}, "keepalived",
        "Compares the first word of the command line, as it was started, not the name."),
};

/// Reads one tracker; what is_whole refuses is reported and left out, as keepalived does.
template <typename T>
void read_one(std::vector<T>& out, std::span<const Row<T>> schema, const Statement& statement,
              bool (*is_whole)(const T&), std::string_view needs, Reader& reader) {
  auto made = named_block(out, statement, reader);
  if (!made) return;
  config::read_block<T>(schema, *made, statement.children, statement.keyword(), reader);
  if (is_whole(*made))
    out.push_back(std::move(*made));
  else
    reader.warn(statement.place(), fmt::format("{} {} has no '{}'; it is left out",
                                               statement.keyword(), made->name, needs));
}

}  // namespace

ProcessSettings settings_of(const TrackProcess& process) {
  ProcessSettings made{process.name,        process.command,         process.parameters,
                       process.param_match, process.full_command,    process.quorum,
                       process.quorum_max,  process.terminate_delay, process.fork_delay};
  const bool compares = made.param_match != ParamMatch::ignore;
  if (!compares && !made.parameters.empty()) made.param_match = ParamMatch::exact;
  made.full_command |= made.param_match != ParamMatch::ignore;
  return made;
}

bool read_tracker(TrackerConfig& out, const Statement& block, Reader& reader) {
  const std::string_view keyword = block.keyword();
  if (keyword == "vrrp_script") {
    read_one<TrackScript>(
        out.scripts, script_schema, block,
        [](const TrackScript& made) { return made.script.has_value(); }, "script", reader);
  } else if (config::is_track_file(keyword)) {
    if (keyword == "vrrp_track_file")
      reader.note(block.place(), "'vrrp_track_file' is deprecated; write 'track_file'");
    read_one<TrackFile>(
        out.files, config::track_file_schema(), block,
        [](const TrackFile& made) { return !made.file.empty(); }, "file", reader);
  } else if (keyword == "vrrp_track_process") {
    read_one<TrackProcess>(
        out.processes, process_schema, block,
        [](const TrackProcess& made) { return !made.command.empty(); }, "process", reader);
  } else {
    return false;
  }
  return true;
}

void describe_trackers(std::vector<config::KeywordInfo>& out) {
  config::describe<TrackScript>(script_schema, "vrrp_script", out);
  config::describe<TrackFile>(config::track_file_schema(), "track_file", out);
  config::describe<TrackProcess>(process_schema, "vrrp_track_process", out);
}

}  // namespace holdfast::vrrp
