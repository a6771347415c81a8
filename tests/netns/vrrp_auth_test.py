"""Authentication on a real kernel: auth_hmac in its modes and with keys that change, and what AH keeps."""
import re

import vrrp_setup as setup
from lab.daemons import Holdfast
from lab.wait import wait_until

ADVERT = 0.1
KEY, OTHER = "k" * 32, "o" * 32
VIP6 = f"fe80::100/64\n        {setup.VIP6}/64"


def hmac(*keys, active=1, mode="enforce"):
    """`keys`: number and text."""
    lines = "".join(f"key {number} {text}\n" for number, text in keys)
    return f"auth_hmac {{\n{lines} active_key {active}\n mode {mode}\n}}\n"


def ah(password="secret"):
    return f"authentication {{\n auth_type AH\n auth_pass {password}\n}}\n"


class AuthTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        self.a, self.b = (self.lab.host(name, f"10.77.0.{number}/24", f"2001:db8:77::{number}/64")
                          for number, name in enumerate("ab", 1))

    def start(self, host, priority, more, version=3, advert=ADVERT, vip=setup.VIP + "/24"):
        return Holdfast(host, setup.config(host.name, priority, advert, version, vip=vip, more=more),
                        label=host.name).start()

    def pair(self, high, low, **options):
        low = self.start(self.b, 100, low, **options)
        high = self.start(self.a, 150, high, **options)
        high.wait_for("MASTER", 10)
        return high, low

    def agree(self, high, low):
        wait_until(lambda: low.states()[-1:] == ["BACKUP"], 10, "one master")
        high.stop()
        low.wait_for("MASTER", 10)

    def disagree(self, high, low, reason):
        low.wait_for("MASTER", 10)
        wait_until(lambda: f"reason={reason}" in low.text(), 5, reason)
        self.assertTrue(high.is_master() and low.is_master())

    def change(self, director, more):
        """A reload with other lines in the instance, which must not make a transition."""
        before = director.states()
        with open(director.config) as file:
            text = re.sub(r"auth_hmac \{.*?\n\}\n", more, file.read(), flags=re.S)
        director.load(text)
        self.assertEqual(director.states(), before)

    def test_the_same_key_is_one_router(self):
        sniffer = self.wire()
        self.agree(*self.pair(hmac((1, KEY)), hmac((1, KEY))))
        self.assertEqual({p["size"] for p in sniffer.packets("vrrp")}, {12 + 28})

    def test_the_same_key_over_ipv6(self):
        for host in (self.a, self.b):
            wait_until(host.link_local, 10, "a link-local address")
        self.agree(*self.pair(hmac((1, KEY)), hmac((1, KEY)), vip=VIP6))

    def test_another_key_is_not_heard(self):
        self.disagree(*self.pair(hmac((1, OTHER)), hmac((1, KEY))), "hmac_invalid")

    def test_no_key_is_not_heard_with_enforce(self):
        self.disagree(*self.pair("", hmac((1, KEY))), "hmac_missing")

    def test_a_key_is_introduced_changed_and_demanded_without_a_transition(self):
        high, low = self.pair(hmac((1, KEY), mode="receive-only"), hmac((1, KEY), mode="receive-only"))
        wait_until(lambda: low.states()[-1:] == ["BACKUP"], 10, "one master")
        both = ((1, KEY), (2, "hex:" + OTHER.encode().hex()))
        for step in (hmac((1, KEY), mode="permissive"), hmac((1, KEY)), hmac(*both),
                     hmac(*both, active=2), hmac(both[1], active=2)):
            for director in (low, high):
                self.change(director, step)
        self.assertEqual(high.states()[-1], "MASTER")
        self.assertEqual(low.states()[-1], "BACKUP")
        self.agree(high, low)

    def test_a_key_from_a_file_that_only_root_can_read(self):
        path = self.lab.write("key", KEY + "\n", 0o600)
        self.agree(*self.pair(hmac((1, "file:" + path)), hmac((1, KEY))))

    def test_a_key_that_everybody_can_read_is_refused(self):
        path = self.lab.write("key", KEY, 0o644)
        director = self.start(self.a, 150, hmac((1, "file:" + path)))
        self.assertNotEqual(director.process.wait(10), 0)
        self.assertIn("chmod 600", director.text())
        self.assertNotIn(KEY, director.text())

    def test_the_numbers_of_ah_survive_the_worker(self):
        high, low = self.pair(ah(), ah(), version=2, advert=1)
        wait_until(lambda: low.states()[-1:] == ["BACKUP"], 10, "one master")
        before = low.states()
        sniffer = self.wire()
        high.replace_worker("vrrp", 5)
        wait_until(lambda: len(sniffer.packets("vrrp")) >= 5, 10, "adverts of the new worker")
        self.assertEqual(low.states(), before)
        self.assertNotIn("reason=replay", low.text())

    def test_a_wrong_password_of_ah_is_not_heard(self):
        self.disagree(*self.pair(ah("secreT"), ah(), version=2, advert=1), "auth_failure")

    def test_ah_does_not_hear_adverts_without_it(self):
        self.disagree(*self.pair("", ah(), version=2, advert=1), "auth_mismatch")


if __name__ == "__main__":
    setup.main(together=4)
