"""`holdfast genhash` beside keepalived's genhash: the digests of the same pages."""
import hashlib
import os
import shutil
import subprocess

import checks_setup as setup
from checks_setup import SERVER
from lab.tls import authority, certify

SERVER6 = "2001:db8:77::11"
PAGES = {"/": b"healthy\n", "/empty": b"", "/binary": bytes(range(256)) * 40}


class GenhashTest(setup.ChecksLab):
    def setUp(self):
        super().setUp()
        self.host.ip("addr", "add", "2001:db8:77::1/64", "dev", "eth0", "nodad")
        self.farm.ip("addr", "add", f"{SERVER6}/64", "dev", "eth0", "nodad")
        self.folder = self.lab.path("certificates")
        os.mkdir(self.folder)
        authority(self.folder, "ca")
        certify(self.folder, "good", 20, f"IP:{SERVER}")
        for address in (SERVER, SERVER6):
            self.serve("lab.pages", self.folder, address=address)

    def genhash(self, *arguments, program=None):
        own = [os.environ["HOLDFAST_BIN"] + "/holdfast", "genhash"]
        return subprocess.run(["ip", "netns", "exec", self.host.namespace, *(program or own),
                               *arguments], capture_output=True, text=True)

    def test_the_digests_are_those_of_keepalived(self):
        theirs = shutil.which("genhash")
        for address in (SERVER, SERVER6):
            for port, tls in ((80, []), (443, ["-S"])):
                for path, body in PAGES.items():
                    for version in ("1.0", "1.0c", "1.1"):
                        page = ["-s", address, "-p", str(port), "-u", path, "-P", version, *tls]
                        with self.subTest(page=page):
                            ours = self.genhash(*page)
                            self.assertEqual(ours.stdout.strip(), hashlib.md5(body).hexdigest(),
                                             ours.stderr)
                            if theirs and body:  # it says nothing of an empty page
                                self.assertEqual(ours.stdout,
                                                 self.genhash(*page, program=[theirs]).stdout)

    def test_the_virtual_host_is_asked_for(self):
        done = self.genhash("-s", SERVER, "-p", "80", "-u", "/host", "-V", "www.lab")
        self.assertEqual(done.stdout.strip(), hashlib.md5(b"www.lab").hexdigest())
        done = self.genhash("-s", SERVER, "-p", "443", "-u", "/sni", "-V", "www.lab", "-S", "-I")
        self.assertEqual(done.stdout.strip(), hashlib.md5(b"www.lab").hexdigest())

    def test_verbose_shows_header_and_body(self):
        done = self.genhash("-v", "-s", SERVER, "-p", "80", "-u", "/")
        self.assertRegex(done.stdout, r"(?s)status 200\nContent-Length: 8\n.*00000000  68 65 61 6c 74 "
                         r"68 79 0a +healthy\..*\n" + hashlib.md5(PAGES["/"]).hexdigest() +
                         r"\n\nanswered within \d+ us\n")

    def test_by_other_names(self):
        page = ["-s", SERVER, "-p", "80", "-u", "/"]
        programs = os.environ["HOLDFAST_BIN"]
        link = self.lab.path("genhash")
        os.symlink(f"{programs}/holdfast", link)
        for program in ([link], [f"{programs}/holdfastd", "--genhash"], [f"{programs}/holdfastd", "-T"]):
            with self.subTest(program=program):
                self.assertEqual(self.genhash(*page, program=program).stdout.strip(),
                                 hashlib.md5(PAGES["/"]).hexdigest())

    def test_what_fails_says_why_and_exits_with_1(self):
        for arguments, reason in ((["-p", "80", "-u", "/"], "--server is missing"),
                                  (["-s", "localhost", "-p", "80", "-u", "/"], "needs an address"),
                                  (["-s", SERVER, "-p", "81", "-u", "/"], "connect: Connection refused"),
                                  (["-s", SERVER, "-p", "80", "-u", "/", "-P", "3"], "--protocol needs"),
                                  (["-s", SERVER, "-p", "80", "-u", "/", "-S", "-t", "1"],
                                   "tls-handshake timed out after 1 s"),
                                  (["-s", SERVER, "-p", "80", "-u", "/silent", "-t", "1"],
                                   "answer timed out after 1 s")):
            with self.subTest(arguments=arguments):
                done = self.genhash(*arguments)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(done.stdout, "")
                self.assertIn(reason, done.stderr)


if __name__ == "__main__":
    setup.main(together=3)
