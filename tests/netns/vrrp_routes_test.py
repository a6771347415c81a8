"""Virtual and static routes and rules, as `ip -j` shows them; keepalived beside it."""
import json

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.wait import wait_until

ADVERT = 0.1

ROUTES = """
    virtual_routes {
        10.90.1.0/24 via 10.77.0.9
        10.90.2.0/24 dev eth0 scope link src 10.77.0.100 metric 7
        10.90.3.0/24 via 10.77.0.9 dev eth0 table 77 tos 16 mtu lock 1400 advmss 1300 window 9 hoplimit 9
        10.90.3.0/24 via 10.77.0.9 dev eth0 table 300 rtt 4000 rttvar 4000 reordering 5 cwnd lock 9 ssthresh 7
        10.90.4.0/24 via 10.77.0.9 dev eth0 initcwnd 11 initrwnd 12 rto_min 200ms quickack 1 features ecn congctl lock reno
        10.90.5.0/24 via 10.66.0.9 dev eth0 onlink realms 5/6
        10.90.6.0/24 nexthop via 10.77.0.9 dev eth0 weight 3 nexthop via 10.77.0.10 dev eth0 weight 1 realms 7
        blackhole 10.90.7.0/24
        unreachable 10.90.8.0/24 metric 3
        prohibit 10.90.9.0/24 table 77
        throw 10.90.10.0/24 table 77
        2001:db8:90::/48 via fe80::9 dev eth0 metric 5 pref high
        2001:db8:91::/48 dev eth0
        2001:db8:92::/48 from 2001:db8:77::/48 via fe80::9 dev eth0
        2001:db8:93::/48 nexthop via fe80::9 dev eth0 weight 2 nexthop via fe80::a dev eth0 weight 3
        blackhole 2001:db8:94::/48
    }
"""
# keepalived 2.2.7 cannot do these two.
ALL_ROUTES = ROUTES.replace("virtual_routes {", """virtual_routes {
        local 10.90.11.0/24 dev lo table 77
        10.90.12.0/24 via inet6 fe80::9 dev eth0""")
RULES = """
    virtual_rules {
        from 10.90.0.0/16 table 77 priority 100
        to 10.91.0.0/16 lookup 300 priority 101
        not from 10.92.0.1 table 77 priority 102
        from 10.93.0.0/16 fwmark 5/7 iif eth0 oif lo tos 16 table 77 priority 103
        from 10.94.0.0/16 realms 3/4 table 77 priority 104
        from 10.95.0.0/16 suppress_prefixlength 8 table main priority 105
        from 10.96.0.0/16 suppress_ifgroup 3 table main priority 106
        from 10.97.0.0/16 uidrange 5-9 ipproto tcp sport 80-81 dport 90-91 table 77 priority 107
        from 10.98.0.0/16 blackhole priority 108
        from 10.98.1.0/24 unreachable priority 109
        from 10.98.2.0/24 prohibit priority 110
        from 10.98.3.0/24 goto 200 priority 111
        from 10.98.4.0/24 nop priority 112
        from 10.98.5.0/24 tunnel-id 5 table 77 priority 113
        l3mdev priority 1000
        from 2001:db8:90::/48 table 77 priority 100
    }
"""
UNNUMBERED = """
    virtual_rules {
        from 10.99.0.1 table 77
        from 10.99.0.2 table 77
        from 2001:db8:99::1 table 77
    }
"""
STATIC = """
static_routes {
    10.89.0.0/24 via 10.77.0.9 dev eth0
    10.89.1.0/24 dev side0
}
static_rules {
    from 10.89.0.0/24 table 89 priority 89
}
"""


class RoutesTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        self.maxDiff = None
        self.host = self.host_with_side("a", 1)

    def routes(self, host):
        found = []
        for family in ("-4", "-6"):
            found += json.loads(host.ip(family, "-j", "-d", "route", "show", "table", "all", "proto",
                                        "keepalived") or "[]")
        for route in found:
            route.pop("expires", None)
        return sorted(found, key=json.dumps)

    def rules(self, host):
        found = []
        for family in ("-4", "-6"):
            found += json.loads(host.ip(family, "-j", "-d", "rule", "show"))
        return sorted((rule for rule in found if rule.get("protocol") == "keepalived"), key=json.dumps)

    def holdings(self, host):
        return self.routes(host), self.rules(host)

    def start(self, kind, host, text, **options):
        director = kind(host, text, **options).start()
        director.wait_for("MASTER", 10)
        return director

    def compare(self, more, routes, rules, after=""):
        text = setup.config("a", 255, 1, more=more) + after
        first = self.start(Keepalived, self.host, text)
        complete = lambda host: len(self.routes(host)) >= routes and len(self.rules(host)) >= rules
        wait_until(lambda: complete(self.host), 5, "keepalived's")
        theirs = self.holdings(self.host)
        first.stop()
        other = self.host_with_side("b", 1)
        second = self.start(Holdfast, other, text)
        wait_until(lambda: complete(other), 5, f"ours; log {second.log}")
        self.assertEqual(self.holdings(other), theirs)
        self.assertEqual(second.stop()[0], 0)
        self.assertEqual(self.holdings(other), ([], []))
        return second

    def test_every_attribute_of_a_route_is_as_keepalived_has_it(self):
        self.compare(ROUTES, 16, 0)

    def test_every_attribute_of_a_rule_is_as_keepalived_has_it(self):
        self.compare(RULES, 0, 16)

    def test_rules_without_a_preference_count_down_as_keepalived_does(self):
        self.compare(UNNUMBERED, 0, 3)

    def test_static_routes_and_rules_are_there_while_it_runs_as_keepalived_has_them(self):
        self.compare("", 2, 1, STATIC)

    def test_a_reload_moves_only_what_changed(self):
        text = setup.config("a", 255, 1, more=ALL_ROUTES + RULES)
        director = self.start(Holdfast, self.host, text)
        wait_until(lambda: len(self.routes(self.host)) >= 18, 5, "the routes")
        wait_until(lambda: len(self.rules(self.host)) >= 16, 5, "the rules")
        changes = self.lab.path("changes.log")
        self.host.listen(changes, "ip", "monitor", "route", "rule")
        director.load(text.replace("src 10.77.0.100 metric 7", "metric 7")
                     .replace("10.90.1.0/24 via 10.77.0.9\n", "")
                     .replace("from 10.90.0.0/16 table 77", "from 10.90.0.0/16 table 78"))
        wait_until(lambda: len(self.routes(self.host)) == 17, 2, "the route is gone")
        wait_until(lambda: any(rule.get("table") == "78" for rule in self.rules(self.host)), 2, "the rule")
        route = lambda: [r for r in self.routes(self.host) if r["dst"] == "10.90.2.0/24"][0]
        wait_until(lambda: "prefsrc" not in route(), 2, "the route without src")
        with open(changes) as file:
            lines = [line for line in file if line.strip()]
        for line in lines:
            self.assertTrue(any(part in line for part in ("10.90.1.0", "10.90.2.0", "10.90.0.0")), lines)
        director.load(setup.config("a", 255, 1))
        wait_until(lambda: self.holdings(self.host) == ([], []), 2, "all of it is gone")
        self.assertEqual(director.states(), ["MASTER"])

    def test_routes_come_behind_addresses_and_announcements_and_leave_before_them(self):
        log = self.lab.path("order.log")
        self.host.listen(log, "ip", "monitor", "address", "route", "rule")
        text = setup.config("a", 255, 1, more="""
            virtual_routes {
                10.90.2.0/24 dev eth0 src 10.77.0.100
            }
            virtual_rules {
                from 10.90.0.0/16 table 77 priority 100
            }""")
        director = self.start(Holdfast, self.host, text)
        wait_until(lambda: self.rules(self.host), 5, "the rule")
        director.stop()
        def order():
            with open(log) as file:
                lines = file.read().split("\n")
            kinds = []
            for line in lines:
                for mark, kind in (("10.77.0.100/24", "address"), ("10.90.2.0/24", "route"),
                                   ("10.90.0.0/16", "rule")):
                    if mark in line:
                        kinds.append(kind)
            return kinds
        wait_until(lambda: len(order()) >= 6, 2, f"all six changes in {log}")
        self.assertEqual(order(), ["address", "route", "rule", "rule", "route", "address"])

    def test_what_another_program_removes_or_replaces_is_back_at_once(self):
        director = self.start(Holdfast, self.host, setup.config(
            "a", 255, 1, more="on_address_loss restore\n" + ALL_ROUTES + RULES))
        wait_until(lambda: len(self.rules(self.host)) >= 16, 5, "the rules")
        complete = lambda: len(self.routes(self.host)) == 18 and len(self.rules(self.host)) == 16
        wait_until(complete, 5, "everything")
        for removal in (("route", "del", "10.90.1.0/24"), ("rule", "del", "priority", "103"),
                        ("-6", "route", "del", "2001:db8:91::/48"),
                        ("route", "replace", "10.90.1.0/24", "via", "10.77.0.8", "proto", "static")):
            self.host.ip(*removal)
            wait_until(complete, 0.2, f"back after {removal}")
        wait_until(lambda: director.text().count("[route_restored") == 4, 1, "the events")
        self.assertEqual(director.states(), ["MASTER"])

    def test_routes_come_back_with_their_link_in_silence(self):
        director = self.start(Holdfast, self.host, setup.config("a", 255, 1) + STATIC)
        has = lambda: [r for r in self.routes(self.host) if r["dst"] == "10.89.1.0/24"]
        wait_until(has, 2, "the route")
        self.host.ip("link", "set", "side0", "down")
        wait_until(lambda: not has(), 2, "the kernel takes it")
        self.host.ip("link", "set", "side0", "up")
        wait_until(has, 2, "it is back")
        self.assertNotIn("removed by another program", director.text())

    def test_a_worker_that_dies_for_good_leaves_no_route_and_one_that_is_replaced_keeps_them(self):
        director = self.start(Holdfast, self.host, setup.config("a", 255, ADVERT, more=ALL_ROUTES + RULES))
        complete = lambda: len(self.routes(self.host)) == 18 and len(self.rules(self.host)) == 16
        wait_until(complete, 5, "everything")
        changes = self.lab.path("changes.log")
        self.host.listen(changes, "ip", "monitor", "route", "rule")
        director.replace_worker("vrrp", 5)
        wait_until(lambda: director.is_master(), 5, "the successor")
        self.assertTrue(complete())
        with open(changes) as file:
            self.assertEqual(file.read(), "")
        killed = set()

        def gone():
            director.kill_next_worker("vrrp", killed)
            return self.holdings(self.host) == ([], [])
        wait_until(gone, 8, "every route is gone")

    def test_a_successor_knows_what_the_dead_one_held_although_it_is_not_configured_any_more(self):
        lines = ROUTES + RULES
        director = self.start(Holdfast, self.host, setup.config("a", 255, ADVERT, more=lines),
                              options=["-V"])
        wait_until(lambda: len(self.rules(self.host)) >= 16, 5, "everything")
        killed = set()

        def waits():
            director.kill_next_worker("vrrp", killed)
            return "[worker_backoff" in director.text()
        wait_until(waits, 8, "a worker that is not started again at once")
        self.assertEqual((len(self.routes(self.host)), len(self.rules(self.host))), (16, 16))
        director.load(setup.config("a", 255, ADVERT))
        wait_until(lambda: self.holdings(self.host) == ([], []), 3, "all of it is gone")

    def test_a_route_that_moves_to_another_instance_at_a_reload_stays(self):
        route = "virtual_routes {\n 10.90.1.0/24 via 10.77.0.9\n}\n" \
                "virtual_rules {\n from 10.90.0.0/16 table 77 priority 100\n}\n"

        def text(first, second):
            other = setup.config("a", 255, 1, more=second, vip="10.77.0.102/24").split("}\n", 1)[1]
            return setup.config("a", 255, 1, more=first) + \
                other.replace("VI_1", "VI_0").replace("virtual_router_id 51", "virtual_router_id 52")
        director = self.start(Holdfast, self.host, text(route, ""))
        director.wait_for("MASTER", 5, "VI_0")
        complete = lambda: len(self.routes(self.host)) == 1 and len(self.rules(self.host)) == 1
        wait_until(complete, 5, "the route")
        changes = self.lab.path("changes.log")
        self.host.listen(changes, "ip", "monitor", "route", "rule")
        director.load(text("", route))
        director.load(text(route, ""))
        self.host.ip("route", "add", "10.99.9.0/24", "dev", "eth0")
        wait_until(lambda: "10.99.9.0" in open(changes).read(), 2, "the mark of the end")
        self.assertEqual([line for line in open(changes) if "10.90" in line], [])

    def test_names_of_iproute2_are_known_and_others_are_left_out(self):
        text = setup.config("a", 255, 1, more="""
            virtual_routes {
                10.90.1.0/24 dev eth0 table local protocol bird
                10.90.2.0/24 dev eth0 table nosuchtable
                10.90.3.0/24 dev eth0
            }""")
        director = self.start(Holdfast, self.host, text)
        wait_until(lambda: self.routes(self.host), 2, "the third route")
        self.assertIn("nosuchtable (rt_tables)", director.text())
        self.assertIn("10.90.1.0/24", self.host.ip("route", "show", "table", "local", "proto", "bird"))


if __name__ == "__main__":
    setup.main(together=4)
