"""What is kept of checks and decided from them, without a look at the kernel's table."""
import os
import subprocess

import vrrp_setup as setup
from lab.daemons import Holdfast
from lab.wait import wait_until

VIP = "10.77.0.100"
SERVER = "10.77.0.11"


def ask(director, *words):
    """Runs the tool; returns its status and what it said."""
    done = subprocess.run([os.path.join(os.environ["HOLDFAST_BIN"], "holdfast"), words[0], "--pid-file",
                           director.pid_file("main"), *words[1:]], capture_output=True, text=True,
                          timeout=60)
    return done.returncode, (done.stdout + done.stderr).strip()


def server(port, check="TCP_CHECK {\n }", more=""):
    return f"real_server {SERVER} {port} {{\n {more}\n {check}\n}}\n"


def service(*servers, more="", vip=VIP):
    return (f"virtual_server {vip} 80 {{\n delay_loop 0.2\n warmup 0\n retry 0\n delay_before_retry 0.2\n"
            f" connect_timeout 1\n lb_algo rr\n lb_kind NAT\n protocol TCP\n {more}\n"
            + "".join(servers) + "}\n")


class TrackTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.lab.folder, 0o755)
        self.host = self.lab.host("d", "10.77.0.1/24")
        self.farm = self.lab.host("s", f"{SERVER}/24")

    def serve(self, *ports):
        process = self.farm.popen("/usr/bin/python3", "-m", "lab.servers", SERVER,
                                  *[f"{port}:good" for port in ports], log=self.lab.path("servers.log"))
        for port in ports:
            wait_until(lambda: f"{SERVER}:{port} " in self.farm.run("ss", "-Hltn"), 10, "the server")
        return process

    def start(self, config):
        director = Holdfast(self.host, "global_defs {\n script_user root\n}\n" + config).start()
        wait_until(lambda: ask(director, "servers")[0] == 0, 10, "the control socket")
        return director

    def state(self, director, port):
        """The lines of one server: its own and those of its checks."""
        status, text = ask(director, "servers")
        self.assertEqual(status, 0, text)
        found = []
        for line in text.splitlines():
            if line.startswith("  [") or not line.startswith(" "):
                inside = line.startswith(f"  [{SERVER}]:tcp:{port}:")
            if inside:
                found.append(line.strip())
        return found

    def wait_for(self, director, port, text, deadline=8):
        try:
            wait_until(lambda: text in "\n".join(self.state(director, port)), deadline, text)
        except TimeoutError:
            self.fail(f"{text!r} is not in {self.state(director, port)}\n{director.text()}")

    def test_the_reason_of_a_verdict_is_kept_and_shown(self):
        process = self.serve(81)
        director = self.start(service(server(81), server(82)))
        self.wait_for(director, 82, "TCP_CHECK down since ")
        self.assertRegex(self.state(director, 82)[1], r"since 20\d\d-\d\d-\d\d .*: connect: Connection refused")
        self.wait_for(director, 81, "TCP_CHECK up since ")
        process.kill()
        process.wait()
        self.wait_for(director, 81, "down since ")
        decided = self.state(director, 81)[1].split(";")[0]
        director.replace_worker("checkers", 5)
        wait_until(lambda: ask(director, "servers")[0] == 0, 5, "the new worker")
        self.assertIn(decided, self.state(director, 81)[1])
        status, text = ask(director, "servers", "10.77.0.200:80")
        self.assertEqual((status, text), (1, "there is no virtual server 10.77.0.200:80"))
        self.assertEqual(ask(director, "servers", f"{VIP}:80"), ask(director, "servers"))
        self.assertEqual(director.stop()[0], 0)
        self.assertEqual(ask(director, "servers")[0], 2)

    def test_rise_and_fall_count(self):
        director = self.start(service(server(81), more="rise 3\n fall 2"))
        self.wait_for(director, 81, "down since ")
        connections = self.serve(81)
        self.wait_for(director, 81, "up since ")
        connections.kill()
        self.wait_for(director, 81, "down since ")
        self.assertIn("succeeds: passed", director.text())


if __name__ == "__main__":
    setup.main(together=2)
