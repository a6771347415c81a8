"""Settings of global_defs whose effect the kernel shows: scheduling, names, default interface, waits."""
import os
import re
import time

import vrrp_setup as setup
from lab.daemons import Holdfast
from lab.wait import wait_until

ADVERT = 0.1


class GlobalsTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.lab.folder, 0o755)  # the worker is not root
        self.host = self.host_with_side("a", 1)

    def text(self, globals_, after="", more=""):
        return setup.config("a", 150, ADVERT, more=more).replace("global_defs {",
                                                                 "global_defs {\n " + globals_, 1) + after

    def start(self, globals_, **options):
        director = Holdfast(self.host, self.text(globals_, **options)).start()
        director.wait_for("MASTER", 5)
        return director

    @staticmethod
    def limit(pid, name):
        with open(f"/proc/{pid}/limits") as file:
            line = [line for line in file if line.startswith(name)][0]
        return re.split(r"  +", line.strip())[1:3]

    @staticmethod
    def comm(pid):
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip()

    def test_nice_level_and_cpus_follow_the_configuration(self):
        everywhere = os.sched_getaffinity(0)
        director = self.start("vrrp_priority -7\n vrrp_cpu_affinity 0")
        pid = director.pid("vrrp")
        wait_until(lambda: os.getpriority(os.PRIO_PROCESS, pid) == -7, 2, "the nice level")
        wait_until(lambda: os.sched_getaffinity(pid) == {0}, 2, "the CPU")
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, director.pid()), 0)
        director.replace_worker("vrrp", 5)
        pid = director.pid("vrrp")
        wait_until(lambda: os.getpriority(os.PRIO_PROCESS, pid) == -7, 2, "that of a new worker")
        director.load(self.text(""))
        wait_until(lambda: os.getpriority(os.PRIO_PROCESS, pid) == 0, 2, "the usual nice level")
        self.assertEqual(os.sched_getaffinity(pid), everywhere)
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_realtime_has_a_limit_and_is_not_inherited(self):
        director = self.start("vrrp_rt_priority 3\n vrrp_rlimit_rttime 500000")
        pid = director.pid("vrrp")
        if "cannot set the realtime priority" in director.text():
            self.skipTest("this machine does not allow realtime")
        wait_until(lambda: os.sched_getscheduler(pid) & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR, 2, "RR")
        self.assertTrue(os.sched_getscheduler(pid) & os.SCHED_RESET_ON_FORK)
        self.assertEqual(os.sched_getparam(pid).sched_priority, 3)
        self.assertEqual(self.limit(pid, "Max realtime timeout"), ["250000", "500000"])
        director.load(self.text(""))
        wait_until(lambda: os.sched_getscheduler(pid) & ~os.SCHED_RESET_ON_FORK == os.SCHED_OTHER, 2,
                   "no realtime")
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_names_in_the_process_list(self):
        director = self.start("process_names\n process_name hf_parent")
        pid = director.pid("vrrp")
        wait_until(lambda: self.comm(pid) == "keepalived_vrrp", 2, "the name of the worker")
        self.assertEqual(self.comm(director.pid()), "hf_parent")
        director.load(self.text("vrrp_process_name my_vrrp"))
        wait_until(lambda: self.comm(pid) == "my_vrrp", 2, "its own name")
        director.load(self.text(""))
        wait_until(lambda: self.comm(director.pid()) == "holdfastd", 2, "the usual name")

    def test_static_addresses_without_dev_are_on_the_default_interface(self):
        director = self.start("default_interface side0", after="static_ipaddress {\n 10.79.0.1/24\n}\n")
        wait_until(lambda: "10.79.0.1/24" in self.host.ip("addr", "show", "dev", "side0"), 2, "it")
        director.stop()

    def test_name_tables_of_iproute2_are_read_where_they_are_said_to_be(self):
        for folder, line in (("etc", "771 mine"), ("usr", "772 theirs\n773 mine")):
            os.mkdir(self.lab.path(folder))
            self.lab.write(f"{folder}/rt_tables", line + "\n")
        routes = "virtual_routes {\n 10.90.1.0/24 dev eth0 table mine\n 10.90.2.0/24 dev eth0 table theirs\n}"
        self.start(f"iproute_etc_dir {self.lab.path('etc')}\n iproute_usr_dir {self.lab.path('usr')}",
                   more=routes)
        wait_until(lambda: "10.90.1.0" in self.host.ip("route", "show", "table", "771", check=False), 2,
                   "the route in the administrator's table")
        wait_until(lambda: "10.90.2.0" in self.host.ip("route", "show", "table", "772", check=False), 2,
                   "the other one")

    def test_instances_wait_until_the_host_has_been_up_for_long_enough(self):
        uptime = time.clock_gettime(time.CLOCK_BOOTTIME)
        begun = time.monotonic()
        director = Holdfast(self.host, self.text("vrrp_delay_after_boot 1")).start()
        director.wait_for("MASTER", 5)
        self.assertLess(time.monotonic() - begun, 2)
        director.stop()
        if uptime > 4200:
            self.skipTest("this machine has been up for longer than the longest delay")
        director = Holdfast(self.host, self.text(f"vrrp_delay_after_boot {uptime + 6:.1f}")).start()
        time.sleep(1.5)  # it is the absence of an event that is tested
        self.assertEqual(director.states(), [])
        director.wait_for("MASTER", 10)
        self.assertGreater(time.clock_gettime(time.CLOCK_BOOTTIME), uptime + 5.9)


if __name__ == "__main__":
    setup.main()
