"""Runs checkers_inside.py in a kernel with IPVS and hands its report through."""
from lab import uml

uml.run_inside("checkers_inside.py", 400)
