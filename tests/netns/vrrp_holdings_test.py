"""What an instance holds besides plain IPv4 addresses, as the kernel shows it; keepalived beside it."""
import json
import os
import time

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.wait import wait_until

ADVERT = 0.1

EVERY_OPTION = """
    virtual_ipaddress_excluded {
        10.78.0.1/24 label eth0:vip brd + scope site
        10.78.1.1/32 peer 10.78.1.2 scope link
        10.78.2.1/24 brd 10.78.2.127 noprefixroute
        10.78.3.1/24 preferred_lft 600
        10.78.4.1/24 dev side0
        2001:db8:1::1/64
        2001:db8:1::2
        2001:db8:1::3/64 home noprefixroute
        2001:db8:1::4/64 -nodad preferred_lft forever
        2001:db8:1::5/64 mngtmpaddr
        fe80::5/64
    }
"""
STATIC = """
static_ipaddress {
    10.79.0.1/24 dev eth0 label eth0:st
    2001:db8:2::1/64 dev side0
}
"""


class HoldingsTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        self.host = self.host_with_side("a", 1)

    def addresses(self, host):
        """What `ip -j` says of addresses, without what the kernel itself or time decides."""
        found = {}
        for link in json.loads(host.ip("-j", "addr", "show")):
            for entry in link.get("addr_info", []):
                if "preferred_life_time" in entry:
                    entry["preferred_life_time"] = round(entry["preferred_life_time"], -2)
                for key in ("valid_life_time", "protocol", "tentative"):
                    entry.pop(key, None)
                found[link["ifname"], entry.get("local"), entry["prefixlen"]] = entry
        return found

    def own_addresses(self, host, text):
        return {key: value for key, value in self.addresses(host).items()
                if key[1] and f"{key[1]}" in text.replace("/", " ").split()}

    def start(self, kind, host, text, **options):
        director = kind(host, text, **options).start()
        director.wait_for("MASTER", 10)
        return director

    def changed(self, director, text):
        with open(director.config, "w") as file:
            file.write(text)
        director.reload()

    def test_every_attribute_of_an_address_is_as_keepalived_has_it(self):
        text = setup.config("a", 255, 1, more=EVERY_OPTION) + STATIC
        wanted = 13
        first = self.start(Keepalived, self.host, text)
        wait_until(lambda: len(self.own_addresses(self.host, text)) >= wanted, 5, "keepalived's")
        theirs = self.own_addresses(self.host, text)
        first.stop()
        other = self.host_with_side("b", 1)
        second = self.start(Holdfast, other, text)
        wait_until(lambda: len(self.own_addresses(other, text)) >= wanted, 5, "ours")
        self.maxDiff = None
        self.assertEqual(self.own_addresses(other, text), theirs)
        self.assertEqual(second.stop()[0], 0)
        self.assertEqual(self.own_addresses(other, text), {})

    def test_a_changed_attribute_takes_effect_at_the_reload_and_moves_nothing_else(self):
        text = setup.config("a", 255, 1, more=EVERY_OPTION)
        director = self.start(Holdfast, self.host, text)
        wait_until(lambda: len(self.own_addresses(self.host, text)) >= 11, 5, "the addresses")
        changes = self.lab.path("changes.log")
        self.host.listen(changes, "ip", "monitor", "address")
        self.changed(director, text.replace("label eth0:vip", "label eth0:new"))
        label = lambda: self.addresses(self.host)["eth0", "10.78.0.1", 24]["label"]
        wait_until(lambda: ("eth0", "10.78.0.1", 24) in self.addresses(self.host) and
                   label() == "eth0:new", 2, "the new label")
        with open(changes) as file:
            lines = [line for line in file if "inet" in line]
        self.assertTrue(all("10.78.0.1/24" in line for line in lines), lines)
        self.assertNotIn("removed by another program", director.text())

    def test_an_ipv6_address_comes_back_after_its_link_was_down(self):
        text = setup.config("a", 255, ADVERT, more="dont_track_primary\n" + EVERY_OPTION)
        director = self.start(Holdfast, self.host, text)
        has = lambda: ("eth0", "2001:db8:1::1", 64) in self.addresses(self.host)
        wait_until(has, 2, "the address")
        self.host.ip("link", "set", "eth0", "down")
        wait_until(lambda: not has(), 2, "the kernel takes it away")
        self.host.ip("link", "set", "eth0", "up")
        wait_until(has, 2, "it is back")
        self.assertNotIn("removed by another program", director.text())

    def test_secondary_addresses_that_leave_with_their_primary_come_back_in_silence(self):
        lines = "".join(f"10.78.0.{n}/24\n" for n in range(1, 5))
        text = setup.config("a", 255, ADVERT, more="virtual_ipaddress_excluded {\n" + lines + "}")
        self.host.sysctl("net.ipv4.conf.eth0.promote_secondaries", 0)
        self.host.sysctl("net.ipv4.conf.all.promote_secondaries", 0)
        director = self.start(Holdfast, self.host, text)
        held = lambda: {key[1] for key in self.addresses(self.host) if (key[1] or "")[:5] == "10.78"}
        wait_until(lambda: len(held()) == 4, 2, "the addresses")
        self.changed(director, text.replace("10.78.0.1/24", ""))
        wait_until(lambda: "Reload finished" in director.text(), 5, "the reload")
        wait_until(lambda: held() == {"10.78.0.2", "10.78.0.3", "10.78.0.4"}, 2, "the others")
        self.assertNotIn("removed by another program", director.text())
        self.assertEqual(director.states(), ["MASTER"])

    def test_peers_are_removed_with_the_worker_that_is_not_started_again(self):
        text = setup.config("a", 255, ADVERT, more=EVERY_OPTION)
        director = self.start(Holdfast, self.host, text)
        wait_until(lambda: len(self.own_addresses(self.host, text)) >= 11, 5, "the addresses")
        killed = set()

        def gone():
            director.kill_next_worker("vrrp", killed)
            return not self.own_addresses(self.host, text)
        wait_until(gone, 20, "every address is gone")

    def test_an_address_that_another_host_uses_is_repaired_when_that_host_lets_go(self):
        other = self.host_with_side("b", 2)
        other.ip("addr", "add", "2001:db8:1::4/64", "dev", "eth0", "nodad")
        director = self.start(Holdfast, self.host, setup.config("a", 255, 1, more=EVERY_OPTION))
        failed = lambda: self.addresses(self.host).get(("eth0", "2001:db8:1::4", 64), {}).get("dadfailed")
        wait_until(lambda: "is used by another host" in director.text(), 8, "the duplicate is seen")
        other.ip("addr", "del", "2001:db8:1::4/64", "dev", "eth0")
        good = lambda: ("eth0", "2001:db8:1::4", 64) in self.addresses(self.host) and not failed() and \
            "tentative" not in self.host.ip("addr", "show", "to", "2001:db8:1::4")
        wait_until(good, 10, "the address is good")

    def lose(self, policy, advert=1, kind=Holdfast):
        """An Active router whose address another program removes: (director, its wire)."""
        line = f"on_address_loss {policy}" if policy else ""
        director = self.start(kind, self.host, setup.config("a", 150, advert, more=line))
        wait_until(lambda: self.host.has_address(setup.VIP), 2, "the address")
        sniffer = self.wire()
        self.host.ip("addr", "del", setup.VIP + "/24", "dev", "eth0")
        return director, sniffer

    def test_restore_puts_it_back_within_200_ms_with_an_announcement_and_no_transition(self):
        director, sniffer = self.lose("restore")
        wait_until(lambda: self.host.has_address(setup.VIP), 0.2, "the address is back")
        wait_until(lambda: [p for p in sniffer.packets("arp") if p["sender"] == setup.VIP], 0.5, "ARP")
        wait_until(lambda: "[address_restored" in director.text(), 1, "the event")
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_by_default_it_resigns_and_is_back_after_its_skew_as_keepalived(self):
        for kind, advert in ((Keepalived, 1), (Holdfast, 1)):
            director, sniffer = self.lose("", advert, kind)
            wait_until(lambda: director.states() == ["BACKUP", "MASTER", "BACKUP", "MASTER"], 3,
                       f"{director.label} yields and returns")
            wait_until(lambda: self.host.has_address(setup.VIP), 2, "the address is back")
            self.assertIn(0, [p["priority"] for p in sniffer.packets("vrrp")], director.label)
            director.stop()

    def test_ignore_leaves_it_until_the_next_takeover(self):
        director, _ = self.lose("ignore", ADVERT)
        wait_until(lambda: "[object_lost" in director.text(), 2, "the event")
        time.sleep(5 * ADVERT)  # it is the absence of an event that is tested
        self.assertFalse(self.host.has_address(setup.VIP))
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])
        self.host.cut_off()
        director.wait_for("FAULT", 5)
        self.host.plug_in()
        director.wait_for("MASTER", 5)
        wait_until(lambda: self.host.has_address(setup.VIP), 2, "the address")

    def test_twenty_removals_in_two_seconds_end_in_fault_which_is_left_again(self):
        director, _ = self.lose("restore", ADVERT)
        begun = time.monotonic()
        while director.states()[-1] != "FAULT" and time.monotonic() - begun < 5:
            self.host.ip("addr", "del", setup.VIP + "/24", "dev", "eth0", check=False)
        self.assertEqual(director.states()[-1], "FAULT")
        self.assertIn("another program keeps removing", director.text())
        director.wait_for("MASTER", 15)

    def test_a_static_address_of_ours_is_a_source_of_adverts(self):
        self.host.ip("addr", "flush", "dev", "eth0")
        director = Holdfast(self.host, setup.config("a", 100, ADVERT) +
                            "static_ipaddress {\n 10.77.0.7/24 dev eth0\n}\n").start()
        sniffer = self.wire()
        director.wait_for("MASTER", 5)
        wait_until(lambda: {p["source"] for p in sniffer.packets("vrrp")} == {"10.77.0.7"}, 5,
                   "adverts from it")

    def test_static_addresses_are_there_whatever_the_instance_does_and_leave_at_the_stop(self):
        text = setup.config("a", 100, 1) + STATIC
        self.host.ip("addr", "add", "10.79.0.2/24", "dev", "eth0")
        director = Holdfast(self.host, text + "static_ipaddress {\n 10.79.0.2/24\n}\n").start()
        director.wait_for("BACKUP", 5)
        has = lambda: ("side0", "2001:db8:2::1", 64) in self.addresses(self.host)
        wait_until(has, 2, "the static address")
        self.host.ip("link", "del", "side0")
        self.host.ip("link", "add", "side0", "type", "veth", "peer", "name", "side1")
        self.host.ip("link", "set", "side0", "up")
        wait_until(has, 2, "on the interface that was made anew")
        self.changed(director, text)
        wait_until(lambda: "Reload finished" in director.text(), 5, "the reload")
        self.assertEqual(director.stop()[0], 0)
        self.assertFalse(has())
        # It was there before us.
        self.assertIn(("eth0", "10.79.0.2", 24), self.addresses(self.host))


if __name__ == "__main__":
    setup.main(together=4)
