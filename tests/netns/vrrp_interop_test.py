"""Holdfast against keepalived 2.2.7, both roles: agreement, no flap, takeover, preemption, handover."""
import time

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.wait import StallWatch, wait_until

HIGH, LOW = 150, 100
QUIET = 10  # seconds without a transition


class InteropTest(setup.LabTest):
    def start_pair(self, high_kind, low_kind, version, advert):
        self.version, self.advert = version, advert
        high_host = self.lab.host("a", "10.77.0.1/24")
        low_host = self.lab.host("b", "10.77.0.2/24")
        self.sniffer = self.wire()
        self.low = low_kind(low_host, setup.config("low", LOW, advert, version)).start()
        self.high = high_kind(high_host, setup.config("high", HIGH, advert, version)).start()

    def adverts(self, priority, source=None):
        return [packet["time"] for packet in self.sniffer.packets("vrrp")
                if packet["priority"] == priority and source in (None, packet["source"])]

    def agree(self):
        self.high.wait_for("MASTER", 10)
        wait_until(lambda: self.low.states()[-1:] == ["BACKUP"], 10, "the lower one in BACKUP")
        wait_until(lambda: self.high.host.has_address(setup.VIP), 2, "the address")
        wait_until(lambda: not self.low.host.has_address(setup.VIP), 2, "one holder")

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
        wait_until(lambda: self.low.host.has_address(setup.VIP), 2, "the address on the lower one")
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
        self.assertFalse(self.high.host.has_address(setup.VIP))
        return pause

    def play(self, high_kind, low_kind, version, advert):
        self.start_pair(high_kind, low_kind, version, advert)
        self.agree()
        self.stay_quiet()
        takeover = self.take_over()
        self.preempt()
        handover = self.hand_over()
        print(f"takeover {takeover * 1000:.1f} ms, handover {handover * 1000:.1f} ms ", end="")

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


if __name__ == "__main__":
    setup.main()
