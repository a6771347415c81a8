"""FRR's vrrpd as a partner: zebra and vrrpd in a host's namespace, and the macvlans that they need."""
import json
import os
import shutil
import subprocess

from .wait import wait_until

FOLDER = "/usr/lib/frr"


def is_installed():
    return os.path.exists(f"{FOLDER}/vrrpd") and shutil.which("vtysh")


class Frr:
    """A router; to a test it looks like a Director. States come from `show vrrp json`."""

    def __init__(self, host, vrid, priority, advert, addresses, version=3):
        """`addresses`: with prefix lengths, IPv4 or IPv6."""
        self.host = host
        self.vrid = vrid
        self.processes = []
        self.folder = host.lab.path(f"{host.name}-frr")
        os.makedirs(self.folder)
        os.chmod(host.lab.folder, 0o755)
        os.chmod(self.folder, 0o777)  # the daemons run as the user frr
        v6 = ":" in addresses[0]
        self.family = "v6" if v6 else "v4"
        self.make_link(v6, addresses)
        lines = [f"interface eth0", f" vrrp {vrid} version {version}", f" vrrp {vrid} priority {priority}",
                 f" vrrp {vrid} advertisement-interval {int(advert * 1000)}"]
        lines += [f" vrrp {vrid} {'ipv6' if v6 else 'ip'} {address.split('/')[0]}"
                  for address in addresses if not address.startswith("fe80")]
        self.config = host.lab.write(f"{host.name}-frr/vrrpd.conf", "\n".join(lines) + "\n")

    def make_link(self, v6, addresses):
        name = f"vrrp{6 if v6 else 4}"
        self.host.ip("link", "add", name, "link", "eth0", "type", "macvlan", "mode", "bridge")
        self.host.run("sh", "-c", f"echo 1 > /proc/sys/net/ipv6/conf/{name}/addr_gen_mode")
        self.host.ip("link", "set", "dev", name, "address",
                     f"00:00:5e:00:{2 if v6 else 1:02x}:{self.vrid:02x}")
        for address in addresses:
            self.host.ip("addr", "add", address, "dev", name, *(["nodad"] if v6 else []))
        self.host.ip("link", "set", "dev", name, "up")

    def run(self, program, *options):
        self.processes.append(self.host.popen(
            f"{FOLDER}/{program}", "--vty_socket", self.folder, "-z",
            f"{self.folder}/zserv.api", "-i", f"{self.folder}/{program}.pid", *options,
            log=f"{self.folder}/{program}.log"))

    def start(self):
        empty = self.host.lab.write(f"{self.host.name}-frr/zebra.conf", "")
        self.run("zebra", "-f", empty)
        wait_until(lambda: os.path.exists(f"{self.folder}/zserv.api"), 10, "zebra")
        self.run("vrrpd", "-f", self.config)
        wait_until(lambda: self.state() is not None, 15, "FRR")
        return self

    def holds(self, address):
        """Its addresses stay on the macvlan, which is down for others while it is no master."""
        return self.is_master()

    def show(self):
        """What FRR says of the router; None while it does not answer."""
        shown = subprocess.run(
            ["ip", "netns", "exec", self.host.namespace, "vtysh", "--vty_socket", self.folder, "-d",
             "vrrpd", "-c", "show vrrp json"], capture_output=True, text=True)
        try:
            return json.loads(shown.stdout)[0][self.family]
        except (ValueError, LookupError):
            return None

    def state(self):
        """MASTER, BACKUP, INITIALIZE; None while it does not answer."""
        shown = self.show()
        return shown and shown["status"].upper()

    def is_master(self):
        return self.state() == "MASTER"

    def states(self):
        """How often it changed, and what it is now at the end."""
        shown = self.show()
        return [shown["stats"]["transitions"], shown["status"].upper()] if shown else []

    def wait_for(self, state, deadline):
        wait_until(lambda: self.state() == state, deadline, f"FRR in {state} ({self.folder})")

    def stop(self):
        self.processes[-1].terminate()
        return self.processes[-1].wait(10), 0
