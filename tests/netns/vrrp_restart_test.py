"""A killed worker and a reload of an unchanged file are not noticed by anybody on the wire."""
import time

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.wait import StallWatch, wait_until

ADVERT = 0.1
KILLS = 50
RELOADS = 100


class RestartTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        self.active = Holdfast(self.lab.host("a", "10.77.0.1/24"),
                               setup.config("active", 150, ADVERT)).start()
        self.partner = Keepalived(self.lab.host("b", "10.77.0.2/24"),
                                  setup.config("partner", 100, ADVERT)).start()
        self.active.wait_for("MASTER", 10)
        wait_until(lambda: self.active.host.has_address(setup.VIP), 2, "the address")
        self.partner.wait_for("BACKUP", 10)
        self.sniffer = self.wire()
        wait_until(self.adverts, 2, "adverts on the wire")
        self.changes = self.lab.path("addresses.log")
        self.active.host.listen(self.changes, "ip", "-4", "monitor", "address")

    def address_changes(self):
        with open(self.changes) as file:
            return file.read()

    def adverts(self):
        return [packet["time"] for packet in self.sniffer.packets("vrrp")]

    def kill_worker(self):
        """Kills it once it has lived long enough not to be taken for a crash loop."""
        self.active.replace_worker("vrrp", 2)
        begun = time.monotonic()
        wait_until(lambda: self.adverts()[-1] > begun, 2, "its adverts")
        time.sleep(max(0.0, 0.6 - (time.monotonic() - begun)))

    def test_the_partner_does_not_see_that_the_worker_was_killed(self):
        before = self.partner.states(), self.active.states()
        for _ in range(KILLS):
            self.kill_worker()
        self.assertEqual((self.partner.states(), self.active.states()), before)
        self.assertEqual(self.address_changes(), "")
        self.assertEqual({p["priority"] for p in self.sniffer.packets("vrrp")}, {150})
        pauses = sorted(setup.gaps(self.adverts()))
        self.assertLess(pauses[-1], 3 * ADVERT)
        print(f"longest pause between adverts {pauses[-1] * 1000:.1f} ms ", end="")

    def test_reloading_an_unchanged_file_does_nothing(self):
        before = self.partner.states(), self.active.states()
        watch = self.opened(StallWatch())
        begun = time.monotonic()
        for number in range(1, RELOADS + 1):
            self.active.reload()
            wait_until(lambda: self.active.text().count("Reload finished") >= number, 5,
                       f"reload {number}")
        wait_until(lambda: self.adverts()[-1] > begun + 3, 10, "three seconds of adverts")
        self.assertEqual((self.partner.states(), self.active.states()), before)
        self.assertEqual(self.address_changes(), "")
        pauses = sorted(setup.gaps(self.adverts()))
        # A machine that stood still sent nothing meanwhile.
        stall = watch.longest() if watch.longest() > 0.1 * ADVERT else 0
        self.assertLess(pauses[-1], 1.2 * ADVERT + stall)
        print(f"longest pause between adverts {pauses[-1] * 1000:.1f} ms ", end="")


if __name__ == "__main__":
    setup.main(together=4)
