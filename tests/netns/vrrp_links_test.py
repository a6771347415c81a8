"""Interfaces that change below an instance: renamed, moved between bridges and VRFs, bonds whose slave
fails. Few kernels have bonds and VRFs: tests/uml boots one that does."""
import signal
import time

import vrrp_setup as setup
from lab.daemons import Holdfast
from lab.net import run
from lab.wait import wait_until

ADVERT = 0.1


class LinksBase(setup.LabTest):
    def setUp(self):
        super().setUp()
        self.sniffer = self.wire()
        self.host = self.lab.host("a", "10.77.0.1/24")

    def add_port(self, name, bridge="br0"):
        """An interface of the host whose other end is on a bridge of the wire."""
        peer = f"q{name}"
        self.host.ip("link", "add", name, "type", "veth", "peer", "name", peer, "netns", self.lab.wire)
        run("ip", "-n", self.lab.wire, "link", "set", peer, "master", bridge, "up")
        return peer

    def rename(self, before, after):
        for what in (("down",), ("name", after)):
            self.host.ip("link", "set", before, *what)
        self.host.ip("link", "set", after, "up")

    def add_or_skip(self, *arguments):
        try:
            self.host.ip("link", "add", *arguments)
        except RuntimeError as error:
            self.skipTest(f"not in this kernel: {error}")

    def start(self, interface="eth0", priority=150, more="", host=None):
        text = setup.config("a", priority, ADVERT, interface=interface, more=more).replace(
            "global_defs {", "global_defs {\n dynamic_interfaces")
        return Holdfast(host or self.host, text).start()

    def adverts(self, since, source):
        return [p for p in self.sniffer.packets("vrrp") if p["time"] >= since and
                p["source"] == source and p["priority"] > 0]

    def wait_adverts(self, source):
        since = time.monotonic()
        wait_until(lambda: len(self.adverts(since, source)) > 2, 5, f"adverts of {source}")

    def announced(self, since):
        return [p for p in self.sniffer.packets() if p["type"] == "arp" and
                p.get("sender") == setup.VIP and p["time"] >= since]


class LinksTest(LinksBase):
    def test_a_reversed_weight_counts_while_the_interface_is_down(self):
        peer = self.add_port("eth1")
        self.host.ip("link", "set", "eth1", "up")
        director = self.start(more="track_interface {\n eth1 weight 20 reverse\n}")
        director.wait_for("MASTER", 5)
        last = lambda: [p["priority"] for p in self.sniffer.packets("vrrp")][-1:]
        for state, priority in (("up", 150), ("down", 170), ("up", 150)):
            run("ip", "-n", self.lab.wire, "link", "set", peer, state)
            wait_until(lambda: last() == [priority], 5, f"priority {priority}")
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_the_interface_of_adverts_is_renamed(self):
        self.add_port("eth1")
        self.host.ip("link", "set", "eth1", "up")
        self.host.ip("addr", "add", "10.77.0.11/24", "dev", "eth1")
        director = self.start("eth1")
        director.wait_for("MASTER", 5)
        self.rename("eth1", "eth9")
        director.wait_for("FAULT", 5)
        wait_until(lambda: setup.VIP not in self.host.ip("addr"), 5, "the address to go")
        self.rename("eth9", "eth1")
        director.wait_for("MASTER", 5)
        self.wait_adverts("10.77.0.11")
        self.assertIn(setup.VIP, self.host.ip("addr", "show", "dev", "eth1"))

    def test_a_renaming_that_is_seen_late_leaves_no_address_behind(self):
        self.add_port("eth1")
        self.host.ip("link", "set", "eth1", "up")
        self.host.ip("addr", "add", "10.77.0.11/24", "dev", "eth1")
        director = self.start("eth1")
        director.wait_for("MASTER", 5)
        wait_until(lambda: setup.VIP in self.host.ip("addr"), 5, "the address")
        director.signal(signal.SIGSTOP, "vrrp")
        self.rename("eth1", "eth7")
        self.rename("eth7", "eth9")
        director.signal(signal.SIGCONT, "vrrp")
        director.wait_for("FAULT", 5)
        wait_until(lambda: setup.VIP not in self.host.ip("addr"), 5, "the address to go")

    def test_the_port_of_a_bridge_that_carries_adverts_is_moved_and_comes_back(self):
        self.host.ip("link", "set", "eth0", "down")
        for bridge in ("lan0", "lan1"):
            self.host.ip("link", "add", bridge, "type", "bridge")
            self.host.ip("link", "set", bridge, "up")
        self.host.ip("addr", "add", "10.77.0.11/24", "dev", "lan0")
        self.add_port("eth1")
        self.host.ip("link", "set", "eth1", "master", "lan0", "up")
        director = self.start("lan0", more="track_interface {\n eth1\n}")
        director.wait_for("MASTER", 10)
        self.wait_adverts("10.77.0.11")
        self.host.ip("link", "set", "eth1", "master", "lan1")
        director.wait_for("FAULT", 5)
        self.host.ip("link", "set", "eth1", "master", "lan0")
        director.wait_for("MASTER", 10)
        self.wait_adverts("10.77.0.11")

    def test_a_tracked_interface_moves_between_bridges_without_a_transition(self):
        for bridge in ("lan0", "lan1"):
            self.host.ip("link", "add", bridge, "type", "bridge")
        self.add_port("eth1")
        self.host.ip("link", "set", "eth1", "up")
        director = self.start(more="track_interface {\n eth1\n}")
        director.wait_for("MASTER", 5)
        for move in (("master", "lan0"), ("master", "lan1"), ("nomaster",)):
            self.host.ip("link", "set", "eth1", *move)
            self.wait_adverts("10.77.0.1")
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_the_wire_moves_to_another_bridge_where_another_router_is(self):
        """Both were Active, each on its own wire: then there is one again."""
        wire = lambda *words: run("ip", "-n", self.lab.wire, "link", *words)
        wire("add", "br1", "type", "bridge", "mcast_snooping", "0")
        wire("set", "br1", "up")
        other = self.lab.host("b", "10.77.0.2/24")
        wire("set", other.port, "master", "br1")
        high = self.start()
        low = Holdfast(other, setup.config("b", 100, ADVERT)).start()
        for director in (high, low):
            director.wait_for("MASTER", 5)
        wire("set", self.host.port, "master", "br1")
        low.wait_for("BACKUP", 5)
        wire("set", self.host.port, "master", "br0")
        low.wait_for("MASTER", 5)
        self.assertEqual(high.states(), ["BACKUP", "MASTER"])


class RareLinksTest(LinksBase):
    def test_the_interface_of_adverts_moves_between_vrfs(self):
        for number, vrf in enumerate(("red", "blue"), 1200):
            self.add_or_skip(vrf, "type", "vrf", "table", str(number))
            self.host.ip("link", "set", vrf, "up")
        director = self.start()
        director.wait_for("MASTER", 5)
        for move in (("master", "red"), ("master", "blue"), ("nomaster",)):
            self.host.ip("link", "set", "eth0", *move)
            wait_until(director.is_master, 10, f"MASTER after {move}")
            self.wait_adverts("10.77.0.1")
            wait_until(lambda: self.host.has_address(setup.VIP), 5, "the address")
        other = self.lab.host("b", "10.77.0.2/24")
        low = Holdfast(other, setup.config("b", 100, ADVERT)).start()
        low.wait_for("BACKUP", 5)
        self.host.ip("link", "set", "eth0", "master", "red")
        wait_until(lambda: director.is_master() and not low.is_master(), 10, "one master")
        # It hears there as well.
        low.load(setup.config("b", 200, ADVERT))
        director.wait_for("BACKUP", 5)

    def test_the_slave_of_a_bond_fails_and_the_addresses_are_announced_again(self):
        self.add_or_skip("bond0", "type", "bond", "mode", "active-backup", "miimon", "50")
        peers = {name: self.add_port(name) for name in ("eth1", "eth2")}
        for name in peers:
            self.host.ip("link", "set", name, "master", "bond0")
        self.host.ip("link", "set", "bond0", "up")
        self.host.ip("addr", "add", "10.77.0.11/24", "dev", "bond0")
        director = self.start("bond0")
        director.wait_for("MASTER", 10)
        before = director.states()
        wait_until(lambda: len(self.announced(0)) >= 10, 5, "both blocks of announcements")
        for failed in ("eth1", "eth2"):
            for name, peer in peers.items():
                run("ip", "-n", self.lab.wire, "link", "set", peer, "up")
                wait_until(lambda: "MII Status: up" in self.bond_slave(name), 5, f"a link of {name}")
            since = time.monotonic()
            run("ip", "-n", self.lab.wire, "link", "set", peers[failed], "down")
            wait_until(lambda: self.announced(since), 5, f"announcements when {failed} fails")
            self.wait_adverts("10.77.0.11")
        self.assertEqual(director.states(), before)
        for peer in peers.values():
            run("ip", "-n", self.lab.wire, "link", "set", peer, "down")
        director.wait_for("FAULT", 5)
        run("ip", "-n", self.lab.wire, "link", "set", peers["eth2"], "up")
        director.wait_for("MASTER", 5)

    def bond_slave(self, name):
        """What /proc says of a slave of the bond."""
        text = self.host.run("cat", "/proc/net/bonding/bond0")
        return text.split(f"Slave Interface: {name}")[1].split("Slave Interface")[0]


if __name__ == "__main__":
    setup.main()
