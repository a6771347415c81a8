"""A pair with 1,000 virtual routers on 20 links, Holdfast and keepalived in the same run.

    sudo tests/bench/run scale [INSTANCES [SECONDS]]

At 1 s and at 100 ms: CPU of the Active and of the Backup node, memory of one node, and how many
transitions there were in SECONDS (60) while two busy loops used the processors: there is no reason
for any. At 10 ms: the longest pauses between adverts of the routers of one link.
"""
import collections
import subprocess
import sys
import tempfile
import time

from idle import activity_of, compare, memory_of, processes_of
from lab.daemons import KINDS
from lab.net import Lab, run
from lab.sniffer import Sniffer
from lab.wait import wait_until

LINKS = 20
INSTANCE = """
vrrp_instance VI_{number} {{
    state BACKUP
    interface s{link}
    virtual_router_id {vrid}
    priority {priority}
    version 3
    advert_int {advert}
    virtual_ipaddress {{
        10.{link}.1.{vrid}/32
    }}
}}
"""


def config(priority, advert, instances):
    return "".join(INSTANCE.format(number=number, link=number % LINKS, vrid=number // LINKS + 1,
                                   priority=priority, advert=advert) for number in range(instances))


def connect(lab, instances):
    """Two hosts with LINKS cables between them, without anything that could lose frames."""
    hosts = [lab.host(name, f"10.77.0.{number}/24") for number, name in enumerate("ab", 1)]
    for link in range(min(LINKS, instances)):
        run("ip", "link", "add", f"s{link}", "netns", hosts[0].namespace, "type", "veth", "peer",
            "name", f"s{link}", "netns", hosts[1].namespace)
        for number, host in enumerate(hosts, 1):
            host.ip("addr", "add", f"10.{link}.0.{number}/16", "dev", f"s{link}")
            host.ip("link", "set", f"s{link}", "up")
    return hosts


def transitions(director):
    return director.text().count("Entering ")


def cpu(director, seconds):
    """Milliseconds of CPU a second, of all processes."""
    pids = processes_of(director.process.pid)
    before = sum(activity_of(pid)[1] for pid in pids)
    time.sleep(seconds)
    return 1000 * (sum(activity_of(pid)[1] for pid in pids) - before) / seconds


def false_transitions(directors, seconds):
    """How often a state changed while two loops kept the processors busy."""
    before = sum(map(transitions, directors))
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        time.sleep(seconds)
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    return sum(map(transitions, directors)) - before


def start_pair(kind, lab, instances, advert):
    hosts = connect(lab, instances)
    directors = [KINDS[kind](host, config(priority, advert, instances)).start()
                 for host, priority in zip(hosts, (150, 100))]
    try:
        wait_until(lambda: directors[0].text().count("Entering MASTER") >= instances, 30, "all MASTER")
    except TimeoutError as error:
        print(f"{kind}: {error}")
    time.sleep(12)  # announcements are over
    return directors


def measure(kind, instances, advert, seconds):
    with Lab(tempfile.mkdtemp(prefix="bench-")) as lab:
        high, low = directors = start_pair(kind, lab, instances, advert)
        figures = {"CPU ms/s Active": cpu(high, 10), "CPU ms/s Backup": cpu(low, 10),
                   "PSS MiB of a node": sum(memory_of(pid)[0] for pid in
                                            processes_of(high.process.pid)) / 1024,
                   f"false transitions in {seconds} s": false_transitions(directors, seconds)}
        for director in directors:
            director.stop(30)
        return figures


def latest_advert(kind, instances):
    """Of the routers of one link, at 10 ms: the pauses between adverts, in ms."""
    with Lab(tempfile.mkdtemp(prefix="bench-")) as lab:
        directors = start_pair(kind, lab, instances, 0.01)
        sniffer = Sniffer(lab, directors[1].host.namespace, "s0")
        time.sleep(5)
        times = collections.defaultdict(list)
        for packet in sniffer.packets("vrrp"):
            times[packet["vrid"]].append(packet["time"])
        pauses = sorted(1000 * (b - a) for all_of in times.values()
                        for a, b in zip(all_of, all_of[1:]))
        changed = sum(map(transitions, directors))
        for director in directors:
            director.process.kill()
        return {"median pause ms": pauses[len(pauses) // 2],
                "99.9 % ms": pauses[int(len(pauses) * 0.999)], "longest pause ms": pauses[-1],
                "transitions in all": changed}


def main(instances, seconds):
    for advert in (1, 0.1):
        compare(f"{instances} instances at {advert} s",
                lambda kind: measure(kind, instances, advert, seconds))
    compare(f"{instances} instances at 10 ms", lambda kind: latest_advert(kind, instances))


if __name__ == "__main__":
    main(*(int(word) for word in (sys.argv[1:] + ["1000", "60"][len(sys.argv) - 1:])))
