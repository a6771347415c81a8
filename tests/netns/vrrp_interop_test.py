"""Holdfast against keepalived 2.2.7, both roles: agreement, no flap, takeover, preemption, handover."""
import time

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.sniffer import Sniffer
from lab.wait import StallWatch, wait_until

HIGH, LOW = 150, 100
QUIET = 10  # seconds without a transition


class InteropTest(setup.LabTest):
    def start_pair(self, high_kind, low_kind, version, advert, family=4, high="", low="", both=""):
        """`high`, `low` and `both`: further lines of the instances."""
        self.version, self.advert = version, advert
        self.vip = setup.VIP if family == 4 else setup.VIP6
        vip = setup.VIP + "/24" if family == 4 else f"fe80::100/64\n        {setup.VIP6}/64"
        high_host = self.lab.host("a", "10.77.0.1/24", "2001:db8:77::1/64")
        low_host = self.lab.host("b", "10.77.0.2/24", "2001:db8:77::2/64")
        for host in (high_host, low_host):
            wait_until(host.link_local, 10, "a link-local address")
        # The lower one's port: the bridge itself does not see what is sent to one host.
        self.sniffer = Sniffer(self.lab, self.lab.wire, low_host.port)
        self.low = low_kind(low_host, setup.config("low", LOW, advert, version, vip=vip,
                                                   more=both + low)).start()
        self.high = high_kind(high_host, setup.config("high", HIGH, advert, version, vip=vip,
                                                      more=both + high)).start()

    def adverts(self, priority, source=None):
        return [packet["time"] for packet in self.sniffer.packets("vrrp")
                if packet["priority"] == priority and source in (None, packet["source"])]

    def agree(self):
        self.high.wait_for("MASTER", 10)
        wait_until(lambda: self.low.states()[-1:] == ["BACKUP"], 10, "the lower one in BACKUP")
        wait_until(lambda: self.high.host.has_address(self.vip), 2, "the address")
        wait_until(lambda: not self.low.host.has_address(self.vip), 2, "one holder")

    def stay_quiet(self):
        """Nothing happens for QUIET seconds. When this machine itself stood still for longer than an
        interval, that proves nothing, and is looked at again."""
        for _ in range(4):
            before = self.high.states(), self.low.states()
            with StallWatch() as watch:
                time.sleep(QUIET)  # it is the absence of an event that is tested
            stall = watch.longest()
            if (self.high.states(), self.low.states()) == before:
                return
            if stall < self.advert:
                break
            print(f"the machine stood still for {stall * 1000:.0f} ms; again ", end="")
            wait_until(lambda: self.high.is_master() and not self.low.is_master(), 5, "one master")
        self.assertEqual((self.high.states(), self.low.states()), before)

    def take_over(self):
        self.high.host.cut_off()
        self.low.wait_for("MASTER", 10)
        wait_until(lambda: self.low.host.has_address(self.vip), 2, "the address on the lower one")
        last = self.adverts(HIGH)[-1]
        wait_until(lambda: [t for t in self.adverts(LOW) if t > last], 2, "its first advert")
        pause = [t for t in self.adverts(LOW) if t > last][0] - last
        self.assertLessEqual(
            pause, setup.down_interval(LOW, self.advert, self.version) + setup.TOLERANCE)
        return pause

    def preempt(self):
        self.high.host.plug_in()
        self.agree()

    def hand_over(self):
        status, _ = self.high.stop()
        self.assertEqual(status, 0)
        resigned = self.adverts(0)[-1]
        self.low.wait_for("MASTER", 10)
        wait_until(lambda: [t for t in self.adverts(LOW) if t > resigned], 2, "its first advert")
        pause = [t for t in self.adverts(LOW) if t > resigned][0] - resigned
        self.assertLessEqual(pause, setup.skew(LOW, self.advert, self.version) + setup.TOLERANCE)
        self.assertFalse(self.high.host.has_address(self.vip))
        return pause

    def play(self, high_kind, low_kind, version, advert, **options):
        self.start_pair(high_kind, low_kind, version, advert, **options)
        self.agree()
        self.stay_quiet()
        takeover = self.take_over()
        self.preempt()
        handover = self.hand_over()
        print(f"takeover {takeover * 1000:.1f} ms, handover {handover * 1000:.1f} ms ", end="")

    def play_unicast(self, high_kind, low_kind, version, advert, family=4, both=""):
        high, low = (("10.77.0.1", "10.77.0.2"), ("2001:db8:77::1", "2001:db8:77::2"))[family == 6]
        speak = "unicast_src_ip {}\n unicast_peer {{\n {}\n }}\n"
        self.play(high_kind, low_kind, version, advert, family=family, both=both,
                  high=speak.format(high, low), low=speak.format(low, high))
        pairs = {(packet["source"], packet["destination"]) for packet in self.sniffer.packets("vrrp")}
        self.assertEqual(pairs, {(high, low), (low, high)})

    def play_authenticated(self, high_kind, low_kind, kind, protocol):
        both = f"authentication {{\n auth_type {kind}\n auth_pass secret\n }}\n"
        self.play(high_kind, low_kind, 2, 1, both=both)
        self.assertEqual({packet["protocol"] for packet in self.sniffer.packets("vrrp")}, {protocol})

    def test_holdfast_yields_to_keepalived_password(self):
        self.play_authenticated(Keepalived, Holdfast, "PASS", 112)

    def test_keepalived_yields_to_holdfast_password(self):
        self.play_authenticated(Holdfast, Keepalived, "PASS", 112)

    def test_holdfast_yields_to_keepalived_ah(self):
        self.play_authenticated(Keepalived, Holdfast, "AH", 51)

    def test_keepalived_yields_to_holdfast_ah(self):
        self.play_authenticated(Holdfast, Keepalived, "AH", 51)

    def test_holdfast_yields_to_keepalived_v2_1s(self):
        self.play(Keepalived, Holdfast, 2, 1)

    def test_keepalived_yields_to_holdfast_v2_1s(self):
        self.play(Holdfast, Keepalived, 2, 1)

    def test_holdfast_yields_to_keepalived_v3_1s(self):
        self.play(Keepalived, Holdfast, 3, 1)

    def test_keepalived_yields_to_holdfast_v3_1s(self):
        self.play(Holdfast, Keepalived, 3, 1)

    def test_holdfast_yields_to_keepalived_v3_100ms(self):
        self.play(Keepalived, Holdfast, 3, 0.1)

    def test_keepalived_yields_to_holdfast_v3_100ms(self):
        self.play(Holdfast, Keepalived, 3, 0.1)

    def test_holdfast_yields_to_keepalived_v3_10ms(self):
        self.play(Keepalived, Holdfast, 3, 0.01)

    def test_keepalived_yields_to_holdfast_v3_10ms(self):
        self.play(Holdfast, Keepalived, 3, 0.01)

    def test_two_of_holdfast_agree_v3_10ms(self):
        self.play(Holdfast, Holdfast, 3, 0.01)

    def test_holdfast_yields_to_keepalived_ipv6_100ms(self):
        self.play(Keepalived, Holdfast, 3, 0.1, family=6)

    def test_keepalived_yields_to_holdfast_ipv6_100ms(self):
        self.play(Holdfast, Keepalived, 3, 0.1, family=6)
        for packet in self.sniffer.packets("vrrp"):
            self.assertEqual((packet["destination"], packet["ttl"]), ("ff02::12", 255))
            self.assertTrue(packet["source"].startswith("fe80::"))

    def test_holdfast_yields_to_keepalived_ipv6_unicast_v3(self):
        self.play_unicast(Keepalived, Holdfast, 3, 0.1, family=6)

    def test_keepalived_yields_to_holdfast_ipv6_unicast_v3(self):
        self.play_unicast(Holdfast, Keepalived, 3, 0.1, family=6)

    def test_holdfast_yields_to_keepalived_unicast_v2(self):
        self.play_unicast(Keepalived, Holdfast, 2, 1)

    def test_keepalived_yields_to_holdfast_unicast_v2(self):
        self.play_unicast(Holdfast, Keepalived, 2, 1)

    def test_holdfast_yields_to_keepalived_unicast_v3(self):
        self.play_unicast(Keepalived, Holdfast, 3, 0.1)

    def test_keepalived_yields_to_holdfast_unicast_v3(self):
        self.play_unicast(Holdfast, Keepalived, 3, 0.1)


if __name__ == "__main__":
    setup.main()
