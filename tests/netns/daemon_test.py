"""The supervisor on a real kernel: what it refuses and says, its pid files, its workers'
privileges, and what is left after a kill -9."""
import os
import pwd
import signal
import subprocess
import sys
import time

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.wait import wait_until

CAP_NET_ADMIN, CAP_NET_RAW = 12, 13

CHECKERS = """
virtual_server 10.77.0.100 80 {
    delay_loop 1
    protocol TCP
    real_server 10.77.0.1 81 {
        TCP_CHECK {
            connect_timeout 1
        }
    }
}
"""


def process_status(pid):
    """/proc/PID/status as a dictionary."""
    with open(f"/proc/{pid}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def is_alive(pid):
    try:
        return process_status(pid)["State"][0] != "Z"
    except FileNotFoundError:
        return False


class DaemonTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        self.host = self.lab.host("a", "10.77.0.1/24")

    def director(self, config=None, label=None, kind=Holdfast):
        return kind(self.host, config or setup.config("a", 150), label)

    def holdfastd(self, *arguments, prefix=()):
        """Runs it to its end. Returns (status, what it printed)."""
        done = subprocess.run(["ip", "netns", "exec", self.host.namespace, *prefix,
                               self.director().program, *arguments],
                              capture_output=True, text=True, timeout=20)
        return done.returncode, done.stdout + done.stderr

    def test_missing_file(self):
        missing = self.lab.path("missing.conf")
        for arguments in (["-t", "-f", missing],
                          ["-n", "-l", "-G", "-f", missing, "-p", self.lab.path("x.pid")]):
            status, text = self.holdfastd(*arguments)
            self.assertEqual(status, 6, text)
            self.assertIn(f"{missing}", text)
            self.assertIn("No such file", text)

    def test_a_typo_names_its_place_and_the_likely_word(self):
        path = self.lab.write("typo.conf", setup.config("a", 150).replace("priority", "priorty"))
        status, text = self.holdfastd("-t", "-f", path)
        self.assertEqual(status, 5, text)  # it would run without the line
        with open(path) as file:
            line = next(n for n, text in enumerate(file, 1) if "priorty" in text)
        self.assertIn(f"{path}:{line}:", text)
        self.assertIn("'priority'", text)

    def test_strict_refuses_a_start_with_warnings(self):
        path = self.lab.write("typo.conf", setup.config("a", 150, more="unheard_of 1"))
        status, text = self.holdfastd("-n", "-l", "-G", "--strict", "-f", path, "-p",
                                      self.lab.path("x.pid"), "-r", self.lab.path("v.pid"))
        self.assertEqual(status, 2, text)
        self.assertIn("--strict", text)

    def test_unknown_interface(self):
        director = self.director(setup.config("a", 150, interface="eth9")).start()
        director.wait_for("FAULT", 5)
        self.assertRegex(director.text(), r"eth9.*(does not exist|missing|no such interface)")
        self.host.ip("link", "add", "eth9", "type", "veth", "peer", "name", "far9")
        self.host.ip("addr", "add", "10.79.0.1/24", "dev", "eth9")
        self.host.ip("link", "set", "far9", "up")
        self.host.ip("link", "set", "eth9", "up")
        director.wait_for("MASTER", 5)
        self.host.ip("link", "del", "eth9")
        director.wait_for("FAULT", 5)
        self.assertEqual(director.stop()[0], 0)

    def test_second_daemon(self):
        first = self.director().start()
        first.wait_for("MASTER", 5)
        status, text = self.holdfastd("-n", "-l", "-G", "-f", first.config, "-p",
                                      first.pid_file("main"))
        self.assertEqual(status, 1)
        self.assertEqual(text.count("\n"), 2, text)  # that it starts, and why it does not
        self.assertIn(f"process {first.pid()} holds the pid file", text)
        self.assertTrue(first.is_master())

    def test_stale_pid_file(self):
        for name in ("main", "vrrp"):  # it names this very program, which lives
            self.lab.write(f"a-holdfast.{name}.pid", f"{os.getpid()}\n")
        director = self.director().start()
        director.wait_for("MASTER", 5)
        pids = {name: director.pid(name) for name in ("main", "vrrp")}
        self.assertTrue(all(is_alive(pid) for pid in pids.values()), pids)
        self.assertEqual(director.stop()[0], 0)
        for name in pids:
            self.assertFalse(os.path.exists(director.pid_file(name)))

    def test_broken_reload_is_refused(self):
        director = self.director().start()
        director.wait_for("MASTER", 5)
        before = director.states()
        for mistake, expected in (("priorty 200", "unknown keyword 'priorty'"), ("priority 300", "300"),
                                  ("}", ""), ("interface {", "")):
            with self.subTest(mistake):
                lines = len(director.text())
                self.lab.write(os.path.basename(director.config), setup.config("a", 150, more=mistake))
                director.reload()
                wait_until(lambda: "Reload refused" in director.text()[lines:], 5, "the refusal")
                self.assertIn(f"{director.config}:", director.text()[lines:])
                self.assertIn(expected, director.text()[lines:])
                self.assertEqual(director.states(), before)
                self.assertTrue(self.host.has_address(setup.VIP))
        os.unlink(director.config)
        lines = len(director.text())
        director.reload()
        wait_until(lambda: "Reload refused" in director.text()[lines:], 5, "the refusal")
        self.lab.write(os.path.basename(director.config),
                       setup.config("a", 150, vip="10.77.0.101/24"))
        director.reload()
        wait_until(lambda: self.host.has_address("10.77.0.101"), 5, "the new address")
        wait_until(lambda: not self.host.has_address(setup.VIP), 5, "the old address gone")
        self.assertEqual(director.states(), before)

    def test_a_reload_takes_the_mistakes_that_are_in_force_already(self):
        director = self.director(setup.config("a", 150, more="unheard_of 1")).start()
        director.wait_for("MASTER", 5)
        self.lab.write(os.path.basename(director.config),
                       setup.config("a", 150, more="unheard_of 1", vip="10.77.0.101/24"))
        director.reload()
        wait_until(lambda: self.host.has_address("10.77.0.101"), 5, "the new address")

    def test_no_permission(self):
        os.chmod(self.lab.folder, 0o777)
        path = self.lab.write("user.conf", setup.config("a", 150) + CHECKERS)
        status, text = self.holdfastd(
            "-n", "-l", "-G", "-f", path, "-p", self.lab.path("u.pid"), "-r", self.lab.path("v.pid"),
            "-c", self.lab.path("c.pid"),
            prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"))
        self.assertEqual(status, 4, text)
        complaints = [line for line in text.splitlines() if "CAP_NET" in line]
        self.assertTrue(complaints, text)

    def test_workers_have_only_what_they_need(self):
        director = self.director(setup.config("a", 150) + CHECKERS).start()
        director.wait_for("MASTER", 5)
        needed = f"{1 << CAP_NET_ADMIN | 1 << CAP_NET_RAW:016x}"
        for name in ("vrrp", "checkers"):
            status = process_status(director.pid(name))
            try:
                user = pwd.getpwnam(f"holdfast-{name}").pw_uid
            except KeyError:
                user = 65534
            self.assertEqual(status["Uid"].split(), [str(user)] * 4)
            self.assertEqual(status["Groups"].split(), [])
            for kind in ("CapEff", "CapPrm", "CapBnd"):
                self.assertEqual(status[kind].strip(), needed, f"{name} {kind}")
            self.assertEqual(status["NoNewPrivs"], "1")
            open_files = os.listdir(f"/proc/{director.pid(name)}/fd")
            self.assertLess(len(open_files), 24, open_files)

    def test_background(self):
        director = self.director()
        arguments = [a for a in director.arguments() if a not in ("-n", "-l")]
        done = subprocess.run(["ip", "netns", "exec", self.host.namespace, *arguments], timeout=20,
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        # It returned when it was ready: the pid file is there and the signal is obeyed.
        pid = director.pid()
        wait_until(lambda: self.host.has_address(setup.VIP), 5, "the address")
        self.assertEqual(os.getsid(pid), os.getpgid(pid))
        self.assertNotEqual(os.getsid(pid), os.getsid(0))
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not is_alive(pid), 5, "its end")
        self.assertFalse(self.host.has_address(setup.VIP))
        self.assertFalse(os.path.exists(director.pid_file("main")))

    def test_background_start_that_fails_says_so(self):
        director = self.director(setup.config("a", 150, more="track_bfd {\n peer\n}"))
        arguments = [a for a in director.arguments() if a not in ("-n", "-l")]
        done = subprocess.run(["ip", "netns", "exec", self.host.namespace, *arguments], timeout=20,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"{director.config}:", done.stderr)
        self.assertIn("not supported yet", done.stderr)

    def test_a_killed_supervisor_leaves_no_second_master(self):
        director = self.director().start()
        partner = Keepalived(self.lab.host("b", "10.77.0.2/24"), setup.config("b", 100)).start()
        director.wait_for("MASTER", 5)
        partner.wait_for("BACKUP", 5)
        workers = [director.pid("vrrp")]
        director.process.kill()
        director.process.wait()
        wait_until(lambda: not any(is_alive(pid) for pid in workers), 5, "the workers' end")
        partner.wait_for("MASTER", 2)
        self.assertFalse(self.host.has_address(setup.VIP))
        again = self.director(label="again").start()
        again.wait_for("MASTER", 5)
        partner.wait_for("BACKUP", 5)

    def test_everything_killed_at_once_is_cleaned_up_by_the_next_start(self):
        director = self.director().start()
        director.wait_for("MASTER", 5)
        wait_until(lambda: self.host.has_address(setup.VIP), 5, "the address")
        pids = [director.pid("main"), director.pid("vrrp")]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        director.process.wait()
        wait_until(lambda: not any(is_alive(pid) for pid in pids), 5, "their end")
        self.assertTrue(self.host.has_address(setup.VIP), "nobody was left to remove it")
        again = self.director(setup.config("a", 150, vip="10.77.0.101/24")).start()
        again.wait_for("MASTER", 5)
        wait_until(lambda: not self.host.has_address(setup.VIP), 5, "the leftover gone")
        self.assertTrue(self.host.has_address("10.77.0.1"), "what is not ours stays")

    def test_a_worker_that_keeps_dying_is_started_less_and_less_often(self):
        director = self.director(setup.config("a", 150) + CHECKERS).start()
        director.wait_for("MASTER", 5)
        begun = time.monotonic()
        victims = set()

        def kill_next():
            director.kill_next_worker("checkers", victims)
            return "worker_backoff" in director.text() or "started again in" in director.text()
        wait_until(kill_next, 20, "the pause before the next start")
        self.assertTrue(director.is_master(), "VRRP does not care")
        print(f"{len(victims)} deaths in {time.monotonic() - begun:.1f} s ", end="")

    def test_addresses_leave_with_a_worker_that_is_not_started_again_at_once(self):
        director = self.director().start()
        partner = Keepalived(self.lab.host("b", "10.77.0.2/24"), setup.config("b", 100)).start()
        director.wait_for("MASTER", 5)
        partner.wait_for("BACKUP", 5)
        victims = set()

        def kill_next():
            director.kill_next_worker("vrrp", victims)
            return director.text().count("started again in") >= 4  # 1, 2, 4, 8 s
        wait_until(kill_next, 30, "a longer pause before the next start")
        wait_until(lambda: not self.host.has_address(setup.VIP), 1, "the address gone")
        self.assertTrue(self.host.has_address("10.77.0.1"))
        partner.wait_for("MASTER", 3)
        wait_until(lambda: self.host.has_address(setup.VIP), 20, "the worker back")
        partner.wait_for("BACKUP", 5)

    def test_a_reload_of_a_dying_worker_starts_one_and_resumes(self):
        director = self.director().start()
        director.wait_for("MASTER", 5)
        changes = self.lab.path("changes.log")
        self.host.listen(changes, "ip", "-4", "monitor", "address")
        for round in range(20):
            begun = director.text().count("Reload finished")
            os.kill(director.pid("vrrp"), signal.SIGKILL)
            for _ in range(round % 3):
                director.reload()
            director.reload()
            wait_until(lambda: director.text().count("Reload finished") > begun, 10, "the reload")
            time.sleep(0.6)  # not a crash loop
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])
        with open(changes) as file:
            self.assertEqual(file.read(), "")
        workers = [pid for pid in os.listdir("/proc") if pid.isdigit() and
                   is_alive(pid) and process_status(pid).get("PPid") == str(director.pid())]
        self.assertEqual(len(workers), 1)

    def test_signals_of_keepalived_do_not_end_it(self):
        director = self.director().start()
        director.wait_for("MASTER", 5)
        for which in ("main", "vrrp"):
            for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGRTMIN + 2, signal.SIGRTMAX - 1):
                director.signal(number, which)
        director.signal(signal.SIGHUP, "vrrp")
        director.reload()
        wait_until(lambda: "Reload finished" in director.text(), 5, "the reload")
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_a_burst_of_scripts_loses_none(self):
        os.chmod(self.lab.folder, 0o755)
        output = self.lab.path("scripts.log")
        script = self.lab.write("note", f"#!/bin/sh\necho \"$@\" >> {output}\n", 0o755)
        count = 200
        text = "global_defs {\n script_user root\n}\n"
        for n in range(1, count + 1):
            text += (f"vrrp_instance VI_{n} {{\n interface eth0\n virtual_router_id {n}\n"
                     f" state MASTER\n priority 255\n version 3\n advert_int 1\n"
                     f" notify_master \"{script} master {n}\"\n notify \"{script}\"\n"
                     f" virtual_ipaddress {{\n 10.77.1.{n}\n }}\n}}\n")
        director = self.director(text).start()
        wait_until(lambda: os.path.exists(output) and open(output).read().count("\n") == 2 * count,
                   30, "every script")
        with open(output) as file:
            self.assertEqual(len(set(file)), 2 * count)
        self.assertEqual(director.text().count("Entering MASTER STATE"), count)

    def test_a_script_that_fails_or_is_missing_is_reported_and_the_rest_runs(self):
        os.chmod(self.lab.folder, 0o755)
        fails = self.lab.write("fails", "#!/bin/sh\nexit 3\n", 0o755)
        more = f'notify_backup "{fails}"\nnotify_master "{self.lab.path("missing")}"'
        config = setup.config("a", 150, more=more).replace("router_id a",
                                                           "router_id a\n script_user root")
        director = self.director(config).start()
        director.wait_for("MASTER", 5)
        wait_until(lambda: "status 3" in director.text(), 5, "the failure in the log")
        wait_until(lambda: f"{self.lab.path('missing')}" in director.text(), 5, "the missing script")
        self.assertTrue(self.host.has_address(setup.VIP))


if __name__ == "__main__":
    setup.main(together=3)
