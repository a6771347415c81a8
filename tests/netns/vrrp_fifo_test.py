"""Notification FIFOs: every change in order, with keepalived beside it, and readers that do not read."""
import os
import stat

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.wait import wait_until

ADVERT = 0.1
GROUP = "vrrp_sync_group G {\n group {\n VI_1\n }\n}\n"


class FifoTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.lab.folder, 0o755)
        self.host = self.lab.host("a", "10.77.0.1/24")
        self.fifo, self.output = self.lab.path("fifo"), self.lab.path("lines")

    def reader(self, body=None, name="reader"):
        """A script that copies what comes, behind the arguments that it got."""
        body = body or f'echo "$@" > {self.output}.args\nexec cat "$2" >> {self.output}\n'
        return self.lab.write(name, "#!/bin/sh\n" + body, 0o755)

    def text(self, globals_, priority=150, more="", name="a"):
        return setup.config(name, priority, ADVERT, more=more).replace(
            "global_defs {", "global_defs {\n script_user root\n " + globals_, 1)

    def lines(self):
        return open(self.output).read().splitlines() if os.path.exists(self.output) else []

    def wait_lines(self, expected, deadline=5):
        wait_until(lambda: self.lines() == expected, deadline, f"{expected}, found {self.lines()}")

    def test_the_lines_are_those_of_keepalived(self):
        script = self.reader()
        number = self.lab.write("number", "0")
        trackers = f"track_file f {{\n file {number}\n weight 1\n}}\n"
        found = []
        for kind in (Keepalived, Holdfast):
            text = trackers + self.text(
                f'vrrp_notify_fifo {self.fifo}\n vrrp_notify_fifo_script "{script} word"\n'
                " vrrp_notify_priority_changes", more="track_file {\n f\n }") + \
                GROUP.replace("group {", "sync_group_tracking_weight\n group {", 1)
            director = kind(self.host, text).start()
            director.wait_for("MASTER", 10)
            wait_until(lambda: any("MASTER" in line for line in self.lines()), 5, "the lines")
            self.lab.write("number", "20")
            wait_until(lambda: any("170" in line for line in self.lines()), 5, "the new priority")
            self.host.cut_off()
            self.host.ip("link", "set", "eth0", "down")
            director.wait_for("FAULT", 5)
            self.host.ip("link", "set", "eth0", "up")
            self.host.plug_in()
            director.wait_for("MASTER", 5)
            self.assertEqual(open(self.output + ".args").read(), f"word {self.fifo}\n")
            wait_until(lambda: len([l for l in self.lines() if "GROUP" in l and "MASTER" in l]) == 2, 5,
                       f"the second MASTER, found {self.lines()}")
            director.stop()
            # At the stop keepalived ends the reader before the last lines.
            lines = [line for line in self.lines() if "STOP" not in line]
            # Which of the two is first at the start keepalived leaves to chance.
            found.append(sorted(lines[:2], reverse=True) + lines[2:])
            self.assertFalse(os.path.exists(self.fifo))
            self.lab.write("number", "0")
            os.remove(self.output)
        self.assertEqual(found[1], found[0])
        self.assertEqual(found[1], [
            'INSTANCE "VI_1" BACKUP 150', 'GROUP "G" BACKUP 0', 'INSTANCE "VI_1" MASTER 150',
            'GROUP "G" MASTER 0', 'INSTANCE "VI_1" MASTER_PRIORITY 170', 'INSTANCE "VI_1" FAULT 170',
            'GROUP "G" FAULT 0', 'INSTANCE "VI_1" BACKUP 170', 'GROUP "G" BACKUP 0',
            'INSTANCE "VI_1" MASTER 170', 'GROUP "G" MASTER 0'])

    def test_both_fifos_get_each_line_and_the_last_ones_at_the_stop(self):
        slow = 'while read -r line; do sleep 0.1; echo "$line"; done < "$1"'
        script = self.reader(f"{slow} >> {self.output}\n")
        other = self.reader(f'exec cat "$1" >> {self.output}.all\n', "other")
        director = Holdfast(self.host, self.text(
            f'vrrp_notify_fifo {self.fifo}\n vrrp_notify_fifo_script "{script}"\n'
            f' notify_fifo {self.fifo}.all\n notify_fifo_script "{other}"')).start()
        director.wait_for("MASTER", 5)
        expected = ['INSTANCE "VI_1" BACKUP 150', 'INSTANCE "VI_1" MASTER 150']
        self.wait_lines(expected)
        readers = [line for line in self.host.run("ps", "-eo", "pid,args").splitlines()
                   if f"cat {self.fifo}" in line]
        self.assertEqual(len(readers), 1)
        director.stop()
        self.wait_lines(expected + ['INSTANCE "VI_1" STOP 150'])
        self.assertEqual(open(self.output + ".all").read().splitlines(), self.lines())
        wait_until(lambda: f"cat {self.fifo}" not in self.host.run("ps", "-eo", "args"), 3,
                   "the end of the readers")

    def test_a_reader_that_does_not_read_blocks_nobody(self):
        director = Holdfast(self.host, self.text(
            f'notify_fifo {self.fifo} nobody\n notify_fifo_script "{self.reader("exec sleep 1000")}"'))
        director.start().wait_for("MASTER", 5)
        status = os.stat(self.fifo)
        self.assertTrue(stat.S_ISFIFO(status.st_mode))
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o600)
        self.assertEqual(status.st_uid, int(self.host.run("id", "-u", "nobody")))
        status, seconds = director.stop()
        self.assertEqual(status, 0)
        self.assertLess(seconds, 3)
        self.assertFalse(os.path.exists(self.fifo))

    def test_what_is_not_a_fifo_of_ours_is_left_alone(self):
        self.lab.write("fifo", "precious")
        director = Holdfast(self.host, self.text(f"notify_fifo {self.fifo}")).start()
        director.wait_for("MASTER", 5)
        self.assertIn("is not a FIFO", director.text())
        director.stop()
        self.assertEqual(open(self.fifo).read(), "precious")

    def test_a_reload_keeps_the_reader_and_may_repeat_the_states(self):
        text = self.text(f'vrrp_notify_fifo {self.fifo}\n vrrp_notify_fifo_script "{self.reader()} x"\n'
                         " fifo_write_vrrp_states_on_reload") + GROUP
        director = Holdfast(self.host, text).start()
        director.wait_for("MASTER", 5)
        wait_until(lambda: len(self.lines()) == 4, 5, "four lines")
        before = self.lines()
        director.load("# moved\n" + text)
        self.wait_lines(before + ['INSTANCE "VI_1" MASTER 150', 'GROUP "G" MASTER 0'])
        self.assertNotIn("the reader of", director.text())

    def test_a_reader_that_ends_is_started_again(self):
        script = self.reader(f'head -n 1 "$2" >> {self.output}\n')
        director = Holdfast(self.host, self.text(
            f'vrrp_notify_fifo {self.fifo}\n vrrp_notify_fifo_script "{script} x"')).start()
        director.wait_for("MASTER", 5)
        wait_until(lambda: "is started again" in director.text(), 5, "the log line")
        director.stop()

    def test_a_removed_instance_is_deleted_or_in_fault(self):
        script = self.reader()
        note = self.lab.write("note", f'#!/bin/sh\necho "$@" >> {self.output}.note\n', 0o755)

        def second(more):
            other = setup.config("a", 150, ADVERT, more=more, vip="10.77.0.102/24").split("}\n", 1)[1]
            return other.replace("VI_1", "VI_2").replace("router_id 51", "router_id 52")
        base = self.text(f'vrrp_notify_fifo {self.fifo}\n vrrp_notify_fifo_script "{script} x"')
        both = f'notify "{note}"\n notify_fault "{note} fault"\n'
        director = Holdfast(self.host, base + second(both + f'notify_deleted "{note} deleted"')).start()
        director.wait_for("MASTER", 5, "VI_2")
        director.load(base)
        wait_until(lambda: 'INSTANCE "VI_2" DELETED 150' in self.lines(), 5, "the line")
        notes = lambda: open(self.output + ".note").read().splitlines()
        wait_until(lambda: notes()[-2:] == ["deleted", "INSTANCE VI_2 DELETED 150"], 5, "the scripts")
        director.load(base + second(both))
        director.wait_for("MASTER", 5, "VI_2")
        director.load(base)
        wait_until(lambda: 'INSTANCE "VI_2" FAULT 150' in self.lines(), 5, "the line")
        wait_until(lambda: notes()[-2:] == ["fault", "INSTANCE VI_2 FAULT 150"], 5, "the scripts")

    def test_a_router_of_lower_priority_is_told(self):
        note = self.lab.write("note", f"#!/bin/sh\necho >> {self.output}.note\n", 0o755)
        other = self.lab.host("b", "10.77.0.2/24")
        high = Holdfast(self.host, self.text(
            f'vrrp_notify_fifo {self.fifo}\n vrrp_notify_fifo_script "{self.reader()} x"',
            more=f'notify_master_rx_lower_pri "{note}"')).start()
        high.wait_for("MASTER", 5)
        low = Keepalived(other, setup.config("b", 100, ADVERT)).start()
        low.wait_for("BACKUP", 5)
        other.cut_off()
        low.wait_for("FAULT", 5)
        other.plug_in()
        other.run("ip", "link", "add", "x0", "type", "veth", "peer", "name", "x1")
        low.stop()
        # It hears nothing, and so becomes MASTER beside us.
        other.run("iptables", "-A", "INPUT", "-p", "112", "-j", "DROP", check=False)
        low = Keepalived(other, setup.config("b", 100, ADVERT)).start()
        try:
            low.wait_for("MASTER", 3)
        except TimeoutError:
            self.skipTest("iptables cannot be used here")
        wait_until(lambda: 'INSTANCE "VI_1" MASTER_RX_LOWER_PRI 150' in self.lines(), 5, "the line")
        wait_until(lambda: os.path.exists(self.output + ".note"), 5, "the script")
        self.assertEqual(high.states(), ["BACKUP", "MASTER"])


if __name__ == "__main__":
    setup.main(together=4)
