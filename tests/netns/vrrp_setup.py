"""What the VRRP tests share: two directors on one bridge, their configuration and the wire."""
import subprocess
import sys
import tempfile
import unittest
from multiprocessing.pool import ThreadPool

from lab.net import Lab, can_make_namespaces
from lab.sniffer import Sniffer
from lab.wait import StallWatch

VIP = "10.77.0.100"
VIP6 = "2001:db8:77::100"
TOLERANCE = 0.05
STOOD_STILL = 75  # EX_TEMPFAIL of sysexits.h
ATTEMPTS = 4

CONFIG = """
global_defs {{
    router_id {name}
}}
vrrp_instance VI_1 {{
    state BACKUP
    interface {interface}
    virtual_router_id 51
    priority {priority}
    version {version}
    advert_int {advert}
    garp_master_delay 1
    {more}
    virtual_ipaddress {{
        {vip}
    }}
}}
"""


def config(name, priority, advert=0.1, version=3, interface="eth0", vip=VIP + "/24", more=""):
    return CONFIG.format(name=name, priority=priority, advert=advert, version=version,
                         interface=interface, vip=vip, more=more)


def skew(priority, advert, version):
    """RFC 9568 6.1; version 2 counts in seconds (RFC 3768 6.1)."""
    return (256 - priority) * (1.0 if version == 2 else advert) / 256


def down_interval(priority, advert, version):
    return 3 * advert + skew(priority, advert, version)


class LabTest(unittest.TestCase):
    """Opens one lab for each test and closes it whatever happens."""

    def setUp(self):
        self.lab = self.opened(Lab(tempfile.mkdtemp(prefix="holdfast-lab-")))

    def opened(self, manager):
        value = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        return value

    def host_with_side(self, name, number):
        """A host with a second interface, side0, whose other end is its own too."""
        host = self.lab.host(name, f"10.77.0.{number}/24")
        host.ip("link", "add", "side0", "type", "veth", "peer", "name", "side1")
        for link in ("side0", "side1"):
            host.ip("link", "set", link, "up")
        return host

    def wire(self):
        return Sniffer(self.lab, self.lab.wire, "br0")

    def assertNoTransition(self, director, states, doing):
        self.assertEqual(director.states(), states, f"{director.label} changed while {doing}")


def gaps(times):
    """The pauses between consecutive times."""
    return [later - earlier for earlier, later in zip(times, times[1:])]


def run_one(test):
    """Runs a test of this program in a process of its own; returns whether it passed.

    One that failed while the machine itself stood still has shown nothing, and is run again.
    """
    for _ in range(ATTEMPTS):
        done = subprocess.run([sys.executable, sys.argv[0], test], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace")
        print(done.stdout if done.returncode else done.stdout.splitlines()[0], flush=True)
        if done.returncode != STOOD_STILL:
            break
    return done.returncode == 0


def run_watched():
    """Runs the tests that the command line names and ends the program: with STOOD_STILL when they
    failed on a machine that stood still."""
    with StallWatch(step=0.01) as watch:
        result = unittest.main(verbosity=2, warnings="ignore", exit=False).result
    if result.wasSuccessful():
        sys.exit(0)
    sys.exit(STOOD_STILL if watch.excuses() else 1)


def all_tests():
    """The tests of this program, as CLASS.NAME."""
    def ids(suite):
        for test in suite:
            yield from ids(test) if isinstance(test, unittest.TestSuite) else [test.id()]
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    return [name.removeprefix("__main__.") for name in ids(suite)]


def run_together(count, alone):
    """Runs all tests, `count` at a time, and those with `alone` in their names one by one at the end.

    They wait most of their time. Returns the exit status.
    """
    tests = all_tests()
    by_themselves = [test for test in tests if alone is not None and alone in test]
    with ThreadPool(count) as pool:
        passed = pool.map(run_one, [test for test in tests if test not in by_themselves], chunksize=1)
    passed += [run_one(test) for test in by_themselves]
    print(f"{sum(passed)} of {len(passed)} passed")
    return 0 if all(passed) else 1


def main(together=1, alone=None):
    """`together`: how many tests at a time; those whose names contain `alone` run by themselves."""
    reason = can_make_namespaces()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(77)
    if len(sys.argv) == 1:
        sys.exit(run_together(together, alone))
    run_watched()
