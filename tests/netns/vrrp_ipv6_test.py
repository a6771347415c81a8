"""IPv6 on a real kernel: where adverts come from, neighbour advertisements, the election, addresses."""
import vrrp_setup as setup
from lab.daemons import Holdfast
from lab.wait import wait_until

ADVERT = 0.1
ADDRESSES = f"fe80::100/64\n        {setup.VIP6}/64\n        2001:db8:77::128"


class Ipv6Test(setup.LabTest):
    def setUp(self):
        super().setUp()
        self.host = self.lab.host("a", "2001:db8:77::1/64")
        wait_until(self.host.link_local, 10, "a link-local address")

    def start(self, host, name, priority, more=""):
        return Holdfast(host, setup.config(name, priority, ADVERT, vip=ADDRESSES, more=more),
                        label=name).start()

    def test_an_active_router_advertises_its_neighbours_entry(self):
        self.host.sysctl("net.ipv6.conf.eth0.forwarding", 1)
        sniffer = self.wire()
        self.start(self.host, "a", 150).wait_for("MASTER", 5)
        found = lambda: [p for p in sniffer.packets("na") if p["target"] == setup.VIP6]
        wait_until(lambda: len(found()) >= 10, 5, "both blocks")
        for packet in found():
            self.assertEqual((packet["destination"], packet["ttl"], packet["source"]),
                             ("ff02::1", 255, setup.VIP6))
            self.assertEqual(packet["flags"], 0xa0)  # router and override, not solicited
            self.assertEqual(packet["link_layer"], packet["mac"])

    def test_addresses_are_usable_at_once(self):
        self.start(self.host, "a", 150).wait_for("MASTER", 5)
        wait_until(lambda: self.host.has_address(setup.VIP6), 1, "the address")
        shown = self.host.ip("-6", "-o", "addr", "show", "dev", "eth0")
        for line in shown.splitlines():
            self.assertNotIn("tentative", line)
            # keepalived: a single address is never the source of a new connection
            self.assertEqual("preferred_lft 0sec" in line, "2001:db8:77::128/" in line)

    def test_all_addresses_go_at_stop_and_others_stay(self):
        link_local = self.host.link_local()
        director = self.start(self.host, "a", 150)
        director.wait_for("MASTER", 5)
        wait_until(lambda: self.host.has_address("2001:db8:77::128"), 1, "the address")
        self.assertEqual(director.stop()[0], 0)
        for address in ("fe80::100", setup.VIP6, "2001:db8:77::128"):
            self.assertFalse(self.host.has_address(address), address)
        self.assertTrue(self.host.has_address("2001:db8:77::1"))
        self.assertTrue(self.host.has_address(link_local))

    def test_equal_priorities_are_decided_by_the_link_local_address(self):
        other = self.lab.host("b", "2001:db8:77::2/64")
        for host, address in ((self.host, "fe80::a:2/64"), (other, "fe80::a:1/64")):
            host.ip("addr", "flush", "dev", "eth0", "scope", "link")
            host.ip("addr", "add", address, "dev", "eth0", "nodad")
        # Both become Active at once, apart; the greater address stays.
        other.cut_off()
        more = "dont_track_primary"
        low = self.start(other, "b", 100, more)
        high = self.start(self.host, "a", 100, more)
        high.wait_for("MASTER", 5)
        low.wait_for("MASTER", 5)
        other.plug_in()
        low.wait_for("BACKUP", 5)
        self.assertTrue(high.is_master())

    def test_without_a_link_local_address_it_is_a_fault(self):
        self.host.ip("addr", "flush", "dev", "eth0", "scope", "link")
        director = self.start(self.host, "a", 150)
        director.wait_for("FAULT", 5)
        self.assertIn("has no IPv6 link-local address", director.text())
        self.host.ip("addr", "add", "fe80::a/64", "dev", "eth0")  # duplicate detection runs first
        director.wait_for("MASTER", 10)

    def test_one_vrid_for_both_families(self):
        self.host.ip("addr", "add", "10.77.0.1/24", "dev", "eth0")
        text = setup.config("a", 150, ADVERT)
        text += setup.config("a", 150, ADVERT, vip=ADDRESSES).split("}\n", 1)[1].replace("VI_1", "VI_6")
        director = Holdfast(self.host, text).start()
        for instance in ("VI_1", "VI_6"):
            director.wait_for("MASTER", 5, instance)
        sniffer = self.wire()
        wait_until(lambda: {p["ttl"] for p in sniffer.packets("vrrp")} == {255} and
                   {":" in p["source"] for p in sniffer.packets("vrrp")} == {True, False}, 2,
                   "adverts of both families")


if __name__ == "__main__":
    setup.main(together=4)
