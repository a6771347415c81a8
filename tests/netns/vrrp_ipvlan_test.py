"""use_ipvlan: adverts and addresses on an ipvlan. Few kernels have it; tests/uml boots one that does."""
import json
import sys

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.net import can_make_namespaces, run
from lab.sniffer import Sniffer
from lab.wait import wait_until

HIGH, LOW = 150, 100
NAME = "vrrp.51"


class IpvlanTest(setup.LabTest):
    def start_pair(self, high_kind, low_kind, family=4, ipvlan="use_ipvlan"):
        vip = setup.VIP + "/24" if family == 4 else f"fe80::100/64\n        {setup.VIP6}/64"
        self.vip = setup.VIP if family == 4 else setup.VIP6
        self.a, self.b = (self.lab.host(name, f"10.77.0.{number}/24", f"2001:db8:77::{number}/64")
                          for number, name in enumerate("ab", 1))
        for host in (self.a, self.b):
            wait_until(host.link_local, 10, "a link-local address")
        self.sniffer = Sniffer(self.lab, self.lab.wire, self.b.port)
        self.low = low_kind(self.b, setup.config("b", LOW, 0.1, 3, vip=vip,
                                                 more=ipvlan if low_kind is Holdfast else "")).start()
        self.high = high_kind(self.a, setup.config("a", HIGH, 0.1, 3, vip=vip,
                                                   more=ipvlan if high_kind is Holdfast else "")).start()

    def link(self, host, name=NAME):
        found = json.loads(host.ip("-j", "-d", "link", "show", "dev", name, check=False) or "[]")
        return found[0] if found else None

    def holds(self, host, name=NAME):
        return f" {self.vip}/" in host.ip("-o", "addr", "show", "dev", name, check=False)

    def play(self, high_kind, low_kind, family=4):
        self.start_pair(high_kind, low_kind, family)
        self.high.wait_for("MASTER", 10)
        wait_until(lambda: self.low.states()[-1:] == ["BACKUP"], 10, "the other in BACKUP")
        self.a.cut_off()
        self.low.wait_for("MASTER", 5)
        wait_until(lambda: self.holds(self.b, NAME if self.low.kind == "holdfast" else "eth0"), 2,
                   "the address")
        self.a.plug_in()
        wait_until(lambda: self.high.is_master() and not self.low.is_master(), 5, "one master")
        self.assertEqual(self.high.stop()[0], 0)
        self.low.wait_for("MASTER", 2)
        for host in (self.a, self.b):
            mac = json.loads(host.ip("-j", "link", "show", "dev", "eth0"))[0]["address"]
            priority = {self.a: HIGH, self.b: LOW}[host]
            self.assertEqual({p["mac"] for p in self.sniffer.packets("vrrp")
                              if p["priority"] == priority}, {mac})

    def test_holdfast_yields_to_keepalived(self):
        self.play(Keepalived, Holdfast)

    def test_keepalived_yields_to_holdfast(self):
        self.play(Holdfast, Keepalived)

    def test_two_of_holdfast_agree_ipv6(self):
        self.play(Holdfast, Holdfast, family=6)

    def test_the_interface_is_as_configured_and_answers_while_it_is_master(self):
        self.start_pair(Holdfast, Holdfast, ipvlan="use_ipvlan")
        self.high.wait_for("MASTER", 10)
        wait_until(lambda: self.holds(self.a), 2, "the address")
        self.assertEqual(self.link(self.a)["linkinfo"]["info_kind"], "ipvlan")
        self.assertIn("UP", self.link(self.a)["flags"])
        self.assertNotIn("UP", self.link(self.b)["flags"])
        client = self.lab.host("c", "10.77.0.3/24")
        client.run("ping", "-c", "2", "-W", "2", setup.VIP)
        self.a.ip("link", "del", NAME)
        wait_until(lambda: self.holds(self.a) and "UP" in self.link(self.a)["flags"], 0.5,
                   "its return")
        self.assertEqual(self.high.stop()[0], 0)
        self.assertIsNone(self.link(self.a))

    def test_an_address_of_its_own_is_the_source_of_adverts(self):
        self.start_pair(Holdfast, Keepalived, ipvlan="use_ipvlan ipv1 10.77.0.77/24 private")
        self.high.wait_for("MASTER", 10)
        wait_until(lambda: [p for p in self.sniffer.packets("vrrp") if p["priority"] == HIGH], 2,
                   "adverts")
        self.assertEqual({p["source"] for p in self.sniffer.packets("vrrp")
                          if p["priority"] == HIGH}, {"10.77.0.77"})
        wait_until(lambda: self.holds(self.a, "ipv1"), 2, "the address")
        wait_until(lambda: " 10.77.0.77/" in self.a.ip("-o", "addr", "show", "dev", "ipv1"), 2,
                   "its own address")
        self.assertIn("private", json.dumps(self.link(self.a, "ipv1")["linkinfo"]))


def has_ipvlan():
    """Tried in a namespace of its own."""
    name = "hfipvlanprobe"
    run("ip", "netns", "add", name)
    try:
        run("ip", "-n", name, "link", "add", "base", "type", "veth", "peer", "name", "other")
        run("ip", "-n", name, "link", "add", "link", "base", "name", "try", "type", "ipvlan")
        return True
    except RuntimeError:
        return False
    finally:
        run("ip", "netns", "del", name)


if __name__ == "__main__":
    if not can_make_namespaces() and not has_ipvlan():
        print("skipped: this kernel has no ipvlan")
        sys.exit(77)
    setup.main()
