"""Static addresses, routes and rules with the instances that follow them, settings of interfaces, and
links that are asked for; keepalived beside it where it can do the same."""
import re

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.wait import wait_until

TIED = """
track_group TIED {
    group {
        VI_1
    }
}
static_ipaddress {
    10.99.0.1/24 dev side0 track_group TIED
    10.98.0.1/24 dev side2
}
static_routes {
    10.97.0.0/24 via 10.99.0.5 dev side0 track_group TIED
}
static_rules {
    from 10.97.0.0/24 table 77 preference 777
}
"""
PROMOTE = "net.ipv4.conf.{}.promote_secondaries"


class StaticsTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        self.host = self.host_with_side("a", 1)
        self.add_pair("side2", "side3")

    def add_pair(self, *names):
        self.host.ip("link", "add", names[0], "type", "veth", "peer", "name", names[1])
        for name in names:
            self.host.ip("link", "set", name, "up")

    def start(self, text, kind=Holdfast, label=None):
        director = kind(self.host, text, label=label).start()
        director.wait_for("MASTER", 10)
        return director

    def shown(self):
        """Whether the address, the route and the rule are there."""
        return (" 10.99.0.1/" in self.host.ip("-o", "addr", "show", "dev", "side0"),
                "10.97.0.0/24" in self.host.ip("route", "show"),
                "777:" in self.host.ip("rule", "show"))

    def setting(self, interface):
        path = PROMOTE.format(interface).replace(".", "/")
        return self.host.run("cat", f"/proc/sys/{path}").strip()

    # track_group

    def test_an_instance_follows_the_interfaces_of_its_track_group_as_with_keepalived(self):
        for kind in (Keepalived, Holdfast):
            director = self.start(setup.config("a", 150, 1) + TIED, kind)
            wait_until(lambda: self.shown() == (True, True, True), 5, "the statics")
            self.host.ip("link", "set", "side2", "down")
            self.host.ip("link", "set", "side0", "down")
            director.wait_for("FAULT", 5)
            self.host.ip("link", "set", "side0", "up")
            director.wait_for("MASTER", 10)
            self.assertEqual(director.states(),
                             ["BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER"], kind.kind)
            wait_until(lambda: self.shown() == (True, True, True), 5, "the statics again")
            self.host.ip("link", "set", "side2", "up")
            self.assertEqual(director.stop()[0], 0)

    def test_what_is_removed_comes_back_without_a_transition_as_with_keepalived(self):
        for kind in (Keepalived, Holdfast):
            director = self.start(setup.config("a", 150, 1) + TIED, kind)
            wait_until(lambda: self.shown() == (True, True, True), 5, "the statics")
            self.host.ip("route", "del", "10.97.0.0/24")
            wait_until(lambda: self.shown() == (True, True, True), 5, f"the route of {kind.kind}")
            # The kernel takes the route away with the address; keepalived 2.2.7 leaves it so.
            self.host.ip("addr", "del", "10.99.0.1/24", "dev", "side0")
            wait_until(lambda: self.shown()[0] and (self.shown()[1] or kind is Keepalived), 5,
                       f"the address of {kind.kind}")
            self.assertEqual(director.states(), ["BACKUP", "MASTER"], kind.kind)
            self.assertEqual(director.stop()[0], 0)
            wait_until(lambda: self.shown() == (False, False, False), 5, "nothing is left")

    def test_a_static_rule_comes_back(self):
        director = self.start(setup.config("a", 150, 0.1) + TIED)
        wait_until(lambda: self.shown() == (True, True, True), 5, "the statics")
        self.host.ip("rule", "del", "preference", "777")
        wait_until(lambda: self.shown() == (True, True, True), 5, "the rule again")
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_a_reload_ties_and_unties(self):
        plain = setup.config("a", 150, 0.1) + TIED.replace("track_group TIED\n", "\n")
        director = self.start(plain)
        self.host.ip("link", "set", "side0", "down")
        director.load(setup.config("a", 150, 0.1) + TIED)
        director.wait_for("FAULT", 5)
        director.load(plain)
        director.wait_for("MASTER", 5)

    # promote_secondaries

    def test_promote_secondaries_is_set_as_with_keepalived_and_put_back(self):
        self.host.sysctl(PROMOTE.format("eth0"), 0)
        for kind in (Keepalived, Holdfast):
            director = self.start(setup.config("a", 150, 1, more="promote_secondaries"), kind)
            self.assertEqual(self.setting("eth0"), "1", kind.kind)
            self.assertEqual(director.stop()[0], 0)
            self.assertEqual(self.setting("eth0"), "0", kind.kind)

    def test_promote_secondaries_follows_a_reload_a_crash_and_an_interface_made_anew(self):
        self.host.ip("addr", "add", "10.88.0.1/24", "dev", "side0")
        for interface in ("side0", "default"):
            self.host.sysctl(PROMOTE.format(interface), 0)
        plain = setup.config("a", 150, 0.1, interface="side0", vip="10.88.0.100/24")
        promotes = plain.replace("garp_master_delay", "promote_secondaries\n garp_master_delay")
        director = self.start(plain)
        self.assertEqual(self.setting("side0"), "0")
        director.load(promotes)
        wait_until(lambda: self.setting("side0") == "1", 2, "the setting")
        director.replace_worker("vrrp", 5)
        director.load(plain)
        wait_until(lambda: self.setting("side0") == "0", 2, "the old value")
        director.load(promotes)
        self.host.ip("link", "del", "side0")
        director.wait_for("FAULT", 5)
        self.add_pair("side0", "side1")
        self.host.ip("addr", "add", "10.88.0.1/24", "dev", "side0")
        director.wait_for("MASTER", 5)
        wait_until(lambda: self.setting("side0") == "1", 2, "the setting of the new one")

    # vrf: tests/uml runs this one

    def test_a_route_is_in_the_table_of_its_vrf(self):
        try:
            self.host.ip("link", "add", "blue", "type", "vrf", "table", "1200")
        except RuntimeError as error:
            self.skipTest(f"no VRF in this kernel: {error}")
        route = "static_routes {\n 10.96.0.0/24 dev side0 vrf blue\n}\n"
        # side0 is down for a moment when it enters a VRF: that is no loss.
        virtual = "virtual_routes {\n 10.95.0.0/24 dev side0 vrf blue\n}"
        self.host.ip("link", "set", "blue", "up")
        self.host.ip("link", "set", "side0", "master", "blue")
        director = self.start(setup.config("a", 150, 0.1, more=virtual) + route)
        shown = lambda table: re.findall(r"10\.9[56]\.0\.0/24",
                                         self.host.ip("route", "show", "table", table, check=False))
        wait_until(lambda: len(shown("1200")) == 2, 5, "both routes")
        self.host.ip("link", "del", "blue")
        wait_until(lambda: not shown("1200"), 5, "no route without a VRF")
        self.host.ip("link", "add", "blue", "type", "vrf", "table", "1300")
        self.host.ip("link", "set", "blue", "up")
        self.host.ip("link", "set", "side0", "master", "blue")
        wait_until(lambda: len(shown("1300")) == 2, 5, "both routes in its new table")
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])
        self.assertEqual(director.stop()[0], 0)
        self.assertEqual(shown("1300"), [])

    # linkbeat

    def test_links_are_asked_for_as_with_keepalived(self):
        polls = "linkbeat_interfaces {\n eth0\n}\n"
        for kind in (Keepalived, Holdfast):
            director = self.start(polls + setup.config("a", 150, 1), kind)
            self.host.cut_off()
            director.wait_for("FAULT", 5)
            self.host.plug_in()
            director.wait_for("MASTER", 10)
            self.assertEqual(director.stop()[0], 0)

    def test_it_is_said_how_a_link_is_asked_for_and_what_the_driver_lacks(self):
        for lines, more, expected in (
                ("linkbeat_interfaces {\n eth0 IOCTL\n}\n", "", "link of eth0 .* by IOCTL"),
                ("linkbeat_interfaces {\n eth0 MII\n}\n", "",
                 "link of eth0 .* by ETHTOOL: its driver has no MII"),
                ("linkbeat_use_polling\n", "track_interface {\n side2\n}",
                 "link of eth0 .* by ETHTOOL[^:](.|\n)*link of side2 .* by ETHTOOL[^:]"),
                ("", "linkbeat_use_polling", "link of eth0 .* by ETHTOOL[^:]")):
            director = self.start(lines + setup.config("a", 150, 0.1, more=more))
            wait_until(lambda: re.search(expected, director.text()), 3, expected)
            self.host.cut_off()
            director.wait_for("FAULT", 5)
            self.host.plug_in()
            director.wait_for("MASTER", 5)
            self.assertEqual(director.stop()[0], 0)


if __name__ == "__main__":
    setup.main(together=4)
