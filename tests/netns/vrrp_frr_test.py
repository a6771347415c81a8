"""Holdfast against FRR's vrrpd 8.4, version 3 over IPv4 and IPv6 multicast, both roles."""
import sys

import vrrp_setup as setup
from lab.daemons import Holdfast
from lab.frr import Frr, is_installed
from lab.wait import wait_until

ADVERT, VRID = 0.1, 51
VIPS = {4: ["10.77.0.100/24"], 6: ["fe80::100/64", "2001:db8:77::100/64"]}


class FrrTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        self.ours, self.theirs = (
            self.lab.host(name, f"10.77.0.{number}/24", f"2001:db8:77::{number}/64")
            for number, name in enumerate("ab", 1))
        for host in (self.ours, self.theirs):
            wait_until(host.link_local, 10, "a link-local address")

    def start(self, family, ours, theirs):
        """The priorities of both."""
        vip = "\n        ".join(VIPS[family])
        self.frr = Frr(self.theirs, VRID, theirs, ADVERT, VIPS[family]).start()
        wait_until(lambda: self.frr.state() is not None, 15, "FRR")
        self.holdfast = Holdfast(self.ours, setup.config("a", ours, ADVERT, vip=vip)).start()

    def yields_to_frr(self, family):
        self.start(family, 100, 150)
        self.frr.wait_for("Master", 10)
        wait_until(lambda: self.holdfast.states()[-1:] == ["BACKUP"], 10, "one master")
        self.theirs.cut_off()
        self.holdfast.wait_for("MASTER", 10)
        self.theirs.plug_in()
        self.holdfast.wait_for("BACKUP", 10)

    def frr_yields(self, family):
        self.start(family, 150, 100)
        self.holdfast.wait_for("MASTER", 10)
        self.frr.wait_for("Backup", 10)
        self.assertEqual(self.holdfast.stop()[0], 0)
        self.frr.wait_for("Master", 10)

    def test_holdfast_yields_to_frr_ipv4(self):
        self.yields_to_frr(4)

    def test_frr_yields_to_holdfast_ipv4(self):
        self.frr_yields(4)

    def test_holdfast_yields_to_frr_ipv6(self):
        self.yields_to_frr(6)

    def test_frr_yields_to_holdfast_ipv6(self):
        self.frr_yields(6)


if __name__ == "__main__":
    if not is_installed():
        print("skipped: needs FRR (package frr)")
        sys.exit(77)
    setup.main()
