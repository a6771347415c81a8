// The table of authentication: what version 2 has (RFC 2338).
#include <array>

#include "vrrp/config/instance.h"

namespace holdfast::vrrp {
namespace {

using config::Reader;
using config::Row;
using config::row;
using config::Statement;

void read_auth_type(Instance& instance, const Row<Instance>&, const Statement& statement,
                    Reader& reader) {
  const std::string_view type = statement.words.size() > 1 ? statement.words[1].text : "";
  if (type == "PASS")
    instance.auth_type = AuthType::password;
  else if (type == "AH")
    instance.auth_type = AuthType::ah;
  else
    reader.warn(statement.place(1), fmt::format("'auth_type' needs PASS or AH, found '{}'", type));
}

void read_auth_pass(Instance& instance, const Row<Instance>&, const Statement& statement,
                    Reader& reader) {
  constexpr std::size_t longest = 8;  // RFC 2338 5.3.10
  if (statement.words.size() < 2) {
    reader.error(statement.place(), "'auth_pass' needs a password of 1 to 8 characters");
    return;
  }
  const std::string_view password = statement.words[1].text;
  instance.auth_pass = Secret{password.substr(0, longest)};
  if (password.size() > longest)
    reader.warn(statement.place(1), "'auth_pass' is longer than 8 characters and is cut to 8");
}

constexpr std::array authentication_schema{
    row<Instance>("auth_type", "PASS|AH", "RFC 2338 5.3.6", "Kind of version 2 authentication.",
                  read_auth_type),
    row<Instance>("auth_pass", "STRING(<=8)", "RFC 2338 5.3.10", "Shared password of the link.",
                  read_auth_pass),
};

}  // namespace

void read_authentication(Instance& instance, const Row<Instance>&, const Statement& statement,
                         Reader& reader) {
  config::read_block<Instance>(authentication_schema, instance, statement.children,
                               "authentication", reader);
}

void describe_authentication(std::vector<config::KeywordInfo>& out) {
  config::describe<Instance>(authentication_schema, "vrrp_instance/authentication", out);
}

}  // namespace holdfast::vrrp
