"""vrrp_track_process on a real kernel: processes of this host come and go, and priorities follow."""
import os
import shutil
import signal
import subprocess
import time

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.wait import wait_until

ADVERT = 0.1


class ProcessTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.lab.folder, 0o755)
        # A name of its own, of at most 15 characters: other tests may run beside this one.
        self.name = f"hfp{os.getpid() % 1000000}x"
        self.program = self.lab.path(self.name)
        shutil.copy("/bin/sleep", self.program)
        self.host = self.lab.host("a", "10.77.0.1/24")
        self.sniffer = self.wire()

    def run_one(self, *arguments, program=None):
        process = subprocess.Popen([program or self.program, *(arguments or ("1000",))])
        self.lab.processes.append(process)
        return process

    def end(self, process, number=signal.SIGTERM):
        process.send_signal(number)
        process.wait(5)

    def one(self, body, weight="weight 30", command=None, name="p", more="track_process {\n p\n}"):
        block = f"vrrp_track_process {name} {{\n process {command or self.name}\n {weight}\n{body}\n}}\n"
        return Holdfast(self.host, setup.config("a", 150, ADVERT, more=more) + block).start()

    def seen(self):
        adverts = self.sniffer.packets("vrrp")
        return adverts[-1]["priority"] if adverts else None

    def wait_seen(self, priority, deadline=5):
        wait_until(lambda: self.seen() == priority, deadline,
                   f"adverts of priority {priority}, the last one has {self.seen()}")

    def has_connector(self, director):
        return "without the kernel's process connector" not in director.text()

    def test_a_process_that_comes_and_goes_changes_the_priority_at_once(self):
        director = self.one("")
        director.wait_for("MASTER", 5)
        self.wait_seen(150)
        limit = 0.5 if self.has_connector(director) else 2
        for _ in range(3):
            process = self.run_one()
            self.wait_seen(180, limit)
            self.end(process, signal.SIGKILL)
            self.wait_seen(150, limit)
        print("connector " if self.has_connector(director) else "scans ", end="")

    def test_a_process_that_ran_before_is_found_and_weight_0_means_fault(self):
        process = self.run_one()
        director = self.one("", weight="weight 0")
        director.wait_for("MASTER", 5)
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])
        self.end(process)
        director.wait_for("FAULT", 3)
        self.assertIn("vrrp_track_process p has lost its quorum", director.text())
        self.run_one()
        director.wait_for("MASTER", 5)

    def test_quorum_quorum_max_and_reverse(self):
        director = self.one(" quorum 2\n quorum_max 3", weight="weight 30 reverse")
        director.wait_for("MASTER", 5)
        self.wait_seen(180)
        processes = [self.run_one(), self.run_one()]
        self.wait_seen(150)
        processes.append(self.run_one())
        processes.append(self.run_one())
        self.wait_seen(180)
        self.end(processes.pop())
        self.wait_seen(150)
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_parameters_are_compared_as_asked(self):
        self.run_one("1000", "1001")
        cases = [("", "1000 1001", 1), ("", "1000", 0), ("param_match", "1000 1001", 1),
                 ("param_match", "1000", 0), ("param_match", "", 0),
                 ("param_match partial", "1000", 1), ("param_match partial", "100", 0),
                 ("param_match initial", "100", 1), ("param_match initial", "1000 10", 1),
                 ("param_match initial", "10 1001", 0), ("full_command", "", 1)]
        blocks, names, expected = "", [], 100
        for number, (match, parameters, hit) in enumerate(cases):
            weight = number + 1
            names.append(f"c{number}")
            expected += weight * hit
            blocks += f"vrrp_track_process c{number} {{\n process {self.program} {parameters}\n " \
                      f"weight {weight}\n {match}\n}}\n"
        more = "track_process {\n" + "\n".join(names) + "\n}"
        director = Holdfast(self.host, setup.config("a", 100, ADVERT, more=more) + blocks).start()
        director.wait_for("MASTER", 5)
        self.wait_seen(expected)

    def test_delays_hide_a_restart(self):
        process = self.run_one()
        director = self.one(" terminate_delay 1.5\n fork_delay 0.5")
        director.wait_for("MASTER", 5)
        self.wait_seen(180)
        self.end(process)
        time.sleep(0.3)
        process = self.run_one()
        time.sleep(2)  # it is the absence of an event that is tested
        self.assertEqual({p["priority"] for p in self.sniffer.packets("vrrp")}, {180})
        begun = time.monotonic()
        self.end(process)
        self.wait_seen(150, 4)
        self.assertGreater(time.monotonic() - begun, 1.4)
        begun = time.monotonic()
        self.run_one()
        self.wait_seen(180, 4)
        self.assertGreater(time.monotonic() - begun, 0.4)
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_a_reload_and_a_crash_keep_the_count(self):
        self.run_one()
        director = self.one("")
        director.wait_for("MASTER", 5)
        self.wait_seen(180)
        text = open(director.config).read()
        open(director.config, "w").write(text.replace("router_id a", "router_id b"))
        director.reload()
        wait_until(lambda: "Reload finished" in director.text(), 5, "the reload")
        director.replace_worker("vrrp", 5)
        time.sleep(1)  # it is the absence of an event that is tested
        self.assertEqual({p["priority"] for p in self.sniffer.packets("vrrp")}, {180})
        open(director.config, "w").write(text.replace("weight 30", "weight 30\n quorum 2"))
        director.reload()
        self.wait_seen(150)
        self.run_one()
        self.wait_seen(180)
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_children_and_other_names_are_followed(self):
        """A script forks itself, and a program takes another name."""
        director = self.one(" quorum 2")
        director.wait_for("MASTER", 5)
        script = self.lab.write(f"{self.name}s", "#!/bin/sh\n(read -r line < /dev/zero) &\nwait\n", 0o755)
        self.wait_seen(150)
        text = open(director.config).read()
        open(director.config, "w").write(text.replace(f"process {self.name}", f"process {self.name}s"))
        director.reload()
        wait_until(lambda: "Reload finished" in director.text(), 5, "the reload")
        process = subprocess.Popen([script], preexec_fn=os.setsid)
        try:
            self.wait_seen(180)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.wait_seen(150)
        renamed = ["/usr/bin/python3", "-c", "import ctypes,time\nfor i in range(2):\n  import os\n"
                   f"  ctypes.CDLL(None).prctl(15, b'{self.name}s', 0, 0, 0)\n"
                   "os.fork()\ntime.sleep(1000)"]
        process = subprocess.Popen(renamed, preexec_fn=os.setsid)
        try:
            self.wait_seen(180, 8)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.wait_seen(150)

    def test_daemons_that_fork_and_end_at_once_are_counted(self):
        """The parent has ended before anybody can look at it."""
        director = self.one("", command=f"{self.name}d")
        director.wait_for("MASTER", 5)
        self.wait_seen(150)
        daemon = ["/usr/bin/python3", "-c", "import ctypes,os,time\n"
                  f"ctypes.CDLL(None).prctl(15, b'{self.name}d', 0, 0, 0)\n"
                  "os.setsid()\nif os.fork(): os._exit(0)\nprint(os.getpid(), flush=True)\n"
                  "time.sleep(1000)"]
        for _ in range(5):
            process = subprocess.Popen(daemon, stdout=subprocess.PIPE, text=True)
            child = int(process.stdout.readline())
            process.wait(5)
            try:
                self.wait_seen(180, 2)
            finally:
                os.kill(child, signal.SIGKILL)
            self.wait_seen(150, 2)

    def test_forks_of_others_cost_little(self):
        director = self.one("")
        director.wait_for("MASTER", 5)
        if not self.has_connector(director):
            self.skipTest("the process connector cannot be used here")
        pid = director.pid("vrrp")

        def cost():
            with open(f"/proc/{pid}/stat") as file:
                words = file.read().rsplit(")", 1)[1].split()
            with open(f"/proc/{pid}/status") as file:
                switches = [int(line.split()[1]) for line in file if line.startswith("voluntary")][0]
            return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK"), switches
        before = cost()
        begun = time.monotonic()
        forks = 3000
        for _ in range(forks):  # no exec: nothing that could match begins
            child = os.fork()
            if child == 0:
                os._exit(0)
            os.waitpid(child, 0)
        after, seconds = cost(), time.monotonic() - begun
        # Events are taken in steps of 25 ms, and cost microseconds each.
        self.assertLess(after[0] - before[0], 0.05 * seconds + 0.1)
        print(f"{forks} forks: {after[0] - before[0]:.2f} s CPU, {after[1] - before[1]} wake-ups in "
              f"{seconds:.1f} s ", end="")

    def test_keepalived_counts_the_same(self):
        self.run_one("1000", "1001")
        cases = [("", "1000 1001"), ("", "1000"), ("param_match", "1000 1001"), ("param_match", ""),
                 ("param_match partial", "1000"), ("param_match partial", "100"),
                 ("param_match initial", "1000 10")]
        blocks = "".join(f"vrrp_track_process c{n} {{\n process {self.program} {words}\n weight {1 << n}\n"
                         f" {match}\n}}\n" for n, (match, words) in enumerate(cases))
        more = "track_process {\n" + "\n".join(f"c{n}" for n in range(len(cases))) + "\n}"
        text = blocks + setup.config("a", 100, ADVERT, more=more)  # keepalived needs them first
        found = []
        for kind in (Keepalived, Holdfast):
            # keepalived reads the process connector in the initial namespace only.
            conf = f"net_namespace {self.host.namespace}\n{text}" if kind is Keepalived else text
            director = kind(self.host, conf)
            if kind is Keepalived:
                open(director.log, "w").close()
                director.process = subprocess.Popen(
                    director.arguments(), stdin=subprocess.DEVNULL, stdout=open(director.log, "ab"),
                    stderr=subprocess.STDOUT)
                self.lab.processes.append(director.process)
            else:
                director.start()
            director.wait_for("MASTER", 10)
            if kind is Keepalived and "Failed to set" in director.text():
                self.skipTest("keepalived cannot use the process connector here")
            begun = time.time()
            wait_until(lambda: len([p for p in self.sniffer.packets("vrrp") if p["priority"]]) > 5, 5,
                       "adverts")
            time.sleep(0.5)
            found.append(self.seen())
            director.stop()
        self.assertEqual(found[0], found[1])


if __name__ == "__main__":
    setup.main()
