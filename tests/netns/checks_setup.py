"""What the tests of checks share: a director, a host with servers, and the verdicts of the one on the other."""
import os
import re

import vrrp_setup as setup
from lab.daemons import Holdfast
from lab.wait import wait_until

VIP = "10.77.0.100"
SERVER = "10.77.0.11"
LIMIT = 1
main = setup.main


class ChecksLab(setup.LabTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.lab.folder, 0o755)
        self.host = self.lab.host("d", "10.77.0.1/24")
        self.farm = self.lab.host("s", f"{SERVER}/24")

    def accepted(self):
        """Connections that the farm has accepted."""
        return int(re.search(r"TcpPassiveOpens +(\d+)", self.farm.run("nstat", "-asz"))[1])

    def serve(self, module, *arguments, address=SERVER):
        """Runs a module of lab on the farm and returns when it has said `ready`."""
        log = self.lab.path(f"{module}.log" if address == SERVER else f"{module}-{address}.log")
        servers = self.farm.popen("/usr/bin/python3", "-m", module, address, *arguments, log=log)
        wait_until(lambda: "ready" in open(log).read(), 10, "the servers")
        return servers

    def verdicts(self, checks, more=""):
        """checks: port -> check. They start down (alpha), so that a success is told as well.
        Returns what the log says of each, by port. The director is still there: self.director."""
        blocks = "".join(f"real_server {SERVER} {port} {{\n alpha\n {check}\n}}\n"
                         for port, check in checks.items())
        director = self.director = Holdfast(
            self.host, more + "global_defs {\n script_user root\n enable_script_security\n"
            f" checker_log_all_failures\n}}\nvirtual_server {VIP} 80 {{\n delay_loop 60\n warmup 0\n"
            f" retry 0\n connect_timeout {LIMIT}\n lb_algo rr\n lb_kind NAT\n protocol TCP\n"
            + blocks + "}\n").start()
        found = {}

        def complete():
            for port, said in re.findall(rf"[A-Z]+_[A-Z]+ of \[{re.escape(SERVER)}\]:tcp:(\d+) for "
                                         r"VS \S+ (.*)", director.text()):
                found.setdefault(int(port), said)
            return len(found) == len(checks)
        try:
            wait_until(complete, 15, "a verdict of every check")
        except TimeoutError:
            self.fail(f"only {found}\n{director.text()}")
        return found

    def memory_of_checkers(self):
        """The most that the worker has ever had, in KiB."""
        with open(f"/proc/{self.director.pid('checkers')}/status") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))
