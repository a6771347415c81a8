"""Runs ipvs_settings_inside.py in a kernel with IPVS and hands its report through."""
from lab import uml

uml.run_inside("ipvs_settings_inside.py", 180)
