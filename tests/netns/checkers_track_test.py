"""What is kept of checks and decided from them, without a look at the kernel's table."""
import os
import signal
import time

import checks_setup as setup
from checks_setup import SERVER, VIP
from lab.daemons import Holdfast
from lab.wait import wait_until


def server(port, check="TCP_CHECK {\n }", more=""):
    return f"real_server {SERVER} {port} {{\n {more}\n {check}\n}}\n"


def service(*servers, more="", vip=VIP):
    return (f"virtual_server {vip} 80 {{\n delay_loop 0.2\n warmup 0\n retry 0\n delay_before_retry 0.2\n"
            f" connect_timeout 1\n lb_algo rr\n lb_kind NAT\n protocol TCP\n {more}\n"
            + "".join(servers) + "}\n")


class TrackTest(setup.ChecksLab):
    def serve_pages(self, *ports):
        process = self.farm.popen("/usr/bin/python3", "-m", "lab.servers", SERVER,
                                  *[f"{port}:good" for port in ports], log=self.lab.path("servers.log"))
        for port in ports:
            wait_until(lambda: f"{SERVER}:{port} " in self.farm.run("ss", "-Hltn"), 10, "the server")
        return process

    def start(self, config):
        director = Holdfast(self.host, "global_defs {\n script_user root\n}\n" + config).start()
        wait_until(lambda: director.ask("servers")[0] == 0, 10, "the control socket")
        return director

    def state(self, director, port):
        """The lines of one server: its own and those of its checks."""
        status, text = director.ask("servers")
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
        process = self.serve_pages(81)
        director = self.start(service(server(81), server(82)))
        self.wait_for(director, 82, "TCP_CHECK down since ")
        self.assertRegex(self.state(director, 82)[1], r"since 20\d\d-\d\d-\d\d .*: connect: Connection refused")
        self.wait_for(director, 81, "TCP_CHECK up since ")
        process.kill()
        process.wait()
        self.wait_for(director, 81, "down since ")
        decided = self.state(director, 81)[1].split(";")[0]
        director.replace_worker("checkers", 5)
        wait_until(lambda: director.ask("servers")[0] == 0, 5, "the new worker")
        self.assertIn(decided, self.state(director, 81)[1])
        status, text = director.ask("servers", "10.77.0.200:80")
        self.assertEqual((status, text), (1, "there is no virtual server 10.77.0.200:80"))
        self.assertEqual(director.ask("servers", f"{VIP}:80"), director.ask("servers"))
        self.assertEqual(director.stop()[0], 0)
        self.assertEqual(director.ask("servers")[0], 2)

    def test_a_process_that_stands_still_is_named_to_the_operator(self):
        director = self.start(service(server(81)))
        director.signal(signal.SIGSTOP, "checkers")
        status, text = director.ask("servers")
        self.assertEqual((status, text), (1, "holdfast-checkers gives no answer within 10 s"))
        director.signal(signal.SIGCONT, "checkers")
        self.assertEqual(director.ask("servers")[0], 0)

    def test_services_that_name_the_same_target_share_a_probe(self):
        process = self.serve_pages(81)
        shared = "".join(service(server(81), vip=f"10.77.1.{number}") for number in range(1, 101))
        other = service(server(81, "TCP_CHECK {\n retry 1\n }"), vip="10.77.1.101")
        director = self.start((shared + other).replace("delay_loop 0.2", "delay_loop 1")
                              .replace("warmup 0", "warmup 1"))
        wait_until(lambda: director.ask("servers")[1].count("TCP_CHECK up since ") == 101, 10, "the first verdicts")
        before = self.accepted()
        time.sleep(5)  # it is a rate that is measured
        self.assertIn(self.accepted() - before, range(8, 13), "two probes a second for 101 services")
        process.kill()
        process.wait()
        wait_until(lambda: director.text().count("Removing service") == 101, 10, "all of them hear of it")
        self.serve_pages(81)
        wait_until(lambda: director.text().count("Adding service") == 101, 10, "and of its return")
        director.stop()

    def test_rise_and_fall_count(self):
        director = self.start(service(server(81), more="rise 3\n fall 2"))
        self.wait_for(director, 81, "down since ")
        connections = self.serve_pages(81)
        self.wait_for(director, 81, "up since ")
        connections.kill()
        self.wait_for(director, 81, "down since ")
        self.assertIn("succeeds: passed", director.text())

    def restart(self, director, number=signal.SIGTERM):
        """Ends the daemon and starts it again; returns what the second one's log says."""
        if number == signal.SIGTERM:
            self.assertEqual(director.stop()[0], 0)
        else:
            workers = [director.pid("checkers")]
            director.signal(number)
            wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in workers), 10, "its end")
        return self.start_again(director)

    def start_again(self, director):
        director.start()  # with an empty log
        wait_until(lambda: director.ask("servers")[0] == 0, 10, "the new daemon")
        return director.text()

    def test_verdicts_outlive_the_daemon(self):
        # Checks that do not come again within the test: what is known is what was kept.
        slow = "delay_loop 100\n warmup 0"
        self.serve_pages(81)
        for number in (signal.SIGTERM, signal.SIGKILL):
            director = self.start(service(server(81), server(82), more=slow))
            self.wait_for(director, 82, "down since ")
            self.wait_for(director, 81, "up since ")
            decided = self.state(director, 82)[1].split(";")[0]
            wait_until(lambda: os.path.exists(director.pid_file("main").replace(".pid", ".state")), 5,
                       "the state")
            director.load(director_text(director).replace("warmup 0", "warmup 100"))
            wait_until(lambda: self.saved(director, "refused"), 5, "the verdicts in the file")
            self.restart(director, number)
            self.assertEqual(self.state(director, 82), [f"[{SERVER}]:tcp:82: down, weight 1", decided])
            self.assertIn("up since", self.state(director, 81)[1])
            self.assertEqual(director.stop()[0], 0)

    def saved(self, director, text):
        with open(director.pid_file("main").replace(".pid", ".state"), "rb") as file:
            return text.encode() in file.read()

    def test_state_that_is_not_ours_is_left_alone(self):
        self.serve_pages(81)
        director = self.start(service(server(81)))
        self.wait_for(director, 81, "up since ")
        self.assertEqual(director.stop()[0], 0)
        path = director.pid_file("main").replace(".pid", ".state")
        for change in (lambda content: b"", lambda content: content[:-3], lambda content: bytes(1 << 20),
                       lambda content: content.replace(b"\n", b"\nx", 1)):
            with open(path, "rb") as file:
                content = file.read()
            with open(path, "wb") as file:
                file.write(change(content))
            said = self.start_again(director)
            self.assertIn("is not used: it is ", said)
            self.wait_for(director, 81, "up since ")
            self.assertEqual(director.stop()[0], 0)

    def test_a_check_that_changes_keeps_the_verdict_until_its_first_result(self):
        slow = "delay_loop 100\n warmup 100"
        self.serve_pages(81, 83)
        director = self.start(service(server(81), server(82)))
        self.wait_for(director, 82, "down since ")
        self.wait_for(director, 81, "up since ")

        def reload(*servers, more=slow):
            director.load("global_defs {\n script_user root\n}\n" + service(*servers, more=more))
        # Another port: down stays down, up stays up. A second check changes neither.
        elsewhere = "TCP_CHECK {\n connect_port 83\n }"
        reload(server(81, elsewhere), server(82, elsewhere))
        self.assertIn("82: down", self.state(director, 82)[0])
        self.assertIn("81: up", self.state(director, 81)[0])
        both = elsewhere + "\n TCP_CHECK {\n connect_port 84\n }"
        reload(server(81, both), server(82, both))
        self.assertEqual(["down" in line for line in self.state(director, 82)], [True] * 3)
        self.assertEqual(["up" in line for line in self.state(director, 81)], [True] * 3)
        self.assertNotIn("Adding service", director.text().split("Reloading", 1)[1])
        # The first success of the changed check brings it in.
        reload(server(81, elsewhere), server(82, elsewhere), more="")
        self.wait_for(director, 82, "82: up")
        self.assertIn(f"Adding service [{SERVER}]:tcp:82", director.text())

    def test_an_operators_word_lasts(self):
        self.serve_pages(81, 82)
        director = self.start(service(server(81), server(82)))
        self.wait_for(director, 81, "up since ")
        status, text = director.ask("maint", f"{VIP}:80", f"{SERVER}:81")
        self.assertEqual((status, text), (0, f"[{SERVER}]:tcp:81 of VS [{VIP}]:tcp:80: up, in maintenance"))
        self.assertEqual(director.ask("drain", f"{SERVER}:82")[0], 0)
        self.assertEqual(director.ask("drain", "10.77.0.99")[0], 1)
        self.assertIn("Lost quorum", director.text())

        def is_kept():
            self.assertIn("up, in maintenance", self.state(director, 81)[0])
            self.assertIn("draining", self.state(director, 82)[0])
        director.replace_worker("checkers", 5)
        wait_until(lambda: director.ask("servers")[0] == 0, 5, "the new worker")
        is_kept()
        director.load(director_text(director) + "\n")
        is_kept()
        self.restart(director)
        is_kept()
        for port in (81, 82):
            self.assertEqual(director.ask("undrain", f"{SERVER}:{port}")[0], 0)
            self.assertIn(": up, weight 1", self.state(director, port)[0])
        self.assertIn("Gained quorum", director.text())

    def test_distrust_keeps_servers_in(self):
        process = self.serve_pages(81, 82, 83)
        director = self.start(service(*map(server, (81, 82, 83)), more="panic_threshold 50"))
        for port in (81, 82, 83):
            self.wait_for(director, port, "up since ")
        process.kill()
        wait_until(lambda: "servers look alive, fewer than 50 %" in director.text(), 5, "the event")
        for port in (81, 82, 83):
            self.wait_for(director, port, "down, kept in use")
        self.serve_pages(81, 82, 83)
        wait_until(lambda: "the checks are trusted again" in director.text(), 5, "the event")
        for port in (81, 82, 83):
            self.wait_for(director, port, ": up, weight 1")
        self.assertNotIn("Lost quorum", director.text())


def director_text(director):
    with open(director.config) as file:
        return file.read()


if __name__ == "__main__":
    setup.main(together=2)
