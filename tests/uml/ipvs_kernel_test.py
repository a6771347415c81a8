"""Runs the program ipvs_kernel_test in a kernel with IPVS and hands its report through."""
import os
import shlex
import sys

from lab import uml

uml.skip_if_impossible()
program = os.path.join(os.environ["HOLDFAST_BIN"], "ipvs_kernel_test")
status, console = uml.run("exec " + shlex.join([program, *sys.argv[1:]]), 150)
print(console)
sys.exit(status)
