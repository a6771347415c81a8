#include "daemon/command_line.h"

#include <gtest/gtest.h>
#include <syslog.h>

#include "daemon/worker.h"

namespace holdfast {
namespace {

CommandLine read(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "holdfastd");
  return read_command_line(arguments);
}

TEST(CommandLine, DefaultsAreKeepaliveds) {
  const Options options = *read({}).options;
  EXPECT_EQ(options.file, "/etc/keepalived/keepalived.conf");
  EXPECT_TRUE(options.vrrp && options.checkers);
  EXPECT_EQ(options.log_facility, LOG_DAEMON);
  EXPECT_FALSE(options.foreground);
}
TEST(CommandLine, LettersAndNamesMeanTheSame) {
  for (const auto& arguments :
       {std::vector<std::string>{"-n", "-l", "-D", "-f", "/x", "-P", "-i", "id"},
        std::vector<std::string>{"-nlD", "-f/x", "-P", "-iid"},
        std::vector<std::string>{"--dont-fork", "--log-console", "--log-detail", "--use-file=/x",
                                 "--vrrp", "--config-id=id"}}) {
    const CommandLine line = read(arguments);
    ASSERT_TRUE(line.options) << line.print.text;
    EXPECT_TRUE(line.options->foreground && line.options->log_console && line.options->log_detail);
    EXPECT_EQ(line.options->file, "/x");
    EXPECT_FALSE(line.options->checkers);
    EXPECT_EQ(line.options->config_id, "id");
  }
}
TEST(CommandLine, FormatIsTextJsonOrSarif) {
  EXPECT_EQ(read({"-t"}).options->format, ReportFormat::text);
  EXPECT_EQ(read({"-t", "--format=json"}).options->format, ReportFormat::json);
  EXPECT_EQ(read({"-t", "--format=sarif"}).options->format, ReportFormat::sarif);
  EXPECT_EQ(read({"-t", "--format=xml"}).print.status, 1);
}
TEST(CommandLine, ConfigTestTakesAnAttachedFileOnly) {
  EXPECT_EQ(read({"-t"}).options->config_test, "");
  EXPECT_EQ(read({"-t/tmp/findings"}).options->config_test, "/tmp/findings");
  EXPECT_EQ(read({"--config-test"}).options->config_test, "");
  EXPECT_EQ(read({"--config-test=/tmp/findings"}).options->config_test, "/tmp/findings");
  const CommandLine with_file = read({"-t", "-f", "/x"});
  ASSERT_TRUE(with_file.options) << with_file.print.text;
  EXPECT_EQ(with_file.options->config_test, "");
  EXPECT_EQ(with_file.options->file, "/x");
}
TEST(CommandLine, WhatIsNotBuiltSaysSoByName) {
  for (const auto& [option, name] : {std::pair{"-x", "--snmp"}, std::pair{"-d", "--dump-conf"}}) {
    const CommandLine line = read({option});
    EXPECT_FALSE(line.options);
    EXPECT_EQ(line.print.status, 1);
    EXPECT_NE(line.print.text.find(std::string{name} + " is not supported yet"), std::string::npos)
        << line.print.text;
  }
}
TEST(CommandLine, GenhashComesFirstOrIsTheNameOfTheProgram) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(genhash_arguments({"/usr/sbin/keepalived", "--genhash", "-s", "::1"}),
            (Words{"-s", "::1"}));
  EXPECT_EQ(genhash_arguments({"holdfastd", "-T"}), Words{});
  EXPECT_EQ(genhash_arguments({"/usr/bin/genhash", "-v"}), Words{"-v"});
  EXPECT_EQ(genhash_arguments({"holdfastd", "-n", "-T"}), std::nullopt);
  EXPECT_NE(read({"-n", "-T"}).print.text.find("must be the first option"), std::string::npos);
}
TEST(CommandLine, UnknownOptionsAndValuesAreRefused) {
  EXPECT_EQ(read({"--no-such-thing"}).print.status, 1);
  EXPECT_EQ(read({"-S", "9"}).print.status, 1);
  EXPECT_EQ(read({"-u", "9"}).print.status, 1);
  EXPECT_EQ(read({"-u", "077"}).options->umask, 077U);
  EXPECT_EQ(read({"-S", "local3"}).options->log_facility, LOG_LOCAL3);
}
TEST(CommandLine, SignalNumbersArePrinted) {
  EXPECT_EQ(read({"--signum=STOP"}).print.text, "15\n");
  EXPECT_EQ(read({"--signum=RELOAD"}).print.text, "1\n");
  EXPECT_EQ(read({"--signum=NONSENSE"}).print.status, 1);
}
TEST(CommandLine, ANamespaceIsAName) {
  EXPECT_EQ(read({"-s", "blue"}).options->net_namespace, "blue");
  for (const char* name : {"", ".", "..", "a/b"})
    EXPECT_EQ(read({"-s", name}).print.status, 1) << name;
}

TEST(Backoff, TheFirstRestartIsAtOnceAndACrashLoopSlowsDown) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  Backoff backoff;
  EXPECT_EQ(backoff.after_death(milliseconds{5}), Duration{0});
  Duration before{0};
  for (int i = 0; i < 20; ++i) {
    const Duration wait = backoff.after_death(milliseconds{5});
    EXPECT_GE(wait, before);
    before = wait;
  }
  EXPECT_EQ(before, Duration{seconds{60}});
  EXPECT_EQ(backoff.after_death(seconds{61}), Duration{0});
}

}  // namespace
}  // namespace holdfast
