"""The two hard rules of the licences, and that every library the frame fixes is really used."""
import os
import subprocess
import unittest

BIN = os.environ["HOLDFAST_BIN"]
EXECUTABLES = ["holdfastd", "holdfast-vrrp", "holdfast-checkers", "holdfast-mail", "holdfast"]


def libraries(program):
    listing = subprocess.run(["ldd", f"{BIN}/{program}"], check=True, capture_output=True, text=True)
    return {line.split()[0].split(".so")[0] for line in listing.stdout.splitlines()}


def imported(program):
    listing = subprocess.run(["nm", "-DC", "--undefined-only", f"{BIN}/{program}"], check=True,
                             capture_output=True, text=True)
    return listing.stdout


class Linkage(unittest.TestCase):
    def test_vrrp_never_loads_openssl(self):
        for library in libraries("holdfast-vrrp"):
            self.assertNotRegex(library, "^lib(ssl|crypto)")

    def test_checkers_never_load_libipset_or_libnftnl(self):
        for library in libraries("holdfast-checkers"):
            self.assertNotRegex(library, "^lib(ipset|nftnl)")

    def test_the_supervisor_never_loads_what_parses_foreign_bytes(self):
        for program in ("holdfastd", "holdfast-mail"):
            for library in libraries(program):
                self.assertNotRegex(library, "^lib(ssl|crypto|mnl|nl-)")

    def test_libraries_of_the_frame_are_used(self):
        self.assertIn("boost::program_options", imported("holdfastd"))
        self.assertIn("mnl_", imported("holdfast-vrrp"))
        self.assertIn("nlmsg_append", imported("holdfast-vrrp"))
        for function in ("nftnl_batch_begin", "ipset_parse_stream", "iptc_commit", "ip6tc_commit"):
            self.assertIn(function, imported("holdfast-vrrp"))
        self.assertIn("nettle_hmac", imported("holdfast-vrrp"))
        self.assertIn("genlmsg_put", imported("holdfast-checkers"))

    def test_only_what_reads_files_loads_yaml(self):
        # The workers read the lines that the supervisor made.
        for program in EXECUTABLES:
            check = self.assertIn if program in ("holdfastd", "holdfast") else self.assertNotIn
            check("libyaml-cpp", libraries(program))


if __name__ == "__main__":
    unittest.main()
