"""The pair that the product exists for: two directors, two real servers and a client.

run() plays the scenario step by step and returns its figures; it raises where something is wrong.
The demo tells it as a story, the uml test asserts its figures. Needs IPVS in the kernel.
"""
import os
import sys
import time

from .daemons import KINDS
from .net import Lab
from .sniffer import Sniffer
from .traffic import Client
from .wait import wait_until

ADVERT = 0.1
VIP = "10.77.0.100"
GATEWAY = "10.78.0.254"  # virtual as well: the real servers answer through the active director
PRIORITY = {"a": 150, "b": 100}
WEIGHTS = {"web1": 3, "web2": 1}
SERVERS = {"web1": "10.78.0.11", "web2": "10.78.0.12"}

CONFIG = """
global_defs {{
    router_id {name}
    lvs_sync_daemon eth0 VI_1 id 51
}}
vrrp_instance VI_1 {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    version 3
    advert_int {advert}
    garp_master_delay 1
    virtual_ipaddress {{
        {vip}/24
        {gateway}/24
    }}
}}
virtual_server {vip} 80 {{
    delay_loop 1
    lb_algo wrr
    lb_kind NAT
    protocol TCP
    real_server {web1} 80 {{
        weight {weight1}
        TCP_CHECK {{
            connect_timeout 1
            retry 0
            delay_before_retry 1
        }}
    }}
    real_server {web2} 80 {{
        weight {weight2}
        HTTP_GET {{
            url {{
                path /
                status_code 200
            }}
            connect_timeout 1
            retry 0
            delay_before_retry 1
        }}
    }}
}}
"""


def skew(priority):
    return (256 - priority) / 256 * ADVERT


def down_interval(priority):
    """RFC 9568 6.1, in seconds."""
    return 3 * ADVERT + skew(priority)


class Pair:
    """The lab of the scenario, opened."""

    def __init__(self, lab, kinds, tell):
        self.lab = lab
        self.tell = tell
        self.figures = {}
        self.directors = {}
        for number, (name, kind) in enumerate(zip("ab", kinds), start=1):
            host = lab.host(name, f"10.77.0.{number}/24", f"10.78.0.{number}/24")
            for key, value in {"net.ipv4.ip_forward": 1, "net.ipv4.conf.all.rp_filter": 0,
                               "net.ipv4.conf.eth0.rp_filter": 0,
                               "net.ipv4.conf.all.send_redirects": 0,
                               "net.ipv4.conf.eth0.send_redirects": 0,
                               "net.ipv4.vs.conn_reuse_mode": 0}.items():
                host.sysctl(key, value)
            config = CONFIG.format(name=name, priority=PRIORITY[name], advert=ADVERT, vip=VIP,
                                   gateway=GATEWAY, weight1=WEIGHTS["web1"],
                                   weight2=WEIGHTS["web2"], **SERVERS)
            self.directors[name] = KINDS[kind](host, config)
        self.servers = {}
        for name, address in SERVERS.items():
            host = lab.host(name, f"{address}/24")
            host.ip("route", "add", "default", "via", GATEWAY)
            self.start_server(name)
        self.client_host = lab.host("client", "10.77.0.50/24")

    def start_server(self, name):
        self.servers[name] = self.lab.hosts[name].popen(
            sys.executable, "-m", "lab.traffic", "server", name, "80", log=self.lab.path("servers.log"))

    def kill_server(self, name):
        # popen() runs `ip netns exec`, which executes the program itself: it is the server's pid
        self.servers[name].kill()
        self.servers[name].wait()

    def table(self, director):
        return self.directors[director].host.run("ipvsadm", "-Ln")

    def holds(self, name):
        return self.directors[name].host.has_address(VIP)

    def since(self, begun):
        return time.monotonic() - begun


def start(pair):
    a, b = pair.directors["a"], pair.directors["b"]
    begun = time.monotonic()
    for director in (a, b):
        director.start()
    a.wait_for("MASTER", 10)
    wait_until(lambda: pair.holds("a"), 2, "the address on a")
    assert not pair.holds("b"), "both directors hold the address"
    pair.figures["election_s"] = pair.since(begun)
    pair.tell(f"a ({a.kind}, priority {PRIORITY['a']}) is elected over b ({b.kind}, priority "
              f"{PRIORITY['b']}): the higher priority wins")
    for name in "ab":
        wait_until(lambda: all(f"{s}:80" in pair.table(name) for s in SERVERS.values()), 10,
                   f"both servers in the table of {name}")


def spread(pair):
    pair.sniffer = Sniffer(pair.lab, pair.lab.wire, "br0")
    pair.client = Client(pair.client_host, VIP, 80)
    wait_until(lambda: len(pair.client.answers()) >= 100, 20, "100 answers")
    counts = pair.client.spread()
    ratio = counts.get("web1", 0) / max(1, counts.get("web2", 0))
    pair.figures["spread_web1_to_web2"] = ratio
    pair.tell(f"requests spread by weight {WEIGHTS['web1']}:{WEIGHTS['web2']}: {counts}")
    assert 2.5 < ratio < 3.5, f"spread {counts}"
    wait_until(lambda: pair.client.events(kind="echo"), 5, "the established connection")


def cut_off(pair):
    pair.tell("the network port of a goes down")
    begun = time.monotonic()
    pair.lab.hosts["a"].cut_off()
    wait_until(lambda: pair.holds("b"), 5, "the address on b")
    held = pair.since(begun)
    wait_until(lambda: pair.client.answers(begun + held), 5, "an answer through b")
    answered = pair.since(begun)
    adverts = [p for p in pair.sniffer.packets("vrrp") if p["priority"] == PRIORITY["b"]]
    last = [p["time"] for p in pair.sniffer.packets("vrrp") if p["priority"] == PRIORITY["a"]][-1]
    first = [p["time"] for p in adverts if p["time"] > last][0]
    pair.figures["takeover_after_last_advert_s"] = first - last
    pair.figures["takeover_address_s"] = held
    pair.tell(f"b holds the address {held:.3f} s later (down interval {down_interval(100):.3f} s; "
              f"{first - last:.3f} s after the last advert)")
    wait_until(lambda: pair.client.events(begun + answered, "echo"), 5, "the established connection")
    end = time.monotonic()
    lost = pair.client.events(begun, "lost")
    pause = pair.client.longest_pause(pair.client.answers(begun), begun, end)
    echo = pair.client.longest_pause(pair.client.events(begun, "echo"), begun, end)
    pair.figures["takeover_requests_lost"] = len(lost)
    pair.figures["takeover_longest_pause_s"] = pause
    pair.figures["takeover_established_pause_s"] = echo
    assert pair.client.is_connected(), "the established connection was cut"
    pair.tell(f"the client: {len(lost)} requests lost, longest pause {pause:.3f} s; the established "
              f"connection goes on after {echo:.3f} s")


def dead_server(pair):
    pair.tell("web1 dies")
    begun = time.monotonic()
    pair.kill_server("web1")
    wait_until(lambda: f"{SERVERS['web1']}:80" not in pair.table("b"), 5, "web1 leaving the table")
    pair.figures["dead_server_leaves_s"] = pair.since(begun)
    pair.tell(f"web1 leaves the table {pair.since(begun):.3f} s later (checked every second)")
    begun = time.monotonic()
    pair.start_server("web1")
    wait_until(lambda: f"{SERVERS['web1']}:80" in pair.table("b"), 5, "web1 in the table")
    pair.figures["server_returns_s"] = pair.since(begun)
    pair.tell(f"web1 is back {pair.since(begun):.3f} s after it was started again")


def preempt(pair):
    pair.tell("the port of a comes up again")
    begun = time.monotonic()
    pair.lab.hosts["a"].plug_in()
    wait_until(lambda: pair.holds("a") and not pair.holds("b"), 10, "the address back on a alone")
    pair.figures["preemption_s"] = pair.since(begun)
    wait_until(lambda: pair.client.answers(time.monotonic() - 0.05), 5, "answers through a")
    lost = pair.client.events(begun, "lost")
    pair.figures["preemption_requests_lost"] = len(lost)
    pair.tell(f"a preempts after {pair.figures['preemption_s']:.3f} s, {len(lost)} requests lost")


def handover(pair):
    pair.tell("a is stopped with SIGTERM")
    begun = time.monotonic()
    status, _ = pair.directors["a"].stop()
    wait_until(lambda: pair.holds("b"), 5, "the address on b")
    wait_until(lambda: pair.client.answers(time.monotonic() - 0.05), 5, "answers through b")
    end = time.monotonic()
    zero = [p["time"] for p in pair.sniffer.packets("vrrp") if p["priority"] == 0
            and p["time"] >= begun]
    assert zero, "no advert of priority 0"
    first = [p["time"] for p in pair.sniffer.packets("vrrp")
             if p["priority"] == PRIORITY["b"] and p["time"] > zero[0]][0]
    pause = pair.client.longest_pause(pair.client.answers(begun), begun, end)
    pair.figures["handover_after_resignation_s"] = first - zero[0]
    pair.figures["handover_longest_pause_s"] = pause
    pair.figures["handover_requests_lost"] = len(pair.client.events(begun, "lost"))
    assert status == 0, f"exit status {status}"
    assert not pair.holds("a"), "a still holds the address"
    assert VIP not in pair.table("a"), "the table of a is not empty"
    pair.tell(f"b takes over {first - zero[0]:.3f} s after the resignation (skew {skew(100):.3f} s), "
              f"longest pause {pause:.3f} s; a left no address and no table behind")


STEPS = [start, spread, cut_off, dead_server, preempt, handover]


def run(kinds, folder, tell, at_end=None):
    """Plays the whole scenario and returns its figures. `at_end(lab)` runs before it is closed."""
    with Lab(folder) as lab:
        pair = Pair(lab, kinds, tell)
        try:
            for step in STEPS:
                step(pair)
            if at_end:
                at_end(lab)
            status, _ = pair.directors["b"].stop()
            assert status == 0, f"exit status {status} of b"
        except Exception:
            for director in pair.directors.values():
                if os.path.exists(director.log):
                    print(f"--- {director.log}\n{director.text()[-4000:]}", file=sys.stderr)
            raise
        return pair.figures
