"""Addresses: what is ours is put back and cleared away, what is not is left alone; bad surroundings."""
import os
import re
import subprocess
import time

import vrrp_setup as setup
from lab.daemons import Holdfast
from lab.wait import wait_until

ADVERT = 0.1


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

    def test_with_V_the_address_stays_at_stop_and_the_next_start_goes_on_with_it(self):
        director = Holdfast(self.host, setup.config("a", 255, ADVERT), options=["-V"]).start()
        director.wait_for("MASTER", 5)
        wait_until(lambda: self.host.has_address(setup.VIP), 2, "the address")
        self.assertEqual(director.stop()[0], 0)
        self.assertTrue(self.host.has_address(setup.VIP))
        changes = self.lab.path("changes.log")
        self.host.popen("ip", "-4", "monitor", "address", log=changes)
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
        self.host.popen("ip", "-4", "monitor", "address", log=changes)
        with open(director.config, "w") as file:
            file.write(setup.config("a", 150, ADVERT, vip=setup.VIP + "/24\n 10.77.0.101/24"))
        director.reload()
        wait_until(lambda: self.host.has_address("10.77.0.101"), 2, "the second address")
        with open(changes) as file:
            self.assertNotIn(setup.VIP + "/", file.read())
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])


if __name__ == "__main__":
    setup.main()
