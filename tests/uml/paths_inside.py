"""Checks that go the way of the traffic: through IPVS to one server. Needs IPVS: started by
paths_test.py inside user-mode-linux."""
import os
import re
import signal
import subprocess
import tempfile
import unittest

from lab.daemons import Holdfast
from lab.net import Lab
from lab.tls import authority, certify
from lab.wait import wait_until

VIP, VIP6 = "10.78.0.100", "fd78::100"
#: server -> its addresses
SERVERS = {"good": ("10.78.0.11", "fd78::11"), "bad": ("10.78.0.12", "fd78::12")}
FIRST_MARK = 268435456
#: Answers datagrams to the addresses that it is given, whether they are here or not.
ECHO = """
import socket, sys, threading
def serve(address):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND
    s.bind((address, 53))
    while True:
        data, peer = s.recvfrom(2000)
        s.sendto(data, peer)
for address in sys.argv[1:]:
    threading.Thread(target=serve, args=(address,)).start()
"""
TCP, FORWARDING = "TCP_CHECK {\n }", "TCP_CHECK {\n check_path forwarding\n }"
HTTP = "HTTP_GET {\n check_path forwarding\n url {\n path /\n status_code 200\n }\n }"
#: checker -> the behaviour of lab.answerers that it takes for well, and its own lines
CHECKERS = {"SSL_GET": ("tls_good", "url {\n path /\n status_code 200\n }"), "SMTP_CHECK": ("smtp", "helo_name lab"),
            "DNS_CHECK": ("dns_good", "name www.lab\n type A\n retry 0"),
            "DIALOGUE_CHECK": ("pop3", 'expect "^\\+OK"'), "REDIS_CHECK": ("redis", ""),
            "POSTGRESQL_CHECK": ("postgresql", ""), "MYSQL_CHECK": ("mysql", ""), "LDAP_CHECK": ("ldap", ""),
            "GRPC_CHECK": (None, "connect_port 50051")}
UDP = "UDP_CHECK {\n check_path forwarding\n require_reply\n }"


def can_grpc():
    return subprocess.run(["/usr/bin/python3", "-c", "import grpc"], capture_output=True).returncode == 0


def service(*checks, method="DR", head=f"{VIP} 80", family=0, protocol="TCP", servers=SERVERS, more=""):
    blocks = "".join(f"real_server {SERVERS[name][family]} {head.split()[-1]} {{\n" + "\n".join(checks) + "\n}\n"
                     for name in servers)
    return (f"virtual_server {head} {{\n delay_loop 0.5\n warmup 0\n retry 0\n delay_before_retry 0.5\n"
            f" connect_timeout 1\n lb_algo rr\n lvs_method {method}\n protocol {protocol}\n {more}\n{blocks}}}\n")


class PathsTest(unittest.TestCase):
    def setUp(self):
        self.lab = Lab(tempfile.mkdtemp(prefix="paths-"))
        self.lab.__enter__()
        self.addCleanup(self.lab.__exit__, None, None, None)
        os.chmod(self.lab.folder, 0o755)
        self.host = self.lab.host("d", "10.78.0.1/24", "fd78::1/64", f"{VIP}/32", f"{VIP6}/128")
        self.hosts = {}
        for name, addresses in SERVERS.items():
            host = self.hosts[name] = self.lab.host(name, f"{addresses[0]}/24", f"{addresses[1]}/64")
            host.sysctl("net.ipv4.conf.all.arp_ignore", 1)
            host.sysctl("net.ipv4.conf.all.arp_announce", 2)
            for address in ("0.0.0.0", "::"):
                host.popen("/usr/bin/python3", "-m", "lab.servers", address, "80:good",
                           log=self.lab.path(f"{name}.log"))
            host.popen("/usr/bin/python3", "-c", ECHO, addresses[0], VIP, log=self.lab.path(f"{name}.log"))
            for socket in ("0.0.0.0:80 ", "[::]:80 ", f"{VIP}:53 "):
                wait_until(lambda: socket in host.run("ss", "-Hltun"), 20, f"{socket} of {name}")
        self.give_address("good")

    def give_address(self, name):
        self.hosts[name].ip("addr", "add", f"{VIP}/32", "dev", "lo")
        self.hosts[name].ip("-6", "addr", "add", f"{VIP6}/128", "dev", "lo", "nodad")

    def take_address(self, name):
        self.hosts[name].ip("addr", "del", f"{VIP}/32", "dev", "lo")
        self.hosts[name].ip("-6", "addr", "del", f"{VIP6}/128", "dev", "lo")

    def start(self, config):
        self.director = Holdfast(self.host, "global_defs {\n script_user root\n}\n" + config).start()
        wait_until(lambda: self.director.ask("servers")[0] == 0, 20, "the control socket")
        return self.director

    def checks(self, name, family=0):
        """What `holdfast servers` says of the checks of a server, a line each."""
        found, inside = [], False
        for line in self.director.ask("servers")[1].splitlines():
            if not line.startswith("    "):
                inside = line.startswith(f"  [{SERVERS[name][family]}]:")
            elif inside:
                found.append(line.strip())
        return found

    def wait_for(self, name, *states, family=0, deadline=15):
        """Each state is how the line of a check begins."""
        def fits():
            lines = self.checks(name, family)
            return len(lines) == len(states) and all(map(str.startswith, lines, states))
        try:
            wait_until(fits, deadline, name)
        except TimeoutError:
            self.fail(f"{states} of {name}, found {self.checks(name, family)}\n{self.director.text()}")

    def table(self):
        return self.host.run("ipvsadm", "-Sn").splitlines()

    def marks(self):
        return sorted(int(row.split()[2]) for row in self.table() if row.startswith("-A -f"))

    def pool(self, head=f"-t {VIP}:80"):
        return sorted(row.split()[4] for row in self.table() if row.startswith(f"-a {head} "))

    def accept_local(self):
        return self.host.run("cat", "/proc/sys/net/ipv4/conf/eth0/accept_local").strip()

    def test_a_server_without_the_virtual_address_is_found(self):
        config = service(TCP, FORWARDING, HTTP)
        director = self.start(config)
        up, down = "TCP_CHECK up since", "TCP_CHECK (forwarding) down since"
        through = ("TCP_CHECK (forwarding) up since", "HTTP_GET (forwarding) up since")
        self.wait_for("good", up, *through)
        self.wait_for("bad", up, down, "HTTP_GET (forwarding) down since")
        self.assertIn(f"connect timed out after 1 s through IPVS (DR); has it {VIP}?",
                      self.checks("bad")[1])
        self.assertEqual(self.pool(), [f"{SERVERS['good'][0]}:80"])
        # The way is there while the server is out, and one for both of its checks.
        self.assertEqual(self.marks(), [FIRST_MARK, FIRST_MARK + 1])
        self.assertNotIn("FWM", director.ask("servers")[1])
        self.give_address("bad")
        self.wait_for("bad", up, *through)
        self.assertEqual(len(self.pool()), 2)
        # Another program empties the table: nobody is found dead for that.
        told = director.text().count("Removing service")
        for _ in range(5):
            self.host.run("ipvsadm", "-C")
            wait_until(lambda: len(self.marks()) == 2 and len(self.pool()) == 2, 3, "the repair")
        self.assertEqual(director.text().count("Removing service"), told)
        self.assertIn("ipvs table was changed by another program", director.text().lower())
        # On the router that does not have the address now.
        self.host.ip("addr", "del", f"{VIP}/32", "dev", "eth0")
        self.take_address("bad")
        self.wait_for("bad", up, down, "HTTP_GET (forwarding) down since")
        self.wait_for("good", up, *through)
        self.host.ip("addr", "add", f"{VIP}/32", "dev", "eth0")
        # A reload moves nothing; one that takes the keyword out takes the private services with it.
        before = self.table()
        director.load("global_defs {\n script_user root\n}\n" + config + "# again\n")
        self.assertEqual(self.table(), before)
        self.assertEqual(self.accept_local(), "1")
        director.load("global_defs {\n script_user root\n}\n" + service(TCP))
        self.assertEqual((self.marks(), self.accept_local()), ([], "0"))
        self.assertEqual(director.stop()[0], 0)
        self.assertEqual(self.table(), [])

    def test_every_method_family_and_protocol(self):
        for host in self.hosts.values():
            host.sysctl("net.ipv4.conf.all.rp_filter", 0)
            host.sysctl("net.ipv4.conf.tunl0.rp_filter", 0)
        self.give_address("bad")
        self.hosts["good"].ip("link", "set", "tunl0", "up")
        self.start(service(TCP, method="TUN", more="check_path forwarding")
                   + service(FORWARDING, head=f"{VIP6} 80", family=1)
                   + service(UDP, head=f"{VIP} 53", protocol="UDP")
                   + service(TCP, head="10.78.0.101 80", method="NAT", more="check_path forwarding"))
        up, down = "TCP_CHECK (forwarding) up since", "TCP_CHECK (forwarding) down since"
        self.wait_for("good", up, family=1)
        self.wait_for("bad", up, family=1)
        udp = "UDP_CHECK (forwarding) {} since"
        # In the order of the names: 10.78.0.100:80, 10.78.0.101:80, 10.78.0.100:53 of UDP.
        self.wait_for("good", up, udp.format("up"), up)
        self.wait_for("bad", down, udp.format("up"), up)  # nobody opens the tunnel there
        self.assertIn(f"through IPVS (TUN); has it the tunnel and {VIP}?",
                      self.checks("bad")[0])
        kept = self.host.run("ipvsadm", "-Lnc").count("UDP ")
        self.assertEqual(kept, 0, "datagrams of checks are no connections")
        self.hosts["bad"].ip("link", "set", "tunl0", "up")
        self.wait_for("bad", up, udp.format("up"), up)
        self.take_address("bad")
        self.wait_for("bad", down, udp.format("down"), up)
        self.wait_for("bad", down, family=1)
        self.wait_for("good", up, udp.format("up"), up)

    def test_every_checker_goes_the_way(self):
        authority(self.lab.folder, "ca")
        certify(self.lab.folder, "good", 20, "DNS:www.lab")
        checkers = {name: row for name, row in CHECKERS.items() if row[0] or can_grpc()}
        ports = dict(zip(checkers, range(5000, 5000 + len(checkers))))
        for name, host in self.hosts.items():
            host.sysctl("net.ipv4.ip_nonlocal_bind", 1)  # datagrams are answered from where they came to
            for module, *words in (["lab.answerers", self.lab.folder,
                                    *(f"{ports[kind]}:{row[0]}" for kind, row in checkers.items() if row[0])],
                                   *([["lab.grpc_server", self.lab.path("good")]] if can_grpc() else [])):
                log = self.lab.path(f"{name}-{module}.log")
                host.popen("/usr/bin/python3", "-m", module, VIP, *words, log=log)
                wait_until(lambda: "ready" in open(log).read(), 30, f"{module} of {name}")
        config = "".join(service(f"{kind} {{\n check_path forwarding\n {rules}\n }}", head=f"{VIP} {ports[kind]}",
                                 protocol="UDP" if kind == "DNS_CHECK" else "TCP")
                         for kind, (_, rules) in checkers.items())
        self.start(config)
        # As the services are listed: those of TCP first.
        listed = sorted(checkers, key=lambda kind: (kind == "DNS_CHECK", ports[kind]))
        self.wait_for("good", *(f"{kind} (forwarding) up since" for kind in listed), deadline=30)
        self.wait_for("bad", *(f"{kind} (forwarding) down since" for kind in listed), deadline=30)
        self.give_address("bad")
        self.wait_for("bad", *(f"{kind} (forwarding) up since" for kind in listed), deadline=30)

    def test_what_was_made_is_taken_back_after_a_death(self):
        config = service(FORWARDING)
        director = self.start(config)
        self.wait_for("good", "TCP_CHECK (forwarding) up since")
        director.replace_worker("checkers", 10)
        self.wait_for("good", "TCP_CHECK (forwarding) up since")
        self.assertEqual(self.marks(), [FIRST_MARK, FIRST_MARK + 1])
        director.kill("checkers")
        self.start(service(FORWARDING, servers=["bad"]))
        wait_until(lambda: self.marks() == [FIRST_MARK], 10, "the one that is left")
        self.host.run("ipvsadm", "-A", "-f", "7", "-s", "rr")
        self.assertEqual(self.director.stop()[0], 0)
        self.assertEqual(self.marks(), [7], "that of somebody else stays")

    def test_what_stands_in_the_way_on_this_host_is_no_failure_of_the_server(self):
        self.host.ip("addr", "del", f"{VIP}/32", "dev", "eth0")
        self.host.ip("link", "add", "dum", "type", "dummy")
        self.host.ip("link", "set", "dum", "up")
        self.host.ip("addr", "add", f"{VIP}/32", "dev", "dum")
        self.host.sysctl("net.ipv4.conf.eth0.rp_filter", 1)
        director = self.start(service(FORWARDING, servers=["good"]))
        wait_until(lambda: "net.ipv4.conf.eth0.rp_filter must be 2" in director.text(), 10, "the reason")
        self.host.sysctl("net.ipv4.conf.eth0.rp_filter", 2)
        self.wait_for("good", "TCP_CHECK (forwarding) up since")
        self.host.sysctl("net.ipv4.conf.eth0.accept_local", 0)
        wait_until(lambda: "net.ipv4.conf.eth0.accept_local was 0" in director.text(), 10, "the reason")
        wait_until(lambda: self.accept_local() == "1", 5, "it is set again")
        self.host.ip("addr", "del", f"{VIP}/32", "dev", "dum")
        self.host.ip("route", "add", "unreachable", VIP)
        wait_until(lambda: f"no route to {VIP}" in director.text(), 10, "the reason")
        self.assertNotIn("Removing service", director.text())


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
