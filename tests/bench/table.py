"""The kernel's table with 2,500 services and 40,000 real servers: Holdfast and keepalived.

    sudo tests/bench/run table [SERVERS...]

Without checks, so that every server is in at once. Seconds of the wall clock: from the start until
the table is whole, from a reload until the weights of ten servers are changed, and a stop. CPU of
all processes: for the start, for a reload that changes nothing, for the one of ten, and at rest.
Where this kernel has no IPVS it runs inside user-mode-linux.
"""
import os
import sys
import tempfile
import time

from idle import activity_of, compare, memory_of, processes_of
from lab import uml
from lab.daemons import KINDS
from lab.net import Lab
from lab.wait import wait_until

OF_A_SERVICE = 16
TABLE = "/proc/net/ip_vs"


def config(servers, changed=0):
    text = ""
    for number in range(servers):
        service, of_it = divmod(number, OF_A_SERVICE)
        if of_it == 0:
            text += ("}\n" if service else "") + (
                f"virtual_server 10.76.{service // 250}.{service % 250 + 1} 80 {{\n"
                "lb_algo wrr\n lb_kind NAT\n protocol TCP\n")
        weight = 7 if number < changed else 1
        text += f"real_server 10.128.{number // 250}.{number % 250 + 1} 80 {{\n weight {weight}\n}}\n"
    return text + "}\n"


def table(host):
    """How many real servers there are, and how many of them weigh 7."""
    rows = [line.split() for line in host.run("cat", TABLE).splitlines()[3:]]
    weights = [row[3] for row in rows if row[0] == "->"]
    return len(weights), weights.count("7")


def cpu_of(pids):
    return sum(activity_of(pid)[1] for pid in pids)


def quiet_cpu(pids):
    """CPU once they have had little of it for a second."""
    last, now = -1, cpu_of(pids)
    while now - last > 0.1:
        time.sleep(1)
        last, now = now, cpu_of(pids)
    return now


def reload_of(director, text):
    with open(director.config, "w") as file:
        file.write(text)
    director.reload()


def measure(kind, servers):
    with Lab(tempfile.mkdtemp(prefix="bench-")) as lab:
        host = lab.host("d", "10.77.0.1/24")
        begun = time.monotonic()
        director = KINDS[kind](host, config(servers)).start()
        wait_until(lambda: table(host)[0] == servers, 600, f"the table of {kind}")
        figures = {"start s": time.monotonic() - begun}
        pids = processes_of(director.process.pid)
        cpu = quiet_cpu(pids)
        figures |= {"CPU s of it": cpu, "PSS MiB": sum(memory_of(pid)[0] for pid in pids) / 1024}
        reload_of(director, config(servers))
        unchanged = quiet_cpu(pids)
        figures["reload of nothing, CPU s"] = unchanged - cpu
        begun = time.monotonic()
        reload_of(director, config(servers, 10))
        wait_until(lambda: table(host)[1] == 10, 300, f"the reload of {kind}")
        figures["reload of ten s"] = time.monotonic() - begun
        cpu = quiet_cpu(pids)
        figures["CPU s of that"] = cpu - unchanged
        time.sleep(10)
        figures["CPU ms/s at rest"] = 100 * (cpu_of(pids) - cpu)
        figures["stop s"] = director.stop(300)[1]
        figures["servers left at stop"] = table(host)[0]
        return figures


def main(sizes):
    if os.path.exists(TABLE):
        for size in sizes:
            compare(f"{size} real servers of {(size - 1) // OF_A_SERVICE + 1}",
                    lambda kind: measure(kind, size))
        return 0
    uml.skip_if_impossible()
    status, console = uml.boot(
        f"exec /usr/bin/python3 {os.path.abspath(__file__)} {' '.join(map(str, sizes))}", 1500,
        {key: os.environ[key] for key in ("HOLDFAST_BIN", "PYTHONPATH")})
    print("inside user-mode-linux:\n" + console)
    return status


if __name__ == "__main__":
    sys.exit(main([int(word) for word in sys.argv[1:]] or [1000, 10000, 40000]))
