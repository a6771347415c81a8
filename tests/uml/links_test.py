"""What tests/netns has about bonds and VRFs, inside user-mode-linux, whose kernel has them."""
import unittest

from lab import uml

COMMAND = """set -e
/usr/bin/python3 tests/netns/vrrp_links_test.py RareLinksTest
/usr/bin/python3 tests/netns/vrrp_statics_test.py StaticsTest.test_a_route_is_in_the_table_of_its_vrf
"""


class Links(unittest.TestCase):
    def test_all_inside(self):
        status, console = uml.run(COMMAND, 300)
        self.assertEqual(status, 0, console[-8000:])
        self.assertNotIn("skipped", console)


if __name__ == "__main__":
    uml.skip_if_impossible()
    unittest.main()
