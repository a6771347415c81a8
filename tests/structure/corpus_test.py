"""`holdfastd -t` over configurations from the wild, beside what keepalived 2.2.7 said of them.

The files are not part of the tree (../shared/corpus). Where the verdicts differ, each message that
makes the difference must be of a class below, which says why; etc/DIFFERENCES.md lists them.
"""
import collections
import json
import os
import re
import subprocess
import unittest

BIN = os.environ["HOLDFAST_BIN"]
CORPUS = os.path.join(os.path.dirname(__file__), "..", "..", "..", "shared", "corpus", "conf")

# What keepalived reported because of the machine that it ran on.
OF_THE_MACHINE = [
    (r"interface \S+ for|VRF interface|Non-existent interface|[Uu]nknown interface|tracked interface|"
     r"interface or default interface must exist", "an interface that is not there: lint tells it"),
    (r"Disabling track script|SECURITY VIOLATION|Unable to set|Error setting global script|uid/gid|"
     r"track script \S+ not found, ignoring", "a script, user or permission that is not there"),
    (r"Invalid smtp server", "a name that cannot be resolved there"),
]
# What keepalived reported and we do not: a pattern for its message, and the reason.
ONLY_KEEPALIVED = OF_THE_MACHINE + [
    (r"deprecated|iptables not supported|Please use global lvs_sync_daemon",
     "an old spelling is a note: the file runs as written"),
    (r"must be greater than 0, setting to 1|own interface|already specified|empty notification_email|"
     r"protocol will be ignored|automatically set for vmacs|cannot track route",
     "what is meant is clear: it is done in silence"),
    (r"use_vmac|VMAC/ipvlan|unicast_ttl without|AH authentication|^\(485-", "a part that is not supported yet, which says so"),
    (r"number '0' outside|garp_interval '0'|gna_interval '0'",
     "vrrp_garp_interval 0 is its default, and may be written"),
    (r"script interval '|invalid number '\.\d+'", "a script's interval may be below a second"),
    (r"Unknown keyword 'vrrp_ip(sets|tables)'", "Debian builds 2.2.7 without iptables and ipset"),
    (r"Config files missing", "a wildcard that matches no file is a note"),
    (r"Unknown keyword '\\'", "a backslash at the end of a comment means nothing"),
    (r"route keyword type|parsed invalid IP type", "2.4 knows the type of a route"),
]
# What we report, or refuse, and keepalived did not.
ONLY_HOLDFAST = [
    (r"has no virtual_ipaddress", "an instance without addresses is refused"),
    (r"strict mode: adverts are multicast", "strict mode refuses unicast peers, also on an interface "
     "that is not there yet"),
    (r"both use VRID", "two virtual routers with one VRID on a link are refused"),
    (r"needs 'interface'|needs a name|already defined|needs an IPv4|there is no track_file", "an object that cannot run is "
     "refused with the file, not left out"),
]


def verdict_of(findings):
    """0: runs as written; 1: without what is reported; 2: cannot run. What is not built does not count."""
    found = {finding["severity"] for finding in findings
             if "not supported yet" not in finding["message"]}
    return 2 if "error" in found else 1 if "warning" in found else 0


def rows_of(name):
    with open(os.path.join(CORPUS, name)) as file:
        return [line.rstrip("\n").split("\t") for line in file][1:]


def class_of(message, classes):
    return next((reason for pattern, reason in classes if re.search(pattern, message)), None)


@unittest.skipUnless(os.path.isdir(CORPUS), "../shared/corpus is not here")
class Corpus(unittest.TestCase):
    def test_verdicts_agree_or_have_a_reason(self):
        theirs = collections.defaultdict(list)
        for name, _, message in rows_of("messages.tsv"):
            theirs[name].append(message)
        counts, table, unexplained = collections.Counter(), collections.defaultdict(list), []
        for row in rows_of("index.tsv"):
            name, status = row[0], row[3]
            findings = self.findings_of(name)
            counts["with something that is not supported yet"] += any(
                "not supported yet" in finding["message"] for finding in findings)
            ours = verdict_of(findings)
            # 6: reported, and scripts are not secure; 2: stopped at once.
            if status == "0" and theirs[name]:  # it reports and still exits with 0
                status = "5"
            known = {"0": 0, "5": 1, "6": 1, "4": 2, "2": 2}.get(status)
            if known is None:  # it ran on after its time
                counts["without a verdict of keepalived"] += 1
                continue
            if ours < known:
                found = [(m, class_of(m, ONLY_KEEPALIVED)) for m in theirs[name]
                         if "further messages left out" not in m]
            elif ours > known:
                found = [(f"{f['line']}: {f['message']}", class_of(f["message"], ONLY_HOLDFAST))
                         for f in findings if verdict_of([f]) > known]
            else:
                counts["agree"] += 1
                continue
            reasons = {reason for _, reason in found if reason}
            if not found:
                unexplained.append(f"{name}: no message explains {ours} against {known}")
            of_machine = bool(reasons) and reasons <= {reason for _, reason in OF_THE_MACHINE}
            counts["differ by the machine alone" if of_machine else "disagree"] += 1
            for reason in reasons:
                table[("- " if ours < known else "+ ") + reason].append(name)
            unexplained += [f"{name}: {message}" for message, reason in found if not reason]
        for what, count in counts.items():
            print(f"{count:5} {what}")
        for reason, names in sorted(table.items(), key=lambda entry: -len(entry[1])):
            print(f"{len(names):5} {reason} ({names[0]})")
        self.assertGreater(counts["agree"], 150)
        self.assertLess(counts["disagree"], 100)  # may only fall
        self.assertEqual(unexplained, [])

    def findings_of(self, name):
        done = subprocess.run([os.path.join(BIN, "holdfastd"), "-t", "--format=json", "-f",
                               os.path.join(CORPUS, name)], capture_output=True, text=True, timeout=60)
        self.assertIn(done.returncode, (0, 4, 5), f"{name}: {done.stderr}")
        return json.loads(done.stdout)["findings"]


if __name__ == "__main__":
    unittest.main(verbosity=2)
