"""The pair scenario of tests/lab/pair.py inside user-mode-linux: Holdfast on both sides, and with
keepalived on either side."""
import json
import unittest

from lab import pair, uml

SCENARIO = """exec /usr/bin/python3 -c "
import json, lab.pair
figures = lab.pair.run(('{first}', '{second}'), '/tmp/pair', lambda line: print(line, flush=True))
print('FIGURES ' + json.dumps(figures))
"
"""


LATE = 0.05  # seconds
LIMITS = {
    # No later than the down interval, and within the skew time.
    "takeover_after_last_advert_s": pair.down_interval(pair.PRIORITY["b"]) + LATE,
    "handover_after_resignation_s": pair.skew(pair.PRIORITY["b"]) + LATE,
    # The established connection pauses for little more than the takeover.
    "takeover_established_pause_s": 1.0,
    # A dead server leaves within its interval and its time limit.
    "dead_server_leaves_s": 2.5,
}


def figures_of(console):
    return json.loads(console.rsplit("FIGURES ", 1)[1])


def over_the_limits(status, console):
    figures = figures_of(console) if status == 0 else {}
    return status != 0 or any(figures[name] >= limit for name, limit in LIMITS.items())


class Pair(unittest.TestCase):
    def check(self, first, second):
        status, console = uml.run(SCENARIO.format(first=first, second=second), 120, over_the_limits)
        self.assertEqual(status, 0, f"{first}/{second}:\n{console[-6000:]}")
        figures = figures_of(console)
        print(f"{first}/{second}: {json.dumps(figures)}")
        for name, limit in LIMITS.items():
            with self.subTest(name):
                self.assertLess(figures[name], limit)

    def test_holdfast_on_both_sides(self):
        self.check("holdfast", "holdfast")

    def test_keepalived_is_the_backup(self):
        self.check("holdfast", "keepalived")

    def test_keepalived_is_the_master(self):
        self.check("keepalived", "holdfast")


if __name__ == "__main__":
    uml.skip_if_impossible()
    unittest.main()
