"""RFC 9568 on the wire: what leaves and what is believed. The section stands in the name of each test;
tests/conformance.md says which rule is tested where."""
import json
import re
import subprocess
import time

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.net import run
from lab.sniffer import Sniffer
from lab.wait import StallWatch, wait_until
import vrrp_trouble_test as trouble

ADVERT = 0.1
GROUP = {4: ("224.0.0.18", "01:00:5e:00:00:12"), 6: ("ff02::12", "33:33:00:00:00:12")}
VIRTUAL_MAC = {4: "00:00:5e:00:01:33", 6: "00:00:5e:00:02:33"}
VIPS6 = f"fe80::100/64\n        {setup.VIP6}/64"


class RfcTest(setup.LabTest):
    def director(self, name, priority, number, kind=Holdfast, advert=ADVERT, version=3, more="",
                 vip=setup.VIP + "/24", addresses=()):
        host = self.lab.hosts.get(name) or self.lab.host(
            name, f"10.77.0.{number}/24", f"2001:db8:77::{number}/64", *addresses)
        if ":" in vip:
            wait_until(host.link_local, 10, "a link-local address")
        return kind(host, setup.config(name, priority, advert, version, vip=vip, more=more)).start()

    def mac(self, host):
        return host.run("cat", "/sys/class/net/eth0/address").strip()

    # 5: the packet

    def header(self, vip, source, family):
        sniffer = self.wire()
        a = self.director("a", 150, 1, vip=vip, addresses=("10.77.0.11/24",))
        a.wait_for("MASTER", 5)
        wait_until(lambda: len(sniffer.packets("vrrp")) >= 10, 5, "ten adverts")
        self.assertEqual(a.stop()[0], 0)
        packets = sniffer.packets("vrrp")
        group, mac = GROUP[family]
        for packet in packets:
            self.assertEqual(packet["ttl"], 255)
            self.assertEqual(packet["source"], source(a.host))
            self.assertEqual((packet["destination"], packet["to"]), (group, mac))
            self.assertEqual((packet["protocol"], packet["version"], packet["type_field"]), (112, 3, 1))
        self.assertEqual([packet["priority"] for packet in packets].count(0), 1)
        self.assertEqual(packets[-1]["priority"], 0)  # 5.2.4, 6.4.3

    def test_rfc9568_5_1_1_the_ipv4_header_of_adverts(self):
        self.header(setup.VIP + "/24", lambda host: "10.77.0.1", 4)

    def test_rfc9568_5_1_2_the_ipv6_header_of_adverts(self):
        source = []

        def link_local(host):
            source.append(host.link_local())  # that of the instance has left by now
            return source[0]
        self.header(VIPS6, link_local, 6)

    def test_rfc9568_7_2_adverts_follow_the_primary_address(self):
        a = self.director("a", 150, 1, vip=setup.VIP + "/32", addresses=("10.78.0.1/24",))
        a.wait_for("MASTER", 5)
        sniffer = self.wire()
        wait_until(lambda: {p["source"] for p in sniffer.packets("vrrp")} == {"10.77.0.1"}, 2, "adverts")
        a.host.ip("addr", "del", "10.77.0.1/24", "dev", "eth0")
        wait_until(lambda: sniffer.packets("vrrp")[-1]["source"] == "10.78.0.1", 2, "the new source")
        self.assertTrue(a.is_master())

    def fit(self, kind, name, number, vip, mtu):
        """How many addresses the adverts of a router list."""
        sniffer = self.wire()
        host = self.lab.host(name, f"10.77.0.{number}/24", f"2001:db8:77::{number}/64")
        host.ip("link", "set", "eth0", "mtu", str(mtu))
        one = self.director(name, 150, number, kind, vip=vip)
        one.wait_for("MASTER", 10)
        wait_until(lambda: sniffer.packets("vrrp"), 2, "an advert")
        if kind is Holdfast:
            self.assertEqual(one.text().count("addresses_not_listed"), 1)
            last = vip.split()[-1].split("/")[0]
            wait_until(lambda: host.has_address(last), 10, "the last address")
        self.assertEqual(one.stop()[0], 0)
        return {packet["count"] for packet in sniffer.packets("vrrp")}

    def test_rfc9568_5_2_5_an_advert_lists_what_fits_the_mtu_and_keepalived_the_same(self):
        many6 = "fe80::100/64\n" + "\n".join(f"2001:db8:77::1:{i:x}/64" for i in range(1, 120))
        many4 = "\n".join(f"10.77.1.{i}/32" for i in range(1, 200))
        for vip, mtu, most in ((many6, 1500, 89), (many4, 600, 139)):
            number = mtu % 255
            self.assertEqual(self.fit(Holdfast, f"h{mtu}", number, vip, mtu), {most})
            self.assertEqual(self.fit(Keepalived, f"k{mtu}", number + 1, vip, mtu), {most})

    # 6: the states

    def test_rfc9568_6_4_1_an_owner_advertises_and_announces_at_once(self):
        sniffer = self.wire()
        vips = [setup.VIP, "10.77.0.101"]
        a = self.director("a", 255, 1, vip="\n        ".join(f"{vip}/24" for vip in vips))
        wait_until(lambda: len(sniffer.packets("vrrp")) >= 2, 5, "two adverts")
        ours = lambda: [p for p in sniffer.packets() if p["type"] == "vrrp" or
                        (p["type"] == "arp" and p["sender"] in vips)]
        wait_until(lambda: len([p for p in ours() if p["type"] == "arp"]) >= 10, 5, "announcements")
        first = ours()[0]
        self.assertEqual((first["type"], first["priority"]), ("vrrp", 255))
        for packet in ours():
            if packet["type"] == "arp":
                self.assertEqual((packet["sender"], packet["mac"], packet["to"]),
                                 (packet["target"], self.mac(a.host), "ff:ff:ff:ff:ff:ff"))
        self.assertEqual(a.states(), ["MASTER"])

    def test_rfc9568_6_4_1_others_say_nothing_before_the_down_interval(self):
        sniffer = self.wire()
        begun = time.monotonic()
        a = self.director("a", 100, 1)
        a.wait_for("MASTER", 5)
        wait_until(lambda: sniffer.packets("vrrp"), 2, "an advert")
        self.assertGreater(sniffer.packets("vrrp")[0]["time"] - begun,
                           setup.down_interval(100, ADVERT, 3))
        announced = wait_until(lambda: [p["time"] for p in sniffer.packets("arp")
                                        if p["sender"] == setup.VIP], 2, "its announcement")
        self.assertGreater(announced[0], sniffer.packets("vrrp")[0]["time"])  # 6.4.2: the advert first

    def test_rfc9568_6_4_2_a_backup_answers_nothing_and_stops_without_a_word(self):
        ipv6 = setup.config("x", 150, ADVERT, vip=VIPS6).split("}\n", 1)[1].replace("VI_1", "VI_6")
        routers = []
        for name, priority, number in (("a", 150, 1), ("b", 100, 2)):
            host = self.lab.host(name, f"10.77.0.{number}/24", f"2001:db8:77::{number}/64")
            wait_until(host.link_local, 10, "a link-local address")
            text = setup.config(name, priority, ADVERT) + ipv6.replace("priority 150",
                                                                      f"priority {priority}")
            routers.append(Holdfast(host, text).start())
        a, b = routers
        for instance in ("VI_1", "VI_6"):
            a.wait_for("MASTER", 5, instance)
            b.wait_for("BACKUP", 5, instance)
        asker = self.lab.host("y", "10.77.0.9/24", "2001:db8:77::9/64")
        # The asker reaches the Backup, which hears the Active router, which the asker does not reach.
        for host in (a.host, asker):
            run("bridge", "-n", self.lab.wire, "link", "set", "dev", host.port, "isolated", "on")
        answers = lambda *command: subprocess.run(
            ["ip", "netns", "exec", asker.namespace, *command], stdout=subprocess.DEVNULL).returncode == 0
        self.assertTrue(answers("arping", "-c", "1", "-w", "2", "-I", "eth0", "10.77.0.2"))
        self.assertTrue(answers("ping", "-c", "1", "-W", "2", "2001:db8:77::2"))
        self.assertFalse(answers("arping", "-c", "2", "-w", "2", "-I", "eth0", setup.VIP))
        self.assertFalse(answers("ping", "-c", "1", "-W", "2", setup.VIP6))
        for vip in (setup.VIP, setup.VIP6):
            asker.ip("neigh", "replace", vip, "lladdr", self.mac(b.host), "dev", "eth0")
            self.assertFalse(answers("ping", "-c", "2", "-W", "1", vip), vip)
        self.assertNotIn("ff02::1:ff00:100", b.host.ip("maddr", "show", "dev", "eth0"))
        sniffer = self.wire()
        self.assertEqual(b.stop()[0], 0)
        wait_until(lambda: sniffer.packets("vrrp"), 2, "adverts")
        self.assertEqual({p["source"] for p in sniffer.packets("vrrp") if p["source"][0] == "1"},
                         {"10.77.0.1"})
        self.assertNotIn(0, [p["priority"] for p in sniffer.packets("vrrp")])

    def test_rfc9568_6_4_3_an_active_router_listens_for_solicitations_and_answers_them(self):
        a = self.director("a", 150, 1, vip=VIPS6)
        a.host.sysctl("net.ipv6.conf.all.forwarding", 1)
        a.wait_for("MASTER", 5)
        wait_until(lambda: "ff02::1:ff00:100" in a.host.ip("maddr", "show", "dev", "eth0"), 2, "the group")
        asker = self.lab.host("y", "2001:db8:77::9/64")
        sniffer = Sniffer(self.lab, self.lab.wire, asker.port)  # also what is sent to it alone
        asker.run("ping", "-c", "1", "-W", "5", setup.VIP6)
        answers = [p for p in sniffer.packets("na") if p["target"] == setup.VIP6 and p["flags"] & 0x40]
        self.assertEqual({p["link_layer"] for p in answers}, {self.mac(a.host)})
        self.assertTrue(all(p["flags"] & 0x80 for p in answers))  # 8.2.2: it is a router

    def test_rfc9568_6_4_3_frames_to_the_virtual_mac_are_forwarded_by_the_active_router_alone(self):
        routers = [self.director(name, priority, number, more="use_vmac",
                                 addresses=(f"10.88.0.{number}/24",))
                   for name, priority, number in (("a", 150, 1), ("b", 100, 2))]
        client, far = self.lab.host("c", "10.77.0.3/24"), self.lab.host("d", "10.88.0.9/24")
        for host in (client, far, *(router.host for router in routers)):
            # Every frame comes to every port, also what is for the virtual MAC to the Backup.
            run("bridge", "-n", self.lab.wire, "link", "set", "dev", host.port, "learning", "off")
        for router in routers:
            router.host.sysctl("net.ipv4.ip_forward", 1)
        client.ip("route", "add", "10.88.0.0/24", "via", setup.VIP)
        client.sysctl("net.ipv4.conf.all.accept_redirects", 0)
        client.sysctl("net.ipv4.conf.eth0.accept_redirects", 0)
        far.ip("route", "add", "10.77.0.0/24", "via", "10.88.0.1")
        routers[0].wait_for("MASTER", 5)
        routers[1].wait_for("BACKUP", 5)
        ping = lambda: client.run("ping", "-c", "3", "-i", "0.3", "-W", "2", "10.88.0.9", check=False)
        wait_until(lambda: "bytes from" in ping(), 5, "the way")
        said = ping()
        self.assertIn(" 3 received", said)
        self.assertNotIn("DUP", said)
        self.assertIn(VIRTUAL_MAC[4], client.ip("neigh", "show", setup.VIP))

    # 7: receiving and sending

    def test_rfc9568_7_1_what_differs_is_taken_and_told(self):
        b = self.director("b", 100, 2)
        attacker = self.lab.host("x", "10.77.0.66/24")
        sniffer = self.wire()
        b.wait_for("MASTER", 5)
        # Another interval, another list: version 3 follows, and says so.
        trouble.TroubleTest.inject(self, attacker, trouble.advert(priority=200, interval=50, count=2, addresses=2))
        b.wait_for("BACKUP", 2)
        wait_until(lambda: "interval_differs" in b.text() and "addresses_differ" in b.text(), 2, "both")
        self.assertIn("10.77.0.66 advertises every 0.5 s, we are configured for 0.1 s", b.text())
        self.assertIn("10.77.0.66 advertises 2 addresses that are not the 1 configured here", b.text())
        b.wait_for("MASTER", 5)
        times = lambda priority: [p["time"] for p in sniffer.packets("vrrp") if p["priority"] == priority]
        heard = times(200)[-1]
        back = wait_until(lambda: [at for at in times(100) if at > heard + ADVERT], 2, "its advert")[0]
        self.assertGreater(back - heard, 3 * 0.5)  # three of its intervals, not of ours

    def test_rfc9568_7_4_no_identifier_is_made_of_the_virtual_mac(self):
        a = self.director("a", 150, 1, vip=VIPS6, more="use_vmac")
        a.wait_for("MASTER", 5)
        wait_until(lambda: f" {setup.VIP6}/" in a.host.ip("-o", "addr", "show"), 2, "the address")
        self.assertNotIn("5eff:fe", a.host.ip("-6", "-o", "addr", "show"))
        sniffer = self.wire()
        wait_until(lambda: sniffer.packets("vrrp"), 2, "adverts")
        self.assertEqual({p["source"] for p in sniffer.packets("vrrp")}, {a.host.link_local()})

    def link_with(self, host, mac):
        shown = json.loads(host.ip("-j", "link", "show"))
        return [link["ifname"] for link in shown if link.get("address") == mac][0]

    def test_rfc9568_8_1_2_and_8_2_2_hosts_are_told_the_virtual_mac_alone_also_after_a_restart(self):
        host = self.lab.host("a", "10.77.0.1/24", "2001:db8:77::1/64")
        asker = self.lab.host("y", "10.77.0.9/24", "2001:db8:77::9/64")
        wait_until(host.link_local, 10, "a link-local address")
        text = setup.config("a", 255, ADVERT, more="use_vmac")
        text += setup.config("a", 255, ADVERT, vip=VIPS6, more="use_vmac vrrp6").split("}\n", 1)[1].replace(
            "VI_1", "VI_6")
        sniffer = Sniffer(self.lab, self.lab.wire, asker.port)  # also what is sent to it alone
        for run_number in range(2):
            a = Holdfast(host, text, label=f"run{run_number}").start()
            for instance in ("VI_1", "VI_6"):
                a.wait_for("MASTER", 5, instance)
            asker.ip("neigh", "flush", "all")
            for vip in (setup.VIP, setup.VIP6):
                wait_until(lambda: "bytes from" in asker.run("ping", "-c", "1", "-W", "1", vip,
                                                             check=False), 5, vip)
            # On behalf of the virtual router: to somebody that it does not know.
            host.run("ping", "-c", "1", "-W", "1", "-I", self.link_with(host, VIRTUAL_MAC[6]),
                     f"2001:db8:77::{77 + run_number}", check=False)
            self.assertEqual(a.stop()[0], 0)
        told = [p for p in sniffer.packets("arp") if p["sender"] == setup.VIP]
        self.assertEqual({p["mac"] for p in told}, {VIRTUAL_MAC[4]})
        told = [p for p in sniffer.packets("na") if p["target"] in (setup.VIP6, "fe80::100")]
        self.assertEqual({(p["mac"], p["link_layer"]) for p in told}, {(VIRTUAL_MAC[6],) * 2})
        solicitations = [frame["bytes"] for frame in sniffer.packets("frame")
                         if frame["bytes"][24:28] == "86dd" and frame["bytes"][108:110] == "87"]
        sources = {frame[156:] for frame in solicitations if frame[44:76] != "0" * 32}
        self.assertEqual(sources, {"0101" + VIRTUAL_MAC[6].replace(":", "")})

    # 8.4: versions 2 and 3 on one link

    def rates(self, sniffer, since, span):
        """Adverts a second, by version."""
        times = [p for p in sniffer.packets("vrrp") if since <= p["time"] < since + span]
        return {version: len([p for p in times if p["version"] == version]) / span for version in (2, 3)}

    def test_rfc9568_8_4_2_an_active_router_sends_both_versions_at_its_rate(self):
        a = self.director("a", 150, 1, advert=0.2, more="also_version_2")
        a.wait_for("MASTER", 5)
        old = self.director("b", 100, 2, Keepalived, 1, version=2)
        new = self.director("c", 90, 3, Keepalived, 0.2)
        sniffer = self.wire()
        for partner in (old, new):
            partner.wait_for("BACKUP", 5)
        begun = time.monotonic()
        with StallWatch() as watch:
            time.sleep(5)  # both stay BACKUP: it is the absence of an event that is tested
        if watch.longest() < 0.2:
            self.assertEqual((old.states(), new.states()), (["BACKUP"], ["BACKUP"]))
        for version, rate in self.rates(sniffer, begun, 5).items():
            self.assertAlmostEqual(rate, 5, delta=0.5, msg=f"version {version}")
        self.assertEqual(a.stop()[0], 0)
        for version in (2, 3):  # both know that it leaves
            self.assertEqual([p["priority"] for p in sniffer.packets("vrrp") if p["source"] == "10.77.0.1"
                              and p["version"] == version].count(0), 1)

    def test_rfc9568_8_4_2_a_backup_waits_by_the_seconds_of_a_version_2_router(self):
        old = self.director("a", 150, 1, Keepalived, 2, version=2)
        sniffer = self.wire()
        b = self.director("b", 100, 2, advert=0.2, more="also_version_2")
        old.wait_for("MASTER", 15)
        b.wait_for("BACKUP", 10)
        time.sleep(3)  # more than the down interval of its own 0.2 s, and of 1 s: nothing may happen
        self.assertTrue(old.is_master())
        self.assertEqual(b.states()[-1], "BACKUP")
        self.assertEqual(b.text().count("10.77.0.1 speaks version 2 alone"), 1)
        old.host.cut_off()
        last = [p for p in sniffer.packets("vrrp") if p["source"] == "10.77.0.1"][-1]["time"]
        b.wait_for("MASTER", 10)
        first = wait_until(lambda: [p["time"] for p in sniffer.packets("vrrp") if p["time"] > last], 2,
                           "its first advert")[0]
        self.assertAlmostEqual(first - last, setup.down_interval(100, 2, 3), delta=0.1)

    def test_rfc9568_8_4_a_pair_of_version_2_is_replaced_one_by_one(self):
        a = self.director("a", 150, 1, Keepalived, 1, version=2)
        b = self.director("b", 100, 2, Keepalived, 1, version=2)
        a.wait_for("MASTER", 10)
        b.wait_for("BACKUP", 5)
        b.stop()
        mixed = lambda name, priority, more="also_version_2": setup.config(name, priority, 1, more=more)
        b = Holdfast(b.host, mixed("b", 100)).start()
        b.wait_for("BACKUP", 5)
        wait_until(lambda: "10.77.0.1 speaks version 2 alone" in b.text(), 5, "the event")
        self.assertTrue(a.is_master())
        a.stop()
        b.wait_for("MASTER", 5)
        a = Holdfast(a.host, mixed("a", 150)).start()
        a.wait_for("MASTER", 10)
        b.wait_for("BACKUP", 2)
        wait_until(lambda: not b.host.has_address(setup.VIP), 1, "one holder")
        before = a.states(), b.states()
        a.load(mixed("a", 150, more=""))
        wait_until(lambda: "10.77.0.1 advertises in version 3 alone" in b.text(), 8, "the event")
        b.load(mixed("b", 100, more=""))
        time.sleep(4)  # a down interval: it is the absence of a transition that is tested
        self.assertEqual((a.states(), b.states()), before)
        self.assertIsNone(re.search("discarded|cannot", b.text()))


if __name__ == "__main__":
    setup.main(together=4)
