"""Unicast on a real kernel: who is a peer, how far away, several routers with one VRID, no peer at all."""
import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.wait import wait_until

ADVERT = 0.1


def speaking(*peers, source=None, more=""):
    lines = "".join(f"        {peer}\n" for peer in peers)
    return (f"unicast_src_ip {source}\n" if source else "") + \
        f"    unicast_peer {{\n{lines}    }}\n    {more}"


class UnicastTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        self.a, self.b, self.c = (self.lab.host(name, f"10.77.0.{number}/24")
                                  for number, name in enumerate("abc", 1))

    def start(self, host, priority, *peers, label=None, vip=setup.VIP + "/24", source=None, more=""):
        return Holdfast(host, setup.config(host.name, priority, ADVERT, vip=vip,
                                           more=speaking(*peers, source=source, more=more)),
                        label=label or host.name).start()

    def pair(self, low_more="", low_peers=("10.77.0.1",), high_more=""):
        low = self.start(self.b, 100, *low_peers, more=low_more)
        high = self.start(self.a, 150, "10.77.0.2", more=high_more)
        high.wait_for("MASTER", 5)
        return high, low

    def test_one_list_of_peers_for_all(self):
        everybody = ["10.77.0.1", "10.77.0.2", "10.77.0.3"]
        directors = [self.start(host, priority, *everybody)
                     for host, priority in ((self.a, 150), (self.b, 120), (self.c, 100))]
        directors[0].wait_for("MASTER", 5)
        for director in directors[1:]:
            wait_until(lambda: director.states()[-1:] == ["BACKUP"], 5, "BACKUP")
        directors[0].stop()
        directors[1].wait_for("MASTER", 5)
        self.assertEqual(directors[2].states()[-1], "BACKUP")

    def test_strict_mode_keeps_the_peers_as_keepalived_does(self):
        for kind in (Keepalived, Holdfast):
            text = setup.config("a", 150, ADVERT, more=speaking("10.77.0.2", more="strict_mode"))
            director = kind(self.a, text).start()
            director.wait_for("MASTER", 10)
            director.stop()

    def test_adverts_from_too_far_away_are_discarded(self):
        # The peer must be on the link, and says that it is 1 hop further.
        low = self.start(self.b, 100, "10.77.0.1 min_ttl 255")
        low.wait_for("MASTER", 5)
        high = self.start(self.a, 150, "10.77.0.2", more="unicast_ttl 254")
        high.wait_for("MASTER", 5)
        wait_until(lambda: "reason=ttl" in low.text(), 5, "the discarded advert")
        self.assertTrue(low.is_master())

    def test_a_stranger_is_not_heard_with_check_unicast_src(self):
        low = self.start(self.b, 100, "10.77.0.3", more="check_unicast_src")
        low.wait_for("MASTER", 5)
        self.start(self.a, 150, "10.77.0.2").wait_for("MASTER", 5)
        wait_until(lambda: "reason=source" in low.text(), 5, "the discarded advert")
        self.assertTrue(low.is_master())

    def test_a_stranger_is_heard_without_it(self):
        self.pair(low_peers=("10.77.0.3",))[1].wait_for("BACKUP", 5)

    def test_one_vrid_with_different_peers(self):
        second = setup.config("a", 150, ADVERT, vip="10.77.0.102/24",
                              more=speaking("10.77.0.3")).split("}\n", 1)[1]
        text = setup.config("a", 150, ADVERT, more=speaking("10.77.0.2"))
        both = Holdfast(self.a, text + second.replace("VI_1", "VI_2"), label="a").start()
        for instance in ("VI_1", "VI_2"):
            both.wait_for("MASTER", 5, instance)
        # The higher one of each pair decides for its own instance only.
        self.start(self.b, 200, "10.77.0.1").wait_for("MASTER", 5)
        both.wait_for("BACKUP", 5, "VI_1")
        self.assertTrue(both.is_master("VI_2"))

    def test_without_an_interface_the_route_says_where_from(self):
        text = setup.config("a", 150, ADVERT, vip=setup.VIP + "/24 dev eth0",
                            more=speaking("10.77.0.2")).replace("    interface eth0\n", "")
        low = self.start(self.b, 100, "10.77.0.1", more="check_unicast_src")
        high = Holdfast(self.a, text, label="a").start()
        high.wait_for("MASTER", 5)
        wait_until(lambda: low.states()[-1:] == ["BACKUP"], 5, "BACKUP")
        wait_until(lambda: self.a.has_address(setup.VIP), 2, "the address")
        high.stop()
        low.wait_for("MASTER", 5)

    def test_without_an_interface_a_route_that_appears_later_is_found(self):
        wait_until(self.a.link_local, 10, "the end of all changes of addresses")
        text = setup.config("a", 150, ADVERT, vip=setup.VIP + "/24 dev eth0",
                            more=speaking("10.88.0.2")).replace("    interface eth0\n", "")
        director = Holdfast(self.a, text, label="a").start()
        director.wait_for("FAULT", 5)
        self.assertIn("no route to the unicast peer", director.text())
        self.a.ip("route", "add", "10.88.0.0/24", "via", "10.77.0.2")
        director.wait_for("MASTER", 5)

    def test_unicast_fault_no_peer(self):
        director = Holdfast(self.a, setup.config("a", 150, ADVERT,
                                                 more="unicast_fault_no_peer")).start()
        director.wait_for("FAULT", 5)
        self.assertIn("no unicast peer", director.text())

    def test_both_families_of_unicast_may_share_a_vrid(self):
        for host, number in ((self.a, 1), (self.b, 2)):
            host.ip("addr", "add", f"2001:db8:77::{number}/64", "dev", "eth0", "nodad")
            wait_until(host.link_local, 10, "a link-local address")

        def text(name, priority, own, other):
            v6 = setup.config(name, priority, ADVERT, vip=setup.VIP6 + "/64",
                              more=speaking(f"2001:db8:77::{other}",
                                            source=f"2001:db8:77::{own}")).split("}\n", 1)[1]
            return setup.config(name, priority, ADVERT, more=speaking(f"10.77.0.{other}")) + \
                v6.replace("VI_1", "VI_6")
        low = Holdfast(self.b, text("b", 100, 2, 1), label="b").start()
        high = Holdfast(self.a, text("a", 150, 1, 2), label="a").start()
        for instance in ("VI_1", "VI_6"):
            high.wait_for("MASTER", 5, instance)
            wait_until(lambda: low.states(instance)[-1:] == ["BACKUP"], 5, "BACKUP")


if __name__ == "__main__":
    setup.main()
