"""tests/netns/vrrp_ipvlan_test.py inside user-mode-linux, whose kernel has ipvlan."""
import unittest

from lab import uml

COMMAND = "exec /usr/bin/python3 tests/netns/vrrp_ipvlan_test.py"


class Ipvlan(unittest.TestCase):
    def test_all_inside(self):
        status, console = uml.run(COMMAND, 200)
        self.assertEqual(status, 0, console[-8000:])


if __name__ == "__main__":
    uml.skip_if_impossible()
    unittest.main()
