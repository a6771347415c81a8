"""tests/netns/vrrp_ipvlan_test.py inside user-mode-linux, whose kernel has ipvlan."""
import os
import unittest

from lab import uml

COMMAND = "exec /usr/bin/python3 tests/netns/vrrp_ipvlan_test.py"


class Ipvlan(unittest.TestCase):
    def test_all_inside(self):
        status, console = uml.boot(COMMAND, 200,
                                   {"HOLDFAST_BIN": os.environ["HOLDFAST_BIN"],
                                    "PYTHONPATH": os.path.join(os.getcwd(), "tests")})
        self.assertEqual(status, 0, console[-8000:])


if __name__ == "__main__":
    uml.skip_if_impossible()
    unittest.main()
