"""What is tracked, on a real kernel: the partner sees the priority in the adverts."""
import os
import time

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.net import run
from lab.wait import wait_until

ADVERT = 0.1


class TrackTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.lab.folder, 0o755)
        self.sniffer = self.wire()

    def one(self, more="", top="", priority=150, kind=Holdfast, name="a", address="10.77.0.1/24"):
        """A director with one instance, which tracks what `more` says."""
        host = self.lab.hosts.get(name) or self.lab.host(name, address)
        text = setup.config(name, priority, ADVERT, more=more)
        return kind(host, text.replace("global_defs {", "global_defs {\n script_user root", 1) +
                    top).start()

    def add_link(self, host, name, up=True):
        host.ip("link", "add", name, "type", "veth", "peer", "name", f"q{host.name}{name}",
                "netns", self.lab.wire)
        host.ip("link", "set", name, "up")
        if up:
            self.plug(host, name, "up")

    def plug(self, host, name, state):
        run("ip", "-n", self.lab.wire, "link", "set", f"q{host.name}{name}", state)

    def seen(self, source="10.77.0.1"):
        """The priority in the last advert of this sender."""
        adverts = [p for p in self.sniffer.packets("vrrp") if p["source"] == source]
        return adverts[-1]["priority"] if adverts else None

    def wait_seen(self, priority, deadline=5, source="10.77.0.1"):
        wait_until(lambda: self.seen(source) == priority, deadline,
                   f"adverts of priority {priority}, the last one has {self.seen(source)}")

    # interfaces

    def test_a_weighted_interface_changes_the_priority(self):
        host = self.lab.host("a", "10.77.0.1/24")
        for name in ("eth1", "eth2"):
            self.add_link(host, name)
        director = self.one("track_interface {\n eth1 weight -30\n eth2 weight 20\n"
                            " eth1x weight 7 reverse\n}")
        director.wait_for("MASTER", 5)
        self.wait_seen(177)  # 150, eth2 is up, eth1x is not there
        self.plug(host, "eth1", "down")
        self.wait_seen(147)
        self.plug(host, "eth2", "down")
        self.wait_seen(127)
        self.plug(host, "eth1", "up")
        self.wait_seen(157)
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_the_partner_takes_over_when_the_priority_falls_below_its_own(self):
        host = self.lab.host("a", "10.77.0.1/24")
        self.add_link(host, "eth1")
        high = self.one("track_interface {\n eth1 weight -100\n}")
        low = self.one(kind=Keepalived, name="b", address="10.77.0.2/24", priority=100)
        high.wait_for("MASTER", 5)
        low.wait_for("BACKUP", 5)
        self.plug(host, "eth1", "down")
        low.wait_for("MASTER", 5)
        high.wait_for("BACKUP", 5)
        self.plug(host, "eth1", "up")
        high.wait_for("MASTER", 5)

    def test_an_interface_without_weight_is_a_reason_for_fault(self):
        host = self.lab.host("a", "10.77.0.1/24")
        self.add_link(host, "eth1", up=False)
        director = self.one("track_interface {\n eth1\n}")
        director.wait_for("FAULT", 5)
        self.assertIn("tracked interface eth1 is down", director.text())
        self.plug(host, "eth1", "up")
        director.wait_for("MASTER", 5)
        host.ip("link", "del", "eth1")
        director.wait_for("FAULT", 5)
        self.add_link(host, "eth1")
        director.wait_for("MASTER", 5)
        host.ip("link", "set", "eth1", "down")
        host.ip("link", "set", "eth1", "name", "eth9")
        director.wait_for("FAULT", 5)


if __name__ == "__main__":
    setup.main()
