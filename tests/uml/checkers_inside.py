"""Checks against servers of every kind, and what reaches the kernel's table. Needs IPVS: started by
checkers_test.py inside user-mode-linux."""
import os
import re
import signal
import tempfile
import threading
import time
import unittest

from lab import servers
from lab.daemons import Holdfast, Keepalived
from lab.mail import MailServer, header
from lab.net import Lab, run
from lab.wait import wait_until

VIP = "10.78.0.100"
SERVER = "10.78.0.11"
KILLS = 50
RELOADS = 100

TCP = "TCP_CHECK {\n connect_timeout 1\n }"
HTTP = """HTTP_GET {{
    url {{
        path /
        {accept}
    }}
    connect_timeout {limit}
}}"""


def http(accept="status_code 200", limit=2):
    return HTTP.format(accept=accept, limit=limit)


def real_server(port, check=TCP, more="", weight=1):
    return f"real_server {SERVER} {port} {{\n weight {weight}\n {more}\n {check}\n}}\n"


def service(*real_servers, more=""):
    return (f"virtual_server {VIP} 80 {{\n delay_loop 1\n retry 0\n delay_before_retry 1\n"
            f"lb_algo wrr\n lb_kind NAT\n protocol TCP\n {more}\n" + "".join(real_servers) + "}\n")


class CheckersTest(unittest.TestCase):
    def setUp(self):
        self.lab = Lab(tempfile.mkdtemp(prefix="checkers-"))
        self.lab.__enter__()
        self.addCleanup(self.lab.__exit__, None, None, None)
        os.chmod(self.lab.folder, 0o755)
        self.host = self.lab.host("d", "10.78.0.1/24", f"{VIP}/32")
        self.farm = self.lab.host("s", f"{SERVER}/24")

    def serve(self, *ports):
        """Starts real servers ("81:good") and waits until they listen."""
        process = self.farm.popen("/usr/bin/python3", "-m", "lab.servers", SERVER, *ports,
                                  log=self.lab.path("servers.log"))
        for item in ports:
            port = int(item.split(":")[0])
            wait_until(lambda: f"{SERVER}:{port} " in self.farm.run("ss", "-Hltn"), 30, "the server")
        return process

    def end(self, process):
        process.kill()
        process.wait()

    def start(self, config, *options):
        return Holdfast(self.host, "global_defs {\n script_user root\n}\n" + config,
                        options=options).start()

    def reload(self, director, config):
        director.load("global_defs {\n script_user root\n}\n" + config)

    def table(self, host=None):
        """Weight by port of the real server; None where the service does not exist."""
        rows = (host or self.host).run("ipvsadm", "-Ln").splitlines()
        if not any(row.startswith(f"TCP  {VIP}:80") for row in rows):
            return None
        found = {}
        for row in rows:
            fields = row.split()
            if fields and fields[0] == "->" and fields[1].startswith(SERVER):
                found[int(fields[1].split(":")[1])] = int(fields[3])
        return found

    def wait_for_table(self, wanted, deadline=8):
        try:
            wait_until(lambda: self.table() == wanted, deadline, f"the table {wanted}")
        except TimeoutError:
            self.fail(f"the table is {self.table()}, not {wanted}")

    def connections(self, port):
        """How many connections the kernel sent there since the destination was added."""
        for row in self.host.run("ipvsadm", "-Ln", "--stats", "--exact").splitlines():
            fields = row.split()
            if fields[:2] == ["->", f"{SERVER}:{port}"]:
                return int(fields[2])
        return None

    def connect(self, count, ports):
        """Makes connections; returns how many the kernel counted for each port.

        It adds them up only every 2 s.
        """
        self.host.run("/usr/bin/python3", "-c",
                      "import socket\n"
                      f"for _ in range({count}): socket.create_connection(('{VIP}', 80), 2).close()")
        wait_until(lambda: sum(map(self.connections, ports)) == count, 5, "the kernel's count")
        return [self.connections(port) for port in ports]

    def test_every_kind_of_server_gets_its_verdict(self):
        digest = f"digest {servers.PAGE_DIGEST}"
        cases = [("good", http(), True), ("good", http(digest), True), ("other", http(digest), False),
                 ("error", http(), False), ("error", http("status_code 503"), True),
                 ("large", http(limit=10), True), ("unsized", http(digest), True),
                 ("chunked", http(digest), True), ("silent", http(), False),
                 ("dripping", http(), False), ("endless_header", http(), False),
                 ("endless_body", http(digest), False), ("truncated", http(), False),
                 ("garbage", http(), False), ("closing", http(), False), ("resetting", http(), False),
                 ("silent", TCP, True), ("resetting", TCP, True)]
        ports = range(81, 81 + len(cases))
        self.serve(*(f"{port}:{name}" for port, (name, _, _) in zip(ports, cases)))
        refused = 81 + len(cases)
        director = self.start(service(*(real_server(port, check) for port, (_, check, _) in
                                        zip(ports, cases)), real_server(refused)))
        wanted = {port: 1 for port, (_, _, passes) in zip(ports, cases) if passes}
        self.wait_for_table(wanted, 20)
        for reason in ("timed out after 2 s", "a header of more than", "Connection refused",
                       "closed the connection", "status", "digest"):
            self.assertIn(reason, director.text())
        time.sleep(6)  # nothing comes back, and nothing grows
        self.assertEqual(self.table(), wanted)
        with open(f"/proc/{director.pid('checkers')}/status") as file:
            resident = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        self.assertLess(resident, 32 * 1024, "KiB")
        waiting = self.host.run("ss", "-Htan", "state", "time-wait")
        self.assertEqual(waiting, "", "probes leave no TIME_WAIT behind")

    def test_the_table_is_in_another_namespace_than_the_checks(self):
        self.serve("81:good")
        other = self.lab.host("t", "10.78.0.2/24")  # from where the checks would pass as well
        other.cut_off()
        text = f"net_namespace_ipvs {other.namespace}\n" + service(real_server(81), real_server(82))
        director = self.start(text + f"global_defs {{\n lvs_sync_daemon eth0 id 7\n}}\n")
        wait_until(lambda: self.table(other) == {81: 1}, 20, "the table there")
        self.assertIsNone(self.table(), "and not here")
        wait_until(lambda: "syncid=7" in other.run("ipvsadm", "-ln", "--daemon"), 5, "the sync daemon")
        self.assertNotIn("syncid=7", self.host.run("ipvsadm", "-ln", "--daemon"))
        director.replace_worker("checkers", 5)
        other.run("ipvsadm", "-C")
        wait_until(lambda: self.table(other) == {81: 1}, 10, "the new worker puts it right")
        self.reload(director, text)
        self.assertEqual(self.table(other), {81: 1})
        self.assertEqual(director.stop()[0], 0)
        self.assertIsNone(self.table(other))
        director = self.start("net_namespace_ipvs\n" + service(real_server(81)))
        wait_until(lambda: f"TCP  {VIP}:80" in run("ipvsadm", "-Ln"), 20, "the table of the initial namespace")
        self.assertIsNone(self.table())

    def test_the_fifo_gets_the_lines_of_keepalived(self):
        fifo, output = self.lab.path("fifo"), self.lab.path("lines")
        reader = self.lab.write("reader", f'#!/bin/sh\nexec cat "$1" >> {output}\n', 0o755)
        globals_ = (f"global_defs {{\n script_user root\n lvs_notify_fifo {fifo}\n"
                    f" lvs_notify_fifo_script {reader}\n}}\n")
        config = globals_ + service(real_server(81), real_server(82), more="quorum 2")

        def content():
            return open(output, "rb").read() if os.path.exists(output) else b""

        def wait_for(line):
            wait_until(lambda: line in content(), 15, f"{line}, found {content()}")
        # 2.2.7 has no NUL behind each line, which 2.4.3 has, and says at the start that the service is up.
        found = []
        server, vs = "[10.78.0.11]:tcp:", "[10.78.0.100]:tcp:80"
        for kind in (Keepalived, Holdfast):
            first, second = self.serve("81:good"), self.serve("82:good")
            director = kind(self.host, config).start()
            self.wait_for_table({81: 1, 82: 1}, 20)
            time.sleep(2)  # the first verdicts; nothing is told of them
            self.end(second)
            wait_for(f"VS {vs} DOWN\n".encode())
            second = self.serve("82:good")
            up, down = f"VS {vs} UP\n".encode(), f"VS {vs} DOWN\n".encode()
            wait_until(lambda: content().rfind(up) > content().rfind(down), 15, "it is up again")
            self.end(first)
            wait_until(lambda: content().count(b" DOWN") == 4, 15, "the other one")
            found.append(content())
            self.assertEqual(director.stop()[0], 0)
            self.assertFalse(os.path.exists(fifo))
            os.remove(output)
            self.end(second)
        self.assertEqual(found[1].replace(b"\0", b""), found[0].removeprefix(up))
        self.assertIn(f"RS {server}82 {vs} DOWN\n\0".encode(), found[1])

    def test_memory_is_locked_on_demand(self):
        def locked():
            try:
                with open(f"/proc/{director.pid('checkers')}/status") as file:
                    return next(int(line.split()[1]) for line in file if line.startswith("VmLck"))
            except (FileNotFoundError, ValueError):
                return 0  # its pid is not written yet
        director = self.start("global_defs {\n checker_no_swap\n}\n" + service(real_server(81)))
        wait_until(lambda: locked() > 1000, 10, "its memory")
        self.assertNotIn("cannot keep", director.text())
        self.reload(director, service(real_server(81)))
        wait_until(lambda: locked() == 0, 5, "it is free again")
        self.reload(director, "global_defs {\n checker_no_swap\n}\n" + service(real_server(81)))
        wait_until(lambda: locked() > 1000, 5, "and locked again")

    def test_a_process_that_wakes_up_late_gets_realtime_and_then_more(self):
        director = self.start("global_defs {\n max_auto_priority 2\n min_auto_priority_delay 300000\n"
                              " checker_rlimit_rttime 5000000\n}\n" + service(real_server(81)))
        wait_until(lambda: "Removing service" in director.text(), 15, "the start")
        pid = director.pid("checkers")
        self.assertEqual(os.sched_getscheduler(pid), os.SCHED_OTHER)
        for priority in (1, 2, 2):
            os.kill(pid, signal.SIGSTOP)
            time.sleep(1)  # that it sleeps too long is what is tested
            os.kill(pid, signal.SIGCONT)
            wait_until(lambda: os.sched_getparam(pid).sched_priority == priority, 5, f"priority {priority}")
        time.sleep(1)  # it is the absence of an event that is tested
        self.assertEqual(os.sched_getparam(pid).sched_priority, 2)
        self.assertEqual(os.sched_getscheduler(pid) & ~os.SCHED_RESET_ON_FORK, os.SCHED_RR)
        self.assertIn("s late: its realtime priority is 2 now", director.text())
        with open(f"/proc/{pid}/limits") as file:
            self.assertRegex(file.read(), r"Max realtime timeout\s+2500000\s+5000000")

    def test_the_name_of_core_dumps_is_changed_and_put_back(self):
        def pattern():
            with open("/proc/sys/kernel/core_pattern") as file:
                return file.read().strip()
        before = pattern()
        director = self.start(service(real_server(81)), "-M/tmp/core.%e.%p")
        wait_until(lambda: pattern() == "/tmp/core.%e.%p", 10, "the pattern")
        wait_until(lambda: os.path.exists(director.pid_file("checkers")), 10, "the start")
        self.assertEqual(director.stop()[0], 0)
        self.assertEqual(pattern(), before)

    def test_ping(self):
        away = "real_server 10.78.0.99 90 {\n PING_CHECK {\n connect_timeout 1\n }\n }\n"
        ping = real_server(81, "PING_CHECK {\n connect_timeout 1\n }")
        director = self.start(service(ping, away))
        wait_until(lambda: "Removing service [10.78.0.99]:tcp:90 from VS" in director.text(), 8,
                   "the verdict")
        self.wait_for_table({81: 1})
        self.assertNotIn("10.78.0.99", self.host.run("ipvsadm", "-Ln"))

    def test_quorum_sorry_server_and_scripts_in_order(self):
        output = self.lab.path("scripts.log")
        script = self.lab.write("note", f"#!/bin/sh\necho \"$@\" >> {output}\n", 0o755)
        notify = lambda port: f'notify_up "{script} up {port}"\n notify_down "{script} down {port}"'
        more = (f'quorum 2\n quorum_up "{script} gained"\n quorum_down "{script} lost"\n'
                f"sorry_server {SERVER} 99")
        open(output, "w").close()
        first, second = self.serve("81:good"), self.serve("82:good")
        self.start(service(real_server(81, more=notify(81)), real_server(82, more=notify(82)),
                           more=more))
        self.wait_for_table({81: 1, 82: 1})
        self.end(first)
        self.wait_for_table({99: 1})
        self.end(second)
        wait_until(lambda: "down 82" in open(output).read(), 8, "the script")
        self.assertEqual(self.table(), {99: 1})
        self.serve("81:good")
        wait_until(lambda: "up 81" in open(output).read(), 8, "the script")
        self.serve("82:good")
        self.wait_for_table({81: 1, 82: 1})
        wait_until(lambda: open(output).read().count("\n") == 6, 8, "the scripts")
        with open(output) as file:
            self.assertEqual(sorted(file.read().splitlines()),
                             ["down 81", "down 82", "gained", "lost", "up 81", "up 82"])

    def test_changes_are_mailed_as_keepalived_mails_them(self):
        mail = MailServer(self.host)
        config = ("global_defs {\n router_id d\n script_user root\n smtp_server 127.0.0.1 2525\n"
                  " smtp_helo_name h\n notification_email_from f@h\n"
                  " notification_email {\n t@h\n }\n}\n" +
                  service(real_server(81), real_server(82, http()), more="quorum 2\n smtp_alert"))
        found = []
        for kind in (Keepalived, Holdfast):
            first, second = self.serve("81:good"), self.serve("82:good")
            director = kind(self.host, config).start()
            self.wait_for_table({81: 1, 82: 1}, 15)
            if kind is Keepalived:  # 2.2.7 mails that the quorum is there at the start
                wait_until(lambda: len(mail.mails()) == 1, 15, "the first mail")
            mail.forget()
            wait = lambda count: wait_until(lambda: len(mail.mails()) == count, 15,
                                            f"{count} mails, found {mail.subjects()}")
            self.end(first)
            wait(2)
            first = self.serve("81:good")
            wait(4)
            self.end(second)
            wait(6)
            director.stop()
            self.end(first)
            found.append(sorted((header(one, "Subject"), one["content"].split("\r\n\r\n", 1)[1])
                                for one in mail.mails()))
        # The arithmetic of a lost quorum is that of keepalived's log, not of its mail; 2.4.3 says
        # HTTP/SSL.
        right = [(subject, body.replace("Lost quorum 2+0=2 <= 1", "Lost quorum 2-0=2 > 1")
                  .replace("HTTP request", "HTTP/SSL request")) for subject, body in found[0]]
        self.maxDiff = None
        # Why a check failed is in ours alone, behind keepalived's line.
        ours = [(subject, re.sub(r"(failed[^\r]* <=)\r\n[^\r]+", r"\1", body)) for subject, body in found[1]]
        self.assertEqual(ours, right)
        name = f"[d] Realserver [{SERVER}]:tcp:81 of virtual server [{VIP}]:tcp:80 - DOWN"
        self.assertIn((name, "=> TCP CHECK failed on service <=\r\nconnect: Connection refused\r\n\r\n"), found[1])

    def test_inhibit_on_failure_keeps_the_server_with_weight_0(self):
        process = self.serve("81:good")
        self.start(service(real_server(81, more="inhibit_on_failure", weight=5)))
        self.wait_for_table({81: 5})
        self.end(process)
        self.wait_for_table({81: 0})
        self.serve("81:good")
        self.wait_for_table({81: 5})

    def test_an_emptied_table_is_filled_again_and_a_changed_one_corrected(self):
        self.serve("81:good", "82:good")
        director = self.start(service(real_server(81), real_server(82)))
        self.wait_for_table({81: 1, 82: 1})
        self.host.run("ipvsadm", "-C")
        self.wait_for_table({81: 1, 82: 1}, 2)
        wait_until(lambda: "the IPVS table was changed by another program" in director.text(), 2, "the event")
        self.host.run("ipvsadm", "-e", "-t", f"{VIP}:80", "-r", f"{SERVER}:81", "-m", "-w", "9")
        self.host.run("ipvsadm", "-d", "-t", f"{VIP}:80", "-r", f"{SERVER}:82")
        self.host.run("ipvsadm", "-a", "-t", f"{VIP}:80", "-r", f"{SERVER}:83", "-m")
        self.wait_for_table({81: 1, 82: 1}, 3)
        self.host.run("ipvsadm", "-A", "-t", "10.78.0.200:80")  # somebody else's
        time.sleep(2.5)  # two looks at the table
        self.assertIn("10.78.0.200:80", self.host.run("ipvsadm", "-Ln"))
        self.assertEqual(director.stop()[0], 0)
        self.assertIsNone(self.table())
        self.assertIn("10.78.0.200:80", self.host.run("ipvsadm", "-Ln"))

    def test_a_reload_touches_only_what_changed(self):
        process = self.serve("82:good")
        self.serve("81:good", "83:good")
        director = self.start(service(real_server(81), real_server(82), real_server(83)))
        self.wait_for_table({81: 1, 82: 1, 83: 1})
        before = self.connect(9, (81, 82, 83))[0]
        self.assertGreater(before, 0)
        self.end(process)
        self.wait_for_table({81: 1, 83: 1})
        # 82 is known to be down and stays out; 83 gets another weight, 84 is new, 81 is untouched.
        self.serve("84:good")
        mark = time.monotonic()
        self.reload(director, service(real_server(81), real_server(82), real_server(83, weight=7),
                                      real_server(84)))
        self.wait_for_table({81: 1, 83: 7, 84: 1})
        self.assertLess(time.monotonic() - mark, 5)
        self.assertEqual(self.connections(81), before, "81 was removed and added again")
        self.reload(director, service(real_server(81)))
        self.wait_for_table({81: 1})
        self.assertEqual(self.connections(81), before)
        for _ in range(RELOADS):
            self.reload(director, service(real_server(81)))
            self.assertEqual(self.table(), {81: 1})
        self.assertEqual(self.connections(81), before, "an unchanged file touched the table")

    def ask(self, director, *words):
        tool = os.path.join(os.environ["HOLDFAST_BIN"], "holdfast")
        return self.host.run(tool, words[0], "--pid-file", director.pid_file("main"), *words[1:])

    def hold(self, count):
        """Holds busy connections to the service. Returns a function that closes them and tells."""
        log, end = self.lab.path("held.log"), self.lab.path("held.end")
        for path in (log, end):
            if os.path.exists(path):
                os.remove(path)
        process = self.host.popen("/usr/bin/python3", "-m", "lab.held", VIP, "80", str(count), end, log=log)
        wait_until(lambda: f"connected {count}" in open(log).read(), 20, "the connections")

        def release():
            open(end, "w").close()
            process.wait(20)
            return open(log).read().splitlines()[-1]
        return release

    def test_a_server_drains_with_100_connections_and_none_is_reset(self):
        echo = self.farm.popen("/usr/bin/python3", "-m", "lab.traffic", "server", "one", "81")
        other = self.farm.popen("/usr/bin/python3", "-m", "lab.traffic", "server", "two", "82")
        for port in (81, 82):
            wait_until(lambda: f":{port} " in self.farm.run("ss", "-Hltn"), 30, "the server")
        more = "drain_timeout 60"
        one = service(real_server(81), more=more)
        both = service(real_server(81), real_server(82), more=more)
        director = self.start(one)
        self.wait_for_table({81: 1})
        # An operator drains it.
        release = self.hold(100)
        self.reload(director, both)
        self.wait_for_table({81: 1, 82: 1})
        self.assertIn("81 of VS", self.ask(director, "drain", f"{SERVER}:81"))
        self.wait_for_table({81: 0, 82: 1})
        wait_until(lambda: "draining, 100 connections" in self.ask(director, "servers"), 5, "the count")
        director.replace_worker("checkers", 5)
        time.sleep(2)  # that nothing happens is what is tested
        self.assertEqual(self.table(), {81: 0, 82: 1})
        self.assertEqual(release(), "ended: 0 reset, 0 unanswered")
        self.wait_for_table({82: 1}, 20)
        self.assertRegex(director.text(), r"service \S+:81 of VS \S+ (is removed with|has no connections left)")
        self.ask(director, "undrain", f"{VIP}:80", f"{SERVER}:81")
        self.wait_for_table({81: 1, 82: 1})
        # A reload removes it.
        self.reload(director, one)
        self.wait_for_table({81: 1}, 20)
        release = self.hold(100)
        self.reload(director, service(real_server(82), more=more))
        self.wait_for_table({81: 0, 82: 1})
        director.replace_worker("checkers", 5)
        # Closed ones of the first drain count as well for a while.
        wait_until(lambda: re.search(r":81: no longer configured, draining, [1-9]\d\d connections",
                                     self.ask(director, "servers")), 10, "that the new worker knows of it")
        time.sleep(2)  # that nothing happens is what is tested
        self.assertEqual(self.table(), {81: 0, 82: 1})
        self.assertEqual(release(), "ended: 0 reset, 0 unanswered")
        self.wait_for_table({82: 1}, 20)
        for server in (echo, other):
            self.end(server)

    def test_starting_beside_a_correct_table_sends_nothing(self):
        self.serve("81:good", "82:good")
        config = service(real_server(81), real_server(82))
        first = self.start(config, "-I")
        self.wait_for_table({81: 1, 82: 1})
        before = self.connect(4, (81, 82))
        self.assertEqual(first.stop()[0], 0)
        self.assertEqual(self.table(), {81: 1, 82: 1}, "-I keeps the table")
        second = self.start(config)
        wait_until(lambda: "Starting Holdfast" in second.text(), 5, "the start")
        time.sleep(2)  # a look at the table and the first verdicts
        self.assertEqual([self.connections(81), self.connections(82)], before)
        second.stop()
        self.assertIsNone(self.table())

    def test_a_killed_worker_changes_nothing_in_the_table(self):
        down = self.serve("82:good")
        self.serve("81:good", "83:good")
        more = f"quorum 3\n hysteresis 1\n sorry_server {SERVER} 99"
        director = self.start(service(real_server(81), real_server(82), real_server(83), more=more))
        self.wait_for_table({81: 1, 82: 1, 83: 1})
        self.end(down)
        wanted = {81: 1, 83: 1}  # the quorum of 3 is held by its hysteresis
        self.wait_for_table(wanted)
        before = self.connect(4, (81, 83))
        pauses, seen, done = [], set(), threading.Event()

        def watch():
            while not done.is_set():
                seen.add(tuple(sorted(self.table().items())))
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            for _ in range(KILLS):
                pauses.append(self.kill_worker(director))
        finally:
            done.set()
            watcher.join()
        self.assertEqual(seen, {tuple(sorted(wanted.items()))})
        self.assertEqual([self.connections(81), self.connections(83)], before)
        print(f"{KILLS} kills, a new worker after {max(pauses) * 1000:.0f} ms at most ", end="")

    def kill_worker(self, director):
        pause = director.replace_worker("checkers", 5)
        time.sleep(0.6)  # long enough not to be taken for a crash loop
        return pause


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
