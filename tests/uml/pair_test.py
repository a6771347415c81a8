"""The pair scenario of tests/lab/pair.py inside user-mode-linux: Holdfast on both sides, and with
keepalived on either side."""
import json
import os
import unittest

from lab import pair, uml

SCENARIO = """exec /usr/bin/python3 -c "
import json, lab.pair
figures = lab.pair.run(('{first}', '{second}'), '/tmp/pair', lambda line: print(line, flush=True))
print('FIGURES ' + json.dumps(figures))
"
"""


def play(first, second):
    """Runs the scenario in a machine of its own and returns its figures."""
    status, console = uml.boot(SCENARIO.format(first=first, second=second), 120,
                               {"HOLDFAST_BIN": os.environ["HOLDFAST_BIN"],
                                "PYTHONPATH": os.path.join(os.getcwd(), "tests")})
    if status != 0:
        raise AssertionError(f"{first}/{second} ended with {status}:\n{console[-6000:]}")
    return json.loads(console.rsplit("FIGURES ", 1)[1])


class Pair(unittest.TestCase):
    def check(self, first, second):
        figures = play(first, second)
        print(f"{first}/{second}: {json.dumps(figures)}")
        late = 0.05
        with self.subTest("takeover no later than the down interval + 50 ms"):
            self.assertLess(figures["takeover_after_last_advert_s"],
                            pair.down_interval(pair.PRIORITY["b"]) + late)
        with self.subTest("handover within the skew time + 50 ms"):
            self.assertLess(figures["handover_after_resignation_s"],
                            pair.skew(pair.PRIORITY["b"]) + late)
        with self.subTest("the established connection pauses for little more than the takeover"):
            self.assertLess(figures["takeover_established_pause_s"], 1.0)
        with self.subTest("a dead server leaves within its interval and its time limit"):
            self.assertLess(figures["dead_server_leaves_s"], 2.5)

    def test_holdfast_on_both_sides(self):
        self.check("holdfast", "holdfast")

    def test_keepalived_is_the_backup(self):
        self.check("holdfast", "keepalived")

    def test_keepalived_is_the_master(self):
        self.check("keepalived", "holdfast")


if __name__ == "__main__":
    uml.skip_if_impossible()
    unittest.main()
