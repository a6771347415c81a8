"""A takeover of 100, 1,000 and 4,000 addresses, Holdfast and keepalived in the same run.

    sudo tests/bench/run takeover [RUNS]

A program advertises as the Active Router and falls silent; times count from the moment when it is
overdue. Then two routers that hold the same 4,000 addresses start together: for how long are both
Active? keepalived runs without any log, which is to its advantage. Times come from the kernel's
clock in the capture.
"""
import os
import re
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time

from lab.daemons import Holdfast, Keepalived
from lab.net import Lab
from lab.wait import wait_until

ADVERT = 0.1
PRIORITY = 100
COPIES = 5

# Advertises with priority 200 until it is ended.
ACTIVE = """
import socket, struct, time
def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
source, group = socket.inet_aton("10.77.0.9"), socket.inet_aton("224.0.0.18")
body = struct.pack("!BBBBHH4s", 0x31, 51, 200, 1, 10, 0, socket.inet_aton("10.78.0.1"))
total = checksum(source + group + struct.pack("!BBH", 0, 112, len(body)) + body)
body = body[:6] + struct.pack("!H", total) + body[8:]
wire = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
wire.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
wire.bind(("10.77.0.9", 0))
while True:
    wire.sendto(body, ("224.0.0.18", 0))
    time.sleep(0.1)
"""

# Writes when each of so many addresses was added to this namespace.
ADDED = """
import socket, sys, time
wire = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
wire.setsockopt(socket.SOL_SOCKET, 33, 1 << 25)
wire.bind((0, 0x10))  # RTMGRP_IPV4_IFADDR; 33 is SO_RCVBUFFORCE
print("ready", flush=True)
times = []
while len(times) < int(sys.argv[1]):
    message = wire.recv(65536)
    if message[4] == 20:
        times.append(time.time())
print(times[0], times[-1], flush=True)
time.sleep(60)
"""

CONFIG = """
global_defs {{
    router_id {name}
}}
vrrp_instance VI_1 {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    version 3
    advert_int {advert}
    virtual_ipaddress {{
        {first}/32
    }}
    virtual_ipaddress_excluded {{
        {others}
    }}
}}
"""


class Quiet(Keepalived):
    """Says nothing, to no file and no syslog."""

    def arguments(self):
        return [a for a in super().arguments() if a not in ("-D", "-l")] + ["-G"]


KINDS = {"keepalived": Quiet, "holdfast": Holdfast}


def addresses(count):
    return [f"10.78.{number // 250}.{number % 250 + 1}" for number in range(count)]


def config(name, count, priority=PRIORITY, advert=ADVERT):
    first, *others = addresses(count)
    return CONFIG.format(name=name, priority=priority, advert=advert, first=first,
                         others="\n        ".join(f"{other}/32" for other in others))


class Capture:
    """tcpdump on the bridge: adverts and announcements with the kernel's time stamps."""

    def __init__(self, lab):
        self.file = lab.path("wire.pcap")
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", lab.wire, "tcpdump", "-i", "br0", "-w", self.file, "-U", "-Z",
             "root", "-B", "65536", "-s", "64", "--time-stamp-precision=nano", "ip proto 112 or arp"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        lab.processes.append(self.process)
        wait_until(lambda: os.path.exists(self.file) and os.path.getsize(self.file) >= 24, 10,
                   "tcpdump")

    def stop(self):
        """Ends it. @return adverts (time, source, priority) and announcements (time, address)."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        with open(self.file, "rb") as file:
            data = file.read()
        adverts, announced, at = [], [], 24
        while at + 16 <= len(data):
            seconds, nanoseconds, size, _ = struct.unpack_from("<IIII", data, at)
            frame, when = data[at + 16:at + 16 + size], seconds + nanoseconds / 1e9
            at += 16 + size
            if frame[12:14] == b"\x08\x00":
                adverts.append((when, frame[26:30], frame[36]))
            elif frame[28:32] == frame[38:42]:
                announced.append((when, frame[28:32]))
        return adverts, announced


def take_over(kind, count, counts_calls=False):
    """One takeover. @return its figures"""
    with Lab(tempfile.mkdtemp(prefix="bench-takeover-")) as lab:
        host, partner = lab.host("b", "10.77.0.2/16"), lab.host("a", "10.77.0.9/16")
        active = partner.popen(sys.executable, "-c", ACTIVE)
        director = KINDS[kind](host, config("b", count)).start()
        wait_until(lambda: os.path.exists(director.pid_file("vrrp")), 10, "the worker")
        time.sleep(2)  # it has read its configuration, and follows
        capture = Capture(lab)
        added = lab.path("added")
        host.popen(sys.executable, "-c", ADDED, str(count), log=added)
        wait_until(lambda: "ready" in open(added).read(), 10, "the monitor of addresses")
        counter, calls = None, lab.path("calls")
        if counts_calls:
            counter = subprocess.Popen(
                ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-o", calls, "-p",
                 str(director.pid("vrrp"))])
        time.sleep(0.5)
        active.kill()
        wait_until(lambda: len(open(added).read().split()) == 3, 60, "all addresses")
        time.sleep(2)
        if counter:
            counter.send_signal(signal.SIGINT)
            counter.wait(10)
            found = re.search(r"(\d+),+raw_syscalls", open(calls).read())
            return {"system calls for each address": int(found.group(1)) / count if found else 0}
        adverts, announced = capture.stop()
        director.stop()
    silent = max(when for when, source, priority in adverts if priority == 200)
    deadline = silent + ADVERT * (3 + (256 - PRIORITY) / 256)
    own = [when for when, source, priority in adverts if priority == PRIORITY and when > silent]
    copies = {}
    for when, address in announced:
        copies.setdefault(address, []).append(when)
    times = open(added).read().split()
    return {
        "advert ms": 1e3 * (own[0] - deadline),
        "first address announced ms": 1e3 * (announced[0][0] - deadline),
        "last address there ms": 1e3 * (float(times[2]) - deadline),
        "last address announced ms": 1e3 * (max(c[0] for c in copies.values()) - deadline),
        "last copy of the block ms": 1e3 * (max(c[COPIES - 1] for c in copies.values()) - deadline),
        "longest gap of own adverts ms": 1e3 * max(b - a for a, b in zip(own, own[1:])),
        "addresses never announced": count - len(copies),
    }


def together(kind, count, advert):
    """Two routers started together. @return for how long both were Active, in seconds"""
    with Lab(tempfile.mkdtemp(prefix="bench-together-")) as lab:
        directors = [KINDS[kind](lab.host(name, f"10.77.0.{number}/16"),
                                 config(name, count, priority, advert))
                     for name, number, priority in (("a", 1, 150), ("b", 2, 100))]
        capture = Capture(lab)
        for director in directors:
            director.start()
        wait_until(lambda: any(d.host.has_address(addresses(count)[-1]) for d in directors), 60,
                   "all addresses")
        time.sleep(1)
        adverts, _ = capture.stop()
        for director in directors:
            director.stop()
    winner = [when for when, _, priority in adverts if priority == 150]
    loser = [when for when, _, priority in adverts if priority == 100]
    return max(0.0, loser[-1] - winner[0]) if winner and loser else 0.0


def median(runs, name):
    return statistics.median(run[name] for run in runs)


def main(rounds):
    for count in (100, 1000, 4000):
        runs = {kind: [] for kind in KINDS}
        for _ in range(rounds):
            for kind in KINDS:
                runs[kind].append(take_over(kind, count))
        for kind in KINDS:
            calls = take_over(kind, count, counts_calls=True)
            for run in runs[kind]:
                run.update(calls)
        print(f"{f'{count} addresses, {rounds} runs':34}{'keepalived':>12}{'holdfast':>12}{'ratio':>8}")
        for name in runs["holdfast"][0]:
            theirs, ours = median(runs["keepalived"], name), median(runs["holdfast"], name)
            ratio = f"{ours / theirs:8.2f}" if theirs else f"{'-':>8}"
            print(f"  {name:32}{theirs:12.2f}{ours:12.2f}{ratio}", flush=True)
        worst = {kind: max(run["longest gap of own adverts ms"] for run in runs[kind]) for kind in KINDS}
        print(f"  {'worst gap of own adverts ms':32}{worst['keepalived']:12.2f}{worst['holdfast']:12.2f}")
    print("\ntwo routers with 4000 addresses started together")
    print(f"  {'advert_int':12}{'':12}{'both Active for more than one interval':>40}{'longest ms':>12}")
    for advert in (0.1, 0.05, 0.02):
        for kind in KINDS:
            both = [together(kind, 4000, advert) for _ in range(rounds)]
            over = sum(span > advert for span in both)
            print(f"  {advert:<12}{kind:12}{f'{over} of {rounds}':>40}{1e3 * max(both):12.1f}",
                  flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8))
