"""`holdfast handover`: the partner takes over while this node still forwards."""
import re
import subprocess
import os

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.wait import wait_until


def ask(director, command, name="VI_1"):
    """Runs the tool; returns its status and what it said."""
    done = subprocess.run([os.path.join(os.environ["HOLDFAST_BIN"], "holdfast"), command, "--pid-file",
                           director.pid_file("main"), name], capture_output=True, text=True, timeout=60)
    return done.returncode, (done.stdout + done.stderr).strip()


class HandoverTest(setup.LabTest):
    def start_pair(self, partner=Keepalived, version=3, advert=0.1, more="", group=""):
        self.a, self.b = self.lab.host("a", "10.77.0.1/24"), self.lab.host("b", "10.77.0.2/24")
        self.low = partner(self.b, group + setup.config("b", 100, advert, version, more=more)).start()
        self.high = Holdfast(self.a, group + setup.config("a", 150, advert, version, more=more)).start()
        self.high.wait_for("MASTER", 10)
        wait_until(lambda: self.a.has_address(setup.VIP), 5, "the address")
        self.low.wait_for("BACKUP", 10)

    def hand_over_while_pinged(self):
        """Returns how many of the pings, one each ms, had no answer."""
        client = self.lab.host("c", "10.77.0.9/24")
        wait_until(lambda: client.run("ping", "-c1", "-W1", setup.VIP, check=False).count(" 0% packet"),
                   5, "the first answer")
        log = self.lab.path("ping.log")
        ping = client.popen("ping", "-i", "0.001", "-c", "3000", "-W", "1", "-q", setup.VIP, log=log)
        wait_until(lambda: ping.poll() is None and self.pings(client) > 200, 5, "pings")
        status, text = ask(self.high, "handover")
        self.assertEqual((status, "10.77.0.2 has taken over" in text), (0, True), text)
        ping.wait(30)
        with open(log) as file:
            sent, received = map(int, re.search(r"(\d+) packets transmitted, (\d+) received",
                                                file.read()).groups())
        return sent - received

    def pings(self, client):
        stats = client.run("cat", "/proc/net/snmp").splitlines()
        names, values = [line.split() for line in stats if line.startswith("Icmp:")]
        return int(values[names.index("InEchoReps")])

    def test_nothing_is_lost_and_the_router_stays_backup(self):
        self.start_pair()
        lost = self.hand_over_while_pinged()
        print(f"{lost} of 3000 packets lost ", end="")
        self.assertLessEqual(lost, 5)
        self.high.wait_for("BACKUP", 1)
        self.assertTrue(self.b.has_address(setup.VIP))
        wait_until(lambda: not self.a.has_address(setup.VIP), 2, "one holder")
        # A higher priority, and still: it gave way, also after a reload and a crash.
        self.high.reload()
        wait_until(lambda: "Reload finished" in self.high.text(), 5, "the reload")
        self.high.replace_worker("vrrp", 5)
        self.assertEqual(self.low.states()[-1], "MASTER")
        with self.assertRaises(TimeoutError):
            self.high.wait_for("MASTER", 1)
        status, text = ask(self.high, "takeover")
        self.assertEqual(status, 0, text)
        self.high.wait_for("MASTER", 5)
        self.low.wait_for("BACKUP", 5)

    def test_who_gave_way_takes_over_when_the_other_one_dies(self):
        self.start_pair()
        self.assertEqual(ask(self.high, "handover")[0], 0)
        self.low.wait_for("MASTER", 5)
        self.b.cut_off()
        self.high.wait_for("MASTER", 5)

    def test_a_partner_that_does_not_preempt_takes_over_as_well(self):
        self.start_pair(more="nopreempt", version=2, advert=1)
        status, text = ask(self.high, "handover")
        self.assertEqual(status, 0, text)
        self.low.wait_for("MASTER", 5)
        self.high.wait_for("BACKUP", 5)

    def test_two_of_holdfast(self):
        self.start_pair(partner=Holdfast)
        self.assertEqual(ask(self.high, "handover")[0], 0)
        self.low.wait_for("MASTER", 5)

    def test_a_sync_group_moves_as_one(self):
        group = "vrrp_sync_group G {\n group {\n VI_1\n }\n}\n"
        self.start_pair(partner=Holdfast, group=group)
        self.assertEqual(ask(self.high, "handover", "G")[0], 0)
        self.low.wait_for("MASTER", 5)
        self.assertIn("VRRP_Group(G) Syncing instances to BACKUP", self.high.text())

    def test_without_a_partner_it_stays_master(self):
        host = self.lab.host("a", "10.77.0.1/24")
        self.high = Holdfast(host, setup.config("a", 150)).start()
        self.high.wait_for("MASTER", 5)
        status, text = ask(self.high, "handover")
        self.assertEqual(status, 1)
        self.assertIn("nobody took over", text)
        self.assertEqual(self.high.states(), ["BACKUP", "MASTER"])
        self.assertTrue(host.has_address(setup.VIP))

    def test_what_cannot_be_handed_over(self):
        self.start_pair(partner=Holdfast)
        self.assertEqual(ask(self.low, "handover"), (1, "(VI_1) is BACKUP, not MASTER"))
        status, text = ask(self.high, "handover", "VI_2")
        self.assertEqual(status, 1)
        self.assertIn("there is no vrrp_instance or vrrp_sync_group VI_2", text)
        self.assertIn("VI_1", text)
        self.assertEqual(self.high.stop()[0], 0)
        status, text = ask(self.high, "handover")
        self.assertEqual(status, 2)
        self.assertIn("does holdfastd run", text)


if __name__ == "__main__":
    setup.main(together=3, alone="nothing_is_lost")
