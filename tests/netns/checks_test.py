"""Every check against servers that are well, ill, silent and hostile: the verdict and its reason.

The kernel's table is not looked at here: any kernel will do."""
import os
import re
import time

import checks_setup as setup
from checks_setup import LIMIT, SERVER, VIP
from lab.daemons import Holdfast
from lab.tls import authority, certify, openssl
from lab.wait import wait_until


class ChecksTest(setup.ChecksLab):
    def verdicts(self, cases, certificates="/", more=""):
        """cases: (behaviour, check with {limit}); each gets a port. Returns the log's line on each."""
        ports = range(5000, 5000 + len(cases))
        servers = self.serve("lab.answerers", certificates,
                             *[f"{port}:{behaviour}" for port, (behaviour, _) in zip(ports, cases)
                               if behaviour])
        found = super().verdicts({port: check for port, (_, check) in zip(ports, cases)}, more)
        self.director.stop()
        servers.terminate()
        return [found[port] for port in ports]

    def check(self, cases, certificates="/", more=""):
        """cases: (behaviour, check, what the log says); more: blocks of the configuration"""
        said = self.verdicts([case[:2] for case in cases], certificates, more)
        for (behaviour, check, expected), line in zip(cases, said):
            with self.subTest(behaviour=behaviour, check=check):
                self.assertRegex(line, expected)

    def test_tcp(self):
        check = "TCP_CHECK {\n }"
        self.check([("smtp", check, "succeeds: passed"),
                    (None, check, "failed: connect: Connection refused"),
                    (None, "TCP_CHECK {\n connect_ip 10.77.0.99\n }",
                     f"failed: connect(: No route to host| timed out after {LIMIT} s)")])

    def test_smtp(self):
        check = "SMTP_CHECK {\n helo_name probe.lab\n }"
        self.check([(behaviour, check, expected) for behaviour, expected in (
            ("smtp", "succeeds: passed"),
            ("smtp_many_lines", "succeeds: passed"),
            ("smtp_refusing", "failed: greeting: 554 instead of 220: 554 no service"),
            ("smtp_no_helo", "failed: HELO: 502 instead of 250: 502 unknown"),
            ("smtp_silent", f"failed: greeting timed out after {LIMIT} s"),
            ("smtp_endless", "failed: greeting: a reply of more than 128 lines"),
            ("smtp_closing", "failed: greeting: the server closed the connection"),
            (None, "failed: connect: Connection refused"))])

    def test_dns(self):
        check = "DNS_CHECK {\n type A\n name www.example.org\n }"
        self.check([(behaviour, check, expected) for behaviour, expected in (
            ("dns_good", "succeeds: passed"),
            ("dns_late", "succeeds: passed"),
            ("dns_failing", "failed: the answer is SERVFAIL"),
            ("dns_refusing", "failed: the answer is REFUSED"),
            ("dns_cut", "failed: a reply of 9 bytes, shorter than the header of DNS"),
            ("dns_silent", f"failed: no answer after {LIMIT} s"),
            (None, "failed: ICMP: Connection refused"))])

    def test_udp(self):
        pattern = "UDP_CHECK {{\n payload 01 02 ff\n require_reply {}\n }}"
        self.check([
            ("udp_echo", "UDP_CHECK {\n }", "succeeds: passed"),
            ("udp_silent", "UDP_CHECK {\n }", "succeeds: passed"),
            (None, "UDP_CHECK {\n }", "failed: ICMP: Connection refused"),
            ("udp_silent", "UDP_CHECK {\n require_reply\n }", f"failed: no reply after {LIMIT} s"),
            ("udp_echo", pattern.format("01 xx fx"), "succeeds: passed"),
            ("udp_echo", pattern.format("02"), "failed: byte 0 of the reply is 01"),
            ("udp_short", pattern.format("01 02"), "failed: a reply of 1 bytes, shorter than the 2"),
        ])

    def test_dialogue(self):
        check = ("DIALOGUE_CHECK {\n expect \"^\\+OK\"\n send \"STAT\\r\\n\"\n"
                 " expect \"^\\+OK \\d+ messages$\"\n }")
        self.check([(behaviour, check, expected) for behaviour, expected in (
            ("pop3", "succeeds: passed"),
            ("smtp", r"failed: step 1, expect '\^\\\\\+OK' timed out after 1 s; came '220 lab\\r\\n'"),
            ("smtp_silent", r"failed: step 1, expect .* timed out after 1 s; nothing came"),
            ("byte_a_second", r"failed: step 1, expect .* timed out after 1 s; came 'x"),
            ("endless", r"failed: step 1, expect .*: no match in \d+ bytes; came 'xxxx.*'\.\.\."),
            (None, "failed: connect: Connection refused"))] + [
            ("smtp", "DIALOGUE_CHECK {\n expect_hex 32 32 3x 20\n }", "succeeds: passed"),
            ("smtp", "DIALOGUE_CHECK {\n expect_hex 33\n }",
             "failed: step 1, expect_hex 33: byte 0 differs; came '220 lab"),
            ("smtp_closing", "DIALOGUE_CHECK {\n expect \"^220 lab\"\n }",
             "failed: step 1, .*: the server closed the connection; came '220 la'"),
            ("redis_locked", "DIALOGUE_CHECK {\n send_password \"AUTH hunter2\"\n expect OK\n }",
             "failed: step 2, .*came '-NOAUTH"),
        ])

    def test_ready_conversations(self):
        hostile = [(behaviour, kind + " {\n }", expected) for kind, step in (
            ("REDIS_CHECK", "PING"), ("POSTGRESQL_CHECK", "startup"), ("MYSQL_CHECK", "greeting"),
            ("LDAP_CHECK", "bind")) for behaviour, expected in (
                ("smtp_silent", f"failed: {step} timed out after {LIMIT} s; nothing came"),
                ("byte_a_second", f"failed: {step}(: this is no | timed out after {LIMIT} s; came 'x)"),
                ("endless", f"failed: {step}: (this is no .*|a message of more than 65536 bytes); came 'xx"))]
        self.check(hostile + [
            ("redis", "REDIS_CHECK {\n }", "succeeds: passed"),
            ("redis", "REDIS_CHECK {\n role master\n }", "succeeds: passed"),
            ("redis", "REDIS_CHECK {\n role replica\n }",
             "failed: ROLE: expected 'slave', came 'master'"),
            ("redis_locked", "REDIS_CHECK {\n }",
             r"failed: PING: expected '\+PONG', came '-NOAUTH Authentication required.'"),
            ("redis_auth", "REDIS_CHECK {\n password hunter2\n }", "succeeds: passed"),
            ("postgresql", "POSTGRESQL_CHECK {\n user lab\n database lab\n }", "succeeds: passed"),
            ("postgresql_starting", "POSTGRESQL_CHECK {\n }",
             "failed: startup: error '57P03' 'not yet'"),
            ("mysql", "MYSQL_CHECK {\n }", "succeeds: passed"),
            ("mysql_login", "MYSQL_CHECK {\n user lab\n }", "succeeds: passed"),
            ("mysql_blocked", "MYSQL_CHECK {\n }",
             "failed: greeting: error 1129 'Host is blocked'"),
            ("ldap", "LDAP_CHECK {\n }", "succeeds: passed"),
            ("ldap_refusing", "LDAP_CHECK {\n }",
             "failed: bind: result 49, invalidCredentials 'no'"),
        ])

    def test_scripts(self):
        def script(name, text):
            path = self.lab.write(name, "#!/bin/sh\n" + text)
            os.chmod(path, 0o755)
            return path
        good, bad = script("good", "exit 0"), script("bad", "exit 3")
        slow, killed = script("slow", "sleep 30"), script("killed", "kill -9 $$")
        self.check([
            (None, f'MISC_CHECK {{\n misc_path "{good} with arguments"\n }}', "succeeds: passed"),
            (None, f"MISC_CHECK {{\n misc_path {bad}\n }}", "failed: exit status 3"),
            (None, f"MISC_CHECK {{\n misc_path {bad}\n misc_dynamic\n }}", "succeeds: passed"),
            (None, f"MISC_CHECK {{\n misc_path {killed}\n }}", "failed: ended by signal 9"),
            (None, f"MISC_CHECK {{\n misc_path {slow}\n misc_timeout 1\n }}",
             "failed: timed out after 1 s"),
        ])

    def test_checks_rest_while_the_address_is_elsewhere(self):
        def config(more):
            return (f"virtual_server {VIP} 80 {{\n delay_loop 1\n warmup 0\n retry 0\n lb_algo rr\n lb_kind NAT\n"
                    f" protocol TCP\n{more}\n real_server {SERVER} 5000 {{\n alpha\n TCP_CHECK {{\n }}\n}}\n}}\n")

        def told(line, count):
            wait_until(lambda: director.text().count(line) == count, 5, f"{count} times {line}")

        servers = self.serve("lab.answerers", "/", "5000:smtp")
        director = Holdfast(self.host, config("ha_suspend")).start()
        told("Suspending checks of VS", 1)
        time.sleep(2)  # it is the absence of checks that is tested
        self.assertEqual(self.accepted(), 0)
        self.host.ip("address", "add", f"{VIP}/32", "dev", "eth0")
        told("Resuming checks of VS", 1)
        told("succeeds", 1)
        self.host.ip("address", "del", f"{VIP}/32", "dev", "eth0")
        told("Suspending checks of VS", 2)
        servers.terminate()
        servers.wait()
        self.assertIn("checks rest", director.ask("servers")[1])
        director.load("# moved\n" + config("ha_suspend"))
        time.sleep(2)
        self.assertNotIn("Removing service", director.text(), "what was found before counts")
        director.load(config(""))
        told("Removing service", 1)
        told("Suspending checks of VS", 2)
        director.stop()

    def test_files(self):
        """The number is multiplied and added to the weight; too low means down."""
        number = self.lab.write("number", "0\n")
        servers = "".join(
            f"real_server {SERVER} {port} {{\n weight 10\n FILE_CHECK {{\n track_file load\n"
            f" {weight}\n }}\n}}\n"
            for port, weight in ((81, ""), (82, "weight 2 reverse"), (83, "weight 0")))
        text = (f"track_file load {{\n file {number}\n weight 3\n}}\n"
                f"virtual_server {VIP} 80 {{\n lb_algo rr\n lb_kind NAT\n protocol TCP\n{servers}}}\n")
        director = Holdfast(self.host, text).start()

        def told(*lines):
            wait_until(lambda: all(re.search(line, director.text()) for line in lines), 5, lines)

        def write(value):
            with open(number, "w") as file:
                file.write(f"{value}\n")
        wait_until(lambda: "Reload finished" in director.text() or os.path.exists(
            director.pid_file("checkers")), 5, "the worker")
        write(4)
        told(r"weight from 10 to 22 for active service \[10.77.0.11\]:tcp:81",
             r"weight from 10 to 2 for active service \[10.77.0.11\]:tcp:82",
             r"FILE_CHECK of \[10.77.0.11\]:tcp:83 .* fails: .*number holds 4")
        write(-2147483648)
        told(r"FILE_CHECK of \[10.77.0.11\]:tcp:81 .* fails: .* holds -2147483648, times 3")
        write(0)
        told(r"weight from 22 to 10 for inactive service \[10.77.0.11\]:tcp:81",
             r"FILE_CHECK of \[10.77.0.11\]:tcp:81 .* succeeds",
             r"FILE_CHECK of \[10.77.0.11\]:tcp:83 .* succeeds")
        # A reload that says nothing new changes nothing; a killed worker goes on with what was.
        write(7)
        told("weight from 10 to 31 for active")
        director.load("# moved\n" + text)
        director.replace_worker("checkers", 5)
        write(8)
        told("weight from 31 to 34 for active")
        director.stop()

    def test_tls(self):
        folder = self.lab.path("certificates")
        os.mkdir(folder)
        for name in ("ca", "stranger"):
            authority(folder, name)
        for name, days, issuer in (("good", 20, "ca"), ("short", 3, "ca"), ("foreign", 20, "stranger"),
                                   ("client", 20, "ca")):
            certify(folder, name, days, f"DNS:www.lab,IP:{SERVER}", issuer)
        certify(folder, "other", 20, "DNS:elsewhere.lab")

        def get(*lines):
            rules = "\n ".join(lines)
            return f"SSL_GET {{\n url {{\n path /\n regex \"heal.hy\"\n }}\n {rules}\n }}"
        verify = f"tls_verify\n tls_ca {folder}/ca.pem"
        self.check([
            ("tls_good", get(), "succeeds: passed"),
            ("tls_foreign", get(), "succeeds: passed"),
            ("tls_good", get(verify), "succeeds: passed"),
            ("tls_good", get(verify, "sni_name www.lab"), "succeeds: passed"),
            ("tls_good", get(verify, "tls_name nowhere.lab"), "failed: tls-verify: hostname mismatch"),
            ("tls_other", get(verify), "failed: tls-verify: IP address mismatch"),
            ("tls_foreign", get(verify), "failed: tls-verify: unable to get local issuer"),
            ("tls_good", get("tls_min_version 1.3", "tls_compliant"), "succeeds: passed"),
            ("tls_short", get(verify, "tls_expiry_warning 14"), "ends in [23] days|succeeds"),
            ("mutual_good", get(), "failed: (answer|request): "),
            ("mutual_good", get(f"tls_certificate {folder}/client.pem",
                                f"tls_key {folder}/client.key"), "succeeds: passed"),
            ("tls_good", get("tls_verify", "tls_ca /nowhere"), "could not be made: tls-ca: cannot use"),
            ("sni_good", get("sni_name www.lab"), "succeeds: passed"),
            ("sni_good", get("enable_sni", "virtualhost www.lab"), "succeeds: passed"),
            ("sni_good", get("virtualhost www.lab"), "failed: tls-handshake: "),
            ("no_tls", get(), "failed: tls-handshake: "),
            ("smtp_silent", get(), f"failed: tls-handshake timed out after {LIMIT} s"),
        ], folder)


    def test_conversations_under_tls(self):
        folder = self.lab.path("certificates")
        os.mkdir(folder)
        for name in ("ca", "stranger"):
            authority(folder, name)
        for name, issuer in (("good", "ca"), ("foreign", "stranger"), ("client", "ca")):
            certify(folder, name, 20, f"DNS:www.lab,IP:{SERVER}", issuer)
        verify = f"tls_verify\n tls_ca {folder}/ca.pem"
        stranger = "failed: tls-verify: unable to get local issuer"
        get = ('DIALOGUE_CHECK {{\n tls\n {}\n send "GET / HTTP/1.0\\r\\n\\r\\n"\n'
               ' expect "^HTTP/1\\.. 200"\n expect "^healthy$"\n }}')
        smtp = ('DIALOGUE_CHECK {{\n {}\n expect "^220 .*\\R"\n send "STARTTLS\\r\\n"\n'
                ' expect "^220 .*\\R"\n starttls\n send "EHLO lab\\r\\n"\n expect "^250 "\n }}')
        mutual = f"{verify}\n tls_certificate {folder}/client.pem\n tls_key {folder}/client.key"
        cases = [("tls_good", get.format(verify), "succeeds: passed"),
                 ("tls_foreign", get.format(verify), stranger),
                 ("sni_good", get.format("sni_name www.lab"), "succeeds: passed"),
                 ("mutual_good", get.format(mutual), "succeeds: passed"),
                 ("pop3", get.format(""), "failed: tls-handshake: "),
                 ("upgrade_smtp_good", smtp.format(verify), "succeeds: passed"),
                 ("upgrade_smtp_foreign", smtp.format(verify), stranger)]
        # MySQL's way is tried with MariaDB, in verdicts_test.
        for kind, lines in (("postgresql", "tls"), ("ldap", "starttls")):
            check = f"{kind.upper()}_CHECK {{\n {lines}\n {verify}\n }}"
            cases += [(f"upgrade_{kind}_good", check, "succeeds: passed"),
                      (f"upgrade_{kind}_foreign", check, stranger)]
        self.check(cases, folder)

    def test_the_ssl_block_counts_for_every_check_that_says_nothing_else(self):
        folder = self.lab.path("certificates")
        os.mkdir(folder)
        authority(folder, "ca")
        for name in ("good", "client"):
            certify(folder, name, 20, f"IP:{SERVER}")
        openssl(folder, "rsa", "-aes128", "-passout", "pass:secret", "-in", "client.key", "-out",
                "locked.key")
        ssl = (f"SSL {{\n ca {folder}/ca.pem\n certificate {folder}/client.pem\n"
               f" key {folder}/locked.key\n password secret\n}}\n")
        check = "SSL_GET {{\n url {{\n path /\n }}\n {}\n }}"
        self.check([("mutual_good", check.format("tls_verify"), "succeeds: passed"),
                    ("mutual_good", check.format("tls_verify\n tls_name other.lab"),
                     "failed: tls-verify: hostname mismatch")], folder, ssl)


if __name__ == "__main__":
    setup.main(together=3)
