"""Real servers by the thousand, checked every 5 s: Holdfast, and keepalived where there is IPVS.

    sudo tests/bench/run checks [SERVERS...]

For TCP_CHECK and HTTP_GET: CPU and memory of the process that checks, which has the first processor
to itself while nginx has another; checks done against due; and the time from the death of 200
servers until the log says that each is removed. Where this kernel has no IPVS keepalived cannot
check, so that the smaller sizes run once more inside user-mode-linux, with both.
"""
import os
import re
import sys
import tempfile
import time

from idle import activity_of, compare, memory_of
from lab import uml
from lab.daemons import KINDS
from lab.net import Lab
from lab.wait import wait_until

INTERVAL = 5
MEASURED = 20  # seconds
DEATHS = 200
FARM, GATEWAY = "10.128.0.0/15", "10.77.0.11"
OF_A_SERVICE = 100
LARGEST_IN_UML = 5000  # it has one processor for the checks and the servers
TCP = "TCP_CHECK {\n connect_timeout 3\n }"
HTTP = "HTTP_GET {\n url {\n path /\n status_code 200\n }\n connect_timeout 3\n }"
NGINX = """daemon off; master_process off; pid nginxPORT.pid; worker_rlimit_nofile 65536;
events { worker_connections 30000; accept_mutex off; multi_accept on; }
http {
    access_log off; keepalive_requests 1; lingering_close off;
    server { listen PORT backlog=65535; location / { return 200 "well\\n"; }
             location /status { stub_status; } }
}
"""

def address(number):
    return f"10.{128 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"


def config(servers, check):
    text = "global_defs {\n checker_cpu_affinity 0\n}\n"
    for first in range(0, servers, OF_A_SERVICE):
        text += (f"virtual_server 10.76.{first // 25000}.{first // 100 % 250 + 1} 80 {{\n"
                 f"delay_loop {INTERVAL}\n retry 0\n lb_algo rr\n lb_kind NAT\n protocol TCP\n")
        for number in range(first, min(first + OF_A_SERVICE, servers)):
            port = 82 if number % (servers // min(servers, DEATHS)) == 0 else 80
            text += f"real_server {address(number)} {port} {{\n {check}\n}}\n"
        text += "}\n"
    return text


class Farm:
    """A host that answers on every address of FARM; on port 82 until its end."""

    asked = 0

    def __init__(self, lab):
        self.host = lab.host("s", f"{GATEWAY}/24")
        self.host.ip("route", "add", "local", FARM, "dev", "lo")
        self.going, self.dying = (self.serve(port) for port in (80, 82))

    def serve(self, port):
        lab = self.host.lab
        process = self.host.popen("taskset", "-c", str(os.cpu_count() - 1), "nginx", "-e", "stderr",
                                  "-p", lab.folder, "-c",
                                  lab.write(f"nginx{port}.conf", NGINX.replace("PORT", str(port))),
                                  log=lab.path("nginx.log"))
        wait_until(lambda: f":{port} " in self.host.run("ss", "-Hltn"), 10, "nginx")
        return process

    def accepted(self):
        """Connections since the start, without those of this question."""
        count = 0
        for port in (80, 82):
            status = self.host.run("/usr/bin/python3", "-c", "import urllib.request as u\n"
                                   f"print(u.urlopen('http://{GATEWAY}:{port}/status').read().decode())")
            self.asked += 1
            count += int(status.splitlines()[2].split()[0])
        return count - self.asked


def removals(log, count, deadline):
    """Seconds until the log told of each, as found every 5 ms."""
    begun, found, rest = time.monotonic(), {}, ""
    while len(found) < count and time.monotonic() - begun < deadline:
        rest += log.read()
        *lines, rest = rest.split("\n")
        for line in lines:
            gone = re.search(r"Removing service \[?([0-9.]+)", line)
            if gone:
                found.setdefault(gone[1], time.monotonic() - begun)
        time.sleep(0.005)
    return sorted(found.values())


def measure(kind, servers, check):
    with Lab(tempfile.mkdtemp(prefix="bench-")) as lab:
        host, farm = lab.host("d", "10.77.0.1/24"), Farm(lab)
        host.ip("route", "add", FARM, "via", GATEWAY)
        director = KINDS[kind](host, config(servers, check)).start()
        wait_until(lambda: farm.accepted() >= servers, 120, f"the first checks of {kind}")
        time.sleep(2 * INTERVAL)  # warm-up is over
        pid = director.pid("checkers")
        cpu, done, begun = activity_of(pid)[1], farm.accepted(), time.monotonic()
        time.sleep(MEASURED)
        cpu, done = activity_of(pid)[1] - cpu, farm.accepted() - done
        taken = time.monotonic() - begun
        figures = {"CPU ms/s": 1000 * cpu / taken, "PSS MiB": memory_of(pid)[0] / 1024,
                   "checks done of due %": 100 * done / (servers * taken / INTERVAL)}
        dying = len(range(0, servers, servers // min(servers, DEATHS)))
        with open(director.log, errors="replace") as log:
            log.seek(0, os.SEEK_END)
            farm.dying.kill()
            times = removals(log, dying, 6 * INTERVAL)
        figures |= {"detected %": 100 * len(times) / dying}
        if times:
            figures |= {"detection p50 ms": 1000 * times[len(times) // 2],
                        "detection p99 ms": 1000 * times[int(len(times) * 0.99)]}
        director.stop(60)
        return figures


def alone(title, measured):
    print(f"{title:34}{'holdfast':>12}")
    for name, figure in measured("holdfast").items():
        print(f"  {name:32}{figure:12.1f}", flush=True)


def main(sizes):
    has_ipvs = os.path.exists("/proc/net/ip_vs")
    for name, check in (("TCP", TCP), ("HTTP", HTTP)):
        for size in sizes:
            (compare if has_ipvs else alone)(f"{size} real servers, {name}",
                                             lambda kind: measure(kind, size, check))
    if has_ipvs:
        return 0
    reason = uml.why_not()
    if reason:
        print(f"no figures of keepalived: {reason}")
        return 0
    status, console = uml.boot(
        f"exec /usr/bin/python3 {os.path.abspath(__file__)} "
        f"{' '.join(str(size) for size in sizes if size <= LARGEST_IN_UML)}",
        3000, {key: os.environ[key] for key in ("HOLDFAST_BIN", "PYTHONPATH")})
    print("inside user-mode-linux:\n" + console)
    return status


if __name__ == "__main__":
    sys.exit(main([int(word) for word in sys.argv[1:]] or [100, 1000, 5000, 20000]))
