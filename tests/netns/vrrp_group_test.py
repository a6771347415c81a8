"""Sync groups on a real kernel, with keepalived as the partner: the members change together."""
import os
import time

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.net import run
from lab.wait import wait_until

ADVERT = 0.1
MEMBERS = ("VI_1", "VI_2", "VI_3")

INSTANCE = """
vrrp_instance {name} {{
    state BACKUP
    interface {interface}
    virtual_router_id {vrid}
    priority {priority}
    version 3
    advert_int {advert}
    {more}
    virtual_ipaddress {{
        10.77.0.{vrid}/24 dev eth0
    }}
}}
"""


def config(priority, more="", group_more="", interfaces=("eth0", "eth0", "eth0")):
    text = "global_defs {\n router_id a\n script_user root\n}\n"
    for number, (name, interface) in enumerate(zip(MEMBERS, interfaces)):
        text += INSTANCE.format(name=name, interface=interface, vrid=101 + number,
                                priority=priority, advert=ADVERT, more=more)
    return text + f"vrrp_sync_group G {{\n group {{\n {' '.join(MEMBERS)}\n }}\n{group_more}\n}}\n"


class GroupTest(setup.LabTest):
    def add_link(self, host, name, address=None):
        """A second interface of a host, whose other end is in the wire's namespace, unplugged."""
        peer = f"q{host.name}{name}"
        host.ip("link", "add", name, "type", "veth", "peer", "name", peer, "netns", self.lab.wire)
        host.ip("link", "set", name, "up")
        run("ip", "-n", self.lab.wire, "link", "set", peer, "up", "master", "br0")
        if address:
            host.ip("addr", "add", address, "dev", name)
        return peer

    def plug(self, peer, state):
        run("ip", "-n", self.lab.wire, "link", "set", peer, state)

    def states(self, director):
        return [director.states(member)[-1:] for member in MEMBERS]

    def wait_all(self, director, state, deadline=10):
        wait_until(lambda: self.states(director) == [[state]] * 3, deadline,
                   f"all of {director.label} in {state} (log: {director.log})")

    def start(self, high, low, **more):
        self.a = self.lab.host("a", "10.77.0.1/24")
        self.b = self.lab.host("b", "10.77.0.2/24")
        self.links = {host.name: self.add_link(host, "eth1", f"10.77.0.{n}/24")
                      for host, n in ((self.a, 11), (self.b, 12))}
        interfaces = ("eth0", "eth1", "eth0")
        self.low = low(self.b, config(100, interfaces=interfaces)).start()
        self.wait_all(self.low, "MASTER")
        self.high = high(self.a, config(150, interfaces=interfaces, **more)).start()
        self.wait_all(self.high, "MASTER")
        self.wait_all(self.low, "BACKUP")

    def fault_moves_all(self):
        """The interface of one member fails, and all members go to the partner and come back."""
        self.plug(self.links["a"], "down")
        self.wait_all(self.high, "FAULT", 5)
        self.wait_all(self.low, "MASTER", 5)
        wait_until(lambda: all(self.b.has_address(f"10.77.0.{n}") for n in (101, 102, 103)), 2,
                   "all addresses on the partner")
        wait_until(lambda: not any(self.a.has_address(f"10.77.0.{n}") for n in (101, 102, 103)), 2,
                   "none on the one in FAULT")
        self.plug(self.links["a"], "up")
        self.wait_all(self.high, "MASTER", 10)
        self.wait_all(self.low, "BACKUP", 5)

    def test_holdfast_is_master_with_keepalived(self):
        self.start(Holdfast, Keepalived)
        self.fault_moves_all()
        self.assertEqual(self.high.stop()[0], 0)
        self.wait_all(self.low, "MASTER", 5)

    def test_keepalived_is_master_with_holdfast(self):
        self.start(Keepalived, Holdfast)
        self.fault_moves_all()
        self.high.stop()
        self.wait_all(self.low, "MASTER", 5)

    def test_every_script_of_the_group_runs(self):
        os.chmod(self.lab.folder, 0o755)
        output = self.lab.path("group.log")
        script = self.lab.write("note", f'#!/bin/sh\necho "$@" >> {output}\n', 0o755)
        more = "\n".join(f'{word} "{script} {word}"' for word in
                         ("notify_master", "notify_backup", "notify_fault", "notify_stop"))
        self.start(Holdfast, Holdfast, group_more=more + f'\nnotify "{script}"')
        self.plug(self.links["a"], "down")
        self.wait_all(self.high, "FAULT", 5)
        self.plug(self.links["a"], "up")
        self.wait_all(self.high, "MASTER", 10)
        self.assertEqual(self.high.stop()[0], 0)

        def lines():
            with open(output) as file:
                return file.read().splitlines()
        wait_until(lambda: len(lines()) == 12, 5, "twelve script runs")
        expected = []
        for state, word in (("BACKUP", "notify_backup"), ("MASTER", "notify_master"),
                            ("FAULT", "notify_fault"), ("BACKUP", "notify_backup"),
                            ("MASTER", "notify_master"), ("STOP", "notify_stop")):
            expected += [word, f"GROUP G {state} 0"]
        self.assertEqual(lines(), expected)

    def test_the_scripts_of_the_group_are_told_of_a_lost_address(self):
        os.chmod(self.lab.folder, 0o755)
        output = self.lab.path("group.log")
        script = self.lab.write("note", f'#!/bin/sh\necho "$@" >> {output}\n', 0o755)
        self.start(Holdfast, Keepalived, group_more=f'notify "{script}"')
        wait_until(lambda: self.a.has_address("10.77.0.101"), 2, "the address")
        self.a.ip("addr", "del", "10.77.0.101/24", "dev", "eth0")
        self.wait_all(self.high, "MASTER", 5)
        told = ["GROUP G BACKUP 0", "GROUP G MASTER 0"]
        wait_until(lambda: open(output).read().splitlines() == told * 2, 5,
                   f"BACKUP and MASTER twice in {output}")

    def test_a_worker_that_dies_moves_no_member(self):
        self.start(Holdfast, Keepalived)
        before = self.states(self.low), [self.low.states(m) for m in MEMBERS]
        for _ in range(5):
            self.high.replace_worker("vrrp", 5)
            wait_until(lambda: all(self.a.has_address(f"10.77.0.{n}") for n in (101, 102, 103)), 2,
                       "the addresses")
            time.sleep(0.6)  # long enough not to be taken for a crash loop
        time.sleep(1)  # it is the absence of an event that is tested
        self.assertEqual((self.states(self.low), [self.low.states(m) for m in MEMBERS]), before)

    def test_a_reload_adds_a_member_to_an_active_group(self):
        self.start(Holdfast, Keepalived)
        text = open(self.high.config).read()
        more = INSTANCE.format(name="VI_4", interface="eth0", vrid=104, priority=150, advert=ADVERT,
                               more="")
        open(self.high.config, "w").write(text.replace("VI_3\n }", "VI_3 VI_4\n }") + more)
        self.high.reload()
        self.high.wait_for("MASTER", 5, "VI_4")
        self.assertEqual(self.high.states("VI_1"), ["BACKUP", "MASTER"])
        self.assertEqual(self.high.states("VI_4"), ["MASTER"])


if __name__ == "__main__":
    setup.main(together=4)
