"""tls_compliant: how SSL_GET ends its connections, as the server sees it."""
import re

import checks_setup as setup
from checks_setup import SERVER
from lab.tls import authority, certify
from lab.wait import wait_until


class TlsEndTest(setup.ChecksLab):
    def ends_of(self, number, check_lines, url_lines=""):
        """What the server tells of the end of a check that has these lines."""
        port = 8443 + number
        log = self.lab.path(f"ends-{number}.log")
        self.farm.popen("/usr/bin/python3", "-m", "lab.tls_ends", SERVER, str(port), self.lab.path("good"), log=log)
        wait_until(lambda: "ready" in open(log).read(), 10, "the server")
        said = self.verdicts({port: f"SSL_GET {{\n url {{\n path /\n status_code 200\n {url_lines}\n }}\n {check_lines}\n}}"})
        self.assertRegex(said[port], "succeeds: passed")
        wait_until(lambda: re.search("closed|cut", open(log).read()), 5, "the end")
        self.assertEqual(self.director.stop()[0], 0)
        return re.findall("closed|cut|more|no handshake", open(log).read())

    def test_the_connection_ends_as_it_is_asked_for(self):
        authority(self.lab.folder, "ca")
        certify(self.lab.folder, "good", 20, f"IP:{SERVER}")
        self.assertEqual(self.ends_of(0, ""), ["cut"])
        self.assertEqual(self.ends_of(1, "tls_compliant"), ["closed"])
        self.assertEqual(self.ends_of(2, "tls_compliant", "tls_compliant no"), ["cut"])
        self.assertEqual(self.ends_of(3, "", "tls_compliant yes"), ["closed"])


if __name__ == "__main__":
    setup.main()
