"""lvs_timeouts and lvs_sync_daemon when IPVS comes after the daemon, and when somebody changes them
by hand. Needs a kernel of its own, whose modules it unloads: started by ipvs_settings_test.py inside
user-mode-linux."""
import os
import tempfile
import unittest

from lab.daemons import Holdfast
from lab.net import Lab, run
from lab.wait import wait_until

MODULES = "/tmp/modules"
SERVICE = """virtual_server 192.0.2.1 80 {
 lb_algo rr
 lb_kind NAT
 protocol TCP
 real_server 10.79.0.11 80 {
 }
}
"""
INSTANCE = """vrrp_instance VI_1 {
 interface eth0
 virtual_router_id 51
 priority 200
 advert_int 0.1
 virtual_ipaddress {
  10.79.0.100/24
 }
}
"""


def unload():
    """IPVS and everything that uses it."""
    def loaded():
        with open("/proc/modules") as file:
            return [line.split()[0] for line in file if line.startswith("ip_vs")]
    wait_until(lambda: [run("rmmod", name, check=False) for name in loaded()] == [], 20, "no IPVS")


def load():
    os.makedirs(f"{MODULES}/lib", exist_ok=True)
    if not os.path.exists(f"{MODULES}/lib/modules"):
        os.symlink("/usr/lib/uml/modules", f"{MODULES}/lib/modules")
    run("modprobe", "-d", MODULES, "-a", "ip_vs", "ip_vs_rr")


class SettingsTest(unittest.TestCase):
    def setUp(self):
        self.lab = Lab(tempfile.mkdtemp(prefix="settings-"))
        self.lab.__enter__()
        self.addCleanup(self.lab.__exit__, None, None, None)
        unload()
        self.host = self.lab.host("d", "10.79.0.1/24")

    def timeouts(self):
        return self.host.run("ipvsadm", "-ln", "--timeout").split()[-3:]

    def daemons(self):
        return self.host.run("ipvsadm", "-ln", "--daemon")

    def wait(self, condition, what, deadline=15):
        try:
            wait_until(condition, deadline, what)
        except TimeoutError:
            self.fail(f"{what}: {self.timeouts()} {self.daemons()}\n{self.director.text()}")

    def start(self, settings, more):
        """Without IPVS; it comes when the daemon has missed it."""
        self.director = Holdfast(self.host, f"global_defs {{\n {settings}\n}}\n" + more).start()
        wait_until(lambda: "this kernel has no IPVS" in self.director.text(), 15, "that it is missed")
        load()

    def test_time_outs_and_sync_daemons_of_the_checkers(self):
        self.start("lvs_timeouts tcp 77 udp 5\n lvs_sync_daemon eth0 id 7", SERVICE)
        self.wait(lambda: self.timeouts() == ["77", "120", "5"], "the time-outs")
        both = lambda: all(f"{role} sync daemon (mcast=eth0, syncid=7" in self.daemons()
                           for role in ("master", "backup"))
        self.wait(both, "both daemons")
        self.assertEqual(self.director.text().count("this kernel has no IPVS"), 1)
        self.assertNotIn("by another program", self.director.text())

        self.host.run("ipvsadm", "--stop-daemon", "backup")
        self.wait(both, "it runs again", 4)
        self.wait(lambda: "sync daemon on eth0 was changed by another program" in self.director.text(), "the event")
        self.host.run("ipvsadm", "--set", "900", "60", "10")
        self.wait(lambda: self.timeouts() == ["77", "60", "5"], "the time-outs again", 4)
        self.wait(lambda: "time-outs of IPVS were changed by another program" in self.director.text(), "the event")
        self.director.replace_worker("checkers", 5)
        self.wait(lambda: self.timeouts() == ["77", "120", "5"] and both(), "as they were")
        self.assertEqual(self.director.stop()[0], 0)
        self.assertEqual(self.timeouts(), ["900", "120", "300"])
        self.assertEqual(self.daemons(), "")

    def test_sync_daemon_of_an_instance(self):
        self.start("lvs_sync_daemon eth0 VI_1", INSTANCE)
        master = lambda: "master sync daemon (mcast=eth0, syncid=51" in self.daemons()
        self.wait(master, "its daemon", 30)
        self.host.run("ipvsadm", "--stop-daemon", "master")
        self.host.run("ipvsadm", "--start-daemon", "backup", "--mcast-interface", "eth0", "--syncid", "9")
        self.wait(lambda: master() and "backup" not in self.daemons(), "it runs again, alone", 5)
        self.wait(lambda: "sync daemon on eth0 was changed by another program" in self.director.text(), "the event")
        self.assertEqual(self.director.stop()[0], 0)
        self.assertEqual(self.daemons(), "")


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
