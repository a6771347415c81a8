// LDAP_CHECK: StartTLS where it is wanted, a simple bind, and where wanted one entry is read.
// @source RFC 4511 4.2, 4.5, 4.14 and 5.1 (BER with definite lengths)
#include <array>
#include <optional>
#include <utility>

#include "checkers/core/shown.h"
#include "checkers/core/talk.h"

namespace holdfast::checkers {
namespace {

using std::string_view_literals::operator""sv;

// Tags. @source RFC 4511 appendix B
constexpr unsigned char sequence = 0x30, integer = 0x02, octets = 0x04, enumerated = 0x0a,
                        boolean = 0x01;
constexpr unsigned char bind_request = 0x60, bind_response = 0x61, unbind_request = 0x42,
                        search_request = 0x63, search_entry = 0x64, search_done = 0x65,
                        extended_request = 0x77, extended_response = 0x78, search_reference = 0x73;
constexpr unsigned char simple = 0x80, present = 0x87, request_name = 0x80;
constexpr std::string_view start_tls_name = "1.3.6.1.4.1.1466.20037";

/// @source RFC 4511 4.1.9
std::string_view name_of(std::uint32_t code) {
  struct Code {
    std::uint32_t code;
    std::string_view name;
  };
  static constexpr std::array codes{Code{1, "operationsError"},
                                    Code{2, "protocolError"},
                                    Code{8, "strongerAuthRequired"},
                                    Code{10, "referral"},
                                    Code{13, "confidentialityRequired"},
                                    Code{32, "noSuchObject"},
                                    Code{34, "invalidDNSyntax"},
                                    Code{48, "inappropriateAuthentication"},
                                    Code{49, "invalidCredentials"},
                                    Code{50, "insufficientAccessRights"},
                                    Code{51, "busy"},
                                    Code{52, "unavailable"},
                                    Code{53, "unwillingToPerform"}};
  for (const Code& known : codes)
    if (known.code == code) return known.name;
  return "an error";
}

std::string element(unsigned char tag, std::string_view content) {
  std::string out(1, static_cast<char>(tag));
  if (content.size() < 0x80) {
    out += static_cast<char>(content.size());
  } else {
    out += '\x83';  // three bytes of length
    for (const unsigned shift : {16U, 8U, 0U})
      out += static_cast<char>(content.size() >> shift & 0xffU);
  }
  return out.append(content);
}

struct Element {
  unsigned char tag = 0;
  std::string_view content;
  std::size_t size = 0;  ///< with tag and length
};
enum class Trouble { unfinished, not_ldap };
/// The element that `bytes` begins with.
std::variant<Element, Trouble> read_element(std::string_view bytes) {
  constexpr std::size_t most_length = 4;
  if (bytes.size() < 2) return Trouble::unfinished;
  std::size_t length = static_cast<unsigned char>(bytes[1]);
  std::size_t begin = 2;
  if (length >= 0x80) {
    const std::size_t digits = length & 0x7fU;
    if (digits == 0 || digits > most_length) return Trouble::not_ldap;
    if (bytes.size() < begin + digits) return Trouble::unfinished;
    length = 0;
    for (std::size_t i = 0; i < digits; ++i)
      length = length << 8U | static_cast<unsigned char>(bytes[begin + i]);
    begin += digits;
  }
  if (length > Talk::most_unread) return Trouble::not_ldap;
  if (bytes.size() < begin + length) return Trouble::unfinished;
  return Element{static_cast<unsigned char>(bytes[0]), bytes.substr(begin, length), begin + length};
}
/// Takes the element of this tag off `bytes`; nothing: it is another one.
std::optional<std::string_view> take_off(std::string_view& bytes, unsigned char tag) {
  const auto read = read_element(bytes);
  const auto* found = std::get_if<Element>(&read);
  if (found == nullptr || found->tag != tag) return std::nullopt;
  const std::string_view content = found->content;
  bytes.remove_prefix(found->size);
  return content;
}

std::uint32_t number(std::string_view content) {
  std::uint32_t value = 0;
  for (const char byte : content) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

class Ldap : public Talk {
 public:
  explicit Ldap(const LdapCheck& check) : check_{check} {}

 private:
  enum class State { begin, starting_tls, encrypted, binding, searching };

  Action step() override {
    switch (state_) {
      case State::begin:
        if (!check_.start_tls) return bind();
        return ask(State::starting_tls, "starttls",
                   element(extended_request, element(request_name, start_tls_name)));
      case State::starting_tls:
        return await("starttls", extended_response);
      case State::encrypted:
        return bind();
      case State::binding:
        return await("bind", bind_response);
      case State::searching:
        break;
    }
    return await("search", search_done);
  }

  Action ask(State next, std::string what, std::string_view operation) {
    state_ = next;
    return Send{std::move(what), message(operation)};
  }
  std::string message(std::string_view operation) {
    const std::string id(1, static_cast<char>(++id_));
    return element(sequence, element(integer, id).append(operation));
  }

  Action bind() {
    return ask(State::binding, "bind",
               element(bind_request, element(integer, "\3") + element(octets, check_.bind_dn) +
                                         element(simple, check_.password)));
  }

  /// The entry itself, whatever it is, without its attributes. @source RFC 4511 4.5.1.8: "1.1"
  Action search() {
    const std::string zero(1, '\0');
    return ask(State::searching, "search",
               element(search_request, element(octets, check_.base) + element(enumerated, zero) +
                                           element(enumerated, zero) + element(integer, "\1") +
                                           element(integer, zero) + element(boolean, zero) +
                                           element(present, "objectClass") +
                                           element(sequence, element(octets, "1.1"))));
  }

  /// Until the result of the request comes; entries before it are counted.
  Action await(std::string_view what, unsigned char wanted) {
    for (;;) {
      const std::string first = came();
      const auto read = read_element(unread());
      const auto* trouble = std::get_if<Trouble>(&read);
      if (trouble != nullptr && *trouble == Trouble::unfinished && may_be_ldap())
        return Receive{std::string{what}};
      const auto* whole = std::get_if<Element>(&read);
      if (whole == nullptr || whole->tag != sequence)
        return Done{Verdict::failed("{}: this is no LDAP{}", what, first)};
      std::string content{whole->content};
      consume(whole->size);
      if (auto action = judge(what, wanted, content, first)) return *action;
    }
  }
  [[nodiscard]] bool may_be_ldap() const {
    return unread().empty() || static_cast<unsigned char>(unread().front()) == sequence;
  }

  /// Nothing: the result is still to come.
  std::optional<Action> judge(std::string_view what, unsigned char wanted, std::string_view message,
                              std::string_view first) {
    const auto id = take_off(message, integer);
    const auto read = read_element(message);
    const auto* operation = std::get_if<Element>(&read);
    if (!id || operation == nullptr)
      return Done{Verdict::failed("{}: this is no LDAP{}", what, first)};
    const bool is_notice = number(*id) == 0 && operation->tag == extended_response;
    if (wanted == search_done && operation->tag == search_entry) ++entries_;
    if (wanted == search_done &&
        (operation->tag == search_entry || operation->tag == search_reference))
      return std::nullopt;
    if (operation->tag != wanted && !is_notice)
      return Done{Verdict::failed("{}: an answer to something else{}", what, first)};
    std::string_view result = operation->content;
    const auto code = take_off(result, enumerated);
    const auto matched = take_off(result, octets);
    const auto text = take_off(result, octets);
    if (!code || code->empty() || !matched || !text)
      return Done{Verdict::failed("{}: this is no LDAP{}", what, first)};
    // 4.4.1: the server gives notice that it disconnects.
    if (number(*code) != 0 || is_notice)
      return Done{Verdict::failed("{}: result {}, {} {}", what, number(*code),
                                  name_of(number(*code)), shown(*text))};
    return go_on();
  }

  Action go_on() {
    if (state_ == State::starting_tls) {
      state_ = State::encrypted;
      return StartTls{};
    }
    if (state_ == State::binding && check_.searches) return search();
    if (state_ == State::searching && entries_ == 0)
      return Done{Verdict::failed("search: no entry {}", shown(check_.base))};
    return Done{Verdict::passed(), message(element(unbind_request, ""))};
  }

  LdapCheck check_;
  State state_ = State::begin;
  std::uint8_t id_ = 0;
  std::size_t entries_ = 0;
};

}  // namespace

std::unique_ptr<Talk> make_ldap(const LdapCheck& check) { return std::make_unique<Ldap>(check); }

}  // namespace holdfast::checkers
