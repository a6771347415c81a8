"""Addresses: what is ours is put back and cleared away, what is not is left alone; bad surroundings."""
import os
import re
import signal
import subprocess
import time

import vrrp_setup as setup
from lab.daemons import Holdfast
from lab.wait import wait_until

ADVERT = 0.1


# `ip address add 10.77.0.50/24 dev eth0 proto 18`, which the iproute2 of Debian 12 cannot say: the
# mark is keepalived's.
ADD_MARKED = """
import socket, struct
def attribute(kind, value):
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)
address = socket.inet_aton("10.77.0.50")
body = struct.pack("=BBBBI", socket.AF_INET, 24, 0, 0, socket.if_nametoindex("eth0"))
body += attribute(2, address) + attribute(1, address) + attribute(11, bytes([18]))
wire = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
wire.send(struct.pack("=IHHII", 16 + len(body), 20, 0x605, 1, 0) + body)
assert struct.unpack_from("=i", wire.recv(4096), 16)[0] == 0
"""


class AddressTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        self.host = self.lab.host("a", "10.77.0.1/24")

    def active(self, **options):
        director = Holdfast(self.host, setup.config("a", 150, ADVERT, **options)).start()
        director.wait_for("MASTER", 10)
        wait_until(lambda: self.host.has_address(setup.VIP), 2, "the address")
        return director

    def announcements(self, sniffer):
        return [p for p in sniffer.packets("arp") if p["sender"] == p["target"] == setup.VIP]

    def test_takeover_is_announced_twice_five_times(self):
        sniffer = self.wire()
        self.active()
        wait_until(lambda: len(self.announcements(sniffer)) >= 10, 5, "both blocks")
        times = [p["time"] for p in self.announcements(sniffer)]
        self.assertGreater(times[5] - times[4], 0.9)  # garp_master_delay 1
        self.assertLess(times[4] - times[0], 0.1)

    def test_a_deleted_address_comes_back_and_is_announced(self):
        self.active()
        sniffer = self.wire()
        deleted = time.monotonic()
        self.host.ip("addr", "del", setup.VIP + "/24", "dev", "eth0")
        wait_until(lambda: self.host.has_address(setup.VIP), 0.2, "the address is back")
        wait_until(lambda: [p for p in self.announcements(sniffer) if p["time"] >= deleted], 0.5,
                   "its announcement")

    def test_foreign_addresses_are_never_touched(self):
        self.host.ip("addr", "add", "10.77.0.9/24", "dev", "eth0")
        # The usual set-up of a real server in DR mode: the same address on the loopback.
        self.host.ip("addr", "add", setup.VIP + "/32", "dev", "lo")
        director = self.active()
        self.assertEqual(director.stop()[0], 0)
        self.assertFalse(self.host.has_address(setup.VIP))
        self.assertTrue(self.host.has_address("10.77.0.9"))
        self.assertIn(setup.VIP, self.host.ip("-4", "-o", "addr", "show", "dev", "lo"))

    def test_other_daemons_in_the_namespace_keep_their_addresses(self):
        self.host.run("/usr/bin/python3", "-c", ADD_MARKED)
        first = self.active()
        second = Holdfast(self.host, setup.config("a2", 150, ADVERT, vip="10.77.0.102/24").replace(
            "virtual_router_id 51", "virtual_router_id 52"), label="second").start()
        second.wait_for("MASTER", 5)
        wait_until(lambda: self.host.has_address("10.77.0.102"), 2, "the second address")
        second.reload()
        wait_until(lambda: "Reload finished" in second.text(), 5, "the reload")
        for address in ("10.77.0.50", setup.VIP, "10.77.0.102"):
            self.assertTrue(self.host.has_address(address), address)
        for director in (first, second):
            self.assertEqual(director.stop()[0], 0)
            self.assertNotIn("removed by another program", director.text())
        self.assertTrue(self.host.has_address("10.77.0.50"))
        self.assertFalse(self.host.has_address(setup.VIP))

    def test_a_changed_prefix_length_leaves_nothing_behind(self):
        self.host.ip("addr", "add", setup.VIP + "/24", "dev", "eth0")  # by hand, without our mark
        director = self.active()
        self.lab.write(os.path.basename(director.config),
                       setup.config("a", 150, ADVERT, vip=setup.VIP + "/32"))
        director.reload()
        shown = lambda: self.host.ip("-4", "-o", "addr", "show", "dev", "eth0")
        wait_until(lambda: f"{setup.VIP}/32" in shown(), 2, "the new length")
        wait_until(lambda: f"{setup.VIP}/24" not in shown(), 2, "the old one gone")

    def test_an_owners_interface_keeps_its_only_address_when_the_link_goes_down(self):
        director = Holdfast(self.host, setup.config("a", 255, ADVERT, vip="10.77.0.1/24")).start()
        director.wait_for("MASTER", 5)
        self.host.cut_off()
        director.wait_for("FAULT", 5)
        self.assertTrue(self.host.has_address("10.77.0.1"))
        self.host.plug_in()
        director.wait_for("MASTER", 5)
        self.assertEqual(director.stop()[0], 0)
        self.assertTrue(self.host.has_address("10.77.0.1"))

    def test_a_renamed_instance_goes_on(self):
        director = self.active()
        changes = self.lab.path("changes.log")
        self.host.listen(changes, "ip", "-4", "monitor", "address")
        self.lab.write(os.path.basename(director.config),
                       setup.config("a", 150, ADVERT).replace("VI_1", "VI_NEW"))
        director.reload()
        wait_until(lambda: "Reload finished" in director.text(), 5, "the reload")
        director.signal(signal.SIGKILL, "vrrp")  # its record goes by the new name
        wait_until(lambda: director.text().count("Entering MASTER STATE") > 1 or
                   "worker_died" in director.text() or "ended by signal" in director.text(), 5, "its end")
        time.sleep(1)
        self.assertEqual(director.states("VI_NEW"), [])
        with open(changes) as file:
            self.assertEqual(file.read(), "")

    def test_with_V_the_address_stays_at_stop_and_the_next_start_goes_on_with_it(self):
        director = Holdfast(self.host, setup.config("a", 255, ADVERT), options=["-V"]).start()
        director.wait_for("MASTER", 5)
        wait_until(lambda: self.host.has_address(setup.VIP), 2, "the address")
        self.assertEqual(director.stop()[0], 0)
        self.assertTrue(self.host.has_address(setup.VIP))
        changes = self.lab.path("changes.log")
        self.host.listen(changes, "ip", "-4", "monitor", "address")
        again = Holdfast(self.host, setup.config("a", 255, ADVERT), label="again").start()
        again.wait_for("MASTER", 5)
        again.reload()
        wait_until(lambda: "Reload finished" in again.text(), 5, "the reload")
        with open(changes) as file:
            self.assertEqual(file.read(), "")

    def test_leftovers_go_away_at_the_start(self):
        self.host.ip("addr", "add", setup.VIP + "/24", "dev", "eth0")
        director = Holdfast(self.host, setup.config("a", 100, 1)).start()
        director.wait_for("BACKUP", 5)
        wait_until(lambda: not self.host.has_address(setup.VIP), 1, "the leftover is gone")

    def test_the_owner_keeps_the_address_that_its_interface_was_given(self):
        self.host.ip("addr", "add", "10.77.0.50/24", "dev", "eth0")
        director = Holdfast(self.host, setup.config("a", 255, ADVERT, vip="10.77.0.50")).start()
        director.wait_for("MASTER", 5)
        director.stop()
        self.assertIn("10.77.0.50/24", self.host.ip("-4", "-o", "addr", "show", "dev", "eth0"))

    def test_a_missing_interface_is_a_fault_until_it_appears(self):
        director = Holdfast(self.host, setup.config("a", 150, ADVERT, interface="late0")).start()
        director.wait_for("FAULT", 5)
        self.assertIn("late0 does not exist", director.text())
        self.host.ip("link", "add", "late0", "type", "veth", "peer", "name", "late1")
        self.host.ip("addr", "add", "10.79.0.1/24", "dev", "late0")
        self.host.ip("link", "set", "late1", "up")
        self.host.ip("link", "set", "late0", "up")
        director.wait_for("MASTER", 5)
        self.host.ip("link", "set", "late1", "down")
        director.wait_for("FAULT", 1)
        self.assertIn("interface late0 is down", director.text())
        self.host.ip("link", "del", "late0")
        self.host.ip("link", "add", "late0", "type", "veth", "peer", "name", "late1")
        self.host.ip("addr", "add", "10.79.0.1/24", "dev", "late0")
        self.host.ip("link", "set", "late1", "up")
        self.host.ip("link", "set", "late0", "up")
        director.wait_for("MASTER", 5)

    def test_addresses_follow_their_own_interface_when_it_is_made_anew(self):
        def make():
            self.host.ip("link", "add", "side0", "type", "veth", "peer", "name", "side1")
            self.host.ip("link", "set", "side0", "up")

        def has_it():
            return "10.80.0.1/32" in self.host.ip("-4", "-o", "addr", "show", "dev", "side0")
        make()
        self.active(more="virtual_ipaddress_excluded {\n 10.80.0.1 dev side0\n }")
        wait_until(has_it, 2, "the address on the other interface")
        self.host.ip("link", "del", "side0")
        make()
        wait_until(has_it, 2, "the address on the interface that was made anew")

    def test_without_the_capability_it_ends_with_status_4(self):
        config = self.lab.write("weak.conf", setup.config("a", 150))
        program = os.path.join(os.environ["HOLDFAST_BIN"], "holdfastd")
        done = subprocess.run(
            ["ip", "netns", "exec", self.host.namespace, "setpriv", "--bounding-set", "-net_raw",
             "--inh-caps", "-net_raw", program, "-n", "-l", "-G", "-f", config, "-p",
             self.lab.path("weak.pid"), "-r", self.lab.path("weak.vrrp.pid"), "-c",
             self.lab.path("weak.checkers.pid")], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertTrue(re.search("CAP_NET_RAW", done.stderr + done.stdout), done.stderr)

    def test_a_reload_moves_only_what_changed(self):
        director = self.active()
        changes = self.lab.path("addresses.log")
        self.host.listen(changes, "ip", "-4", "monitor", "address")
        with open(director.config, "w") as file:
            file.write(setup.config("a", 150, ADVERT, vip=setup.VIP + "/24\n 10.77.0.101/24"))
        director.reload()
        wait_until(lambda: self.host.has_address("10.77.0.101"), 2, "the second address")
        with open(changes) as file:
            self.assertNotIn(setup.VIP + "/", file.read())
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])


if __name__ == "__main__":
    setup.main(together=4)
