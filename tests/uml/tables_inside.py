"""What each form of virtual_server is in the kernel's table, beside keepalived. Needs IPVS: started
by tables_test.py inside user-mode-linux."""
import os
import tempfile
import time
import unittest

from lab.daemons import Holdfast, Keepalived
from lab.net import Lab
from lab.wait import wait_until


def service(head, *real_servers, method="lb_algo wrr\nlvs_method NAT\nprotocol TCP"):
    servers = "".join("real_server {} {{\nweight 3\n{}\n}}\n".format(*(server + "\0").split("\0")[:2])
                      for server in real_servers)
    return f"virtual_server {head} {{\ndelay_loop 1\n{method}\n{servers}}}\n"


def dr(more=""):
    return f"lb_algo rr\nlvs_method DR\nprotocol TCP\n{more}"


def udp(more=""):
    return f"lb_algo rr\nlvs_method NAT\nprotocol UDP\n{more}"


FORMS = {
    "addresses": service("192.0.2.1 80", "10.0.0.1 81", "10.0.0.2 82")
    + service("2001:db8::1 80", "fd00::1 81"),
    "marks": service("fwmark 7", "10.0.0.1", "10.0.0.2", method=dr())
    + service("fwmark 8", "fd00::1", method=dr("ip_family inet6"))
    + service("fwmark 9", "10.0.0.1 81")
    + service("fwmark 10", "10.0.0.1 81", method=dr()),
    "a group of addresses, ranges and marks": """virtual_server_group G {
        192.0.2.1 80
        192.0.2.10-13 443
        fwmark 12
        }
        """ + service("group G", "10.0.0.1", "10.0.0.2", method=dr()),
    "a group of IPv6 addresses": """virtual_server_group SIX {
        2001:db8::a-c 80
        }
        """ + service("group SIX", "fd00::1 8080"),
    "a group that two services use": """virtual_server_group BOTH {
        192.0.2.1 53
        }
        """ + service("group BOTH", "10.0.0.1 53") + service("group BOTH", "10.0.0.1 53", method=udp()),
    "IPv6 servers of an IPv4 service": service(
        "192.0.2.1 80", "fd00::1 80", "10.0.0.1 80", method=dr().replace("DR", "TUN")),
    "tunnels": service("192.0.2.1 80", "10.0.0.1 80\0lvs_method TUN type ipip",
                       "10.0.0.2 80\0lvs_method TUN type gue port 5555",
                       "10.0.0.3 80\0lvs_method TUN type gue port 5555 csum",
                       "10.0.0.4 80\0lvs_method TUN type gue port 5555 remcsum",
                       "10.0.0.5 80\0lvs_method TUN type gre",
                       "10.0.0.6 80\0lvs_method TUN type gre csum", method=dr()),
    "persistence": service("192.0.2.1 0", "10.0.0.1 0", method=dr(
        "persistence_timeout 50\npersistence_granularity 255.255.255.0"))
    + service("192.0.2.1 443", "10.0.0.1 443", method=dr("persistence_timeout"))
    + service("2001:db8::1 443", "fd00::1 443", method=dr(
        "persistence_timeout 60\npersistence_granularity 64")),
    "a persistence engine": service("192.0.2.1 5060", "10.0.0.1 5060", method=udp(
        "ops\npersistence_engine sip\npersistence_timeout 60")),
    "flags of schedulers": service("192.0.2.1 80", "10.0.0.1 80", method=(
        "lb_algo sh\nsh-port\nsh-fallback\nlvs_method NAT\nprotocol SCTP"))
    + service("192.0.2.2 80", "10.0.0.1 80", method=(
        "lb_algo mh\nmh-port\nlvs_method NAT\nprotocol TCP\nhashed")),
    "thresholds": service("192.0.2.1 80", "10.0.0.1 80\0uthreshold 20\nlthreshold 10"),
}


class TablesTest(unittest.TestCase):
    def setUp(self):
        self.lab = Lab(tempfile.mkdtemp(prefix="tables-"))
        self.lab.__enter__()
        self.addCleanup(self.lab.__exit__, None, None, None)
        self.host = self.lab.host("d", "192.0.2.254/24")

    def table(self):
        return sorted(self.host.run("ipvsadm", "-Sn").splitlines())

    def settled(self):
        """The table once it has been the same, and not empty, for a second."""
        since, last = time.monotonic(), []

        def is_still():
            nonlocal since, last
            now = self.table()
            if now != last or not now:
                since, last = time.monotonic(), now
            return time.monotonic() - since > 1
        wait_until(is_still, 20, "a table")
        return last

    def test_every_form_is_in_the_table_as_keepalived_writes_it(self):
        for name, form in FORMS.items():
            config = form
            with self.subTest(name):
                found = []
                for kind in (Keepalived, Holdfast):
                    director = kind(self.host, config).start()
                    found.append(self.settled())
                    self.assertEqual(director.stop()[0], 0, director.text())
                    self.assertEqual(self.table(), [], "the end of " + director.kind)
                self.assertEqual(found[1], found[0])

    def test_a_group_does_without_marks_where_the_kernel_has_none(self):
        """nf_tables is not loaded here, and knows bridges only."""
        group = FORMS["a group of addresses, ranges and marks"].replace("fwmark 12\n", "")
        tables = []
        for setting in ("nftables_ipvs", ""):
            director = Holdfast(self.host, f"global_defs {{\n{setting}\n}}\n{group}").start()
            tables.append(self.settled())
            self.assertEqual(director.text().count("[marks]"), 1 if setting else 0,
                             director.text())
            self.assertEqual(director.stop()[0], 0)
            self.assertEqual(self.table(), [])
        self.assertEqual(tables[0], tables[1])
        self.assertEqual(sum(line.startswith("-A") for line in tables[0]), 5, tables[0])

    def test_timeouts_are_those_of_keepalived_and_put_back(self):
        def now():
            return self.host.run("ipvsadm", "-Ln", "--timeout").split()[-3:]
        before = now()
        config = FORMS["addresses"]
        text = "global_defs {\nlvs_timeouts tcp 77 udp 5\n}\n" + config
        for kind in (Keepalived, Holdfast):
            director = kind(self.host, text).start()
            wait_until(lambda: now() == ["77", before[1], "5"], 10, "the time-outs")
            if kind is Holdfast:
                self.settled()
                director.replace_worker("checkers", 5)
                director.load(config)
                self.assertEqual(now(), before)
                director.load(text)
                self.assertEqual(now(), ["77", before[1], "5"])
            self.assertEqual(director.stop()[0], 0)
            self.assertEqual(now(), before, director.kind)

    def test_receive_buffers_of_netlink_sockets(self):
        director = Holdfast(self.host, "global_defs {\nlvs_flush\nlvs_netlink_cmd_rcv_bufs 900000000\n"
                            "lvs_netlink_cmd_rcv_bufs_force\nlvs_netlink_monitor_rcv_bufs 800000000\n"
                            "lvs_netlink_monitor_rcv_bufs_force\n}\n"
                            + service("192.0.2.1 80", "10.0.0.1 81").replace(" {", " {\nha_suspend", 1)).start()
        self.settled()
        sockets = self.host.run("ss", "-f", "netlink", "-m")
        self.assertEqual(sockets.count("rb1800000000,"), 2, "requests and listings\n" + sockets)
        self.assertIn("rb1600000000,", sockets)  # more than once: ss lists a socket with groups again
        self.assertEqual(director.stop()[0], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
