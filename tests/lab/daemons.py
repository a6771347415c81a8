"""The two kinds of director: Holdfast and Debian's keepalived, with one interface."""
import os
import re
import signal
import subprocess
import time

from .wait import wait_until


class Director:
    """A daemon on a host. States are read from its log, in keepalived's phrases."""

    kind = ""
    program = ""

    def __init__(self, host, config, label=None, options=()):
        self.host = host
        self.label = label or f"{host.name}-{self.kind}"
        self.config = host.lab.write(f"{self.label}.conf", config)
        self.log = host.lab.path(f"{self.label}.log")
        self.process = None
        self.options = list(options)

    def pid_file(self, name):
        return self.host.lab.path(f"{self.label}.{name}.pid")

    def arguments(self):
        return [self.program, "-n", "-l", "-D", "-G", "-f", self.config, "-p", self.pid_file("main"),
                "-r", self.pid_file("vrrp"), "-c", self.pid_file("checkers"), "-b",
                self.pid_file("bfd"), *self.options]

    def start(self):
        open(self.log, "w").close()
        self.process = self.host.popen(*self.arguments(), log=self.log)
        return self

    def text(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def states(self, instance="VI_1"):
        return re.findall(rf"\({instance}\) Entering (\w+) STATE", self.text())

    def is_master(self, instance="VI_1"):
        return self.states(instance)[-1:] == ["MASTER"]

    def holds(self, address):
        return self.host.has_address(address)

    def wait_for(self, state, deadline, instance="VI_1"):
        return wait_until(lambda: self.states(instance)[-1:] == [state], deadline,
                          f"{self.label} entering {state} (log: {self.log})")

    def pid(self, which="main"):
        with open(self.pid_file(which)) as file:
            return int(file.read())

    def signal(self, number, which="main"):
        os.kill(self.pid(which), number)

    def kill(self, worker="vrrp"):
        """Kills the daemon and this worker of it, which sees nothing of that before it is dead."""
        self.signal(signal.SIGSTOP, worker)
        for which in ("main", worker):
            self.signal(signal.SIGKILL, which)
        self.process.wait(5)

    def kill_next_worker(self, which, killed):
        """Kills the worker if it is not one of `killed`, to which it is added."""
        try:
            pid = self.pid(which)
            if pid not in killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            pass  # none is running

    def replace_worker(self, which, deadline):
        """Kills the worker and returns after how many seconds another one was there."""
        victim = self.pid(which)
        begun = time.monotonic()
        os.kill(victim, signal.SIGKILL)

        def replaced():
            try:
                return self.pid(which) != victim
            except (FileNotFoundError, ValueError):
                return False
        wait_until(replaced, deadline, "a new worker")
        return time.monotonic() - begun

    def reload(self):
        self.signal(signal.SIGHUP)

    def load(self, text, deadline=5):
        """Another configuration: a reload, until it is in force."""
        with open(self.config, "w") as file:
            file.write(text)
        before = self.text().count("Reload finished")
        self.reload()
        wait_until(lambda: self.text().count("Reload finished") > before, deadline, "the reload")

    def stop(self, deadline=10):
        """SIGTERM and wait. Returns (exit status, seconds)."""
        begun = time.monotonic()
        os.kill(self.process.pid, signal.SIGTERM)
        try:
            status = self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return status, time.monotonic() - begun


class Holdfast(Director):
    kind = "holdfast"

    @property
    def program(self):
        return os.path.join(os.environ["HOLDFAST_BIN"], "holdfastd")

    def ask(self, *words):
        """Runs the tool; returns its status and what it said."""
        done = subprocess.run([os.path.join(os.environ["HOLDFAST_BIN"], "holdfast"), words[0],
                               "--pid-file", self.pid_file("main"), *words[1:]],
                              capture_output=True, text=True, timeout=60)
        return done.returncode, (done.stdout + done.stderr).strip()


class Keepalived(Director):
    kind = "keepalived"
    program = "/usr/sbin/keepalived"

    def arguments(self):
        # -G would silence the console of 2.2.7 as well
        return [argument for argument in super().arguments() if argument != "-G"]


KINDS = {"holdfast": Holdfast, "keepalived": Keepalived}
