"""What -t costs for large configurations, Holdfast and keepalived in the same run.

    sudo tests/bench/run parse

Configurations of 1,000 to 100,000 real servers, 50 for each virtual server; wall time of the better
of two runs, CPU of all processes, and the largest resident size of one.
"""
import json
import os
import resource
import subprocess
import tempfile
import time

SIZES = (1_000, 10_000, 100_000)
PER_SERVICE = 50
PROGRAMS = {"keepalived": ["/usr/sbin/keepalived", "-t", "-f"],
            "holdfast": [os.path.join(os.environ["HOLDFAST_BIN"], "holdfastd"), "-t", "-f"]}


def write(path, servers):
    with open(path, "w") as file:
        for service in range(servers // PER_SERVICE):
            file.write(f"virtual_server 10.{service // 250}.{service % 250}.1 80 {{\n"
                       "    delay_loop 6\n    lb_algo wrr\n    lb_kind NAT\n    protocol TCP\n")
            for number in range(PER_SERVICE):
                file.write(f"    real_server 172.{service // 250}.{service % 250}.{number + 1} 80 {{\n"
                           "        weight 1\n        TCP_CHECK {\n            connect_timeout 3\n"
                           "            retry 3\n        }\n    }\n")
            file.write("}\n")


def measure(command):
    """(wall seconds, CPU seconds, largest resident KiB, exit status)"""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # a process of its own, so that the figures of its children are theirs alone
        begun = time.monotonic()
        status = subprocess.run(command, capture_output=True).returncode
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        os.write(writer, json.dumps([time.monotonic() - begun, usage.ru_utime + usage.ru_stime,
                               usage.ru_maxrss, status]).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as file:
        return json.load(file)


def main():
    print(f"{'real servers':>12}  {'program':12}{'wall ms':>10}{'CPU ms':>10}{'peak MiB':>10}"
          f"{'us/server':>11}{'exit':>6}")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "large.conf")
        for size in SIZES:
            write(path, size)
            for name, command in PROGRAMS.items():
                wall, cpu, peak, status = min(measure([*command, path]) for _ in range(2))
                print(f"{size:12}  {name:12}{wall * 1000:10.1f}{cpu * 1000:10.1f}{peak / 1024:10.1f}"
                      f"{wall * 1e6 / size:11.2f}{status:6}", flush=True)


if __name__ == "__main__":
    main()
