"""Accept mode (RFC 9568 6.1): who may reach the virtual addresses, and the firewall rules behind it."""
import os
import re
import shutil
import subprocess
import sys
import time

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.wait import wait_until

ADVERT = 0.1
PORT = 8080
LINK_LOCAL = "fe80::7700:100"

LISTEN = f"""
import socket
listener = socket.create_server(("::", {PORT}), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    listener.accept()[0].close()
"""
CONNECT = f"""
import socket, sys
socket.create_connection((sys.argv[1], {PORT}), 1)
"""


def v6_config(priority=100, more="", vip=f"{LINK_LOCAL}/64\n{setup.VIP6}/64"):
    return setup.config("a", priority, ADVERT, vip=vip, more=more)


class AcceptBase(setup.LabTest):
    def setUp(self):
        super().setUp()
        self.host = self.lab.host("a", "10.77.0.1/24", "2001:db8:77::1/64")
        self.neighbour = self.lab.host("n", "10.77.0.7/24", "2001:db8:77::7/64")
        wait_until(self.host.link_local, 5, "a link-local address")
        self.host.popen("/usr/bin/python3", "-c", LISTEN)
        wait_until(lambda: self.connects("10.77.0.1"), 5, "the listener")

    def active(self, text, label=None, kind=Holdfast, vip=setup.VIP):
        director = kind(self.host, text, label=label).start()
        director.wait_for("MASTER", 10)
        wait_until(lambda: self.host.has_address(vip), 2, "the address")
        return director

    def connects(self, address):
        done = subprocess.run(["ip", "netns", "exec", self.neighbour.namespace, "/usr/bin/python3",
                               "-c", CONNECT, address], capture_output=True)
        return done.returncode == 0

    def pings(self, address, count=1):
        done = subprocess.run(["ip", "netns", "exec", self.neighbour.namespace, "ping", "-c",
                               str(count), "-i", "0.02", "-W", "1", address], capture_output=True)
        return done.returncode == 0

    def assertReachable(self, address, expected=True):
        self.assertEqual((self.pings(address), self.connects(address)), (expected, expected), address)

    def rules(self):
        return self.host.run("nft", "list", "ruleset")

    def has_element(self, address):
        return address in self.rules()

    def table(self):
        """The family and the name of ours: the daemons of the lab do not have the usual pid file."""
        return re.search(r"table (inet holdfast_\d+)", self.rules()).group(1)

    def text_of(self, director):
        with open(director.config) as file:
            return file.read()


class AcceptTest(AcceptBase):
    def test_without_no_accept_there_is_no_rule(self):
        before = self.rules()
        director = self.active(setup.config("a", 100, ADVERT))
        self.assertReachable(setup.VIP)
        self.assertEqual(self.rules(), before)
        self.assertEqual(director.stop()[0], 0)

    def test_rfc9568_6_1_no_accept_drops_packets_to_the_address(self):
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        self.assertReachable(setup.VIP, False)
        self.assertReachable("10.77.0.1")
        # ARP is answered all the same.
        neighbours = self.neighbour.ip("neigh", "show", setup.VIP)
        self.assertRegex(neighbours, "lladdr [0-9a-f:]+ (REACHABLE|STALE|DELAY)")
        self.assertEqual(director.stop()[0], 0)
        self.assertEqual(self.rules(), "")

    def test_rfc9568_6_1_no_accept_never_drops_neighbour_discovery(self):
        own = self.host.link_local()
        self.active(v6_config(more="no_accept"), vip=setup.VIP6)
        for address in (setup.VIP6, f"{LINK_LOCAL}%eth0"):
            self.assertReachable(address, False)
            plain = address.split("%")[0]
            self.assertRegex(self.neighbour.ip("-6", "neigh", "show", plain),
                             "lladdr [0-9a-f:]+ .*(REACHABLE|STALE|DELAY|PROBE)")
        self.assertReachable("2001:db8:77::1")
        self.assertReachable(f"{own}%eth0")
        # A solicitation to the address itself, not to its group: the neighbour looks whether it is there.
        self.neighbour.ip("-6", "neigh", "change", setup.VIP6, "dev", "eth0", "nud", "probe")
        wait_until(lambda: "REACHABLE" in self.neighbour.ip("-6", "neigh", "show", setup.VIP6), 3,
                   "an answer to a unicast solicitation")

    def test_link_local_addresses_are_meant_on_their_interface_alone(self):
        self.host.ip("link", "add", "side0", "type", "veth", "peer", "name", "side1")
        for link in ("side0", "side1"):
            self.host.ip("link", "set", link, "up")
        self.active(v6_config(more="no_accept"), vip=setup.VIP6)
        self.assertIn(f'{LINK_LOCAL} . "eth0"', self.rules())
        self.assertNotIn(f'{LINK_LOCAL} . "side0"', self.rules())

    def test_rfc9568_6_4_3_the_owner_accepts_always(self):
        self.active(setup.config("a", 255, ADVERT, more="no_accept"))
        self.assertReachable(setup.VIP)
        self.assertEqual(self.rules(), "")

    def test_what_is_forwarded_passes(self):
        """A host behind the router is reached through the virtual address as its gateway."""
        self.host.sysctl("net.ipv4.ip_forward", 1)
        inner = self.lab.host("i", "10.78.0.2/24")
        self.host.ip("addr", "add", "10.78.0.1/24", "dev", "eth0")
        inner.ip("route", "add", "default", "via", "10.78.0.1")
        self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        self.neighbour.ip("route", "add", "10.78.0.0/24", "via", setup.VIP)
        self.assertTrue(self.pings("10.78.0.2"))
        self.assertReachable(setup.VIP, False)

    def test_a_backup_router_drops_nothing(self):
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        wait_until(lambda: self.has_element(setup.VIP), 1, "the element")
        other = self.lab.host("b", "10.77.0.2/24")
        Holdfast(other, setup.config("b", 200, ADVERT)).start()
        director.wait_for("BACKUP", 5)
        wait_until(lambda: not self.has_element(setup.VIP), 2, "the element is gone")
        wait_until(lambda: self.pings(setup.VIP), 2, "the other router accepts")

    def test_what_another_program_flushes_comes_back(self):
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        wait_until(lambda: self.has_element(setup.VIP), 1, "the element")
        before, table = self.rules(), self.table().split()
        for doing in (("flush", "ruleset"), ("flush", "chain", *table, "in"),
                      ("delete", "element", *table, "vips", f"{{ {setup.VIP} }}"),
                      ("add", "element", *table, "vips", "{ 10.77.0.1 }")):
            self.host.run("nft", *doing)
            wait_until(lambda: self.rules() == before, 2, f"the rules after {doing}")
        self.assertReachable(setup.VIP, False)
        self.assertEqual(director.text().count("another program changed the firewall rules"), 4)
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_other_tables_are_left_alone(self):
        self.host.run("nft", "add table ip mine; add chain ip mine here; add rule ip mine here drop")
        before = self.rules()
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        self.assertIn("table ip mine", self.rules())
        director.stop()
        self.assertEqual(self.rules(), before)

    def test_the_rules_outlive_a_worker(self):
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        wait_until(lambda: self.has_element(setup.VIP), 1, "the element")
        before = self.rules()
        pings = self.neighbour.popen("ping", "-i", "0.01", "-w", "2", setup.VIP,
                                     log=self.lab.path("pings"))
        director.replace_worker("vrrp", 5)
        self.assertEqual(pings.wait(5), 1, "a packet came through")
        wait_until(lambda: self.rules() == before, 2, "one copy of the table")
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])
        director.stop()
        self.assertEqual(self.rules(), "")

    def test_what_a_killed_daemon_left_is_cleared_away(self):
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        wait_until(lambda: self.has_element(setup.VIP), 1, "the element")
        director.kill()
        self.assertTrue(self.has_element(setup.VIP))
        self.active(setup.config("a", 100, ADVERT))
        wait_until(lambda: self.rules() == "", 2, "the table is gone")
        self.assertReachable(setup.VIP)

    def test_two_daemons_in_one_namespace_have_a_table_each(self):
        """Neither takes the other's for a leftover, or for what another program changed."""
        first = self.active(setup.config("a", 100, ADVERT, more="no_accept"), label="one")
        vip = "10.77.0.101"
        text = setup.config("a", 100, ADVERT, vip=vip + "/24", more="no_accept").replace(
            "virtual_router_id 51", "virtual_router_id 52")
        second = self.active(text, label="two", vip=vip)
        wait_until(lambda: self.has_element(setup.VIP) and self.has_element(vip), 2, "both")
        self.assertEqual(self.rules().count("table inet holdfast_"), 2)
        for address in (setup.VIP, vip):
            self.assertReachable(address, False)
        for director in (first, second):
            director.load(self.text_of(director))
        second.kill()
        second = self.active(text.replace("no_accept", ""), label="two", vip=vip)
        wait_until(lambda: not self.has_element(vip), 2, "its leftovers are gone")
        self.assertTrue(self.has_element(setup.VIP))
        self.assertReachable(setup.VIP, False)
        self.assertReachable(vip)
        self.assertEqual(second.stop()[0], 0)
        self.assertTrue(self.has_element(setup.VIP))
        self.assertEqual(first.states(), ["BACKUP", "MASTER"])
        self.assertEqual(first.text().count("another program changed"), 0)
        self.assertEqual(first.stop()[0], 0)
        self.assertEqual(self.rules(), "")

    def test_a_worker_that_is_not_started_again_takes_its_rules_with_it(self):
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        killed = set()

        def released():
            director.kill_next_worker("vrrp", killed)
            return not self.host.has_address(setup.VIP)
        wait_until(released, 30, "the addresses are released")
        wait_until(lambda: self.rules() == "", 2, "the rules as well")

    def test_a_reload_changes_the_mode_both_ways(self):
        accepts = setup.config("a", 100, ADVERT)
        refuses = setup.config("a", 100, ADVERT, more="no_accept")
        director = self.active(accepts)
        for text, expected in ((refuses, False), (accepts, True), (refuses, False)):
            director.load(text)
            wait_until(lambda: self.pings(setup.VIP) == expected, 2, f"reachable: {expected}")
            self.assertReachable(setup.VIP, expected)
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_a_reload_changes_the_table(self):
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept"))
        for lines, expected in (("nftables other\nnftables_counters\nnftables_priority -300",
                                 "table inet other {.*priority raw.*vips counter .*drop"),
                                ("nftables_ifindex", r"table inet holdfast_\d+ {.*iif")):
            director.load(setup.config("a", 100, ADVERT, more="no_accept").replace(
                "global_defs {", "global_defs {\n" + lines))
            wait_until(lambda: re.search(expected, self.rules(), re.DOTALL), 2, expected)
            self.assertEqual(self.rules().count("table "), 1)
            self.assertReachable(setup.VIP, False)

    def test_by_index_the_interface_of_a_link_local_address_counts(self):
        self.active(v6_config(more="no_accept").replace("global_defs {",
                                                        "global_defs {\nnftables_ifindex"),
                    vip=setup.VIP6)
        self.assertReachable(f"{LINK_LOCAL}%eth0", False)
        self.assertReachable(setup.VIP6, False)

    def test_a_thousand_addresses(self):
        """In place before the first address is, and a change costs what changes."""
        excluded = [f"10.78.{i // 250}.{i % 250 + 1}/32" for i in range(1000)]
        text = setup.config("a", 100, ADVERT, more="no_accept\nvirtual_ipaddress_excluded {\n" +
                            "\n".join(excluded) + "\n}")
        begun = time.monotonic()
        director = self.active(text)
        wait_until(lambda: self.host.has_address("10.78.3.250"), 5, "the last address")
        took = time.monotonic() - begun
        self.assertLess(took, 5)
        self.neighbour.ip("route", "add", "10.78.0.0/16", "dev", "eth0")
        self.assertFalse(self.pings("10.78.3.250"))
        self.host.run("nft", "flush", "ruleset")
        wait_until(lambda: self.has_element("10.78.3.250"), 2, "all of them again")
        watch = self.host.listen(self.lab.path("monitor"), "nft", "monitor")
        director.load(text.replace(excluded[-1], "10.79.0.1/32"))
        wait_until(lambda: self.host.has_address("10.79.0.1"), 2, "the new address")
        wait_until(lambda: not self.has_element("10.78.3.250"), 2, "the old one is gone")
        watch.terminate()
        watch.wait(5)
        with open(self.lab.path("monitor")) as file:
            self.assertEqual(len([line for line in file if "element" in line]), 2)
        self.assertEqual(director.stop()[0], 0)
        self.assertEqual(self.rules(), "")

    def test_rfc9568_6_1_strict_mode_refuses_unless_it_is_told_to_accept(self):
        refuses = setup.config("a", 100, ADVERT, more="strict_mode")
        director = self.active(refuses)
        self.assertReachable(setup.VIP, False)
        for text, expected in ((setup.config("a", 100, ADVERT, more="strict_mode\naccept"), True),
                               (setup.config("a", 100, ADVERT).replace(
                                   "global_defs {", "global_defs {\nvrrp_strict"), False),
                               (setup.config("a", 100, ADVERT, more="strict_mode no").replace(
                                   "global_defs {", "global_defs {\nvrrp_strict"), True)):
            director.load(text)
            wait_until(lambda: self.pings(setup.VIP) == expected, 2, f"reachable: {expected}")
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_keepalived_gives_the_same_reachability(self):
        for more, priority in (("", 100), ("no_accept", 100), ("accept", 100), ("no_accept", 255),
                               ("strict_mode", 100), ("strict_mode\naccept", 100),
                               ("strict_mode", 255)):
            seen = {}
            for kind in (Holdfast, Keepalived):
                director = self.active(setup.config("a", priority, ADVERT, more=more), kind=kind,
                                       label=f"{kind.kind}{priority}{more}")
                seen[kind.kind] = self.pings(setup.VIP), self.connects(setup.VIP)
                director.stop()
                wait_until(lambda: not self.host.has_address(setup.VIP), 5, "the address is gone")
            self.assertEqual(seen["holdfast"], seen["keepalived"], (more, priority))


class IptablesTest(AcceptBase):
    """vrrp_iptables, where the program iptables is the old one."""

    def host_with_old_iptables(self):
        """`ip netns exec` shows the files of /etc/netns/NAME in the place of those of /etc."""
        self.alternatives = f"/etc/netns/{self.host.namespace}/alternatives"
        os.makedirs(os.path.dirname(self.alternatives))
        shutil.copytree("/etc/alternatives", self.alternatives, symlinks=True)
        self.addCleanup(shutil.rmtree, os.path.dirname(self.alternatives))
        for name in ("iptables", "ip6tables"):
            link = os.path.join(self.alternatives, name)
            os.unlink(link)
            os.symlink(f"/usr/sbin/{name}-legacy", link)

    def setUp(self):
        super().setUp()
        self.host_with_old_iptables()
        try:
            self.clean = self.rules()
        except RuntimeError as error:
            self.skipTest(f"no old iptables in this kernel: {error}")

    def rules(self):
        rules = [self.host.run(f"{program}-legacy", "-S") for program in ("iptables", "ip6tables")]
        return "".join(rules)

    def sets(self):
        # Each set that is made anew has a number of its own.
        return re.sub("initval 0x[0-9a-f]+", "", self.host.run("ipset", "save"))

    def has_element(self, address):
        return address in self.rules() + self.sets()

    def name(self):
        return re.search(r"create (holdfast_\d{3})", self.sets()).group(1)

    def config(self, globals_lines, more="no_accept", **options):
        return v6_config(more=more, **options).replace("global_defs {",
                                                       "global_defs {\n" + globals_lines)

    def assertRefuses(self):
        for address in (setup.VIP6, f"{LINK_LOCAL}%eth0"):
            self.assertReachable(address, False)
            self.assertRegex(self.neighbour.ip("-6", "neigh", "show", address.split("%")[0]),
                             "lladdr [0-9a-f:]+ .*(REACHABLE|STALE|DELAY|PROBE)")
        self.assertReachable("2001:db8:77::1")

    def test_sets_of_the_names_that_the_file_gives(self):
        director = self.active(self.config("vrrp_iptables\nvrrp_ipsets mine"), vip=setup.VIP6)
        self.assertRefuses()
        self.assertIn(f"add mine6 {setup.VIP6}", self.sets())
        self.assertIn(f"add mine_if6 {LINK_LOCAL},eth0", self.sets())
        self.assertEqual(self.host.run("nft", "list", "tables", "inet"), "")
        director.stop()
        self.assertEqual((self.rules(), self.sets()), (self.clean, ""))

    def test_a_rule_for_each_address_where_sets_are_not_wanted(self):
        director = self.active(self.config("vrrp_iptables\nvrrp_ipsets"), vip=setup.VIP6)
        self.assertRefuses()
        self.assertEqual(self.sets(), "")
        self.assertIn(f"-d {setup.VIP6}/128", self.rules())
        director.stop()
        self.assertEqual(self.rules(), self.clean)

    def test_ipv4_in_chains_of_the_operator(self):
        for chain in ("vip_in", "vip_out"):
            self.host.run("iptables-legacy", "-N", chain)
            self.host.run("ip6tables-legacy", "-N", chain)
        self.host.run("iptables-legacy", "-A", "INPUT", "-j", "vip_in")
        before = self.rules()
        director = self.active(setup.config("a", 100, ADVERT, more="no_accept").replace(
            "global_defs {", "global_defs {\nvrrp_iptables vip_in vip_out"))
        self.assertReachable(setup.VIP, False)
        self.assertReachable("10.77.0.1")
        self.assertIn(f"-A vip_in -m set --match-set {self.name()} dst", self.rules())
        self.assertIn(f"-A vip_out -m set --match-set {self.name()} src", self.rules())
        director.stop()
        self.assertEqual((self.rules(), self.sets()), (before, ""))

    def test_what_another_program_flushes_comes_back(self):
        director = self.active(self.config("vrrp_iptables"), vip=setup.VIP6)
        wait_until(lambda: self.has_element(setup.VIP6), 2, "the element")
        before = self.rules(), self.sets()
        for doing in (("ip6tables-legacy", "-F"), ("ipset", "del", self.name() + "6", setup.VIP6)):
            self.host.run(*doing)
            wait_until(lambda: (self.rules(), self.sets()) == before, 3, f"the rules after {doing}")
        self.assertEqual(director.states(), ["BACKUP", "MASTER"])

    def test_the_rules_outlive_a_worker_and_not_the_daemon(self):
        director = self.active(self.config("vrrp_iptables"), vip=setup.VIP6)
        wait_until(lambda: self.has_element(setup.VIP6), 2, "the element")
        before = self.rules(), self.sets()
        director.replace_worker("vrrp", 5)
        wait_until(lambda: director.text().count("are dropped by iptables") == 2, 5, "the new one")
        self.assertEqual((self.rules(), self.sets()), before)
        director.kill()
        self.assertEqual((self.rules(), self.sets()), before)
        self.active(self.config("vrrp_iptables", more=""), vip=setup.VIP6)
        wait_until(lambda: (self.rules(), self.sets()) == (self.clean, ""), 2, "they are gone")

    def test_a_reload_moves_them_to_nftables_and_back(self):
        director = self.active(self.config("vrrp_iptables"), vip=setup.VIP6)
        tables = lambda: self.host.run("nft", "list", "tables", "inet")
        wait_until(lambda: self.has_element(setup.VIP6), 2, "the element")
        director.load(self.config("nftables"))
        wait_until(lambda: (self.rules(), self.sets()) == (self.clean, "") and tables(), 2,
                   "nftables alone")
        self.assertReachable(setup.VIP6, False)
        director.load(self.config("vrrp_iptables"))
        wait_until(lambda: self.has_element(setup.VIP6) and not tables(), 2, "iptables alone")
        self.assertReachable(setup.VIP6, False)

    def test_a_chain_that_is_not_there_is_said_and_waited_for(self):
        director = self.active(self.config("vrrp_iptables later"), vip=setup.VIP6)
        wait_until(lambda: "there is no chain later" in director.text(), 2, "a line in the log")
        self.host.run("ip6tables-legacy", "-N", "later")
        self.host.run("ip6tables-legacy", "-A", "INPUT", "-j", "later")
        wait_until(lambda: "the firewall rules are in place" in director.text(), 10, "the rules")
        self.assertReachable(setup.VIP6, False)


class NewIptablesTest(AcceptBase):
    def test_an_iptables_that_writes_nftables_means_nftables(self):
        if "nft" not in os.path.realpath("/usr/sbin/iptables"):
            self.skipTest("the iptables of this machine is the old one")
        self.active(setup.config("a", 100, ADVERT, more="no_accept").replace(
            "global_defs {", "global_defs {\nvrrp_iptables"))
        self.assertReachable(setup.VIP, False)
        self.assertTrue(self.table())


if __name__ == "__main__":
    if not shutil.which("nft"):
        print("skipped: no program nft (package nftables)")
        sys.exit(77)
    setup.main(together=4)
