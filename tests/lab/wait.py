"""Waiting for conditions with a deadline. Nothing in the lab sleeps and hopes."""
import concurrent.futures
import os
import time


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


def _stall_of(cpu, end):
    """How late a sleep of 1 ms ended on this CPU, at the worst."""
    os.sched_setaffinity(0, {cpu})
    worst, last = 0.0, time.monotonic()
    while last < end:
        time.sleep(0.001)
        now = time.monotonic()
        worst, last = max(worst, now - last - 0.001), now
    return worst


def longest_stall(seconds):
    """Waits, and returns the longest time for which one of this machine's CPUs ran nothing of ours.

    A protocol with an interval of 10 ms cannot be judged on a machine that stands still for longer.
    """
    end = time.monotonic() + seconds
    cpus = sorted(os.sched_getaffinity(0))
    with concurrent.futures.ProcessPoolExecutor(len(cpus)) as pool:
        return max(pool.map(_stall_of, cpus, [end] * len(cpus)))
