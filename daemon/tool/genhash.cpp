// `holdfast genhash`: the digest of a page as HTTP_GET and SSL_GET compute it. Options and meaning
// are those of keepalived's genhash (runtime.md 23).
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/program_options.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>

#include "checkers/io/http_fetch.h"
#include "checkers/io/md5.h"
#include "daemon/tool/tool.h"

namespace holdfast::tool {
namespace {

namespace asio = boost::asio;
namespace po = boost::program_options;
using checkers::Verdict;

/// Rows of 16 bytes, as they come.
class HexDump {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes) {
      row_ += byte;
      if (row_.size() == width) end_row();
    }
  }
  void end() {
    if (!row_.empty()) end_row();
  }

 private:
  static constexpr std::size_t width = 16;
  void end_row() {
    std::string line = fmt::format("{:08x} ", offset_);
    for (const unsigned char byte : row_) line += fmt::format(" {:02x}", byte);
    line.append((width - row_.size()) * 3 + 2, ' ');
    for (const char byte : row_) line += byte >= ' ' && byte <= '~' ? byte : '.';
    std::puts(line.c_str());
    offset_ += row_.size();
    row_.clear();
  }
  std::string row_;
  std::size_t offset_ = 0;
};

/// Any status will do: the digest is that of the page that comes.
class Digest : public checkers::AnswerSink {
 public:
  explicit Digest(bool verbose) : verbose_{verbose} {}

  std::optional<Verdict> status(unsigned code) override {
    if (verbose_) std::puts(fmt::format("HTTP header:\nstatus {}", code).c_str());
    return std::nullopt;
  }
  void field(std::string_view name, std::string_view value) override {
    std::string line = fmt::format("{}: {}", name, value);
    for (char& c : line)
      if (c < ' ' || c > '~') c = '.';
    if (verbose_) std::puts(line.c_str());
  }
  std::optional<Verdict> body(std::string_view piece) override {
    if (verbose_ && !std::exchange(in_body_, true)) std::puts("\nHTTP body:");
    if (verbose_) dump_.add(piece);
    md5_.update(piece);
    return std::nullopt;
  }
  Verdict finish() override {
    dump_.end();
    if (verbose_) std::puts("\nMD5 of the body:");
    std::puts(md5_.hex().c_str());
    return Verdict::passed();
  }

 private:
  bool verbose_;
  bool in_body_ = false;
  HexDump dump_;
  checkers::Md5 md5_;
};

po::options_description described() {
  po::options_description all("Options");
  const auto text = [] { return po::value<std::string>(); };
  auto add = all.add_options();
  add("server,s", text(), "address of the server, IPv4 or IPv6");
  add("port,p", po::value<std::uint16_t>(), "its port");
  add("url,u", text(), "path of the page");
  add("use-ssl,S", po::bool_switch(), "by TLS");
  add("use-sni,I", po::bool_switch(), "send the virtual host in the TLS handshake too");
  add("use-virtualhost,V", text()->default_value(""), "Host header");
  add("protocol,P", text()->default_value("1.0"), "version of HTTP: 1.0, 1.0c, 1.0C, 1.1 or 2");
  add("fwmark,m", po::value<std::uint32_t>(), "firewall mark of the packets");
  add("timeout,t", po::value<unsigned>()->default_value(5), "seconds for connection and answer");
  add("verbose,v", po::bool_switch(), "header and body as well");
  add("help,h", po::bool_switch(), "this text");
  return all;
}

Result<checkers::HttpVersion> version_of(std::string_view text) {
  using checkers::HttpVersion;
  if (text == "1.0") return HttpVersion::v1_0;
  if (text == "1.0C") return HttpVersion::v1_0_close;
  if (text == "1.0c") return HttpVersion::v1_0_close_lower;
  if (text == "1.1") return HttpVersion::v1_1;
  if (text == "2") return HttpVersion::v2;
  return fail("--protocol needs 1.0, 1.0c, 1.0C, 1.1 or 2, found '{}'", text);
}

Result<checkers::HttpFetch> fetch_of(const po::variables_map& given) {
  for (const char* const needed : {"server", "port", "url"})
    if (given.count(needed) == 0) return fail("--{} is missing", needed);
  const auto address = IpAddress::parse(given["server"].as<std::string>());
  if (!address)
    return fail("--server needs an address, found '{}'", given["server"].as<std::string>());
  auto version = version_of(given["protocol"].as<std::string>());
  if (!version) return tl::make_unexpected(version.error());
  checkers::HttpFetch fetch;
  fetch.endpoint.connect_ip = *address;
  fetch.endpoint.connect_port = given["port"].as<std::uint16_t>();
  if (given.count("fwmark") != 0) fetch.endpoint.fwmark = given["fwmark"].as<std::uint32_t>();
  fetch.version = *version;
  fetch.limit = std::chrono::seconds{given["timeout"].as<unsigned>()};
  fetch.tls = given["use-ssl"].as<bool>();
  checkers::HttpCheck check;
  check.virtualhost = given["use-virtualhost"].as<std::string>();
  check.send_sni = given["use-sni"].as<bool>();
  if (check.send_sni && !fetch.tls) return fail("--use-sni needs --use-ssl");
  checkers::HttpUrl url;
  url.path = given["url"].as<std::string>();
  fetch.request = checkers::http_request(check, url, fetch.endpoint);
  fetch.server_name = checkers::server_name(check, url);
  return fetch;
}

Verdict run(const checkers::HttpFetch& fetch, Digest& digest) {
  asio::io_context context{1};
  Verdict verdict = Verdict::failed("the exchange did not end");
  asio::co_spawn(context, checkers::http_fetch(fetch, digest),
                 [&](const std::exception_ptr& trouble, const Verdict& found) {
                   if (!trouble) verdict = found;
                 });
  context.run();
  return verdict;
}

int complain(const std::string& text) {
  std::fputs(fmt::format("genhash: {}\n", text).c_str(), stderr);
  return usage_error;
}

int complain_usage(const std::string& text) {
  std::ostringstream options;
  options << described();
  return complain(fmt::format("{}\n\nUsage: genhash -s ADDRESS -p PORT -u PATH [OPTION...]\n{}",
                              text, options.str()));
}

}  // namespace

int genhash(const std::vector<std::string>& arguments) {
  po::variables_map given;
  try {
    po::store(po::command_line_parser{arguments}.options(described()).run(), given);
    po::notify(given);
  } catch (const po::error& error) {
    return complain_usage(error.what());
  }
  if (given["help"].as<bool>()) {
    std::cout << "Usage: genhash -s ADDRESS -p PORT -u PATH [OPTION...]\n" << described();
    return 0;
  }
  const auto fetch = fetch_of(given);
  if (!fetch) return complain_usage(fetch.error().what);
  const bool verbose = given["verbose"].as<bool>();
  Digest digest{verbose};
  const auto begun = std::chrono::steady_clock::now();
  const Verdict verdict = run(*fetch, digest);
  const auto taken = std::chrono::steady_clock::now() - begun;
  if (verdict.kind != Verdict::Kind::passed) return complain(verdict.reason);
  if (verbose)
    std::puts(fmt::format("\nanswered within {} us",
                          std::chrono::duration_cast<std::chrono::microseconds>(taken).count())
                  .c_str());
  return 0;
}

}  // namespace holdfast::tool
