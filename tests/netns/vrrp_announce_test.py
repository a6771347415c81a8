"""Announcements: their order, their pace, and what makes them leave again."""
import collections
import time

import vrrp_setup as setup
from lab.daemons import Holdfast
from lab.wait import wait_until

ADVERT = 0.1


def addresses(count, device="eth0", net=101):
    return [f"10.77.{net}.{number}/32 dev {device}" for number in range(1, count + 1)]


def config(lines, more="", instance="", **options):
    text = setup.config("a", 150, ADVERT, vip="\n        ".join(lines), more=instance, **options)
    return more + text


class AnnounceTest(setup.LabTest):
    def director(self, text):
        director = Holdfast(self.host, text).start()
        director.wait_for("MASTER", 10)
        return director

    def announced(self, sniffer):
        return [p for p in sniffer.packets("arp") if p["sender"] == p["target"]]

    def wait_for(self, sniffer, count, deadline=10):
        wait_until(lambda: len(self.announced(sniffer)) >= count, deadline, f"{count} announcements")
        return self.announced(sniffer)

    def test_first_copies_leave_before_second_ones_in_their_pace(self):
        self.host = self.lab.host("a", "10.77.0.1/16")
        sniffer = self.wire()
        gap, count = 0.005, 40
        self.director(config(
            addresses(count), f"garp_group {{\n garp_interval {gap}\n interface eth0\n}}\n"))
        sent = self.wait_for(sniffer, 3 * count)
        self.assertEqual(len({p["sender"] for p in sent[:count]}), count)
        self.assertEqual([p["sender"] for p in sent[:count]], [p["sender"] for p in sent[count:2 * count]])
        # The capture is a program too: it may be late, and the next one seems early then.
        self.assertGreater(sent[2 * count]["time"] - sent[0]["time"], 2 * count * gap * 0.95)

    def test_interfaces_of_a_group_share_their_pace(self):
        self.host = self.host_with_side("a", 1)
        wire, side = self.wire(), setup.Sniffer(self.lab, self.host.namespace, "side1")
        gap, count = 0.01, 10
        more = f"garp_group {{\n garp_interval {gap}\n interfaces {{\n  eth0 side0\n }}\n}}\n"
        self.director(config(addresses(count) + addresses(count, "side0", 102), more))
        self.wait_for(wire, count)
        self.wait_for(side, count)
        times = sorted(p["time"] for sniffer in (wire, side) for p in self.announced(sniffer)[:count])
        self.assertGreater(times[-1] - times[0], (2 * count - 1) * gap * 0.95)

    def test_refreshes_go_on_and_end_with_the_address(self):
        self.host = self.lab.host("a", "10.77.0.1/16")
        sniffer = self.wire()
        more = "garp_master_repeat 1\n garp_master_refresh 1\n garp_master_refresh_repeat 2"
        director = self.director(config(addresses(2), instance=more).replace(
            "garp_master_delay 1", "garp_master_delay 0"))
        sent = self.wait_for(sniffer, 2 + 2 * 2 * 2, 5)
        self.assertAlmostEqual(sent[6]["time"] - sent[2]["time"], 1.0, delta=0.1)
        self.lab.write("a-holdfast.conf", config(addresses(1), instance=more))
        director.reload()
        wait_until(lambda: not self.host.has_address("10.77.101.2"), 3, "the address is gone")
        before = collections.Counter(p["sender"] for p in self.announced(sniffer))
        wait_until(lambda: collections.Counter(p["sender"] for p in self.announced(sniffer))[
            "10.77.101.1"] > before["10.77.101.1"] + 2, 5, "further refreshes of the other one")
        after = collections.Counter(p["sender"] for p in self.announced(sniffer))
        self.assertEqual(after["10.77.101.2"], before["10.77.101.2"])

    def test_what_comes_to_a_link_again_is_announced_again(self):
        self.host = self.lab.host("a", "10.77.0.1/16")
        sniffer = self.wire()
        self.director(config(addresses(3), instance="dont_track_primary"))
        self.wait_for(sniffer, 2 * 5 * 3)
        self.host.cut_off()
        wait_until(lambda: "NO-CARRIER" in self.host.ip("link", "show", "eth0"), 2, "no carrier")
        plugged = time.monotonic()
        self.host.plug_in()
        wait_until(lambda: len({p["sender"] for p in self.announced(sniffer)
                                if p["time"] > plugged}) == 3, 2, "all addresses")

    def test_one_address_of_an_interface_without_adverts_is_refreshed(self):
        self.host = self.host_with_side("a", 1)
        wire, side = self.wire(), setup.Sniffer(self.lab, self.host.namespace, "side1")
        more = "garp_extra_if all 1\n    garp_master_repeat 1"
        self.director(config(addresses(2) + addresses(2, "side0", 102), instance=more))
        sent = self.wait_for(side, 2 * 2 + 3)  # two blocks, and refreshes
        refreshes = [p for p in sent if p["time"] > sent[0]["time"] + 1.5]
        self.assertEqual({p["sender"] for p in refreshes}, {"10.77.102.1"})
        self.assertEqual(len(self.announced(wire)), 2 * 2)


if __name__ == "__main__":
    setup.main()
