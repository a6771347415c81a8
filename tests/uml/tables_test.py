"""Runs tables_inside.py in a kernel with IPVS and hands its report through."""
from lab import uml

uml.run_inside("tables_inside.py", 280)
