"""Settings of the election and of adverts on a real kernel: owners, groups, sources, late timers."""
import ctypes
import os
import signal
import socket
import time

import vrrp_setup as setup
from lab.daemons import Holdfast
from lab.wait import wait_until

ADVERT = 0.1
PIDFD_GETFD = 438  # linux/unistd.h


def receive_buffers(pid):
    """SO_RCVBUF of the raw sockets of a process."""
    libc, process, found = ctypes.CDLL(None, use_errno=True), os.pidfd_open(pid), []
    for name in os.listdir(f"/proc/{pid}/fd"):
        copy = libc.syscall(PIDFD_GETFD, process, int(name), 0)
        if copy < 0:
            continue
        try:
            with socket.socket(fileno=copy) as duplicate:
                if duplicate.type & socket.SOCK_RAW == socket.SOCK_RAW:
                    found.append(duplicate.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF))
        except OSError:
            os.close(copy)  # not a socket
    os.close(process)
    return found


class RulesTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        self.a, self.b = (self.lab.host(name, f"10.77.0.{number}/24")
                          for number, name in enumerate("ab", 1))

    def start(self, host, priority, more="", **options):
        return Holdfast(host, setup.config(host.name, priority, ADVERT, more=more, **options),
                        label=host.name).start()

    def pair(self, high, low, more):
        low = self.start(self.b, low, more)
        high = self.start(self.a, high, more)
        high.wait_for("MASTER", 5)
        return high, low

    def test_of_two_owners_the_lesser_address_yields_and_says_so(self):
        lesser, greater = self.start(self.a, 255), self.start(self.b, 255)
        wait_until(lambda: lesser.states()[-1:] == ["BACKUP"], 5, "the lesser address in BACKUP")
        wait_until(greater.is_master, 5, "the greater one")
        self.assertTrue(greater.is_master())
        wait_until(lambda: "owns the addresses as well" in lesser.text(), 5, "the warning")

    def test_owner_ignore_adverts(self):
        one, other = self.pair(255, 255, "owner_ignore_adverts")
        other.wait_for("MASTER", 5)
        wait_until(lambda: "reason=owner" in one.text() and "reason=owner" in other.text(), 5,
                   "what is ignored")
        self.assertTrue(one.is_master() and other.is_master())

    def test_mcast_dst_ip(self):
        sniffer = self.wire()
        high, low = self.pair(150, 100, "mcast_dst_ip 224.0.0.99")
        wait_until(lambda: low.states()[-1:] == ["BACKUP"], 5, "one master")
        wait_until(lambda: len(sniffer.packets("vrrp")) > 5, 5, "adverts")
        self.assertEqual({p["destination"] for p in sniffer.packets("vrrp")}, {"224.0.0.99"})
        # A reload to the usual group: both follow without a transition of the higher one.
        for director in (low, high):
            with open(director.config) as file:
                text = file.read().replace("mcast_dst_ip 224.0.0.99", "")
            with open(director.config, "w") as file:
                file.write(text)
            director.reload()
        wait_until(lambda: sniffer.packets("vrrp")[-1]["destination"] == "224.0.0.18", 5, "the group")
        low.wait_for("BACKUP", 5)
        self.assertEqual(high.states()[-1], "MASTER")

    def test_track_src_ip(self):
        sniffer = self.wire()
        director = self.start(self.a, 150, "mcast_src_ip 10.77.0.9\n track_src_ip")
        director.wait_for("FAULT", 5)
        self.assertIn("no interface has the source address 10.77.0.9", director.text())
        self.a.ip("addr", "add", "10.77.0.9/24", "dev", "eth0")
        director.wait_for("MASTER", 5)
        wait_until(lambda: sniffer.packets("vrrp"), 5, "adverts")
        self.assertEqual({p["source"] for p in sniffer.packets("vrrp")}, {"10.77.0.9"})

    def sleep(self, high, low):
        """The higher one's worker sleeps until the lower one has taken over."""
        wait_until(lambda: low.states()[-1:] == ["BACKUP"], 5, "one master")
        high.signal(signal.SIGSTOP, "vrrp")
        try:
            low.wait_for("MASTER", 5)
            time.sleep(2 * ADVERT)  # it advertises a few times
        finally:
            high.signal(signal.SIGCONT, "vrrp")

    def test_timer_expired_backup_yields_after_a_pause(self):
        high, low = self.pair(150, 100, "nopreempt\n timer_expired_backup")
        self.sleep(high, low)
        high.wait_for("BACKUP", 5)
        self.assertTrue(low.is_master())
        self.assertIn("timers ran late", high.text())

    def test_without_it_the_higher_priority_goes_on(self):
        high, low = self.pair(150, 100, "nopreempt")
        self.sleep(high, low)
        low.wait_for("BACKUP", 5)
        self.assertEqual(high.states()[-1], "MASTER")

    def test_receive_buffers(self):
        def sizes(more, globals=""):
            text = setup.config("a", 150, ADVERT, more=more).replace("global_defs {",
                                                                     "global_defs {\n" + globals)
            director = Holdfast(self.a, text, label="a").start()
            director.wait_for("MASTER", 5)
            found = receive_buffers(director.pid("vrrp"))
            director.stop()
            return found
        self.assertIn(65536, sizes("kernel_rx_buf_size 32768"))  # the kernel doubles it
        self.assertIn(9000, sizes("", "vrrp_rx_bufs_policy MTU\n"))
        self.assertIn(12000, sizes("", "vrrp_rx_bufs_policy MTU\nvrrp_rx_bufs_multiplier 4\n"))
        self.assertIn(20000, sizes("", "vrrp_rx_bufs_policy 10000\n"))


if __name__ == "__main__":
    setup.main()
