"""What the kernel counts for services of several keys and of firewall marks: statistics beside those
of ipvsadm, and drains that wait for the connections of all keys. Needs IPVS: started by
connections_test.py inside user-mode-linux."""
import itertools
import json
import os
import tempfile
import time
import unittest

from lab.daemons import Holdfast
from lab.net import Lab
from lab.wait import wait_until

VIP, SERVER = "10.78.0.100", "10.78.0.11"
# Name as ipvsadm has it -> address, port and mark of a client. The kernel does not change the port of
# marked packets when the service is persistent.
KEYS = {f"TCP {VIP}:80": (VIP, 80, 0), "TCP 10.78.0.101:91": ("10.78.0.101", 91, 0),
        "TCP 10.78.0.102:91": ("10.78.0.102", 91, 0), "FWM 12": (VIP, 81, 12)}
GROUP = f"""virtual_server_group G {{
    {VIP} 80
    10.78.0.101-102 91
    fwmark 12
}}
"""


def service(head, *ports, more=""):
    servers = "".join(f"real_server {SERVER} {port} {{\n weight 1\n TCP_CHECK {{\n connect_timeout 1\n }}\n}}\n"
                      for port in ports)
    return (f"virtual_server {head} {{\n delay_loop 1\n warmup 0\n retry 0\n lb_algo rr\n lb_kind NAT\n"
            f" protocol TCP\n drain_timeout 60\n {more}\n{servers}}}\n")


class ConnectionsTest(unittest.TestCase):
    def setUp(self):
        self.lab = Lab(tempfile.mkdtemp(prefix="connections-"))
        self.lab.__enter__()
        self.addCleanup(self.lab.__exit__, None, None, None)
        self.host = self.lab.host("d", "10.78.0.1/24", f"{VIP}/32", "10.78.0.101/32", "10.78.0.102/32")
        self.farm = self.lab.host("s", f"{SERVER}/24")
        self.held = itertools.count()
        for port in (81, 82):
            self.farm.popen("/usr/bin/python3", "-m", "lab.traffic", "server", "one", str(port))
        for port in (81, 82):
            wait_until(lambda: f":{port} " in self.farm.run("ss", "-Hltn"), 30, "the server")

    def rows(self, *options):
        """key -> (its numbers, server -> its numbers)"""
        found, key = {}, None
        for row in self.host.run("ipvsadm", "-ln", *options).splitlines():
            fields = row.split()
            if fields[0] in ("TCP", "FWM"):
                key = " ".join(fields[:2])
                found[key] = (fields[2:], {})
            elif fields[0] == "->" and key:
                found[key][1][fields[1]] = fields[2:]
        return found

    def weights(self, port):
        """Of a server, by key."""
        return {key: int(servers[f"{SERVER}:{port}"][1]) for key, (_, servers) in self.rows().items()
                if f"{SERVER}:{port}" in servers}

    def active(self, port):
        """Connections of a server that are established, under all keys."""
        return sum(int(servers[f"{SERVER}:{port}"][2]) for _, servers in self.rows().values()
                   if f"{SERVER}:{port}" in servers)

    def hold(self, count, key):
        """Holds busy connections. Returns a function that closes them and tells."""
        address, port, mark = KEYS[key]
        name = f"held{next(self.held)}"
        log, end = self.lab.path(name + ".log"), self.lab.path(name + ".end")
        process = self.host.popen("/usr/bin/python3", "-m", "lab.held", address, str(port), str(count), end,
                                  str(mark), log=log)
        wait_until(lambda: f"connected {count}" in open(log).read(), 20, f"connections to {key}")

        def release():
            open(end, "w").close()
            process.wait(20)
            return open(log).read().splitlines()[-1]
        return release

    def start(self, config, ports, keys):
        director = Holdfast(self.host, config).start()
        try:
            for port in ports:
                wait_until(lambda: self.weights(port) == dict.fromkeys(keys, 1), 20, f"{port} in every row")
        except TimeoutError:
            self.fail(f"{self.rows()}\n{director.text()}")
        return director

    def summed(self, option):
        """What ipvsadm says: of the service (None), and of its servers, each summed over the keys."""
        found = {}
        for numbers, destinations in self.rows(option, "--exact").values():
            for name, values in (*destinations.items(), (None, numbers)):
                if all(value.isdecimal() for value in values):
                    found.setdefault(name, []).append([int(value) for value in values])
        return {name: [sum(column) for column in zip(*lists)] for name, lists in found.items()}

    def test_statistics_are_those_of_ipvsadm(self):
        director = self.start(GROUP + service("group G", 81, 82, more="persistence_timeout 60"), (81, 82), KEYS)
        for count, key in enumerate(KEYS, 1):
            self.hold(count, key)
        names = ("connections", "packets_in", "packets_out", "bytes_in", "bytes_out")
        servers = [f"{SERVER}:81", f"{SERVER}:82"]

        def agree():
            """The kernel adds up every 2 s: what it says before and behind ours is the same mostly."""
            theirs = [self.summed("--stats"), self.summed("--rate")]
            status, text = director.ask("servers", "--stats", "--format", "json")
            self.assertEqual(status, 0, text)
            if theirs != [self.summed("--stats"), self.summed("--rate")]:
                return False
            found, = json.loads(text)["services"]
            for kind, counted in zip(("total", "per_second"), theirs):
                for one, name in ((found, None), *zip(found["servers"], servers)):
                    self.assertEqual([one["statistics"][kind][word] for word in names], counted[name], (kind, name))
            self.said = found
            return self.said["statistics"]["total"]["connections"] == 10
        wait_until(agree, 20, "the kernel to have counted all connections")
        self.assertGreater(self.said["statistics"]["per_second"]["packets_in"], 0)
        self.assertEqual(self.said["statistics_unknown"], [])

        # Weight, persistent, active and inactive connections.
        open_ones = self.summed("--persistent-conn")
        self.assertEqual([[server["weight"] * len(KEYS)] + [server["statistics"][word + "_connections"] for word in
                          ("persistent", "active", "inactive")] for server in self.said["servers"]],
                         [open_ones[name] for name in servers])
        self.assertEqual(sum(open_ones[name][2] for name in servers), 10)

        status, text = director.ask("servers", "--stats", "G")
        self.assertEqual(status, 0, text)
        self.assertRegex(text, r"\n  10 connections, \d+ packets and \d+ bytes in, .*; per second 0 connections, ")
        self.assertRegex(text, r"\n    \d+ active, 0 inactive, \d+ persistent connections\n    TCP_CHECK up since ")
        self.assertNotIn("packets", director.ask("servers")[1])
        self.assertEqual(director.ask("servers", "--format", "xml"),
                         (1, "holdfast servers: --format needs text or json"))
        self.assertEqual(director.ask("servers", "--format=json", "nosuch"), (1, "there is no virtual server nosuch"))
        self.host.run("ipvsadm", "-Z")
        wait_until(lambda: "\n  0 connections, " in director.ask("servers", "--stats")[1], 10, "zeroed counters")

    def drains(self, director, keys, begin):
        """Holds connections to every key, begins a drain of server 81, and closes them key by key."""
        released = {key: self.hold(count, key) for count, key in enumerate(keys, 3)}
        begin()
        wait_until(lambda: self.weights(81) == dict.fromkeys(keys, 0), 10, "weight 0 under every key")
        left = sum(range(3, 3 + len(keys)))
        for count, (key, release) in enumerate(released.items(), 3):
            wait_until(lambda: self.active(81) == left, 20, f"{left} connections")
            time.sleep(1.5)  # that it stays is what is tested
            self.assertEqual(self.weights(81), dict.fromkeys(keys, 0), f"before the end of {key}")
            self.assertEqual(release(), "ended: 0 reset, 0 unanswered")
            left -= count
        wait_until(lambda: self.weights(81) == {}, 20, "the end of the drain")
        self.assertIn(f"service [{SERVER}]:tcp:81 of VS", director.text())
        self.assertEqual(self.weights(82), dict.fromkeys(keys, 1))

    def test_a_drain_waits_for_the_connections_of_all_keys(self):
        director = self.start(GROUP + service("group G", 81), (81,), KEYS)

        def by_an_operator():
            director.load(GROUP + service("group G", 81, 82))
            wait_until(lambda: self.weights(82) == dict.fromkeys(KEYS, 1), 10, "82")
            self.assertEqual(director.ask("drain", f"{SERVER}:81")[0], 0)
        self.drains(director, list(KEYS), by_an_operator)

    def test_a_drain_of_a_firewall_mark_waits_for_its_connections(self):
        director = self.start(service("fwmark 12", 81), (81,), ["FWM 12"])
        self.drains(director, ["FWM 12"], lambda: director.load(service("fwmark 12", 82)))


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
