"""Two routers that are Active at once, a paused one, and strangers that use a virtual address."""
import os
import signal
import sys
import time

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.net import run
from lab.wait import wait_until

ADVERT = 0.1
VIP6 = "2001:db8:77::100"

# Claims an address by ARP or by a neighbour advertisement: ADDRESS COPIES.
CLAIM = """
import socket, struct, sys, time
address, copies = sys.argv[1], int(sys.argv[2])
mac = bytes.fromhex("020000000066")
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("eth0", 0))
if ":" in address:
    target, group = (socket.inet_pton(socket.AF_INET6, a) for a in (address, "ff02::1"))
    body = struct.pack("!BBHI", 136, 0, 0, 0x20000000) + target + b"\\2\\1" + mac
    data = target + group + struct.pack("!II", len(body), 58) + body
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    body = body[:2] + struct.pack("!H", ~total & 0xFFFF) + body[4:]
    frame = (bytes.fromhex("333300000001") + mac + b"\\x86\\xdd" +
             struct.pack("!IHBB", 6 << 28, len(body), 58, 255) + target + group + body)
else:
    ip = socket.inet_aton(address)
    frame = (b"\\xff" * 6 + mac + b"\\x08\\x06" + bytes.fromhex("0001080006040001") + mac + ip +
             b"\\xff" * 6 + ip)
for _ in range(copies):
    wire.send(frame)
"""


def span_of_both(packets, winner="10.77.0.1", loser="10.77.0.2", since=0):
    """From the winner's first advert since then to the loser's last one."""
    times = {source: [p["time"] for p in packets if p["source"] == source and p["priority"] and
                      p["time"] >= since] for source in (winner, loser)}
    if not times[winner] or not times[loser]:
        return 0
    return times[loser][-1] - times[winner][0]


class ConflictTest(setup.LabTest):
    def director(self, kind, name, priority, number, more="", vip=setup.VIP + "/24"):
        host = self.lab.host(name, f"10.77.0.{number}/24")
        return kind(host, setup.config(name, priority, ADVERT, more=more, vip=vip)).start()

    def pair(self, partner=Holdfast, more=""):
        a = self.director(Holdfast, "a", 150, 1, more)
        b = self.director(partner, "b", 100, 2)
        a.wait_for("MASTER", 10)
        b.wait_for("BACKUP", 10)
        wait_until(lambda: a.host.has_address(setup.VIP), 5, "the address")
        return a, b

    def announced_by(self, sniffer, host, since):
        mac = host.run("cat", "/sys/class/net/eth0/address").strip()
        return [p["time"] for p in sniffer.packets("arp")
                if p["mac"] == mac and p["sender"] == setup.VIP == p["target"] and p["time"] > since]

    def is_paused_and_wins(self, partner, pause):
        """The Active router's worker stands still until it is replaced, and for `pause` more."""
        notified = self.lab.path("notified")
        script = self.lab.write("notify", f"#!/bin/sh\necho \"$@\" >> {notified}\n", 0o755)
        a, b = self.pair(partner, f'notify_conflict "{script}"\n    '
                                  f'notify_master_rx_lower_pri "{script} lower"')
        sniffer = self.wire()
        a.signal(signal.SIGSTOP, "vrrp")
        stopped = time.monotonic()
        b.wait_for("MASTER", 5)
        wait_until(lambda: b.host.has_address(setup.VIP), 2, "the address")
        # The last advert of the old one may have been on its way.
        taken = [p["time"] for p in sniffer.packets("vrrp") if p["source"] == "10.77.0.2"][0]
        self.assertLess(taken - stopped, setup.down_interval(100, ADVERT, 3) + setup.TOLERANCE)
        time.sleep(pause)
        resumed = time.monotonic()
        a.signal(signal.SIGCONT, "vrrp")
        b.wait_for("BACKUP", 5)
        wait_until(lambda: not b.host.has_address(setup.VIP), 1, "one holder")
        wait_until(lambda: "conflict_won" in a.text(), 5, "the end of the conflict")
        both = span_of_both(sniffer.packets("vrrp"), since=resumed)
        announced = self.announced_by(sniffer, a.host, resumed)[0] - resumed
        print(f"two for {both * 1000:.0f} ms, announced after {announced * 1000:.0f} ms ", end="")
        self.assertLess(both, ADVERT)
        self.assertLess(announced, ADVERT)
        self.assertEqual(a.states(), ["BACKUP", "MASTER"])

        def said():
            with open(notified) as file:
                return sorted(file.read().splitlines())
        wanted = ["INSTANCE VI_1 CONFLICT 150", "INSTANCE VI_1 CONFLICT_WON 150", "lower"]
        wait_until(lambda: len(said()) >= len(wanted), 5, f"three lines in {notified}")
        self.assertEqual(said(), wanted)

    def test_paused_for_10_s_it_wins_again_within_an_interval(self):
        self.is_paused_and_wins(Holdfast, 10)

    def test_paused_for_10_s_it_wins_against_keepalived_within_an_interval(self):
        self.is_paused_and_wins(Keepalived, 10)

    def test_paused_for_a_down_interval_it_wins_again_within_an_interval(self):
        self.is_paused_and_wins(Holdfast, 0)

    def test_paused_for_a_down_interval_it_wins_against_keepalived_within_an_interval(self):
        self.is_paused_and_wins(Keepalived, 0)

    def paused_backup(self, partner):
        a = self.director(partner, "a", 150, 1)
        a.wait_for("MASTER", 10)
        b = self.director(Holdfast, "b", 100, 2)
        b.wait_for("BACKUP", 10)
        sniffer = self.wire()
        for pause in (0.5, 0.5, 1, 10):  # all longer than its down interval
            b.signal(signal.SIGSTOP, "vrrp")
            time.sleep(pause)
            b.signal(signal.SIGCONT, "vrrp")
            time.sleep(5 * ADVERT)  # it is the absence of an advert that is tested
        theirs, ours = ([p["time"] for p in sniffer.packets("vrrp") if p["source"] == source]
                        for source in ("10.77.0.1", "10.77.0.2"))
        # On a busy machine the Active router may fall silent itself. Else nothing is taken.
        patience = setup.down_interval(100, ADVERT, 3) - setup.TOLERANCE
        stolen = [took for took in ours if took - max(t for t in theirs if t < took) < patience]
        if ours and not stolen:
            print(f"the Active router was silent for {max(setup.gaps(theirs)):.2f} s ", end="")
            wait_until(lambda: a.is_master() and not b.is_master(), 2, "one master")
        else:
            self.assertEqual((stolen, b.states(), a.is_master()), ([], ["BACKUP"], True))
            self.assertEqual(self.announced_by(sniffer, b.host, 0), [])

    def test_a_paused_backup_does_not_take_the_address(self):
        self.paused_backup(Holdfast)

    def test_a_paused_backup_does_not_take_the_address_from_keepalived(self):
        self.paused_backup(Keepalived)

    def test_a_paused_router_that_has_been_replaced_by_a_better_one_gives_the_address_up(self):
        a, b = self.pair()
        a.host.cut_off()
        b.wait_for("MASTER", 5)
        wait_until(lambda: b.host.has_address(setup.VIP), 2, "the address")
        b.signal(signal.SIGSTOP, "vrrp")
        a.host.plug_in()
        a.wait_for("MASTER", 5)
        time.sleep(10)
        sniffer = self.wire()
        resumed = time.monotonic()
        b.signal(signal.SIGCONT, "vrrp")
        b.wait_for("BACKUP", 2)
        wait_until(lambda: not b.host.has_address(setup.VIP), 1, "one holder")
        time.sleep(5 * ADVERT)  # it is the absence of an advert that is tested
        self.assertEqual(span_of_both(sniffer.packets("vrrp"), since=resumed), 0)
        self.assertEqual(self.announced_by(sniffer, b.host, resumed), [])
        self.assertTrue(a.is_master())

    def test_a_partition_that_heals_leaves_one_within_an_interval(self):
        a, b = self.pair()
        run("ip", "-n", self.lab.wire, "link", "set", "pb", "nomaster")
        b.wait_for("MASTER", 5)
        sniffer = self.wire()
        healed = time.monotonic()
        run("ip", "-n", self.lab.wire, "link", "set", "pb", "master", "br0")
        b.wait_for("BACKUP", 5)
        # What is forwarded again is heard on the bridge: the port may need a moment.
        self.assertLess(span_of_both(sniffer.packets("vrrp"), since=healed), 1.1 * ADVERT)
        self.assertTrue(a.is_master())
        wait_until(lambda: not b.host.has_address(setup.VIP), 1, "one holder")

    def test_a_rival_that_does_not_yield_is_told_and_does_not_make_a_storm(self):
        a = self.director(Holdfast, "a", 150, 1)
        a.wait_for("MASTER", 10)
        rival = self.lab.host("x", "10.77.0.66/24")
        sniffer = self.wire()
        begun = time.monotonic()
        # Version 3, VRID 51, priority 50, one address, every 100 ms.
        message = bytes([0x31, 51, 50, 1, 0, 10, 0, 0, 10, 77, 0, 100])
        total = sum(int.from_bytes(message[i:i + 2], "big") for i in range(0, len(message), 2))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        message = message[:6] + (~total & 0xFFFF).to_bytes(2, "big") + message[8:]
        send = ("import socket,sys,time\nw=socket.socket(2,3,112)\nw.setsockopt(0,33,255)\n"
                "w.bind(('10.77.0.66',0))\nfor _ in range(300):\n"
                " w.sendto(bytes.fromhex(sys.argv[1]),('224.0.0.18',0));time.sleep(0.01)\n")
        rival.run(sys.executable, "-c", send, message.hex())
        wait_until(lambda: "conflict_won" in a.text(), 5, "the end of the conflict")
        lines = [line for line in a.text().splitlines() if "event=conflict " in line or
                 "is MASTER as well, with" in line]
        self.assertEqual(len(lines), 1, lines)
        copies = len(self.announced_by(sniffer, a.host, begun))
        self.assertGreaterEqual(copies, 5)
        self.assertLessEqual(copies, 2 * 5 * 5)  # a block each second, and its second one

    def stranger(self, address, vip):
        a = self.director(Holdfast, "a", 150, 1, vip=vip)
        a.wait_for("MASTER", 10)
        wait_until(lambda: a.host.has_address(address), 5, "the address")
        time.sleep(1.5)  # its own announcements are over, and so is the time of a predecessor
        self.assertNotIn("is used by", a.text())
        x = self.lab.host("x", "10.77.0.66/24")
        kind, name = ("na", "target") if ":" in address else ("arp", "sender")
        sniffer = self.wire()
        mac = a.host.run("cat", "/sys/class/net/eth0/address").strip()
        begun = time.monotonic()
        x.run(sys.executable, "-c", CLAIM, address, "50")
        wait_until(lambda: f"{address} is used by 02:00:00:00:00:66 on eth0 as well" in a.text(), 1,
                   "the event")
        wait_until(lambda: [p for p in sniffer.packets(kind) if p["mac"] == mac and
                            p[name] == address and p["time"] > begun], 1, "the defence")
        time.sleep(0.5)
        x.run(sys.executable, "-c", CLAIM, address, "50")
        time.sleep(0.5)  # it is the absence of a second defence that is tested
        self.assertEqual(len([p for p in sniffer.packets(kind) if p["mac"] == mac and
                              p[name] == address and p["time"] > begun]), 1)
        self.assertEqual(a.text().count("is used by"), 1)
        self.assertEqual(a.states()[-1:], ["MASTER"])

    def test_a_stranger_that_claims_an_address_is_told_and_answered_once(self):
        self.stranger(setup.VIP, setup.VIP + "/24")

    def test_a_stranger_that_advertises_an_ipv6_address_is_told_and_answered_once(self):
        a = f"{VIP6}/64"
        self.stranger(VIP6, f"fe80::77/64\n        {a}")

    def test_a_host_that_was_given_the_address_is_a_stranger(self):
        a = self.director(Holdfast, "a", 150, 1)
        a.wait_for("MASTER", 10)
        time.sleep(0.5)
        x = self.lab.host("x", "10.77.0.66/24")
        x.ip("addr", "add", setup.VIP + "/24", "dev", "eth0")
        x.popen("arping", "-U", "-c", "3", "-I", "eth0", setup.VIP)
        wait_until(lambda: "address_conflict" in a.text() or "is used by" in a.text(), 5, "the event")

    def test_the_partners_own_takeover_and_own_frames_are_no_conflict(self):
        b = self.director(Holdfast, "b", 100, 2)
        b.wait_for("MASTER", 10)
        time.sleep(1)
        a = self.director(Holdfast, "a", 150, 1)
        a.wait_for("MASTER", 10)
        b.wait_for("BACKUP", 2)
        a.stop()
        b.wait_for("MASTER", 5)
        time.sleep(1.5)
        for director in (a, b):
            self.assertNotIn("is used by", director.text())
            self.assertNotIn("as well", director.text())


if __name__ == "__main__":
    setup.main(together=4)
