"""Every checker against real servers from Debian: what Holdfast and keepalived make of a server that
is well, has ended, does not answer at all, accepts and hangs, and comes back. Both look at the same
servers at the same time; the verdict is what stands in the kernel's table. Needs IPVS: started by
verdicts_test.py inside user-mode-linux."""
import os
import re
import signal
import tempfile
import unittest

from lab.daemons import Holdfast, Keepalived
from lab.debian import PASSWORD, Servers, certify
from lab.net import Lab
from lab.wait import wait_until

VIP, SERVER = "10.79.0.100", "10.79.0.11"
DIRECTORS = {"holdfast": "10.79.0.1", "keepalived": "10.79.0.2"}
# Every server and both daemons share one slow processor.
LIMIT = 4
PHASES = ("passes", "ended", "silent", "hangs", "back")
# A query for www.lab A, and how its answer begins.
QUERY = "12 34 01 00 00 01 00 00 00 00 00 00 03 77 77 77 03 6c 61 62 00 00 01 00 01"
ANSWER = "12 34 8x xx 00 01"


class Case:
    """A check of a server; `stays` are the phases in which it goes on to pass."""

    def __init__(self, name, server, port, check, stays=(), both=True, never=False, protocol="TCP"):
        self.name, self.server, self.port, self.check = name, server, port, check
        self.stays, self.both, self.never, self.protocol = stays, both, never, protocol

    def passes(self, phase):
        return not self.never and (phase in ("passes", "back") or phase in self.stays)


def url(more=""):
    return f"{{\n url {{\n path /\n status_code 200\n }}\n {more}\n }}"


def cases(folder, script):
    verify = f"tls_verify\n tls_ca {folder}/ca.pem"
    tls = [Case(f"SSL_GET, {words}", name, port, "SSL_GET " + url(verify), both=False, never=True)
           for words, name, port in (("expired", "expired", 8444), ("wrong name", "other", 8445),
                                     ("self-signed", "self", 8446), ("unknown CA", "foreign", 8447))]
    blind = [Case(f"SSL_GET, {case.name[9:]}, not verified", case.server, case.port,
                  "SSL_GET " + url()) for case in tls]
    return [
        Case("TCP_CHECK nginx", "nginx", 8080, "TCP_CHECK {\n }", stays=("hangs",)),
        Case("PING_CHECK", "nginx", 8080, "PING_CHECK {\n }", stays=("ended", "hangs")),
        Case("HTTP_GET nginx", "nginx", 8080, "HTTP_GET " + url()),
        Case("HTTP_GET haproxy", "haproxy", 8081, "HTTP_GET " + url()),
        Case("SSL_GET s_server", "good", 8443, "SSL_GET " + url()),
        Case("SSL_GET, verified", "good", 8443, "SSL_GET " + url(verify), both=False),
        *tls, *blind,
        Case("SMTP_CHECK smtpd", "smtpd", 25, "SMTP_CHECK {\n helo_name lab\n }"),
        Case("DNS_CHECK unbound", "unbound", 53, "DNS_CHECK {\n type A\n name www.lab\n retry 0\n }",
             protocol="UDP"),
        Case("UDP_CHECK unbound", "unbound", 53,
             f"UDP_CHECK {{\n payload {QUERY}\n require_reply {ANSWER}\n }}", protocol="UDP"),
        Case("MISC_CHECK redis-cli", "redis", 6379,
             f"MISC_CHECK {{\n misc_path {script}\n misc_timeout {LIMIT}\n }}"),
        Case("DIALOGUE_CHECK smtpd", "smtpd", 25,
             'DIALOGUE_CHECK {\n expect "^220 .*\\R"\n send "EHLO lab\\r\\n"\n'
             ' expect "^250 "\n send "QUIT\\r\\n"\n expect "^221 "\n }', both=False),
        Case("REDIS_CHECK", "redis", 6379,
             f"REDIS_CHECK {{\n password {PASSWORD}\n role master\n }}", both=False),
        Case("REDIS_CHECK, no password", "redis", 6379, "REDIS_CHECK {\n }", both=False, never=True),
        Case("POSTGRESQL_CHECK", "postgresql", 5432, "POSTGRESQL_CHECK {\n user postgres\n }",
             both=False),
        Case("POSTGRESQL_CHECK, stranger", "postgresql", 5432,
             "POSTGRESQL_CHECK {\n user stranger\n }", both=False, never=True),
        Case("POSTGRESQL_CHECK, nobody", "postgresql", 5432, "POSTGRESQL_CHECK {\n }", both=False),
        Case("MYSQL_CHECK mariadb", "mariadb", 3306, "MYSQL_CHECK {\n user check_user\n }",
             both=False),
        Case("MYSQL_CHECK, TLS, verified", "mariadb", 3306,
             f"MYSQL_CHECK {{\n user check_user\n tls\n {verify}\n }}", both=False),
        Case("MYSQL_CHECK, TLS, wrong name", "mariadb", 3306,
             f"MYSQL_CHECK {{\n tls\n {verify}\n tls_name other.lab\n }}", both=False, never=True),
        Case("MYSQL_CHECK, stranger", "mariadb", 3306, "MYSQL_CHECK {\n user stranger\n }",
             both=False, never=True),
        Case("LDAP_CHECK slapd", "slapd", 389, "LDAP_CHECK {\n search\n }", both=False),
        Case("FILE_CHECK", "publisher", 9100, "FILE_CHECK {\n track_file published\n weight 0\n }",
             stays=("silent", "hangs")),
        Case("GRPC_CHECK", "grpc", 50051, "GRPC_CHECK {\n }", both=False),
        Case("GRPC_CHECK, named, not well", "grpc", 50051, "GRPC_CHECK {\n grpc_service bad\n }",
             both=False, never=True),
        Case("GRPC_CHECK, TLS, verified", "grpc", 50051,
             f"GRPC_CHECK {{\n connect_port 50052\n tls\n {verify}\n }}", both=False),
        Case("AGENT_CHECK", "agent", 9000, "AGENT_CHECK {\n connect_port 9000\n }",
             stays=("ended", "silent", "hangs"), both=False),
    ]


def service(number, case):
    return (f"virtual_server {VIP} {1000 + number} {{\n delay_loop 2\n warmup 0\n retry 0\n alpha\n"
            f" delay_before_retry 1\n connect_timeout {LIMIT}\n lb_algo rr\n lb_kind NAT\n"
            f" protocol {case.protocol}\n real_server {SERVER} {case.port} {{\n weight 1\n {case.check}\n }}\n}}\n")


class VerdictsTest(unittest.TestCase):
    def setUp(self):
        self.lab = Lab(tempfile.mkdtemp(prefix="verdicts-", dir="/var/tmp"))
        self.lab.__enter__()
        self.addCleanup(self.lab.__exit__, None, None, None)
        os.chmod(self.lab.folder, 0o755)
        self.farm = self.lab.host("s", f"{SERVER}/24")
        self.servers = self.made_servers()
        script = self.lab.write("ping-redis", "#!/bin/sh\n"
                                f"exec redis-cli -h {SERVER} -a {PASSWORD} --no-auth-warning ping\n")
        os.chmod(script, 0o755)
        self.cases = cases(self.lab.folder, script)

    def made_servers(self):
        folder = self.lab.folder
        certify(folder, "ca", 30, "DNS:ca", None)
        certify(folder, "stranger", 30, "DNS:stranger", None)
        for name, days, names, issuer in (
                ("good", 9, f"IP:{SERVER}", "ca"), ("expired", -1, f"IP:{SERVER}", "ca"),
                ("other", 9, "DNS:elsewhere.lab", "ca"), ("self", 9, f"IP:{SERVER}", None),
                ("foreign", 9, f"IP:{SERVER}", "stranger")):
            certify(folder, name, days, names, issuer)
        made = Servers(self.farm, SERVER, folder)
        made.mariadb(3306, "good")
        for kind, port in ((made.nginx, 8080), (made.haproxy, 8081), (made.smtpd, 25),
                           (made.unbound, 53), (made.redis, 6379), (made.postgresql, 5432),
                           (made.slapd, 389)):
            kind(port)
        for port, name in enumerate(("good", "expired", "other", "self", "foreign"), 8443):
            made.s_server(name, port, name)
        made.grpc(50051, "good")
        made.publisher(9100)
        made.write("agent-9000", "up 100%\n")
        made.add("agent", 9000, "/usr/bin/python3", "-m", "lab.answerers", SERVER, folder, "9000:agent")
        return made

    def start_servers(self):
        for name in self.servers.commands:
            self.servers.start(name)
        for name in self.servers.commands:
            self.servers.wait(name)

    def start(self, kind):
        host = self.lab.host(kind[0], f"{DIRECTORS[kind]}/24", f"{VIP}/32")
        blocks = "".join(service(number, case) for number, case in enumerate(self.cases)
                         if kind == "holdfast" or case.both)
        config = ("global_defs {\n script_user root\n enable_script_security\n"
                  " checker_log_all_failures\n}\n"
                  f"track_file published {{\n file {self.servers.path('published')}\n}}\n" + blocks)
        return {"holdfast": Holdfast, "keepalived": Keepalived}[kind](host, config).start()

    def in_table(self, director):
        """The numbers of the cases whose server is in the table."""
        found, number = set(), None
        for row in director.host.run("ipvsadm", "-Ln").splitlines():
            if match := re.match(rf"(?:TCP|UDP) +{re.escape(VIP)}:(\d+)", row):
                number = int(match.group(1)) - 1000
            elif "->" in row and SERVER in row:
                found.add(number)
        return found

    def settle(self, phase, directors):
        """Ours must come to what is expected; the other one gets as long, and is shown as it is."""
        expected = {number for number, case in enumerate(self.cases) if case.passes(phase)}

        def differing():
            return sorted(self.cases[number].name
                          for number in self.in_table(directors["holdfast"]) ^ expected)
        try:
            wait_until(lambda: not differing(), 90, phase)
        except TimeoutError:
            self.fail(f"{phase}: not as expected: {differing()}\n"
                      + "\n".join(self.reasons(directors["holdfast"])))
        theirs = {number for number in expected if self.cases[number].both}
        seen = set()

        def agrees():
            seen.clear()
            seen.update(self.in_table(directors["keepalived"]))
            return seen == theirs
        try:
            wait_until(agrees, 20, phase)
        except TimeoutError:
            pass  # the table shows it
        return {"holdfast": expected, "keepalived": seen}

    def reasons(self, director):
        """The last reason of each case."""
        last = {}
        for number, said in re.findall(rf"for VS \[{re.escape(VIP)}\]:\w+:(\d+) (\w+: .*)",
                                       director.text()):
            last[int(number) - 1000] = said
        return [f"{self.cases[number].name}: {said}" for number, said in sorted(last.items())]

    def show(self, verdicts):
        def word(kind, number, phase):
            if kind == "keepalived" and not self.cases[number].both:
                return "-"
            return "up" if number in verdicts[phase][kind] else "down"
        print(f"\n{'':36}" + "".join(f"{phase:<18}" for phase in PHASES))
        print(f"{'check':36}" + f"{'ours':6}{'keepalived':12}" * len(PHASES))
        for number, case in enumerate(self.cases):
            print(f"{case.name:36}" + "".join(
                f"{word('holdfast', number, phase):6}{word('keepalived', number, phase):12}"
                for phase in PHASES))

    def test_every_checker_knows_a_server_that_is_well_ended_silent_hanging_and_back(self):
        self.start_servers()
        directors = {kind: self.start(kind) for kind in DIRECTORS}
        verdicts = {"passes": self.settle("passes", directors)}
        why = {"passes": self.reasons(directors["holdfast"])}

        for name in list(self.servers.running):
            self.servers.end(name)
        verdicts["ended"] = self.settle("ended", directors)
        why["ended"] = self.reasons(directors["holdfast"])
        self.start_servers()
        self.settle("back", directors)

        for address in DIRECTORS.values():  # packets come, and no answer leaves
            self.farm.ip("route", "add", "blackhole", f"{address}/32")
        verdicts["silent"] = self.settle("silent", directors)
        why["silent"] = self.reasons(directors["holdfast"])
        for address in DIRECTORS.values():
            self.farm.ip("route", "del", "blackhole", f"{address}/32")
        self.settle("back", directors)

        for name in self.servers.running:
            self.servers.signal(name, signal.SIGSTOP)
        verdicts["hangs"] = self.settle("hangs", directors)
        why["hangs"] = self.reasons(directors["holdfast"])
        for name in self.servers.running:
            self.servers.signal(name, signal.SIGCONT)
        verdicts["back"] = self.settle("back", directors)

        self.show(verdicts)
        for phase, lines in why.items():
            print(f"\nWhy, {phase}:\n  " + "\n  ".join(lines))


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
