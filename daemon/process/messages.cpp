#include "daemon/process/messages.h"

#include <algorithm>
#include <functional>

#include <algorithm>
#include <boost/json.hpp>

#include "daemon/base/utf8.h"
#include "daemon/process/memfd.h"

namespace holdfast::process {
namespace {

namespace json = boost::json;

struct Outgoing {
  json::object body;
  std::vector<int> fds;
};

Outgoing encode(const Configure& m) {
  Outgoing out{{{"type", "configure"},
                {"serial", m.serial},
                {"restarted", m.restarted},
                {"mark", m.mark},
                {"has_processes", static_cast<bool>(m.processes)},
                {"has_ipvs", static_cast<bool>(m.ipvs)},
                {"has_netfilter", static_cast<bool>(m.netfilter)},
                {"dont_release", m.dont_release}},
               {m.text.get(), m.state.get()}};
  if (m.processes) out.fds.push_back(m.processes.get());
  if (m.ipvs) out.fds.push_back(m.ipvs.get());
  if (m.netfilter) out.fds.push_back(m.netfilter.get());
  return out;
}

json::object to_json(const config::Diagnostic& found) {
  return {{"severity", static_cast<int>(found.severity)},
          {"line", found.place.line},
          {"column", found.place.column},
          {"message", found.message}};
}

Outgoing encode(const Prepared& m) {
  // Findings can be many: the worst ones fit into one message, the rest is a count.
  constexpr std::size_t most_bytes = Channel::max_message / 2;
  std::vector<config::Diagnostic> findings = m.diagnostics;
  std::ranges::stable_sort(findings, std::greater{}, &config::Diagnostic::severity);
  json::array diagnostics;
  std::size_t bytes = 0;
  for (const config::Diagnostic& found : findings) {
    bytes += found.message.size() * 2 + 80;
    if (bytes > most_bytes) break;
    diagnostics.emplace_back(to_json(found));
  }
  if (const std::size_t rest = findings.size() - diagnostics.size(); rest > 0)
    diagnostics.emplace_back(to_json(
        {config::Severity::note, {}, fmt::format("{} further findings are not shown", rest)}));
  return {{{"type", "prepared"}, {"serial", m.serial}, {"diagnostics", std::move(diagnostics)}},
          {}};
}
Outgoing encode(const Commit& m) { return {{{"type", "commit"}, {"serial", m.serial}}, {}}; }
Outgoing encode(const Abort& m) { return {{{"type", "abort"}, {"serial", m.serial}}, {}}; }
Outgoing encode(const Running& m) { return {{{"type", "running"}, {"serial", m.serial}}, {}}; }
Outgoing encode(const Stop&) { return {{{"type", "stop"}}, {}}; }
Outgoing encode(const RunScript& m) {
  json::array arguments(m.arguments.begin(), m.arguments.end());
  return {{{"type", "run_script"},
           {"serial", m.serial},
           {"line", m.place.line},
           {"column", m.place.column},
           {"object", m.object},
           {"arguments", std::move(arguments)}},
          {}};
}
Outgoing encode(const RunCheck& m) {
  return {{{"type", "run_check"},
           {"serial", m.serial},
           {"line", m.place.line},
           {"column", m.place.column},
           {"object", m.object},
           {"run", m.run},
           {"timeout_ns", m.timeout.count()}},
          {}};
}
Outgoing encode(const CheckResult& m) {
  return {{{"type", "check_result"},
           {"object", m.object},
           {"run", m.run},
           {"outcome", static_cast<int>(m.outcome)},
           {"code", m.code}},
          {}};
}
Outgoing encode(const WatchFiles& m) {
  json::array files;
  for (const WatchedFile& file : m.files) {
    json::object one{{"object", file.object},
                     {"line", file.place.line},
                     {"column", file.place.column},
                     {"overwrite", file.overwrite}};
    if (file.init) one["init"] = *file.init;
    files.emplace_back(std::move(one));
  }
  return {{{"type", "watch_files"}, {"serial", m.serial}, {"files", std::move(files)}}, {}};
}
Outgoing encode(const FileContent& m) {
  return {{{"type", "file_content"}, {"object", m.object}, {"content", m.content}}, {}};
}
Outgoing encode(const NotifyLine& m) { return {{{"type", "notify"}, {"line", m.line}}, {}}; }
Outgoing encode(const SendMail& m) {
  return {{{"type", "mail"}, {"subject", valid_utf8(m.subject)}, {"body", valid_utf8(m.body)}}, {}};
}
Outgoing encode(const HandOver& m) {
  return {{{"type", "hand_over"}, {"request", m.request}, {"object", m.object}, {"back", m.back}},
          {}};
}
Outgoing encode(const HandedOver& m) {
  return {{{"type", "handed_over"}, {"request", m.request}, {"done", m.done}, {"text", m.text}},
          {}};
}
Outgoing encode(const Operate& m) {
  return {{{"type", "operate"},
           {"request", m.request},
           {"command", m.command},
           {"words", json::array(m.words.begin(), m.words.end())},
           {"options", json::array(m.options.begin(), m.options.end())}},
          {}};
}
Outgoing encode(const Operated& m) {
  return {{{"type", "operated"}, {"request", m.request}, {"done", m.done}}, {m.text.get()}};
}
Outgoing encode(const SavedState& m) { return {{{"type", "saved_state"}}, {m.bytes.get()}}; }

// Boost.JSON reports a missing or wrong member by throwing; parse_message() catches.
config::Diagnostic diagnostic_from(const json::value& value) {
  const json::object& object = value.as_object();
  config::Diagnostic found;
  const auto severity = object.at("severity").to_number<int>();
  found.severity = static_cast<config::Severity>(std::clamp(severity, 0, 2));
  found.place = {object.at("line").to_number<std::uint32_t>(),
                 object.at("column").to_number<std::uint32_t>()};
  found.message = object.at("message").as_string();
  return found;
}

Configure configure_from(const json::object& body, std::vector<Fd>& fds) {
  Configure m;
  m.serial = body.at("serial").to_number<std::uint64_t>();
  m.restarted = body.at("restarted").as_bool();
  m.mark = body.at("mark").to_number<std::uint8_t>();
  m.dont_release = body.at("dont_release").as_bool();
  m.text = std::move(fds.at(0));
  m.state = std::move(fds.at(1));
  std::size_t next = 2;
  if (body.at("has_processes").as_bool()) m.processes = std::move(fds.at(next++));
  if (body.at("has_ipvs").as_bool()) m.ipvs = std::move(fds.at(next++));
  if (body.at("has_netfilter").as_bool()) m.netfilter = std::move(fds.at(next));
  return m;
}

config::Place place_from(const json::object& body) {
  return {body.at("line").to_number<std::uint32_t>(), body.at("column").to_number<std::uint32_t>()};
}

RunScript run_script_from(const json::object& body) {
  RunScript m;
  m.serial = body.at("serial").to_number<std::uint64_t>();
  m.place = place_from(body);
  m.object = body.at("object").as_string();
  for (const json::value& argument : body.at("arguments").as_array())
    m.arguments.emplace_back(argument.as_string());
  return m;
}

RunCheck run_check_from(const json::object& body) {
  return {body.at("serial").to_number<std::uint64_t>(), place_from(body),
          std::string{body.at("object").as_string()}, body.at("run").to_number<std::uint64_t>(),
          Duration{body.at("timeout_ns").to_number<std::int64_t>()}};
}

CheckResult check_result_from(const json::object& body) {
  const auto outcome = body.at("outcome").to_number<int>();
  return {std::string{body.at("object").as_string()}, body.at("run").to_number<std::uint64_t>(),
          static_cast<CheckOutcome>(std::clamp(outcome, 0, static_cast<int>(CheckOutcome::busy))),
          body.at("code").to_number<int>()};
}

WatchFiles watch_files_from(const json::object& body) {
  WatchFiles m{body.at("serial").to_number<std::uint64_t>(), {}};
  for (const json::value& value : body.at("files").as_array()) {
    const json::object& one = value.as_object();
    WatchedFile file{std::string{one.at("object").as_string()}, place_from(one), std::nullopt,
                     one.at("overwrite").as_bool()};
    if (const json::value* init = one.if_contains("init"))
      file.init = init->to_number<std::int32_t>();
    m.files.push_back(std::move(file));
  }
  return m;
}

Operate operate_from(const json::object& body) {
  Operate m{body.at("request").to_number<std::uint64_t>(),
            std::string{body.at("command").as_string()},
            {},
            {}};
  for (const json::value& word : body.at("words").as_array())
    m.words.emplace_back(word.as_string());
  for (const json::value& option : body.at("options").as_array())
    m.options.emplace_back(option.as_string());
  return m;
}

Result<Message> decode(Packet& packet) {
  const std::string_view type = packet.body.at("type").as_string();
  const auto serial = [&] { return packet.body.at("serial").to_number<std::uint64_t>(); };
  if (type == "configure") return configure_from(packet.body, packet.fds);
  if (type == "commit") return Commit{serial()};
  if (type == "abort") return Abort{serial()};
  if (type == "running") return Running{serial()};
  if (type == "stop") return Stop{};
  if (type == "run_script") return run_script_from(packet.body);
  if (type == "run_check") return run_check_from(packet.body);
  if (type == "check_result") return check_result_from(packet.body);
  if (type == "watch_files") return watch_files_from(packet.body);
  if (type == "notify") return NotifyLine{std::string{packet.body.at("line").as_string()}};
  if (type == "mail")
    return SendMail{std::string{packet.body.at("subject").as_string()},
                    std::string{packet.body.at("body").as_string()}};
  if (type == "file_content")
    return FileContent{std::string{packet.body.at("object").as_string()},
                       std::string{packet.body.at("content").as_string()}};
  if (type == "hand_over")
    return HandOver{packet.body.at("request").to_number<std::uint64_t>(),
                    std::string{packet.body.at("object").as_string()},
                    packet.body.at("back").as_bool()};
  if (type == "handed_over")
    return HandedOver{packet.body.at("request").to_number<std::uint64_t>(),
                      packet.body.at("done").as_bool(),
                      std::string{packet.body.at("text").as_string()}};
  if (type == "operate") return operate_from(packet.body);
  if (type == "operated")
    return Operated{packet.body.at("request").to_number<std::uint64_t>(),
                    packet.body.at("done").as_bool(), std::move(packet.fds.at(0))};
  if (type == "saved_state") return SavedState{std::move(packet.fds.at(0))};
  if (type == "prepared") {
    Prepared m{serial(), {}};
    for (const json::value& found : packet.body.at("diagnostics").as_array())
      m.diagnostics.push_back(diagnostic_from(found));
    return m;
  }
  return fail("a message of unknown type '{}'", type);
}

}  // namespace

Result<void> send(Channel& channel, const Message& message) {
  const Outgoing out = std::visit([](const auto& m) { return encode(m); }, message);
  return channel.send(out.body, out.fds);
}

Result<Message> parse_message(Packet packet) {
  try {
    return decode(packet);
  } catch (const std::exception& error) {
    return fail("a message that is not understood: {}", error.what());
  }
}

}  // namespace holdfast::process
