"""Reloads: their time, the file that marks them, and where they write what they find."""
import ctypes
import os
import struct
import time

import vrrp_setup as setup
from lab.daemons import Holdfast
from lab.wait import wait_until

IN_CREATE, IN_DELETE = 0x100, 0x200


class Folder:
    """What is made and removed in a folder, in order."""

    def __init__(self, path):
        libc = ctypes.CDLL(None)
        self.fd = libc.inotify_init1(os.O_NONBLOCK)
        libc.inotify_add_watch(self.fd, path.encode(), IN_CREATE | IN_DELETE)

    def events(self):
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return []
        found = []
        while data:
            _, mask, _, length = struct.unpack("iIII", data[:16])
            found.append(("made" if mask & IN_CREATE else "removed",
                          data[16:16 + length].rstrip(b"\0").decode()))
            data = data[16 + length:]
        return found


class ReloadTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.lab.folder, 0o755)
        self.host = self.lab.host("a", "10.77.0.1/24")
        self.timer = self.lab.path("time")

    def text(self, globals_, **more):
        return setup.config("a", 150, **more).replace("global_defs {", "global_defs {\n " + globals_, 1)

    def start(self, globals_):
        director = Holdfast(self.host, self.text(globals_)).start()
        director.wait_for("MASTER", 5)
        return director

    def count(self, director, words="Reload finished"):
        return director.text().count(words)

    def reload(self, director, words="Reload finished"):
        before = self.count(director, words)
        director.reload()
        wait_until(lambda: self.count(director, words) > before, 5, words)

    def due(self, seconds, form="%Y-%m-%d %H:%M:%SZ"):
        return time.strftime(form, time.gmtime(time.time() + seconds))

    def test_a_file_says_when(self):
        director = self.start(f"reload_time_file {self.timer}")
        self.lab.write("time", self.due(2) + "\n")
        wait_until(lambda: "A reload is due in" in director.text(), 5, "the plan")
        wait_until(lambda: self.count(director) == 1, 8, "the reload")
        self.assertFalse(os.path.exists(self.timer))
        self.lab.write("time", self.due(100, "%H:%M:%SZ"))
        wait_until(lambda: self.count(director, "A reload is due in") == 2, 5, "the plan")
        self.lab.write("time", self.due(1, "%y-%m-%d %H:%M:%SZ"))
        wait_until(lambda: self.count(director) == 2, 8, "the changed time counts")
        self.lab.write("time", self.due(100))
        wait_until(lambda: self.count(director, "A reload is due in") == 4, 5, "the plan")
        os.remove(self.timer)
        wait_until(lambda: "The reload that was due is off" in director.text(), 5, "it is off")
        for wrong, words in (("soon", "is not a time"), (self.due(-100), "is in the past")):
            self.lab.write("time", wrong)
            wait_until(lambda: words in director.text(), 5, words)
        self.assertEqual(self.count(director), 2)
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_the_file_is_there_before_the_start_and_stays_with_reload_repeat(self):
        self.lab.write("time", self.due(3, "%H:%M:%SZ"))
        director = self.start(f"reload_time_file {self.timer}\n reload_repeat")
        wait_until(lambda: self.count(director) == 1, 8, "the reload")
        self.assertTrue(os.path.exists(self.timer))
        self.assertEqual(director.stop()[0], 0)

    def test_a_file_exists_while_the_configuration_is_read(self):
        marker = self.lab.write("marker", "something")
        director = self.start(f"reload_file {marker}")
        self.reload(director)
        self.assertFalse(os.path.exists(marker), "whoever waits for its end goes on")
        folder = Folder(self.lab.folder)
        self.reload(director)
        self.assertEqual([event for event in folder.events() if event[1] == "marker"],
                         [("made", "marker"), ("removed", "marker")])
        open(director.config, "w").write(self.text("reload_file"))
        self.reload(director)
        folder.events()
        self.reload(director)
        self.assertEqual([event for event in folder.events() if event[1].endswith(".reload")],
                         [("made", "holdfast.reload"), ("removed", "holdfast.reload")])

    def test_what_a_reload_finds_is_written_where_it_is_asked_for(self):
        log = self.lab.path("check.log")
        director = self.start(f"reload_check_config {log}")
        self.assertFalse(os.path.exists(log))
        open(director.config, "w").write(self.text(f"reload_check_config {log}").replace(
            "priority 150", "priority 1500"))
        self.reload(director, "Reload refused")
        with open(log) as file:
            self.assertRegex(file.read(), r"holdfast.conf:\d+:\d+: warning: 'priority' is 1500")
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])


if __name__ == "__main__":
    setup.main(together=4)
