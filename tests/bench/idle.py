"""What a director costs at rest, Holdfast and keepalived in the same run.

    sudo tests/bench/run idle [SECONDS]

Memory (PSS and private, all processes together), wake-ups (voluntary context switches) and CPU per
second, and the time from start to the first advert. Without IPVS in this kernel it measures VRRP
alone here, and with checks inside user-mode-linux.
"""
import os
import sys
import tempfile
import time

from lab import uml
from lab.daemons import KINDS
from lab.net import Lab
from lab.sniffer import Sniffer
from lab.wait import wait_until

INSTANCE = """
vrrp_instance VI_{number} {{
    state MASTER
    interface eth0
    virtual_router_id {number}
    priority 255
    version 3
    advert_int 1
    virtual_ipaddress {{
        10.77.1.{number}/24
    }}
}}
"""
SERVICE = """
virtual_server 10.77.1.1 80 {
    delay_loop 5
    lb_algo wrr
    lb_kind NAT
    protocol TCP
    real_server 10.77.0.1 8001 {
        TCP_CHECK {
            connect_timeout 1
        }
    }
    real_server 10.77.0.1 8002 {
        TCP_CHECK {
            connect_timeout 1
        }
    }
}
"""


def processes_of(pid):
    """The pid and all that descend from it."""
    found = [pid]
    for parent in found:
        with open(f"/proc/{parent}/task/{parent}/children") as file:
            found += [int(child) for child in file.read().split()]
    return found


def memory_of(pid):
    """PSS and private memory in KiB."""
    values = {}
    with open(f"/proc/{pid}/smaps_rollup") as file:
        for line in file:
            fields = line.split()
            if fields[0].endswith(":") and fields[1].isdigit():
                values[fields[0][:-1]] = int(fields[1])
    return values["Pss"], values["Private_Clean"] + values["Private_Dirty"]


def activity_of(pid):
    """Voluntary context switches, and seconds of CPU."""
    with open(f"/proc/{pid}/status") as file:
        switches = next(int(line.split()[1]) for line in file if line.startswith("voluntary"))
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return switches, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(kind, config, seconds):
    with Lab(tempfile.mkdtemp(prefix="bench-")) as lab:
        host = lab.host("d", "10.77.0.1/16")
        sniffer = Sniffer(lab, lab.wire, "br0")
        begun = time.monotonic()
        director = KINDS[kind](host, config).start()
        wait_until(lambda: sniffer.packets("vrrp"), 20, f"an advert of {kind}")
        first = sniffer.packets("vrrp")[0]["time"] - begun
        wait_until(lambda: host.has_address("10.77.1.1"), 10, "the address")
        time.sleep(6)  # announcements and first checks are over
        pids = processes_of(director.process.pid)
        memory = [memory_of(pid) for pid in pids]
        before = [activity_of(pid) for pid in pids]
        time.sleep(seconds)
        after = [activity_of(pid) for pid in pids]
        director.stop()
        return {"processes": len(pids), "PSS KiB": sum(m[0] for m in memory),
                "private KiB": sum(m[1] for m in memory),
                "wake-ups/s": sum(a[0] - b[0] for a, b in zip(after, before)) / seconds,
                "CPU ms/s": 1000 * sum(a[1] - b[1] for a, b in zip(after, before)) / seconds,
                "start to advert ms": first * 1000}


def compare(title, measured):
    """Prints the figures of both; `measured` gives those of a kind, by name."""
    figures = {kind: measured(kind) for kind in ("keepalived", "holdfast")}
    print(f"{title:34}{'keepalived':>12}{'holdfast':>12}{'ratio':>8}")
    for name, theirs in figures["keepalived"].items():
        ours = figures["holdfast"][name]
        ratio = f"{ours / theirs:8.2f}" if theirs else f"{'-':>8}"
        print(f"  {name:32}{theirs:12.1f}{ours:12.1f}{ratio}", flush=True)


def main(seconds):
    one = INSTANCE.format(number=1)
    if not os.environ.get("HOLDFAST_SHARED_FOLDER"):  # not inside user-mode-linux
        compare("1 instance", lambda kind: measure(kind, one, seconds))
        many = "".join(INSTANCE.format(number=n) for n in range(1, 101))
        compare("100 instances", lambda kind: measure(kind, many, seconds))
    if os.path.exists("/proc/net/ip_vs"):
        compare("1 instance, 2 checked servers", lambda kind: measure(kind, one + SERVICE, seconds))
        return 0
    reason = uml.why_not()
    if reason:
        print(f"no figures with checks: {reason}")
        return 0
    status, console = uml.boot(
        f"exec /usr/bin/python3 {os.path.abspath(__file__)} {seconds}", 120 + 4 * seconds,
        {key: os.environ[key] for key in ("HOLDFAST_BIN", "PYTHONPATH")})
    print("inside user-mode-linux:\n" + console)
    return status


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
