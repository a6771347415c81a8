"""Waiting for conditions with a deadline. Nothing in the lab sleeps and hopes."""
import multiprocessing
import os
import time

# Seconds: what tests of the lab tolerate beyond the times of the protocol.
LONGEST_STALL = 0.05


def wait_until(condition, deadline, what):
    """Polls `condition` until it is true and returns its value.

    Raises TimeoutError naming `what` after `deadline` seconds.
    """
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {deadline} s")
        time.sleep(0.005)


def _watch_cpu(cpu, step, worst, parent):
    """Keeps in `worst` how late a sleep of `step` seconds ended on this CPU, until it is ended."""
    os.sched_setaffinity(0, {cpu})
    last = time.monotonic()
    while os.getppid() == parent:
        time.sleep(step)
        now = time.monotonic()
        worst.value, last = max(worst.value, now - last - step), now


class StallWatch:
    """Measures for how long a CPU of this machine ran nothing of ours, while it is open.

    What is counted in milliseconds cannot be judged on a machine that stands still for longer.
    It looks every `step` seconds.
    """

    def __init__(self, step=0.001):
        self.step = step

    def __enter__(self):
        self.worst = {cpu: multiprocessing.Value("d", 0.0, lock=False)
                      for cpu in sorted(os.sched_getaffinity(0))}
        self.watchers = [multiprocessing.Process(target=_watch_cpu,
                                                 args=(cpu, self.step, worst, os.getpid()))
                         for cpu, worst in self.worst.items()]
        for watcher in self.watchers:
            watcher.start()
        return self

    def longest(self):
        """Seconds, so far."""
        return max(worst.value for worst in self.worst.values())

    def excuses(self):
        """Whether a test that failed meanwhile has shown nothing; says what it measured."""
        print(f"the machine stood still for up to {self.longest() * 1000:.0f} ms meanwhile", flush=True)
        return self.longest() > LONGEST_STALL

    def __exit__(self, *_):
        for watcher in self.watchers:
            watcher.terminate()
            watcher.join()
