"""Runs verdicts_inside.py in a kernel with IPVS and hands its report through."""
import os
import sys

from lab import debian, uml

uml.skip_if_impossible()
if debian.missing():
    print("skipped: not installed: " + " ".join(debian.missing()))
    sys.exit(77)
script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "verdicts_inside.py")
status, console = uml.run(f"exec /usr/bin/python3 {script}", 580, memory="2048M")
print(console)
sys.exit(status)
