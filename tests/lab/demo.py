"""The story of the pair, as tests/demo tells it."""
import argparse
import os
import sys
import time

from lab import pair, uml

BOLD, DIM, GREEN, RED, RESET = "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m"

ROWS = [
    ("takeover: first advert after the last one of a", "takeover_after_last_advert_s", "s"),
    ("takeover: b holds the address", "takeover_address_s", "s"),
    ("takeover: requests lost", "takeover_requests_lost", ""),
    ("takeover: longest pause of new requests", "takeover_longest_pause_s", "s"),
    ("takeover: pause of the established connection", "takeover_established_pause_s", "s"),
    ("a dead server leaves the table", "dead_server_leaves_s", "s"),
    ("a server returns to the table", "server_returns_s", "s"),
    ("preemption: a holds the address again", "preemption_s", "s"),
    ("handover: b advertises after the resignation", "handover_after_resignation_s", "s"),
    ("handover: requests lost", "handover_requests_lost", ""),
]


class Story:
    def __init__(self, colours):
        self.colours = colours
        self.begun = time.monotonic()

    def paint(self, colour, text):
        return f"{colour}{text}{RESET}" if self.colours else text

    def tell(self, line):
        stamp = self.paint(DIM, f"{time.monotonic() - self.begun:8.3f} s")
        print(f"{stamp}  {line}", flush=True)

    def summary(self, figures):
        print(self.paint(BOLD, "\nFigures"))
        for text, key, unit in ROWS:
            value = figures[key]
            shown = f"{value:.3f} {unit}" if unit else f"{value}"
            print(f"  {text:<52}{shown:>12}")
        print(self.paint(GREEN, "\nThe established connection lived through all of it."))


def look_around(lab):
    print(f"""
The lab is open. Its hosts are network namespaces:
    ip netns list
    ip netns exec {lab.prefix}b ip -br address       # the second director
    ip netns exec {lab.prefix}b ipvsadm -Ln
    tail -f {lab.folder}/*.log
End this shell (exit) to close the lab.
""", flush=True)
    os.system("/bin/bash" if sys.stdin.isatty() else "true")


def play(arguments, colours):
    """In a kernel that has IPVS."""
    story = Story(colours)
    partner = arguments.partner
    story.tell(f"opening the lab: directors a (holdfast) and b ({partner}), two real servers, one "
               "client, one bridge")
    at_end = look_around if arguments.keep else None
    story.summary(pair.run(("holdfast", partner), "/tmp/holdfast-demo", story.tell, at_end))


def host_has_ipvs():
    if os.path.exists("/proc/net/ip_vs"):
        return True
    return os.system("modprobe ip_vs 2>/dev/null") == 0 and os.path.exists("/proc/net/ip_vs")


def main():
    parser = argparse.ArgumentParser(prog="tests/demo")
    parser.add_argument("--keep", action="store_true", help="leave the lab open at the end")
    parser.add_argument("--partner", choices=["holdfast", "keepalived"], default="holdfast",
                        help="what the second director runs")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--colours", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    colours = arguments.colours or sys.stdout.isatty()
    if os.geteuid() != 0:
        sys.exit("tests/demo needs root: it makes network namespaces (sudo tests/demo)")
    if arguments.inside or host_has_ipvs():
        return play(arguments, colours)
    reason = uml.why_not()
    if reason:
        sys.exit(f"this kernel has no IPVS, and user-mode-linux cannot be used: {reason}")
    print("This kernel has no IPVS; the story plays in user-mode-linux, a kernel that runs as a "
          "program.", flush=True)
    words = ["exec /usr/bin/python3 tests/lab/demo.py --inside", f"--partner {arguments.partner}"]
    words += ["--keep"] if arguments.keep else []
    words += ["--colours"] if colours else []
    terminal = arguments.keep and sys.stdin.isatty()
    status, _ = uml.boot(" ".join(words), 24 * 3600 if terminal else 120,
                         {key: os.environ[key] for key in ("HOLDFAST_BIN", "PYTHONPATH")},
                         follow=lambda text: (sys.stdout.write(text), sys.stdout.flush()),
                         terminal=terminal)
    sys.exit(status)


if __name__ == "__main__":
    main()
