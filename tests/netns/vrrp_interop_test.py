"""Holdfast against keepalived 2.2.7 and FRR 8.4, both roles: agreement, no flap, takeover, preemption,
handover. Every row of the table is a test of its own."""
import sys
import time
from dataclasses import dataclass

import vrrp_setup as setup
from lab import frr
from lab.daemons import Holdfast, Keepalived
from lab.sniffer import Sniffer
from lab.wait import StallWatch, wait_until

HIGH, LOW = 150, 100
QUIET = 10  # seconds without a transition
UNICAST = {4: ("10.77.0.1", "10.77.0.2"), 6: ("2001:db8:77::1", "2001:db8:77::2")}
VIRTUAL_MAC = {4: "00:00:5e:00:01:33", 6: "00:00:5e:00:02:33"}  # RFC 9568 7.3



@dataclass
class Case:
    """One row: who is the higher router and who the lower one, and how they speak."""
    high: type
    low: type
    version: int
    family: int
    advert: float
    cast: str = "multicast"
    auth: str = ""
    vmac: bool = False  # of Holdfast; FRR has one always

    def name(self):
        words = [f"v{self.version}", f"ipv{self.family}", self.cast, self.auth.lower(),
                 "vmac" if self.vmac else "",
                 f"{int(self.advert * 1000)}ms", self.low.__name__.lower(), "yields_to",
                 self.high.__name__.lower()]
        return "test_" + "_".join(word for word in words if word)


def cases():
    for high, low in ((Holdfast, Keepalived), (Keepalived, Holdfast)):
        for cast in ("multicast", "unicast"):
            for auth in ("", "PASS", "AH"):
                yield Case(high, low, 2, 4, 1, cast, auth)
            for family in (4, 6):
                for advert in (1, 0.1, 0.01):
                    yield Case(high, low, 3, family, advert, cast)
    for high, low in ((Holdfast, frr.Frr), (frr.Frr, Holdfast)):
        yield Case(high, low, 2, 4, 1)
        for family in (4, 6):
            for advert in (1, 0.1):
                yield Case(high, low, 3, family, advert)
    for partner in (Keepalived, frr.Frr):
        for high, low in ((Holdfast, partner), (partner, Holdfast)):
            yield Case(high, low, 2, 4, 1, vmac=True)
            for family in (4, 6):
                yield Case(high, low, 3, family, 0.1, vmac=True)
    for family in (4, 6):
        yield Case(Holdfast, Holdfast, 3, family, 0.01)


class InteropTest(setup.LabTest):
    def start_pair(self, case):
        self.version, self.advert, self.vmac = case.version, case.advert, case.vmac
        # FRR's first advert over IPv6 fails while its macvlan comes up; the next one is an interval later.
        self.tolerance = setup.TOLERANCE
        if case.low is frr.Frr and case.family == 6:
            self.tolerance += case.advert
        self.vip = setup.VIP if case.family == 4 else setup.VIP6
        high_host = self.lab.host("a", "10.77.0.1/24", "2001:db8:77::1/64")
        low_host = self.lab.host("b", "10.77.0.2/24", "2001:db8:77::2/64")
        for host in (high_host, low_host):
            wait_until(host.link_local, 10, "a link-local address")
        # The lower one's port: the bridge itself does not see what is sent to one host.
        self.sniffer = Sniffer(self.lab, self.lab.wire, low_host.port)
        self.low = self.start_router(case, case.low, low_host, LOW)
        self.high = self.start_router(case, case.high, high_host, HIGH)

    def start_router(self, case, kind, host, priority):
        addresses = [setup.VIP + "/24"] if case.family == 4 else ["fe80::100/64", setup.VIP6 + "/64"]
        if kind is frr.Frr:
            return kind(host, 51, priority, case.advert, addresses, case.version).start()
        more = "use_vmac\n" if case.vmac and kind is Holdfast else ""
        if case.cast == "unicast":
            here, there = UNICAST[case.family][::1 if priority == HIGH else -1]
            more += f"unicast_src_ip {here}\n unicast_peer {{\n {there}\n }}\n"
        if case.auth:
            more += f"authentication {{\n auth_type {case.auth}\n auth_pass secret\n }}\n"
        return kind(host, setup.config(host.name, priority, case.advert, case.version,
                                       vip="\n        ".join(addresses), more=more)).start()

    def holds(self, router):
        """The virtual address, wherever; FRR's stays on its macvlan."""
        if self.vmac and isinstance(router, Holdfast):
            return f" {self.vip}/" in router.host.ip("-o", "addr", "show")
        return router.holds(self.vip)

    def adverts(self, priority):
        return [packet["time"] for packet in self.sniffer.packets("vrrp")
                if packet["priority"] == priority]

    def agree(self, heard=0):
        """Waits until there is one master, and more than `heard` adverts of it."""
        self.high.wait_for("MASTER", 10)
        wait_until(lambda: len(self.adverts(HIGH)) > heard, 10, "an advert of the higher one")
        wait_until(lambda: self.low.states()[-1:] == ["BACKUP"], 10, "the lower one in BACKUP")
        wait_until(lambda: self.holds(self.high), 2, "the address")
        wait_until(lambda: not self.holds(self.low), 2, "one holder")

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

    def pause_after(self, last):
        """Until the first advert of the lower one."""
        later = lambda: [t for t in self.adverts(LOW) if t > last]
        return wait_until(later, 2, "its first advert")[0] - last

    def take_over(self):
        self.high.host.cut_off()
        self.low.wait_for("MASTER", 10)
        wait_until(lambda: self.holds(self.low), 2, "the address on the lower one")
        pause = self.pause_after(self.adverts(HIGH)[-1])
        self.assertLessEqual(
            pause, setup.down_interval(LOW, self.advert, self.version) + self.tolerance)
        return pause

    def preempt(self):
        heard = len(self.adverts(HIGH))
        self.high.host.plug_in()
        self.agree(heard)

    def hand_over(self):
        status, _ = self.high.stop()
        self.assertEqual(status, 0)
        self.low.wait_for("MASTER", 10)
        pause = self.pause_after(self.adverts(0)[-1])
        self.assertLessEqual(pause, setup.skew(LOW, self.advert, self.version) + self.tolerance)
        self.assertFalse(self.holds(self.high))
        return pause

    def check_wire(self, case):
        packets = self.sniffer.packets("vrrp")
        if case.family == 4:
            self.assertEqual({packet["protocol"] for packet in packets},
                             {51 if case.auth == "AH" else 112})
        if case.cast == "unicast":
            self.assertEqual({(packet["source"], packet["destination"]) for packet in packets},
                             {UNICAST[case.family], UNICAST[case.family][::-1]})
        elif case.family == 6:
            self.assertEqual({(packet["destination"], packet["ttl"]) for packet in packets},
                             {("ff02::12", 255)})
            self.assertTrue(all(packet["source"].startswith("fe80::") for packet in packets))
        if case.vmac:
            ours = HIGH if case.high is Holdfast else LOW
            self.assertEqual({packet["mac"] for packet in packets if packet["priority"] == ours},
                             {VIRTUAL_MAC[case.family]})

    def play(self, case):
        if frr.Frr in (case.high, case.low) and not frr.is_installed():
            self.skipTest("needs FRR (package frr)")
        self.start_pair(case)
        self.agree()
        self.stay_quiet()
        takeover = self.take_over()
        self.preempt()
        handover = self.hand_over()
        self.check_wire(case)
        print(f"takeover {takeover * 1000:.1f} ms, handover {handover * 1000:.1f} ms ", end="")


for each in cases():
    setattr(InteropTest, each.name(), lambda self, case=each: self.play(case))


if __name__ == "__main__":
    # What is counted in single milliseconds runs alone.
    setup.main(together=6, alone="_10ms_")
