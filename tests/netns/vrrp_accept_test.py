"""Accept mode (RFC 9568 6.1): who may reach the virtual addresses, and the firewall rules behind it."""
import re
import shutil
import signal
import subprocess
import sys
import time

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.wait import wait_until

ADVERT = 0.1
PORT = 8080
TABLE = "inet holdfast"
LINK_LOCAL = "fe80::7700:100"

LISTEN = f"""
import socket
listener = socket.create_server(("::", {PORT}), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    listener.accept()[0].close()
"""
CONNECT = f"""
import socket, sys
socket.create_connection((sys.argv[1], {PORT}), 1)
"""


def v6_config(priority=100, more="", vip=f"{LINK_LOCAL}/64\n{setup.VIP6}/64"):
    return setup.config("a", priority, ADVERT, vip=vip, more=more)


class AcceptTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        self.host = self.lab.host("a", "10.77.0.1/24", "2001:db8:77::1/64")
        self.neighbour = self.lab.host("n", "10.77.0.7/24", "2001:db8:77::7/64")
        wait_until(self.host.link_local, 5, "a link-local address")
        self.host.popen("/usr/bin/python3", "-c", LISTEN)
        wait_until(lambda: self.connects("10.77.0.1"), 5, "the listener")

    def active(self, text, label=None, kind=Holdfast, vip=setup.VIP):
        director = kind(self.host, text, label=label).start()
        director.wait_for("MASTER", 10)
        wait_until(lambda: self.host.has_address(vip), 2, "the address")
        return director

    def connects(self, address):
        done = subprocess.run(["ip", "netns", "exec", self.neighbour.namespace, "/usr/bin/python3",
                               "-c", CONNECT, address], capture_output=True)
        return done.returncode == 0

    def pings(self, address, count=1):
        done = subprocess.run(["ip", "netns", "exec", self.neighbour.namespace, "ping", "-c",
                               str(count), "-i", "0.02", "-W", "1", address], capture_output=True)
        return done.returncode == 0

    def assertReachable(self, address, expected=True):
        self.assertEqual((self.pings(address), self.connects(address)), (expected, expected), address)

    def rules(self):
        return self.host.run("nft", "list", "ruleset")

    def has_element(self, address):
        return address in self.rules()

    def test_without_no_accept_there_is_no_rule(self):
        before = self.rules()
        director = self.active(setup.config("a", 100, ADVERT))
        self.assertReachable(setup.VIP)
        self.assertEqual(self.rules(), before)
        self.assertEqual(director.stop()[0], 0)

    def test_rfc9568_6_1_no_accept_drops_packets_to_the_address(self):
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        self.assertReachable(setup.VIP, False)
        self.assertReachable("10.77.0.1")
        # ARP is answered all the same.
        neighbours = self.neighbour.ip("neigh", "show", setup.VIP)
        self.assertRegex(neighbours, "lladdr [0-9a-f:]+ (REACHABLE|STALE|DELAY)")
        self.assertEqual(director.stop()[0], 0)
        self.assertEqual(self.rules(), "")

    def test_rfc9568_6_1_no_accept_never_drops_neighbour_discovery(self):
        own = self.host.link_local()
        self.active(v6_config(more="no_accept"), vip=setup.VIP6)
        for address in (setup.VIP6, f"{LINK_LOCAL}%eth0"):
            self.assertReachable(address, False)
            plain = address.split("%")[0]
            self.assertRegex(self.neighbour.ip("-6", "neigh", "show", plain),
                             "lladdr [0-9a-f:]+ .*(REACHABLE|STALE|DELAY|PROBE)")
        self.assertReachable("2001:db8:77::1")
        self.assertReachable(f"{own}%eth0")
        # A solicitation to the address itself, not to its group: the neighbour looks whether it is there.
        self.neighbour.ip("-6", "neigh", "change", setup.VIP6, "dev", "eth0", "nud", "probe")
        wait_until(lambda: "REACHABLE" in self.neighbour.ip("-6", "neigh", "show", setup.VIP6), 3,
                   "an answer to a unicast solicitation")

    def test_link_local_addresses_are_meant_on_their_interface_alone(self):
        self.host.ip("link", "add", "side0", "type", "veth", "peer", "name", "side1")
        for link in ("side0", "side1"):
            self.host.ip("link", "set", link, "up")
        self.active(v6_config(more="no_accept"), vip=setup.VIP6)
        self.assertIn(f'{LINK_LOCAL} . "eth0"', self.rules())
        self.assertNotIn(f'{LINK_LOCAL} . "side0"', self.rules())

    def test_rfc9568_6_4_3_the_owner_accepts_always(self):
        self.active(setup.config("a", 255, ADVERT, more="no_accept"))
        self.assertReachable(setup.VIP)
        self.assertEqual(self.rules(), "")

    def test_what_is_forwarded_passes(self):
        """A host behind the router is reached through the virtual address as its gateway."""
        self.host.sysctl("net.ipv4.ip_forward", 1)
        inner = self.lab.host("i", "10.78.0.2/24")
        self.host.ip("addr", "add", "10.78.0.1/24", "dev", "eth0")
        inner.ip("route", "add", "default", "via", "10.78.0.1")
        self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        self.neighbour.ip("route", "add", "10.78.0.0/24", "via", setup.VIP)
        self.assertTrue(self.pings("10.78.0.2"))
        self.assertReachable(setup.VIP, False)

    def test_a_backup_router_drops_nothing(self):
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        wait_until(lambda: self.has_element(setup.VIP), 1, "the element")
        other = self.lab.host("b", "10.77.0.2/24")
        Holdfast(other, setup.config("b", 200, ADVERT)).start()
        director.wait_for("BACKUP", 5)
        wait_until(lambda: not self.has_element(setup.VIP), 2, "the element is gone")
        wait_until(lambda: self.pings(setup.VIP), 2, "the other router accepts")

    def test_what_another_program_flushes_comes_back(self):
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        wait_until(lambda: self.has_element(setup.VIP), 1, "the element")
        before = self.rules()
        for doing in (("flush", "ruleset"), ("flush", "chain", *TABLE.split(), "in"),
                      ("delete", "element", *TABLE.split(), "vips", f"{{ {setup.VIP} }}"),
                      ("add", "element", *TABLE.split(), "vips", "{ 10.77.0.1 }")):
            self.host.run("nft", *doing)
            wait_until(lambda: self.rules() == before, 2, f"the rules after {doing}")
        self.assertReachable(setup.VIP, False)
        self.assertEqual(director.text().count("another program changed the firewall rules"), 4)
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_other_tables_are_left_alone(self):
        self.host.run("nft", "add table ip mine; add chain ip mine here; add rule ip mine here drop")
        before = self.rules()
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        self.assertIn("table ip mine", self.rules())
        director.stop()
        self.assertEqual(self.rules(), before)

    def test_the_rules_outlive_a_worker(self):
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        wait_until(lambda: self.has_element(setup.VIP), 1, "the element")
        before = self.rules()
        pings = self.neighbour.popen("ping", "-i", "0.01", "-w", "2", setup.VIP,
                                     log=self.lab.path("pings"))
        director.replace_worker("vrrp", 5)
        self.assertEqual(pings.wait(5), 1, "a packet came through")
        wait_until(lambda: self.rules() == before, 2, "one copy of the table")
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])
        director.stop()
        self.assertEqual(self.rules(), "")

    def test_what_a_killed_daemon_left_is_cleared_away(self):
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        wait_until(lambda: self.has_element(setup.VIP), 1, "the element")
        for which in ("main", "vrrp"):
            director.signal(signal.SIGKILL, which)
        director.process.wait(5)
        self.assertTrue(self.has_element(setup.VIP))
        self.active(setup.config("a", 100, ADVERT), label="second")
        wait_until(lambda: self.rules() == "", 2, "the table is gone")
        self.assertReachable(setup.VIP)

    def test_a_worker_that_is_not_started_again_takes_its_rules_with_it(self):
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        killed = set()

        def released():
            director.kill_next_worker("vrrp", killed)
            return not self.host.has_address(setup.VIP)
        wait_until(released, 30, "the addresses are released")
        wait_until(lambda: self.rules() == "", 2, "the rules as well")

    def change(self, director, text):
        with open(director.config, "w") as file:
            file.write(text)
        count = director.text().count("Reload finished")
        director.reload()
        wait_until(lambda: director.text().count("Reload finished") > count, 5, "the reload")

    def test_a_reload_changes_the_mode_both_ways(self):
        accepts = setup.config("a", 100, ADVERT)
        refuses = setup.config("a", 100, ADVERT, more="no_accept")
        director = self.active(accepts)
        for text, expected in ((refuses, False), (accepts, True), (refuses, False)):
            self.change(director, text)
            wait_until(lambda: self.pings(setup.VIP) == expected, 2, f"reachable: {expected}")
            self.assertReachable(setup.VIP, expected)
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_a_reload_changes_the_table(self):
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        for lines, expected in (("nftables other\nnftables_counters\nnftables_priority -300",
                                 "table inet other {.*priority raw.*vips counter .*drop"),
                                ("nftables_ifindex", "table inet holdfast {.*iif")):
            self.change(director, setup.config("a", 100, ADVERT, more="no_accept").replace(
                "global_defs {", "global_defs {\n" + lines))
            wait_until(lambda: re.search(expected, self.rules(), re.DOTALL), 2, expected)
            self.assertEqual(self.rules().count("table "), 1)
            self.assertReachable(setup.VIP, False)

    def test_by_index_the_interface_of_a_link_local_address_counts(self):
        self.active(v6_config(more="no_accept").replace("global_defs {",
                                                        "global_defs {\nnftables_ifindex"),
                    vip=setup.VIP6)
        self.assertReachable(f"{LINK_LOCAL}%eth0", False)
        self.assertReachable(setup.VIP6, False)

    def test_a_thousand_addresses(self):
        """In place before the first address is, and a change costs what changes."""
        excluded = [f"10.78.{i // 250}.{i % 250 + 1}/32" for i in range(1000)]
        text = setup.config("a", 100, ADVERT, more="no_accept\nvirtual_ipaddress_excluded {\n" +
                            "\n".join(excluded) + "\n}")
        begun = time.monotonic()
        director = self.active(text)
        wait_until(lambda: self.host.has_address("10.78.3.250"), 5, "the last address")
        took = time.monotonic() - begun
        self.assertLess(took, 5)
        self.neighbour.ip("route", "add", "10.78.0.0/16", "dev", "eth0")
        self.assertFalse(self.pings("10.78.3.250"))
        self.host.run("nft", "flush", "ruleset")
        wait_until(lambda: self.has_element("10.78.3.250"), 2, "all of them again")
        watch = self.host.popen("nft", "monitor", log=self.lab.path("monitor"))
        time.sleep(0.2)  # nft says nothing when it listens
        self.change(director, text.replace(excluded[-1], "10.79.0.1/32"))
        wait_until(lambda: self.host.has_address("10.79.0.1"), 2, "the new address")
        wait_until(lambda: not self.has_element("10.78.3.250"), 2, "the old one is gone")
        watch.terminate()
        watch.wait(5)
        with open(self.lab.path("monitor")) as file:
            self.assertEqual(len([line for line in file if "element" in line]), 2)
        self.assertEqual(director.stop()[0], 0)
        self.assertEqual(self.rules(), "")

    def test_rfc9568_6_1_strict_mode_refuses_unless_it_is_told_to_accept(self):
        refuses = setup.config("a", 100, ADVERT, more="strict_mode")
        director = self.active(refuses)
        self.assertReachable(setup.VIP, False)
        for text, expected in ((setup.config("a", 100, ADVERT, more="strict_mode\naccept"), True),
                               (setup.config("a", 100, ADVERT).replace(
                                   "global_defs {", "global_defs {\nvrrp_strict"), False),
                               (setup.config("a", 100, ADVERT, more="strict_mode no").replace(
                                   "global_defs {", "global_defs {\nvrrp_strict"), True)):
            self.change(director, text)
            wait_until(lambda: self.pings(setup.VIP) == expected, 2, f"reachable: {expected}")
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_keepalived_gives_the_same_reachability(self):
        for more, priority in (("", 100), ("no_accept", 100), ("accept", 100), ("no_accept", 255),
                               ("strict_mode", 100), ("strict_mode\naccept", 100),
                               ("strict_mode", 255)):
            seen = {}
            for kind in (Holdfast, Keepalived):
                director = self.active(setup.config("a", priority, ADVERT, more=more), kind=kind,
                                       label=f"{kind.kind}{priority}{more}")
                seen[kind.kind] = self.pings(setup.VIP), self.connects(setup.VIP)
                director.stop()
                wait_until(lambda: not self.host.has_address(setup.VIP), 5, "the address is gone")
            self.assertEqual(seen["holdfast"], seen["keepalived"], (more, priority))


if __name__ == "__main__":
    if not shutil.which("nft"):
        print("skipped: no program nft (package nftables)")
        sys.exit(77)
    setup.main()
