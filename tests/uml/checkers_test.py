"""Runs checkers_inside.py in a kernel with IPVS and hands its report through."""
import os
import sys

from lab import uml

uml.skip_if_impossible()
script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "checkers_inside.py")
status, console = uml.boot(f"exec /usr/bin/python3 {script} {' '.join(sys.argv[1:])}", 280,
                           {"HOLDFAST_BIN": os.environ["HOLDFAST_BIN"],
                            "PYTHONPATH": os.path.join(os.getcwd(), "tests")})
print(console)
sys.exit(status)
