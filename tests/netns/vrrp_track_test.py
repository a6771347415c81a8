"""What is tracked, on a real kernel: the partner sees the priority in the adverts."""
import os
import time

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.net import run
from lab.wait import wait_until

ADVERT = 0.1


class TrackTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.lab.folder, 0o755)
        self.sniffer = self.wire()

    def one(self, more="", top="", priority=150, kind=Holdfast, name="a", address="10.77.0.1/24"):
        """A director with one instance, which tracks what `more` says."""
        host = self.lab.hosts.get(name) or self.lab.host(name, address)
        text = setup.config(name, priority, ADVERT, more=more)
        return kind(host, text.replace("global_defs {", "global_defs {\n script_user root", 1) +
                    top).start()

    def add_link(self, host, name, up=True):
        host.ip("link", "add", name, "type", "veth", "peer", "name", f"q{host.name}{name}",
                "netns", self.lab.wire)
        host.ip("link", "set", name, "up")
        if up:
            self.plug(host, name, "up")

    def plug(self, host, name, state):
        run("ip", "-n", self.lab.wire, "link", "set", f"q{host.name}{name}", state)

    def seen(self, source="10.77.0.1"):
        """The priority in the last advert of this sender."""
        adverts = [p for p in self.sniffer.packets("vrrp") if p["source"] == source]
        return adverts[-1]["priority"] if adverts else None

    def wait_seen(self, priority, deadline=5, source="10.77.0.1"):
        wait_until(lambda: self.seen(source) == priority, deadline,
                   f"adverts of priority {priority}, the last one has {self.seen(source)}")

    # interfaces

    def test_a_weighted_interface_changes_the_priority(self):
        host = self.lab.host("a", "10.77.0.1/24")
        for name in ("eth1", "eth2"):
            self.add_link(host, name)
        director = self.one("track_interface {\n eth1 weight -30\n eth2 weight 20\n"
                            " eth1x weight 7 reverse\n}")
        director.wait_for("MASTER", 5)
        self.wait_seen(177)  # 150, eth2 is up, eth1x is not there
        self.plug(host, "eth1", "down")
        self.wait_seen(147)
        self.plug(host, "eth2", "down")
        self.wait_seen(127)
        self.plug(host, "eth1", "up")
        self.wait_seen(157)
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_the_partner_takes_over_when_the_priority_falls_below_its_own(self):
        host = self.lab.host("a", "10.77.0.1/24")
        self.add_link(host, "eth1")
        high = self.one("track_interface {\n eth1 weight -100\n}")
        low = self.one(kind=Keepalived, name="b", address="10.77.0.2/24", priority=100)
        high.wait_for("MASTER", 5)
        low.wait_for("BACKUP", 5)
        self.plug(host, "eth1", "down")
        low.wait_for("MASTER", 5)
        high.wait_for("BACKUP", 5)
        self.plug(host, "eth1", "up")
        high.wait_for("MASTER", 5)

    def test_an_interface_without_weight_is_a_reason_for_fault(self):
        host = self.lab.host("a", "10.77.0.1/24")
        self.add_link(host, "eth1", up=False)
        director = self.one("track_interface {\n eth1\n}")
        director.wait_for("FAULT", 5)
        self.assertIn("tracked interface eth1 is down", director.text())
        self.plug(host, "eth1", "up")
        director.wait_for("MASTER", 5)
        host.ip("link", "del", "eth1")
        director.wait_for("FAULT", 5)
        self.add_link(host, "eth1")
        director.wait_for("MASTER", 5)
        host.ip("link", "set", "eth1", "down")
        host.ip("link", "set", "eth1", "name", "eth9")
        director.wait_for("FAULT", 5)
        host.ip("link", "set", "eth9", "name", "eth1")
        host.ip("link", "set", "eth1", "up")
        director.wait_for("MASTER", 5)
        other = self.lab.host("x", "10.77.0.66/24")
        host.ip("link", "set", "eth1", "netns", other.namespace)
        director.wait_for("FAULT", 5)
        other.ip("link", "set", "eth1", "netns", host.namespace)
        host.ip("link", "set", "eth1", "up")
        director.wait_for("MASTER", 5)

    def test_the_interface_of_adverts_may_come_later_and_come_back(self):
        host = self.lab.host("a", "10.77.0.1/24")
        config = setup.config("a", 150, ADVERT, interface="eth1", vip="10.77.0.100/24")
        director = Holdfast(host, config.replace("global_defs {",
                                                 "global_defs {\n dynamic_interfaces")).start()
        director.wait_for("FAULT", 5)

        def come():
            self.add_link(host, "eth1")
            run("ip", "-n", self.lab.wire, "link", "set", "qaeth1", "master", "br0")
            host.ip("addr", "add", "10.77.0.11/24", "dev", "eth1")
        come()
        director.wait_for("MASTER", 3)
        self.wait_seen(150, source="10.77.0.11")
        host.ip("link", "del", "eth1")
        director.wait_for("FAULT", 3)
        come()
        director.wait_for("MASTER", 3)

    def test_delays_of_an_interface_and_dont_track_primary(self):
        host = self.lab.host("a", "10.77.0.1/24")
        self.add_link(host, "eth1")
        delays = "interface_up_down_delays {\n eth1 10 1\n eth0 0.15 0\n}\n"
        director = self.one("track_interface {\n eth1 weight -30\n}\ndont_track_primary", delays)
        director.wait_for("MASTER", 5)
        self.wait_seen(150)
        self.plug(host, "eth1", "down")
        down = time.monotonic()
        self.wait_seen(120)
        # 10 s is cut to two intervals.
        self.assertGreater(time.monotonic() - down, 2 * ADVERT - 0.02)
        self.plug(host, "eth1", "up")
        up = time.monotonic()
        self.wait_seen(150)
        self.assertGreater(time.monotonic() - up, 0.9)
        host.cut_off()
        time.sleep(0.5)  # it is the absence of an event that is tested
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_a_missing_source_address_is_a_reason_for_fault(self):
        director = self.one("mcast_src_ip 10.77.0.50\ntrack_src_ip")
        director.wait_for("FAULT", 5)
        self.assertIn("no interface has the source address 10.77.0.50", director.text())
        director.host.ip("addr", "add", "10.77.0.50/24", "dev", "eth0")
        director.wait_for("MASTER", 5)
        director.host.ip("addr", "del", "10.77.0.50/24", "dev", "eth0")
        director.wait_for("FAULT", 5)

    # scripts

    def script(self, name="chk", more="", body=None):
        """A vrrp_script whose result is in a file, and which counts its runs in another."""
        result, runs = self.lab.path(name + ".result"), self.lab.path(name + ".runs")
        self.set_result(0, name)
        path = self.lab.write(name, f"#!/bin/sh\necho >> {runs}\n" +
                              (body or f"exit $(cat {result})\n"), 0o755)
        return f'vrrp_script {name} {{\n script "{path}"\n interval 0.1\n{more}\n}}\n'

    def set_result(self, status, name="chk"):
        path = self.lab.path(name + ".result")
        with open(path + ".new", "w") as file:
            file.write(f"{status}\n")
        os.rename(path + ".new", path)

    def runs(self, name="chk"):
        try:
            return os.path.getsize(self.lab.path(name + ".runs"))
        except FileNotFoundError:
            return 0

    @staticmethod
    def is_alive(pid):
        """False also for a zombie that nobody has reaped."""
        try:
            with open(f"/proc/{pid}/stat") as file:
                return file.read().rsplit(")", 1)[1].split()[0] != "Z"
        except FileNotFoundError:
            return False

    def tracking_pair(self, script):
        """The MASTER, which tracks the script, and keepalived as its BACKUP."""
        high = self.one("track_script {\n chk\n}", script)
        low = self.one(kind=Keepalived, name="b", address="10.77.0.2/24", priority=100)
        high.wait_for("MASTER", 5)
        low.wait_for("BACKUP", 5)
        return high, low

    def test_a_script_without_weight_decides_about_fault(self):
        high, low = self.tracking_pair(self.script(more="rise 3\nfall 4"))
        begun = self.runs()
        self.set_result(1)
        high.wait_for("FAULT", 5)
        failed = self.runs() - begun
        self.assertIn(failed, (4, 5))  # one may have been under way
        low.wait_for("MASTER", 5)
        begun = self.runs()
        self.set_result(0)
        high.wait_for("BACKUP", 5)
        self.assertIn(self.runs() - begun, (3, 4))
        high.wait_for("MASTER", 5)
        self.assertIn("vrrp_script chk fails", high.text())

    def test_a_weighted_script_changes_the_priority_and_the_partner_takes_over(self):
        high, low = self.tracking_pair(self.script(more="weight -60"))
        self.set_result(3)
        low.wait_for("MASTER", 5)
        self.wait_seen(100, source="10.77.0.2")
        self.set_result(0)
        high.wait_for("MASTER", 5)
        self.wait_seen(150)

    def test_an_instance_waits_for_the_first_result(self):
        top = self.script(body=f"while [ ! -e {self.lab.path('go')} ]; do sleep 0.05; done\n",
                          more="timeout 20")
        director = self.one("track_script {\n chk\n}", top)
        wait_until(self.runs, 5, "the first run")
        time.sleep(1)  # it is the absence of an event that is tested
        self.assertEqual(director.states(), [])
        self.assertEqual(self.runs(), 1)
        self.lab.write("go", "")
        director.wait_for("MASTER", 5)

    def test_a_script_that_hangs_is_killed_and_counts_as_failed(self):
        pids = self.lab.path("pids")
        top = self.script(body=f"trap '' TERM\necho $$ >> {pids}\nsleep 1000 &\n"
                               "echo $! >> " + pids + "\nwait\nsleep 1000\n", more="timeout 0.3")
        director = self.one("track_script {\n chk\n}", top)
        director.wait_for("FAULT", 5)
        self.assertEqual(self.runs(), 1)  # the verdict comes at the deadline, not at the end

        def gone():
            with open(pids) as file:
                first = [int(word) for word in file.read().split()[:2]]
            return not any(os.path.exists(f"/proc/{pid}") for pid in first)
        wait_until(gone, 5, "the end of all its processes")
        wait_until(lambda: self.runs() > 1, 2, "the next run")
        self.assertIn("takes too long", director.text())
        self.assertIn("still runs when it is due again", director.text())

    def test_no_script_outlives_the_daemon(self):
        pids = self.lab.path("pids")
        top = self.script(body=f"trap '' TERM\necho $$ >> {pids}\nsleep 1000 &\n"
                               "echo $! >> " + pids + "\nwait\nsleep 1000\n", more="timeout 100")
        director = self.one("track_script {\n chk\n}", top)
        written = lambda: open(pids).read().split() if os.path.exists(pids) else []
        wait_until(lambda: len(written()) == 2, 5, "the script")
        self.assertEqual(director.stop()[0], 0)
        wait_until(lambda: not any(map(self.is_alive, written())), 1, "the end of all its processes")

    def test_the_state_of_a_script_survives_a_reload_and_a_crash(self):
        top = self.script(more="fall 2") + self.script("other", more="init_fail\nweight 5")
        director = self.one("track_script {\n chk\n other\n}", top)
        director.wait_for("MASTER", 5)
        self.wait_seen(155)
        text = open(director.config).read()
        open(director.config, "w").write(text.replace("router_id a", "router_id b"))
        self.set_result(0)
        director.reload()
        wait_until(lambda: "Reload finished" in director.text(), 5, "the reload")
        director.replace_worker("vrrp", 5)
        time.sleep(1)  # it is the absence of an event that is tested
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])
        self.assertEqual({p["priority"] for p in self.sniffer.packets("vrrp")
                          if p["source"] == "10.77.0.1"} - {150}, {155})

    def test_a_script_runs_as_its_user(self):
        output = self.lab.write("who", "", 0o666)
        top = self.script(body=f"id -un > {output}\n", more="user nobody")
        self.lab.write("chk.runs", "", 0o666)
        self.one("track_script {\n chk\n}", top).wait_for("MASTER", 5)
        self.assertEqual(open(output).read().strip(), "nobody")

    # files

    def test_a_file_is_a_number_times_its_weight(self):
        number = self.lab.path("number")
        top = f"track_file f {{\n file {number}\n weight 2\n init_file 5\n}}\n"
        director = self.one("track_file {\n f\n}", top)
        director.wait_for("MASTER", 5)
        self.wait_seen(160)
        self.assertEqual(open(number).read(), "5\n")
        for content, priority in (("-10", 130), ("0x10 and more", 182), ("garbage", 150),
                                  ("100", 254), ("", 150), ("-100", 1)):
            self.lab.write("number", content)
            self.wait_seen(priority)
        os.rename(self.lab.write("new", "7"), number)
        self.wait_seen(164)
        os.remove(number)
        self.wait_seen(150)
        self.lab.write("number", "-127")
        director.wait_for("FAULT", 5)
        self.assertIn("track_file f has -127", director.text())
        self.lab.write("number", "1")
        director.wait_for("MASTER", 5)

    def test_a_file_that_only_root_may_read_and_a_folder_that_comes_later(self):
        folder = self.lab.path("later")
        top = f"track_file f {{\n file {folder}/number\n weight 1\n}}\n"
        director = self.one("track_file {\n f weight -1\n}", top)
        director.wait_for("MASTER", 5)
        self.wait_seen(150)
        os.mkdir(folder, 0o700)
        self.lab.write("later/number", "20", 0o600)
        self.wait_seen(130)
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_a_file_behind_links_is_followed_wherever_they_lead(self):
        """As a ConfigMap of Kubernetes: number -> ..data/number, and ..data leads to a folder that is new
        each time."""
        def publish(version, number):
            os.mkdir(self.lab.path(version))
            self.lab.write(f"{version}/number", number)
            os.symlink(version, self.lab.path("..data_tmp"))
            os.rename(self.lab.path("..data_tmp"), self.lab.path("..data"))
        publish("..1", "10")
        os.symlink("..data/number", self.lab.path("number"))
        top = f"track_file f {{\n file {self.lab.path('number')}\n weight 1\n}}\n"
        director = self.one("track_file {\n f\n}", top)
        director.wait_for("MASTER", 5)
        self.wait_seen(160)
        publish("..2", "20")
        self.wait_seen(170)
        self.lab.write("..2/number", "30")
        self.wait_seen(180)
        os.remove(self.lab.path("..1/number"))
        os.rmdir(self.lab.path("..1"))
        publish("..3", "40")
        self.wait_seen(190)
        os.remove(self.lab.path("number"))
        self.wait_seen(150)
        os.symlink("..3/number", self.lab.path("number"))
        self.wait_seen(190)
        self.lab.write("..3/number", "5")
        self.wait_seen(155)
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_a_folder_that_is_spelled_in_two_ways_is_watched_for_both(self):
        os.symlink(self.lab.folder, self.lab.path("link"))
        for name in ("one", "two"):
            self.lab.write(name, "0")
        top = "".join(f"track_file {name} {{\n file {path}\n weight 1\n}}\n" for name, path in (
            ("one", self.lab.path("one")), ("two", self.lab.path("link/two"))))
        director = self.one("track_file {\n one\n two\n}", top)
        director.wait_for("MASTER", 5)
        self.lab.write("one", "20")
        self.wait_seen(170)
        self.lab.write("two", "10")
        self.wait_seen(180)
        os.remove(self.lab.path("one"))
        self.wait_seen(160)

    # damping

    def test_damping_lets_a_first_change_through_and_holds_the_next_ones(self):
        number = self.lab.write("number", "0")
        top = f"track_file f {{\n file {number}\n weight 1\n}}\n"
        director = self.one("track_damping 2\ntrack_file {\n f\n}", top)
        director.wait_for("MASTER", 5)
        begun = time.monotonic()
        self.lab.write("number", "-20")
        self.wait_seen(130, 1)
        for content in ("0", "-30", "0", "-10"):
            self.lab.write("number", content)
            time.sleep(0.1)
        self.assertEqual(self.seen(), 130)
        self.wait_seen(140, 4)
        self.assertGreater(time.monotonic() - begun, 1.9)


if __name__ == "__main__":
    setup.main(together=4)
