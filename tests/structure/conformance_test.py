"""tests/conformance.md: every test that it names exists, and every MUST has one or a reason."""
import glob
import os
import re
import unittest

TESTS = os.path.join(os.path.dirname(__file__), "..")
REASONS = ("**kernel**: ", "**not ours**: ", "**not built**: ", "**by construction**: ")
MACRO = re.compile(r"^(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP)\((\w+),\s*(\w+)", re.M)


def read(path):
    with open(path) as file:
        return file.read()


def rows():
    """The columns of each rule."""
    for line in read(os.path.join(TESTS, "conformance.md")).splitlines():
        if re.match(r"\| (V3|V2|AR|ND)-\d+ ", line):
            yield [column.strip() for column in line.strip("|").split(" | ")]


def existing():
    """Every test by the names that the table may give it."""
    names = set()
    for path in glob.glob(f"{TESTS}/*/**/*.cpp", recursive=True):
        for suite, name in MACRO.findall(read(path)):
            names |= {suite, f"{suite}.{name}"}
    for path in glob.glob(f"{TESTS}/netns/*_test.py"):
        program = os.path.basename(path).removesuffix(".py")
        names.add(program)
        names |= {f"{program}: {name}" for name in re.findall(r"def (test_\w+)", read(path))}
    return names


class ConformanceTest(unittest.TestCase):
    def test_every_test_of_the_table_exists(self):
        known = existing()
        named = {(row[0], name) for row in rows() for name in re.findall(r"`([^`]+)`", row[4])}
        self.assertGreater(len(named), 150)
        self.assertEqual(sorted(pair for pair in named if pair[1] not in known), [])

    def test_every_rule_has_a_test_or_a_reason(self):
        self.assertEqual([row[0] for row in rows()
                          if "`" not in row[4] and not row[4].startswith(REASONS)], [])

    def test_no_rule_is_left_out(self):
        counts = {}
        for row in rows():
            counts[row[0][:2]] = counts.get(row[0][:2], 0) + 1
        self.assertEqual(counts, {"V3": 139, "V2": 26, "AR": 8, "ND": 12})


if __name__ == "__main__":
    unittest.main()
