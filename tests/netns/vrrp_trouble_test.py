"""Forged packets, paused processes, a kernel without IPVS, and scripts in their order."""
import os
import signal
import struct
import sys
import time

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.wait import wait_until

ADVERT = 0.1

# Sends one message from its own raw socket: SOURCE TTL HEX.
SEND = """
import socket, struct, sys
source, ttl, message = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3])
wire = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
wire.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
wire.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
header = struct.pack("!BBHHHBBH4s4s", 0x45, 0xc0, 20 + len(message), 1, 0, ttl, 112, 0,
                     socket.inet_aton(source), socket.inet_aton("224.0.0.18"))
for _ in range(int(sys.argv[4])):
    wire.sendto(header + message, ("224.0.0.18", 0))
"""


def checksum(message):
    if len(message) % 2:
        message += b"\0"
    total = sum(struct.unpack(f"!{len(message) // 2}H", message))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def advert(priority=255, vrid=51, version=3, kind=1, count=1, interval=10, addresses=1):
    body = struct.pack("!BBBBHH", version << 4 | kind, vrid, priority, count, interval, 0)
    body += bytes([10, 77, 0, 100]) * addresses
    return body[:6] + struct.pack("!H", checksum(body)) + body[8:]


class TroubleTest(setup.LabTest):
    def director(self, kind, name, priority, address, more="", advert_int=ADVERT):
        host = self.lab.host(name, f"{address}/24")
        return kind(host, setup.config(name, priority, advert_int, more=more)).start()

    def inject(self, host, message, ttl=255, copies=1, source="10.77.0.66"):
        host.run(sys.executable, "-c", SEND, source, str(ttl), message.hex(), str(copies))

    def test_a_forged_advert_is_counted_and_changes_nothing(self):
        active = self.director(Holdfast, "a", 150, "10.77.0.1")
        active.wait_for("MASTER", 10)
        attacker = self.lab.host("x", "10.77.0.66/24")
        broken = bytearray(advert())
        broken[6] ^= 0xFF
        for message, ttl in ((advert(), 254), (bytes(broken), 255), (advert()[:9], 255),
                             (advert() + b"\0" * 4, 255), (advert(interval=0), 255),
                             (advert(count=0, addresses=0), 255), (advert(version=4), 255),
                             (advert(kind=2), 255), (b"", 255), (b"\x31", 255)):
            self.inject(attacker, message, ttl, copies=20)
        self.inject(attacker, advert(vrid=52), copies=20)
        time.sleep(5 * ADVERT)  # it is the absence of an event that is tested
        self.assertEqual(active.states(), ["BACKUP", "MASTER"])
        lines = [line for line in active.text().splitlines() if "advert_discarded" in line]
        self.assertEqual(len(lines), 1, lines)  # once at first, then at most every 10 s
        self.assertIn("reason=ttl", lines[0])
        # The same packet, well made, is believed.
        self.inject(attacker, advert())
        active.wait_for("BACKUP", 2)

    def test_instances_without_addresses_hear_each_other(self):
        config = lambda name, priority: setup.config(
            name, priority, ADVERT, more="no_virtual_ipaddress").replace(
                "virtual_ipaddress {\n        10.77.0.100/24\n    }", "")
        a = Holdfast(self.lab.host("a", "10.77.0.1/24"), config("a", 150)).start()
        b = Holdfast(self.lab.host("b", "10.77.0.2/24"), config("b", 100)).start()
        a.wait_for("MASTER", 5)
        b.wait_for("BACKUP", 5)
        time.sleep(10 * ADVERT)
        self.assertEqual(b.states(), ["BACKUP"])
        a.stop()
        b.wait_for("MASTER", 2)

    def test_adverts_may_come_from_an_address_that_is_not_here(self):
        active = self.director(Holdfast, "a", 150, "10.77.0.1", "mcast_src_ip 10.77.0.200")
        active.wait_for("MASTER", 5)
        partner = self.director(Keepalived, "b", 100, "10.77.0.2")
        partner.wait_for("BACKUP", 5)
        time.sleep(10 * ADVERT)
        self.assertEqual(partner.states(), ["BACKUP"])
        self.assertNotIn("cannot send", active.text())

    def test_scripts_run_in_order_with_their_arguments(self):
        host = self.lab.host("a", "10.77.0.1/24")
        os.chmod(self.lab.folder, 0o755)
        output = self.lab.path("scripts.log")
        script = self.lab.write("note", f"#!/bin/sh\nsleep 0.05\necho \"$@\" >> {output}\n", 0o755)
        more = "\n".join(f'{word} "{script} {word}"' for word in
                         ("notify_master", "notify_backup", "notify_stop"))
        more += f'\nnotify "{script}"'
        config = setup.config("a", 150, ADVERT, more=more).replace(
            "router_id a", "router_id a\n script_user root")
        director = Holdfast(host, config).start()
        director.wait_for("MASTER", 5)
        self.assertEqual(director.stop()[0], 0)

        def lines():
            with open(output) as file:
                return file.read().splitlines()
        wait_until(lambda: len(lines()) == 6, 5, "six script runs")
        self.assertEqual(lines(), ["notify_backup", "INSTANCE VI_1 BACKUP 150", "notify_master",
                                   "INSTANCE VI_1 MASTER 150", "notify_stop",
                                   "INSTANCE VI_1 STOP 150"])

    def test_without_ipvs_in_the_kernel_one_line_says_so_and_vrrp_runs(self):
        if os.path.exists("/proc/net/ip_vs"):
            self.skipTest("this kernel has IPVS")
        host = self.lab.host("a", "10.77.0.1/24")
        config = setup.config("a", 150, ADVERT).replace(
            "router_id a", "router_id a\n lvs_sync_daemon eth0 VI_1 id 51")
        director = Holdfast(host, config).start()
        director.wait_for("MASTER", 5)
        self.assertEqual(director.stop()[0], 0)
        lines = [line for line in director.text().splitlines() if "IPVS" in line]
        self.assertEqual(len(lines), 1, lines)


if __name__ == "__main__":
    setup.main(together=4)
