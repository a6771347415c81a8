"""Hosts and links: network namespaces on one bridge, in a namespace of its own."""
import os
import subprocess

from lab.wait import wait_until

COUNTER = 0


def run(*command, check=True):
    """Runs a command and returns what it printed."""
    done = subprocess.run(command, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def can_make_namespaces():
    """Why the lab cannot be opened here, or an empty string."""
    if os.geteuid() != 0:
        return "needs root for network namespaces"
    name = f"hfprobe{os.getpid()}"
    done = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if done.returncode != 0:
        return f"cannot make network namespaces: {done.stderr.strip()}"
    run("ip", "netns", "del", name)
    return ""


class Host:
    """A namespace with one interface, eth0, on the lab's bridge."""

    def __init__(self, lab, name, addresses):
        self.lab = lab
        self.name = name
        self.namespace = f"{lab.prefix}{name}"
        self.port = f"p{name}"
        run("ip", "netns", "add", self.namespace)
        run("ip", "link", "add", "eth0", "netns", self.namespace, "type", "veth",
            "peer", "name", self.port, "netns", lab.wire)
        run("ip", "-n", lab.wire, "link", "set", self.port, "master", "br0", "up")
        self.ip("link", "set", "lo", "up")
        self.ip("link", "set", "eth0", "up")
        for address in addresses:
            nodad = ["nodad"] if ":" in address else []
            self.ip("addr", "add", address, "dev", "eth0", *nodad)

    def ip(self, *arguments, check=True):
        return run("ip", "-n", self.namespace, *arguments, check=check)

    def run(self, *command, check=True):
        return run("ip", "netns", "exec", self.namespace, *command, check=check)

    def popen(self, *command, log=None):
        """Starts a program in the namespace; the lab ends it by its pid."""
        output = open(log, "ab") if log else subprocess.DEVNULL
        process = subprocess.Popen(["ip", "netns", "exec", self.namespace, *command],
                                   stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT)
        self.lab.processes.append(process)
        return process

    def listen(self, log, *command):
        """Starts a program that prints the kernel's netlink notices, and waits until it hears them."""
        with open(log, "ab") as output:
            process = subprocess.Popen(["ip", "netns", "exec", self.namespace, *command],
                                       stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=subprocess.DEVNULL)
        self.lab.processes.append(process)

        def listens():
            with open(f"/proc/{process.pid}/net/netlink") as file:
                rows = [line.split() for line in file]
            return any(row[2] == str(process.pid) and row[3] != "00000000" for row in rows)
        wait_until(listens, 5, f"{' '.join(command)} listens")
        return process

    def has_address(self, address):
        return f" {address}/" in self.ip("-o", "addr", "show", "dev", "eth0")

    def link_local(self):
        """The link-local address of eth0 once it is usable, None before."""
        for line in self.ip("-6", "-o", "addr", "show", "dev", "eth0", "scope", "link").splitlines():
            if "tentative" not in line:
                return line.split()[3].split("/")[0]
        return None

    def cut_off(self):
        """Unplugs the host: its port on the bridge goes down."""
        run("ip", "-n", self.lab.wire, "link", "set", self.port, "down")

    def plug_in(self):
        run("ip", "-n", self.lab.wire, "link", "set", self.port, "up")

    def sysctl(self, name, value):
        self.run("sh", "-c", f"echo {value} > /proc/sys/{name.replace('.', '/')}")


class Lab:
    """Opens and closes everything; use as a context manager."""

    def __init__(self, folder):
        global COUNTER
        COUNTER += 1
        self.prefix = f"hf{os.getpid()}n{COUNTER}"
        self.folder = folder
        self.wire = f"{self.prefix}wire"
        self.processes = []
        self.hosts = {}

    def __enter__(self):
        os.makedirs(self.folder, exist_ok=True)
        run("ip", "netns", "add", self.wire)
        run("ip", "-n", self.wire, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        run("ip", "-n", self.wire, "link", "set", "br0", "up")
        return self

    def host(self, name, *addresses):
        self.hosts[name] = Host(self, name, addresses)
        return self.hosts[name]

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for host in self.hosts.values():
            run("ip", "netns", "del", host.namespace, check=False)
        run("ip", "netns", "del", self.wire, check=False)
