"""Several daemons on one machine: net_namespace, instance, their pid files and control sockets."""
import os
import signal
import subprocess

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.wait import wait_until

ADVERT = 0.1


class FromOutside:
    """A daemon that is started in the namespace of this test and not in that of its host."""

    def start(self):
        open(self.log, "w").close()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.arguments(), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT)
        self.host.lab.processes.append(self.process)
        return self


class Outside(FromOutside, Holdfast):
    pass


class OutsideKeepalived(FromOutside, Keepalived):
    pass


class WithOwnPidFiles(FromOutside, Holdfast):
    """It names its pid files itself."""

    def __init__(self, *arguments, folder="/run/holdfast", suffix="", **more):
        super().__init__(*arguments, **more)
        self.folder, self.suffix = folder, suffix

    def arguments(self):
        return [self.program, "-n", "-l", "-D", "-G", "-f", self.config, *self.options]

    def pid_file(self, name):
        return f"{self.folder}/{'holdfast' if name == 'main' else name}{self.suffix}.pid"


def net_namespace_of(pid):
    return os.stat(f"/proc/{pid}/ns/net").st_ino


def inode_of(namespace):
    return os.stat(f"/run/netns/{namespace}").st_ino


class NetNamespaceTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.lab.folder, 0o755)  # the worker is not root
        self.hosts = [self.lab.host("a", "10.77.0.1/24"), self.lab.host("b", "10.77.0.2/24")]

    def text(self, host, priority, before="", **more):
        return f"net_namespace {host.namespace}\n{before}" + setup.config(host.name, priority, ADVERT, **more)

    def reload(self, director, text, words="Reload finished"):
        before = director.text().count(words)
        open(director.config, "w").write(text)
        director.reload()
        wait_until(lambda: director.text().count(words) > before, 5, words)

    def removed_afterwards(self, folder):
        self.addCleanup(lambda: os.path.isdir(folder) and os.rmdir(folder))

    def test_two_daemons_of_one_machine_fail_over_between_their_namespaces(self):
        one, two = self.hosts
        first = Outside(one, self.text(one, 150)).start()
        first.wait_for("MASTER", 5)
        second = Outside(two, self.text(two, 100)).start()
        second.wait_for("BACKUP", 5)
        for director, host in ((first, one), (second, two)):
            for which in ("main", "vrrp"):
                self.assertEqual(net_namespace_of(director.pid(which)), inode_of(host.namespace))
            self.assertIn(f"Keepalived_vrrp_{host.namespace}[", director.text())
        wait_until(lambda: one.has_address(setup.VIP), 2, "the address")

        second.replace_worker("vrrp", 5)
        first.replace_worker("vrrp", 5)
        self.assertEqual(net_namespace_of(first.pid("vrrp")), inode_of(one.namespace))
        self.reload(first, self.text(one, 150, more="garp_master_repeat 2"))
        self.assertEqual(first.states(), ["BACKUP", "MASTER"])
        self.assertEqual(second.states(), ["BACKUP"])

        self.assertEqual(first.stop()[0], 0)
        second.wait_for("MASTER", 5)
        self.assertFalse(one.has_address(setup.VIP))
        wait_until(lambda: two.has_address(setup.VIP), 5, "the address")
        self.assertEqual(second.stop()[0], 0)
        self.assertFalse(two.has_address(setup.VIP))

    def test_with_keepalived_in_the_other_namespace(self):
        one, two = self.hosts
        first = Outside(one, self.text(one, 150)).start()
        first.wait_for("MASTER", 5)
        second = OutsideKeepalived(two, self.text(two, 100)).start()
        second.wait_for("BACKUP", 10)
        self.assertEqual(first.stop()[0], 0)
        second.wait_for("MASTER", 5)
        first = Outside(one, self.text(one, 150), label="again").start()
        first.wait_for("MASTER", 5)
        second.wait_for("BACKUP", 5)
        self.assertEqual(net_namespace_of(second.pid()), net_namespace_of(
            second.pid("vrrp")), "keepalived is where its worker is, and so are we")

    def test_the_command_line_names_the_namespace(self):
        one, two = self.hosts
        director = Outside(one, self.text(two, 150), options=["-s", one.namespace]).start()
        director.wait_for("MASTER", 5)
        wait_until(lambda: one.has_address(setup.VIP), 2, "the address")
        self.assertFalse(two.has_address(setup.VIP))

    def test_scripts_run_in_the_namespace(self):
        one = self.hosts[0]
        script = self.lab.write("notify", "#!/bin/sh\nreadlink /proc/self/ns/net > "
                                f"{self.lab.path('where')}\n", 0o755)
        director = Outside(one, self.text(one, 150, more=f"notify_master {script}").replace(
            "global_defs {", "global_defs {\n script_user root\n")).start()
        director.wait_for("MASTER", 5)
        wait_until(lambda: os.path.exists(self.lab.path("where")) and os.path.getsize(
            self.lab.path("where")), 5, "the script")
        with open(self.lab.path("where")) as file:
            self.assertEqual(file.read().strip(), f"net:[{inode_of(one.namespace)}]")

    def test_a_namespace_that_does_not_exist_is_an_error_at_its_line(self):
        one = self.hosts[0]
        text = self.text(one, 150).replace(one.namespace, "hf-no-such-namespace")
        director = Outside(one, text).start()
        self.assertEqual(director.process.wait(10), 2)
        self.assertIn(f"{director.config}:1:1: error: the network namespace hf-no-such-namespace does not "
                      "exist (/run/netns/hf-no-such-namespace)", director.text())
        self.assertEqual(director.states(), [])

    def test_a_reload_does_not_change_the_namespace(self):
        one, two = self.hosts
        director = Outside(one, self.text(one, 150)).start()
        director.wait_for("MASTER", 5)
        for text in (self.text(two, 150), self.text(one, 150, before="instance other\n"),
                     self.text(one, 150, before="net_namespace_ipvs\n")):
            self.reload(director, text, "Reload refused")
        self.assertIn(f"{director.config}:1:1: error: 'net_namespace' cannot change at a reload: it is "
                      f"'{one.namespace}', and here '{two.namespace}'; restart the daemon", director.text())
        self.reload(director, self.text(one, 150))
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])
        self.assertTrue(one.has_address(setup.VIP))

    def test_pid_files_and_control_sockets_are_in_a_folder_of_the_namespace(self):
        directors = []
        for host, priority in zip(self.hosts, (150, 100)):
            folder = f"/run/holdfast/{host.namespace}"
            self.removed_afterwards(folder)
            directors.append(WithOwnPidFiles(host, self.text(host, priority), folder=folder).start())
        first, second = directors
        first.wait_for("MASTER", 5)
        wait_until(lambda: os.path.exists(second.pid_file("vrrp")), 5, "its pid file")
        self.assertEqual(net_namespace_of(first.pid("vrrp")), inode_of(self.hosts[0].namespace))
        self.assertEqual(net_namespace_of(second.pid("vrrp")), inode_of(self.hosts[1].namespace))
        tool = os.path.join(os.environ["HOLDFAST_BIN"], "holdfast")
        second.wait_for("BACKUP", 5)
        done = subprocess.run([tool, "handover", "--namespace", self.hosts[0].namespace, "VI_1"],
                              capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 0, done.stderr)
        second.wait_for("MASTER", 5)
        for director in directors:
            self.assertEqual(director.stop()[0], 0)
        self.assertEqual(os.listdir(first.folder), [])

    def test_two_instances_in_one_namespace(self):
        one = self.hosts[0]
        names = [f"{one.namespace}{letter}" for letter in "xy"]
        directors = [
            WithOwnPidFiles(one, self.text(one, 150, before=f"instance {name}\n", vip=f"10.77.0.{100 + i}/24")
                            .replace("virtual_router_id 51", f"virtual_router_id {51 + i}"), label=name,
                            folder=f"/run/holdfast/{one.namespace}", suffix=f"_{name}")
            for i, name in enumerate(names)]
        self.removed_afterwards(directors[0].folder)
        for director in directors:
            director.start().wait_for("MASTER", 5)
        again = WithOwnPidFiles(one, open(directors[0].config).read(), label="again").start()
        self.assertEqual(again.process.wait(10), 1)
        self.assertIn("already running", again.text())
        wait_until(lambda: one.has_address("10.77.0.100") and one.has_address("10.77.0.101"), 5, "both")
        # A worker that dies while the daemon is told to stop leaves nothing behind.
        os.kill(directors[0].pid("vrrp"), signal.SIGKILL)
        self.assertEqual(directors[0].stop()[0], 0)
        self.assertFalse(one.has_address("10.77.0.100"))
        self.assertTrue(one.has_address("10.77.0.101"))
        self.assertEqual(directors[1].stop()[0], 0)


if __name__ == "__main__":
    setup.main(together=4)
