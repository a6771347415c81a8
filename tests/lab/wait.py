"""Waiting for conditions with a deadline. Nothing in the lab sleeps and hopes."""
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
