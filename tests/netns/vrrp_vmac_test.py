"""use_vmac: the virtual MAC on the wire, its silence in BACKUP, and the interface that holds it."""
import json
import os
import signal
import time

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.sniffer import Sniffer
from lab.wait import StallWatch, wait_until

HIGH, LOW = 150, 100
MAC = {4: "00:00:5e:00:01:33", 6: "00:00:5e:00:02:33"}
NAME = "vrrp.51"
OWN = "10.77.0.{}"


class VmacTest(setup.LabTest):
    def hosts(self):
        self.a, self.b = (self.lab.host(name, f"10.77.0.{number}/24", f"2001:db8:77::{number}/64")
                          for number, name in enumerate("ab", 1))
        for host in (self.a, self.b):
            wait_until(host.link_local, 10, "a link-local address")
        # What each host sends and receives.
        self.at = {host.name: Sniffer(self.lab, self.lab.wire, host.port)
                   for host in (self.a, self.b)}

    def config(self, name, priority, advert=0.1, version=3, family=4, vmac="use_vmac", more=""):
        vip = setup.VIP + "/24" if family == 4 else f"fe80::100/64\n        {setup.VIP6}/64"
        return setup.config(name, priority, advert, version, vip=vip, more=vmac + "\n" + more)

    def start(self, kind, host, *arguments, **options):
        label = options.pop("label", None)
        return kind(host, self.config(host.name, *arguments, **options), label=label).start()

    def link(self, host, name=NAME):
        """What `ip -j` says of an interface, None without one."""
        found = json.loads(host.ip("-j", "-d", "link", "show", "dev", name, check=False) or "[]")
        return found[0] if found else None

    def is_up(self, host, name=NAME):
        link = self.link(host, name)
        return link is not None and "UP" in link["flags"]

    def holds(self, host, address=setup.VIP, name=NAME):
        return f" {address}/" in host.ip("-o", "addr", "show", "dev", name, check=False)

    def adverts(self, at, priority):
        return [p for p in self.at[at.name].packets("vrrp") if p["priority"] == priority]

    def frames_of(self, host, mac, since=0.0):
        """What the host itself sent: at its port of the bridge it comes in."""
        return [p for p in self.at[host.name].packets()
                if p.get("mac") == mac and not p["sent"] and p["time"] >= since]

    def setting(self, host, path):
        return host.run("cat", f"/proc/sys/net/{path}").strip()

    # Interoperation

    def play(self, high_kind, low_kind, version, advert, family=4, low_vmac="use_vmac"):
        self.hosts()
        mac, vip = MAC[family], setup.VIP if family == 4 else setup.VIP6
        low = self.start(low_kind, self.b, LOW, advert, version, family, low_vmac)
        high = self.start(high_kind, self.a, HIGH, advert, version, family)
        high.wait_for("MASTER", 10)
        wait_until(lambda: low.states()[-1:] == ["BACKUP"], 10, "the lower one in BACKUP")
        wait_until(lambda: self.holds(self.a, vip), 2, "the address")
        before = high.states(), low.states()
        with StallWatch() as watch:
            time.sleep(max(3, 10 * advert))  # it is the absence of an event that is tested
        if watch.longest() < advert:
            self.assertEqual((high.states(), low.states()), before)
        self.a.cut_off()
        low.wait_for("MASTER", 10)
        last = self.adverts(self.b, HIGH)[-1]["time"]
        wait_until(lambda: self.adverts(self.b, LOW)[-1]["time"] > last, 2, "its first advert")
        pause = [p["time"] for p in self.adverts(self.b, LOW) if p["time"] > last][0] - last
        self.assertLessEqual(pause, setup.down_interval(LOW, advert, version) + setup.TOLERANCE)
        self.a.plug_in()
        wait_until(lambda: high.is_master() and not low.is_master(), 15, "one master")
        self.assertEqual(high.stop()[0], 0)
        low.wait_for("MASTER", 10)
        wait_until(lambda: self.adverts(self.b, LOW)[-1]["time"] >
                   self.adverts(self.b, 0)[-1]["time"], 2, "its first advert")
        resigned = self.adverts(self.b, 0)[-1]["time"]
        pause = [p["time"] for p in self.adverts(self.b, LOW) if p["time"] > resigned][0] - resigned
        self.assertLessEqual(pause, setup.skew(LOW, advert, version) + setup.TOLERANCE)
        macs = {p["mac"] for p in self.adverts(self.b, HIGH)}
        self.assertEqual(macs, {mac})
        return low

    def test_holdfast_yields_to_keepalived_v2_1s(self):
        self.play(Keepalived, Holdfast, 2, 1)

    def test_keepalived_yields_to_holdfast_v2_1s(self):
        self.play(Holdfast, Keepalived, 2, 1)

    def test_holdfast_yields_to_keepalived_v3_100ms(self):
        self.play(Keepalived, Holdfast, 3, 0.1)

    def test_keepalived_yields_to_holdfast_v3_100ms(self):
        self.play(Holdfast, Keepalived, 3, 0.1)

    def test_holdfast_yields_to_keepalived_ipv6(self):
        self.play(Keepalived, Holdfast, 3, 0.1, family=6)

    def test_keepalived_yields_to_holdfast_ipv6(self):
        self.play(Holdfast, Keepalived, 3, 0.1, family=6)

    def test_two_of_holdfast_agree(self):
        self.play(Holdfast, Holdfast, 3, 0.1)

    def test_two_of_holdfast_agree_ipv6(self):
        self.play(Holdfast, Holdfast, 3, 0.1, family=6)

    def test_a_partner_without_vmac(self):
        self.play(Holdfast, Holdfast, 3, 0.1, low_vmac="")

    def test_adverts_from_the_base(self):
        self.hosts()
        high = self.start(Holdfast, self.a, HIGH, more="vmac_xmit_base")
        high.wait_for("MASTER", 5)
        low = self.start(Keepalived, self.b, LOW)
        low.wait_for("BACKUP", 5)
        wait_until(lambda: self.adverts(self.b, HIGH), 2, "adverts")
        self.assertNotIn(MAC[4], {p["mac"] for p in self.adverts(self.b, HIGH)})
        self.assertTrue(self.holds(self.a))
        arps = [p for p in self.at["a"].packets("arp") if p["target"] == setup.VIP]
        self.assertEqual({p["mac"] for p in arps}, {MAC[4]})

    # The wire

    def test_hosts_learn_the_virtual_mac_alone(self):
        self.hosts()
        self.start(Holdfast, self.a, HIGH).wait_for("MASTER", 5)
        client = self.lab.host("c", "10.77.0.3/24")
        client.run("ping", "-c", "3", "-i", "0.2", "-W", "1", setup.VIP)
        client.run("ping", "-c", "1", "-W", "1", "10.77.0.1")
        # 6.4.3: no ARP message about the address has the physical MAC.
        about = [p for p in self.at["a"].packets("arp") if p["sender"] == setup.VIP]
        self.assertEqual({p["mac"] for p in about}, {MAC[4]})
        self.assertIn(MAC[4], client.ip("neigh", "show", setup.VIP))
        self.assertNotIn(MAC[4], client.ip("neigh", "show", "10.77.0.1"))

    def silent(self, family):
        self.hosts()
        master = self.start(Keepalived, self.a, HIGH, family=family)
        master.wait_for("MASTER", 10)
        advert, mac = 0.1, MAC[family]
        backup = self.start(Holdfast, self.b, LOW, family=family,
                            more="virtual_ipaddress_excluded {\n 10.77.0.101/24\n }")
        backup.wait_for("BACKUP", 5)
        client = self.lab.host("c", "10.77.0.3/24")
        begun = time.monotonic()
        self.b.ip("addr", "add", "10.77.0.22/24", "dev", "eth0")
        self.b.ip("addr", "add", "2001:db8:77::22/64", "dev", "eth0")
        client.run("ping", "-c", "2", "-i", "0.2", "-W", "1", "10.77.0.22")
        wait_until(lambda: time.monotonic() > begun + 10 * advert, 20, "ten intervals")
        backup.reload()
        wait_until(lambda: "Reload finished" in backup.text(), 5, "the reload")
        self.assertEqual(self.frames_of(self.b, mac), [])
        self.a.cut_off()
        backup.wait_for("MASTER", 5)
        wait_until(lambda: self.frames_of(self.b, mac), 2, "frames of the new master")
        self.a.plug_in()
        backup.wait_for("BACKUP", 10)
        wait_until(lambda: not self.is_up(self.b), 1, "its silence")
        yielded = time.monotonic()
        time.sleep(10 * advert)  # it is the absence of frames that is tested
        self.assertEqual(self.frames_of(self.b, mac, yielded), [])
        self.assertEqual(backup.stop()[0], 0)

    def test_a_backup_is_silent_ipv4(self):
        self.silent(4)

    def test_a_backup_is_silent_ipv6(self):
        self.silent(6)


if __name__ == "__main__":
    setup.main()
