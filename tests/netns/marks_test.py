"""nftables_ipvs: the table of nf_tables that gives groups of addresses their firewall marks, and what
it does to packets. Whether the kernel has IPVS does not matter here."""
import os
import re
import shutil
import subprocess
import sys


import vrrp_setup as setup
from lab.daemons import Holdfast
from lab.wait import wait_until

VIP = "10.77.0.100"
GROUPS = {"A": f"{VIP} 80\n10.77.0.101-109 80", "B": "10.77.0.110-119 443", "C": "10.77.0.120 80"}
KNOCK = """
import socket, sys
while True:
    try:
        socket.create_connection((sys.argv[1], int(sys.argv[2])), 0.5).close()
    except OSError:
        pass
"""
CONNECT = """
import socket, sys
for port in sys.argv[2:]:
    try:
        socket.create_connection((sys.argv[1], int(port)), 0.5).close()
    except OSError:
        pass
"""


def service(group, protocol="TCP", method="NAT", server="10.77.0.7"):
    return (f"virtual_server group {group} {{\nlb_algo rr\nlvs_method {method}\nprotocol {protocol}\n"
            f"real_server {server} 80 {{\n}}\n}}\n")


def config(*names, setting="nftables_ipvs", groups=GROUPS):
    text = f"global_defs {{\n{setting}\n}}\n"
    for name in names:
        text += f"virtual_server_group {name} {{\n{groups[name]}\n}}\n" + service(name)
    return text


class MarksTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        self.host = self.lab.host("d", "10.77.0.1/24", f"{VIP}/24", "10.77.0.200/24",
                                  "2001:db8:77::1/64")
        self.client = self.lab.host("c", "10.77.0.7/24", "2001:db8:77::7/64")

    def start(self, text, **more):
        return Holdfast(self.host, text, **more).start()

    def rules(self, host=None):
        return (host or self.host).run("nft", "list", "ruleset")

    def marks(self):
        """{what: mark} of every map."""
        found = {}
        for elements in re.findall(r"elements = \{(.*?)\}", self.rules(), re.DOTALL):
            for element in elements.split(","):
                what, mark = element.split(":", 1) if "::" not in element else element.rsplit(":", 1)
                found[what.strip()] = int(mark, 16)
        return found

    def settled(self, expected):
        wait_until(lambda: self.marks() == expected, 5, f"{expected}, not {self.marks()}")

    def connect(self, address, *ports):
        subprocess.run(["ip", "netns", "exec", self.client.namespace, "/usr/bin/python3", "-c",
                        CONNECT, address, *map(str, ports)], check=True)

    def watch_marks(self):
        """Counts what comes to the service behind our hook: with mark 1000 and without."""
        self.host.run("nft", "add table ip watch; "
                      "add chain ip watch in { type filter hook input priority 50; }; "
                      f"add rule ip watch in ip daddr {VIP} tcp dport 80 meta mark 1000 counter; "
                      f"add rule ip watch in ip daddr {VIP} tcp dport 80 meta mark != 1000 counter")

    def counted(self):
        text = self.host.run("nft", "list", "table", "ip", "watch")
        return [int(number) for number in re.findall(r"counter packets (\d+)", text)]

    def test_packets_to_a_group_get_its_mark(self):
        text = ("global_defs {\nnftables_ipvs marks\nnftables_counters\n}\n"
                "virtual_server_group T {\n10.77.0.100 80\n10.77.0.1 1000\n}\n"
                "virtual_server_group E {\n10.77.0.200\n}\n"
                "virtual_server_group S {\n2001:db8:77::/64 80\n}\n"
                + service("T") + service("T", "UDP") + service("E")
                + service("S", method="TUN"))
        director = self.start(text)
        # TCP and UDP have maps of their own, and marks() shows the second one.
        self.settled({"10.77.0.100 . 80": 1001, "10.77.0.1 . 1000": 1001, "10.77.0.200 . tcp": 1002,
                      "2001:db8:77::/64 . 80": 1003})
        self.host.run("nft", "add table inet watch; "
                      "add chain inet watch in { type filter hook input priority 50; }; "
                      "add rule inet watch in tcp flags syn meta mark 1000 counter; "
                      "add rule inet watch in tcp flags syn meta mark 1002 counter; "
                      "add rule inet watch in tcp flags syn meta mark 1003 counter; "
                      "add rule inet watch in tcp flags syn meta mark 0 counter")
        self.connect(VIP, 80, 81)
        self.connect("10.77.0.1", 80, 1000)
        self.connect("10.77.0.200", 1, 2, 3)
        self.connect("2001:db8:77::1", 80, 81)
        counts = re.findall(r"counter packets (\d+)",
                            self.host.run("nft", "list", "table", "inet", "watch"))
        self.assertEqual([int(count) for count in counts], [2, 3, 1, 3])
        self.assertIn("counter packets 2 ", self.host.run("nft", "list", "table", "ip", "marks"))
        self.assertEqual(director.stop()[0], 0)
        self.assertNotIn("marks", self.rules())

    def test_a_reload_leaves_no_packet_without_its_mark(self):
        director = self.start(config("A", "B"))
        a = {"10.77.0.100 . 80": 1000, "10.77.0.101-10.77.0.109 . 80": 1000}
        b = {"10.77.0.110-10.77.0.119 . 443": 1001}
        self.settled(a | b)
        self.watch_marks()
        self.client.popen("/usr/bin/python3", "-c", KNOCK, VIP, "80")
        for text, marks in (
                (config("C", "B", "A"), a | b | {"10.77.0.120 . 80": 1002}),
                (config("C", "A", setting="nftables_ipvs other"), a | {"10.77.0.120 . 80": 1002}),
                (config("A", "C", setting="nftables_ipvs other\nnftables_ipvs_priority -9"),
                 a | {"10.77.0.120 . 80": 1002}),
                (config("A", setting="nftables_ipvs other",
                        groups=GROUPS | {"A": f"{VIP} 80\n10.77.0.104 80"}),
                 {"10.77.0.100 . 80": 1000, "10.77.0.104 . 80": 1000})):
            before = self.counted()[0]
            wait_until(lambda: self.counted()[0] > before + 10, 5, "packets before a reload")
            director.load(text)
            self.assertEqual(self.marks(), marks)
        wait_until(lambda: self.counted()[0] > before + 20, 5, "packets after the last one")
        self.assertEqual(self.counted()[1], 0, "packets without a mark")
        director.load(config())
        self.assertEqual(self.marks(), {})
        self.assertEqual(director.stop()[0], 0)

    def test_what_another_program_does_is_undone(self):
        director = self.start(config("A", "B"))
        wait_until(lambda: len(self.marks()) == 3, 5, "the table")
        def seen():
            return self.marks(), self.rules().count("meta mark set")
        before = seen()
        name = re.search(r"table ip (\S+)", self.rules()).group(1)
        for meddling in ("flush ruleset", f"delete element ip {name} tcp_map {{ {VIP} . 80 }}",
                         f"flush chain ip {name} in"):
            self.host.run("nft", meddling)
            wait_until(lambda: seen() == before, 3, "the table after " + meddling)
        self.assertIn("[marks_changed", director.text())
        self.host.run("nft", "add table ip somebody")
        self.assertEqual(director.stop()[0], 0)
        self.assertEqual(self.rules().split(), "table ip somebody { }".split())

    def test_marks_outlive_a_worker_and_a_daemon_that_is_killed(self):
        director = self.start(config("A", "B"))
        a = {"10.77.0.100 . 80": 1000, "10.77.0.101-10.77.0.109 . 80": 1000}
        b = {"10.77.0.110-10.77.0.119 . 443": 1001}
        self.settled(a | b)
        self.watch_marks()
        director.load(config("C", "B"))
        kept = b | {"10.77.0.120 . 80": 1000}
        self.assertEqual(self.marks(), kept)
        director.replace_worker("checkers", 5)
        wait_until(lambda: director.text().count("[marks]") == 2, 5, "the new worker")
        self.assertEqual(self.marks(), kept)
        director.kill("checkers")
        self.assertEqual(self.marks(), kept)
        director = self.start(config("B", "A", "C"))
        self.settled(kept | {what: 1002 for what in a})
        director.kill("checkers")
        director = self.start(config("A", setting=""))  # now without marks
        wait_until(lambda: self.marks() == {}, 5, "the end of the table")
        self.assertEqual(director.stop()[0], 0)

    def test_two_daemons_have_two_tables(self):
        directors = [self.start(config("A"), label="one"), self.start(config("B"), label="two")]
        wait_until(lambda: len(self.marks()) == 3, 5, "both tables")
        names = set(re.findall(r"table ip (\S+)", self.rules()))
        self.assertEqual(len(names), 2)
        for name in names:
            self.assertRegex(name, r"^keepalived_ipvs_\d+$")
        self.assertEqual(directors[0].stop()[0], 0)
        self.assertEqual(list(self.marks()), ["10.77.0.110-10.77.0.119 . 443"])
        self.assertEqual(directors[1].stop()[0], 0)
        self.assertEqual(self.rules(), "")

    def test_the_table_is_in_the_namespace_of_ipvs(self):
        other = self.lab.host("o", "10.77.0.9/24")
        text = f"net_namespace_ipvs {other.namespace}\n" + config("A")
        director = self.start(text)
        wait_until(lambda: "keepalived_ipvs" in self.rules(other), 5, "the table")
        self.assertEqual(self.rules(), "")
        other.run("nft", "flush", "ruleset")
        wait_until(lambda: "keepalived_ipvs" in self.rules(other), 3, "the table again")
        director.replace_worker("checkers", 5)
        director.load(text.replace("10.77.0.101-109", "10.77.0.101"))
        self.assertIn("10.77.0.101 . 80 : 0x000003e8", self.rules(other))
        self.assertEqual(director.stop()[0], 0)
        self.assertEqual(self.rules(other), "")

    def test_the_operator_sees_the_mark(self):
        director = self.start(config("A"))
        wait_until(lambda: self.marks(), 5, "the table")
        status, said = director.ask("servers", "10.77.0.105")
        self.assertEqual(status, 0, said)
        self.assertIn("its addresses have the firewall mark 1000", said)
        self.assertEqual(director.stop()[0], 0)


if __name__ == "__main__":
    if not shutil.which("nft"):
        print("skipped: the package nftables is not installed")
        sys.exit(77)
    setup.main(together=4)
