"""Settings of global_defs whose effect the kernel shows: scheduling, names, default interface, waits."""
import os
import re
import signal
import time

import vrrp_setup as setup
from lab.daemons import Holdfast
from lab.net import run
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

    def locked(self, pid):
        """KiB that the process keeps out of swap."""
        with open(f"/proc/{pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmLck"))

    def test_memory_is_locked_on_demand(self):
        director = self.start("vrrp_no_swap")
        if "cannot keep the memory" in director.text():
            self.skipTest("this machine does not allow to raise RLIMIT_MEMLOCK")  # uml: checkers
        self.assertGreater(self.locked(director.pid("vrrp")), 1000)
        director.replace_worker("vrrp", 5)
        wait_until(lambda: self.locked(director.pid("vrrp")) > 1000, 5, "that of a new worker")
        director.load(self.text(""))
        wait_until(lambda: self.locked(director.pid("vrrp")) == 0, 5, "it is free again")
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_a_process_that_wakes_up_late_gets_realtime_and_then_more(self):
        director = self.start("max_auto_priority 2\n min_auto_priority_delay 300000\n"
                              " vrrp_rlimit_rttime 5000000")
        pid = director.pid("vrrp")
        wait_until(lambda: self.limit(pid, "Max realtime priority") == ["2", "2"]
                   or "a realtime priority: " in director.text(), 5, "what it may have")
        if "a realtime priority: " in director.text():
            self.skipTest("this machine does not allow to raise RLIMIT_RTPRIO")  # uml: checkers
        self.assertEqual(os.sched_getscheduler(pid), os.SCHED_OTHER)
        for count, priority in ((1, 1), (2, 2), (3, 2)):
            os.kill(pid, signal.SIGSTOP)
            time.sleep(1)  # that it sleeps too long is what is tested
            os.kill(pid, signal.SIGCONT)
            if priority == count:
                wait_until(lambda: director.text().count("s late") == count, 5, "it finds itself late")
            if "cannot have the realtime priority" in director.text():
                self.skipTest("this machine does not allow realtime")
            wait_until(lambda: os.sched_getparam(pid).sched_priority == priority, 5, f"priority {priority}")
        self.assertEqual(os.sched_getscheduler(pid) & ~os.SCHED_RESET_ON_FORK, os.SCHED_RR)
        self.assertEqual(self.limit(pid, "Max realtime timeout"), ["2500000", "5000000"])

    def test_without_it_lateness_changes_nothing(self):
        director = self.start("min_auto_priority_delay 100000")
        pid = director.pid("vrrp")
        os.kill(pid, signal.SIGSTOP)
        time.sleep(1)
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.7)  # it is the absence of an event that is tested
        self.assertEqual(os.sched_getscheduler(pid), os.SCHED_OTHER)
        self.assertEqual(self.limit(pid, "Max realtime priority"), ["0", "0"])

    def netlink_buffers(self):
        """Receive buffers of the netlink sockets of the namespace, as the kernel counts them (twice the
        number)."""
        rows = self.host.run("ss", "-f", "netlink", "-m", "-n")
        return [int(size) for size in re.findall(r"\brb(\d+)", rows)]

    def test_receive_buffers_of_netlink_sockets(self):
        routes = "virtual_routes {\n 10.90.1.0/24 dev eth0\n}"
        director = self.start("vrrp_netlink_cmd_rcv_bufs 50000\n vrrp_netlink_monitor_rcv_bufs 900000000\n"
                              " vrrp_netlink_monitor_rcv_bufs_force", more=routes)
        self.assertEqual(self.netlink_buffers().count(100000), 2, "addresses and routes")
        self.assertGreaterEqual(self.netlink_buffers().count(1800000000), 2, "addresses and routes")
        director.stop()
        director = self.start("vrrp_netlink_monitor_rcv_bufs 900000000", more=routes)
        self.assertRegex(director.text(), r"the receive buffer for interfaces and addresses is \d+ bytes and not "
                                          "900000000")
        self.assertIn("the receive buffer for routes and rules is", director.text())

    def test_the_receive_buffer_of_process_events(self):
        tracker = "vrrp_track_process p {\n process hf_none\n weight 1\n}\n"
        director = self.start("process_monitor_rcv_bufs 123456", after=tracker, more="track_process {\n p\n}")
        if "without the kernel's process connector" in director.text():
            self.skipTest("the process connector cannot be used here")
        # The socket is one of the initial namespace, where this test runs.
        rows = re.sub(r"\n\s+skmem", " skmem", run("ss", "-f", "netlink", "-m", "-p", "-n"))
        self.assertIn("rb246912,", rows)

    def mode(self, path):
        return os.stat(path).st_mode & 0o777

    def test_files_of_the_daemon_have_the_configured_permissions(self):
        seen = self.lab.path("seen")
        script = self.lab.write("script", f"#!/bin/sh\numask > {seen}\n", 0o755)
        director = self.start("script_user root", more=f"notify_master {script}")
        self.assertEqual(self.mode(director.pid_file("main")), 0o600)
        self.assertEqual(self.mode(director.pid_file("vrrp")), 0o600)
        wait_until(lambda: os.path.exists(seen) and open(seen).read() == "0022\n", 5, "the script's own mask")
        director.stop()
        director = self.start("umask IWGRP|IROTH|IWOTH")
        self.assertEqual(self.mode(director.pid_file("vrrp")), 0o640)
        director.stop()
        director = Holdfast(self.host, self.text("umask 0177"), options=["-u", "022"]).start()
        director.wait_for("MASTER", 5)
        self.assertEqual(self.mode(director.pid_file("vrrp")), 0o644)

    @staticmethod
    def has_ended(pid):
        """Somebody has to reap it yet, or has."""
        try:
            with open(f"/proc/{pid}/stat") as file:
                return file.read().rsplit(")", 1)[1].split()[0] == "Z"
        except FileNotFoundError:
            return True

    def script(self, name, body):
        return self.lab.write(name, f"#!/bin/sh\n{body}\n", 0o755)

    def lines(self, name):
        path = self.lab.path(name)
        return open(path).read().splitlines() if os.path.exists(path) else []

    def test_scripts_before_the_first_worker_and_behind_the_last(self):
        out, pid = self.lab.path("out"), "a-holdfast.vrrp.pid"
        body = (f'sleep 0.5; kill -0 $(cat {self.lab.path(pid)} || echo none) && echo "$1 worker" >> {out}'
                f' || echo "$1" >> {out}')
        script = self.script("script", body)
        director = self.start(f'script_user root\n startup_script "{script} begin"\n shutdown_script "{script} end"')
        self.assertEqual(self.lines("out"), ["begin"])
        director.load(self.text(f'script_user root\n startup_script "{script} no"\n'
                                f' shutdown_script "{script} other end"'))
        director.replace_worker("vrrp", 5)
        self.assertEqual(director.stop()[0], 0)
        self.assertEqual(self.lines("out"), ["begin", "other"])
        self.assertFalse(self.host.has_address(setup.VIP))

    def test_a_startup_script_that_hangs_or_fails_holds_nobody_up(self):
        child = self.lab.path("child")
        script = self.script("script", f"trap '' TERM\nsleep 100 &\necho $! > {child}\nwait; wait; sleep 100")
        begun = time.monotonic()
        director = self.start(f"script_user root\n startup_script {script}\n startup_script_timeout 1\n"
                              " shutdown_script /bin/false")
        self.assertGreater(time.monotonic() - begun, 1)
        self.assertIn("the startup_script takes longer than 1 s and is ended", director.text())
        wait_until(lambda: self.has_ended(open(child).read().strip()), 2, "what it started goes with it")
        self.assertEqual(director.stop()[0], 0)
        self.assertIn("the shutdown_script ended with status 1", director.text())

    def test_a_stop_during_the_startup_script_ends_it(self):
        begun = self.lab.path("begun")
        script = self.script("script", f"touch {begun}; exec sleep 100")
        director = Holdfast(self.host, self.text(f"script_user root\n startup_script {script}\n"
                                                 " startup_script_timeout 100")).start()
        wait_until(lambda: os.path.exists(begun), 5, "the script")
        status, seconds = director.stop()
        self.assertEqual(status, 0)
        self.assertLess(seconds, 3)
        self.assertEqual(director.states(), [])

    def test_the_path_of_a_script_is_that_of_its_file_or_as_written(self):
        self.script("real", f'echo "$0" >> {self.lab.path("out")}')
        os.symlink("real", self.lab.path("link"))
        for globals_, name in (("", "real"), ("use_symlink_paths", "link")):
            director = self.start(f"script_user root\n {globals_}", more=f"notify_master {self.lab.path('link')}")
            wait_until(lambda: self.lines("out")[-1:] == [self.lab.path(name)], 5, name)
            director.stop()

    def test_scripts_have_the_groups_of_their_user_on_demand(self):
        group = self.lab.write("group", open("/etc/group").read() + f"hfgroup{os.getpid()}:x:54321:nobody\n")
        script = self.script("script", f"id -G >> {self.lab.path('out')}.$(id -G | wc -w)")
        os.chmod(self.lab.folder, 0o777)

        class OwnGroups(Holdfast):
            def arguments(self):
                return ["unshare", "-m", "sh", "-c", f"mount --bind {group} /etc/group && exec \"$@\"", "sh",
                        *super().arguments()]
        for globals_, groups in (("", ["65534"]), ("set_supplementary_groups", ["65534", "54321"])):
            director = OwnGroups(self.host, self.text(f"script_user nobody\n {globals_}",
                                                      more=f"notify_master {script}")).start()
            director.wait_for("MASTER", 5)
            wait_until(lambda: self.lines(f"out.{len(groups)}"), 5, f"{groups}")
            self.assertEqual(sorted(self.lines(f"out.{len(groups)}")[0].split()), sorted(groups))
            director.stop()

    def test_a_log_file_for_each_process(self):
        log = self.lab.path("holdfast.log")
        director = Holdfast(self.host, "instance blue\n" + self.text(""), options=["-g", log, "--flush-log-file"])
        director.start().wait_for("MASTER", 5)
        own, worker = (self.lab.path(f"holdfast{part}_blue.log") for part in ("", "_vrrp"))
        wait_until(lambda: "Entering MASTER STATE" in open(worker).read(), 5, "the worker's")
        self.assertRegex(open(own).read(), r"(?m)^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d\.\d{9} \d{4}: Starting Holdfast")
        director.replace_worker("vrrp", 5)
        wait_until(lambda: "ended by signal 9" in open(own).read(), 5, "the supervisor's")
        before = open(worker).read()
        director.stop()
        self.assertGreater(len(open(worker).read()), len(before), "the new worker writes to it as well")

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
