"""Alert mail of transitions: beside keepalived, and with mail servers of every kind."""
import os
import re
import time

import vrrp_setup as setup
from lab.daemons import Holdfast, Keepalived
from lab.mail import MailServer, header
from lab.wait import wait_until

ADVERT = 0.1
GROUP = "vrrp_sync_group G {\n group {\n VI_1\n }\n%s\n}\n"
GLOBALS = """global_defs {
 smtp_server 127.0.0.1 2525
 smtp_helo_name host.example
 smtp_connect_timeout 2
 notification_email_from root@host.example
 notification_email {
  first@ops.example
  second@ops.example
 }"""


def without_date(mail):
    """All that must be equal: the envelope, the headers in their order, the body."""
    text = re.sub(r"^Date: [^\r]*\r\n", "Date:\r\n", mail["content"], count=1)
    return mail["helo"], mail["from"], tuple(mail["to"]), text.replace(",\r\n ", ", ")


class MailTest(setup.LabTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.lab.folder, 0o755)
        self.host = self.lab.host("a", "10.77.0.1/24")

    def text(self, more="smtp_alert", globals_=GLOBALS):
        return setup.config("a", 150, ADVERT, more=more).replace("global_defs {", globals_, 1)

    def started(self, **kwargs):
        director = Holdfast(self.host, self.text(**kwargs)).start()
        director.wait_for("MASTER", 5)
        return director

    def wait_subjects(self, server, expected, deadline=20):
        texts = [f"[a] VRRP Instance VI_1 - {text}" for text in expected]
        wait_until(lambda: server.subjects() == texts, deadline, f"{texts}, found {server.subjects()}")

    def mailers(self):
        """Processes that take mail to the server, of this lab's host."""
        found = []
        for pid in self.host.run("ip", "netns", "pids", self.host.namespace).split():
            try:
                with open(f"/proc/{pid}/comm") as file:
                    if file.read().strip() == "holdfast-mail":
                        found.append(int(pid))
            except FileNotFoundError:
                pass
        return found

    def test_the_mails_are_those_of_keepalived(self):
        server = MailServer(self.host)
        found = []
        for kind in (Keepalived, Holdfast):
            server.forget()
            director = kind(self.host, self.text() + GROUP % "smtp_alert").start()
            director.wait_for("MASTER", 10)
            wait_until(lambda: len(server.mails()) == 4, 20, "four mails")
            self.host.ip("link", "set", "eth0", "down")
            director.wait_for("FAULT", 5)
            wait_until(lambda: len(server.mails()) == 6, 20, "six mails")
            self.host.ip("link", "set", "eth0", "up")
            director.wait_for("MASTER", 5)
            wait_until(lambda: len(server.mails()) == 10, 20, "ten mails")
            # What keepalived sends at its stop may come or not.
            found.append(sorted(map(without_date, server.mails())))
            director.stop()
        self.maxDiff = None
        self.assertEqual(found[1], found[0])
        subjects = server.subjects()
        self.assertEqual(subjects[:4], ["[a] VRRP Instance VI_1 - Entering BACKUP state",
                                        "[a] VRRP Group G - Entering BACKUP state",
                                        "[a] VRRP Instance VI_1 - Entering MASTER state",
                                        "[a] VRRP Group G - Entering MASTER state"])
        self.assertEqual(subjects[10:], ["[a] VRRP Instance VI_1 - Stopping",
                                         "[a] VRRP Group G - Stopping"])
        mail = server.mails()[0]
        self.assertEqual(mail["to"], ["TO:<first@ops.example>", "TO:<second@ops.example>"])
        self.assertRegex(header(mail, "Date"), r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}$")

    def test_what_is_mailed_is_configured(self):
        server = MailServer(self.host)
        mute = GLOBALS.replace("smtp_server 127.0.0.1 2525", "")
        for globals_, more, expected in (
                (mute, "smtp_alert", 0), (GLOBALS, "", 0), (GLOBALS + "\nsmtp_alert", "", 2),
                (GLOBALS + "\nsmtp_alert\nsmtp_alert_vrrp off", "", 0),
                (GLOBALS + "\nsmtp_alert off\nsmtp_alert_vrrp", "", 2),
                (GLOBALS + "\nsmtp_alert", "smtp_alert off", 0)):
            server.forget()
            director = self.started(globals_=globals_, more=more)
            wait_until(lambda: len(server.mails()) == expected, 20, f"{expected} mails: {globals_} {more}")
            director.stop()
            self.assertEqual(len(server.mails()), expected + (1 if expected else 0))

    def test_faults_may_be_left_out_and_one_state_is_not_mailed_twice(self):
        server = MailServer(self.host)
        director = self.started(globals_=GLOBALS + "\nno_email_faults")
        self.wait_subjects(server, ["Entering BACKUP state", "Entering MASTER state"])
        self.host.ip("link", "set", "eth0", "down")
        director.wait_for("FAULT", 5)
        self.host.ip("link", "set", "eth0", "up")
        director.wait_for("MASTER", 5)
        self.wait_subjects(server, ["Entering BACKUP state", "Entering MASTER state"] * 2)

    def test_names_and_ipv6_and_defaults(self):
        server = MailServer(self.host, address="::1", port=2526, behaviour="wordy")
        globals_ = "global_defs {\n smtp_server ::1 2526\n notification_email {\n Ops <o@x>\n \"Ops, all <p@x>\"\n }"
        director = self.started(globals_=globals_)
        wait_until(lambda: len(server.mails()) == 2, 15, "two mails")
        name = server.mails()[0]["helo"]
        self.assertTrue(name)
        self.assertEqual(server.mails()[0]["from"], f"FROM:<root@{name}>")
        self.assertEqual(server.mails()[0]["to"], ["TO:<Ops>", "TO:<o@x>", "TO:<p@x>"])
        self.assertEqual(header(server.mails()[0], "To"), "Ops, <o@x>, \"Ops, all\" <p@x>")
        director.stop()
        MailServer(self.host, address="127.0.0.1", port=2527, behaviour="dripping")
        server = MailServer(self.host, address="127.0.0.1", port=2528, behaviour="dripping")
        self.started(globals_=globals_.replace("::1 2526", "localhost 2528"))
        wait_until(lambda: len(server.mails()) == 2, 15, "two mails by name")

    def test_changes_that_come_together_take_one_connection(self):
        server = MailServer(self.host)
        text = self.text()
        instance = text[text.index("vrrp_instance"):]
        for number in range(2, 41):
            text += instance.replace("VI_1", f"VI_{number}").replace(
                "router_id 51", f"router_id {number}").replace("0.100/", f"1.{number}/")
        director = Holdfast(self.host, text).start()
        director.wait_for("MASTER", 10, "VI_40")
        wait_until(lambda: len(server.mails()) == 80, 10, "80 mails")
        self.assertLess(max(mail["connection"] for mail in server.mails()), 10)

    def refused(self, behaviour, log):
        server = MailServer(self.host, behaviour)
        director = self.started()
        wait_until(lambda: log in director.text(), 20, f"{log}: {director.text()}")
        return server, director

    def test_what_is_refused_for_now_is_tried_again(self):
        for step, code in (("greeting", 421), ("greeting", 554), ("HELO", 450), ("MAIL", 451),
                           ("RCPT", 450), ("DATA", 451), ("content", 452)):
            with self.subTest(step=step, code=code):
                server, director = self.refused(f"{step} {code}", "alert mail cannot leave")
                self.assertIn(f"{code} {step}", director.text())
                self.assertEqual(server.mails(), [])
                server.behave("good")
                self.wait_subjects(server, ["Entering BACKUP state", "Entering MASTER state"], 40)
                wait_until(lambda: "alert mail leaves again" in director.text(), 5, "the log line")
                self.assertEqual(director.text().count("alert mail cannot leave"), 1)
                server.behave("closing greeting")
                director.stop()
                server.stop()

    def test_what_is_refused_for_good_is_told_and_not_tried_again(self):
        for step in ("MAIL", "RCPT", "DATA", "content"):
            with self.subTest(step=step):
                server, director = self.refused(f"{step} 550", "Entering MASTER state' is refused")
                self.assertIn(f"550 {step}", director.text())
                server.behave("good")
                self.host.ip("link", "set", "eth0", "down")
                self.wait_subjects(server, ["Entering FAULT state"])
                self.host.ip("link", "set", "eth0", "up")
                director.stop()
                server.stop()

    def test_a_server_that_misbehaves_costs_nothing(self):
        for behaviour, log in (("silent greeting", "no answer within 2 s"),
                               ("silent content", "no answer within 2 s"),
                               ("closing HELO", "closed the connection"),
                               ("closing content", "closed the connection"),
                               ("endless", "a line of more than"), ("lines", "a reply of more than")):
            with self.subTest(behaviour=behaviour):
                server = MailServer(self.host, behaviour)
                director = self.started()
                wait_until(lambda: log in director.text(), 20, f"{log}: {director.text()}")
                self.assertEqual(director.states(), ["BACKUP", "MASTER"])
                self.assertLessEqual(len(self.mailers()), 1)
                status, seconds = director.stop()
                self.assertEqual(status, 0)
                self.assertLess(seconds, 3.5)
                server.stop()
                wait_until(lambda: not self.mailers(), 20, "the end of the last attempt")

    def test_nobody_listens_and_the_daemon_goes_on(self):
        director = self.started()
        wait_until(lambda: "Connection refused" in director.text(), 5, "the log line")
        open(director.config, "a").write("\n# changed\n")
        director.reload()
        wait_until(lambda: "Reload finished" in director.text(), 5, "the reload")
        server = MailServer(self.host)
        self.wait_subjects(server, ["Entering BACKUP state", "Entering MASTER state"], 40)
        first = server.mails()[0]
        self.assertLess(time.mktime(time.strptime(header(first, "Date")[5:25], "%d %b %Y %H:%M:%S")),
                        first["time"] - 2, "the date is that of the change")

    def test_what_talks_to_the_server_can_do_nothing_else(self):
        MailServer(self.host, "silent greeting")
        self.started()
        pid = wait_until(self.mailers, 5, "a process that sends mail")[0]
        with open(f"/proc/{pid}/status") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file)
        for kind in ("CapEff", "CapPrm", "CapBnd", "CapAmb", "CapInh"):
            self.assertEqual(int(status[kind], 16), 0, kind)
        self.assertNotIn("0", status["Uid"].split())
        self.assertEqual(status["NoNewPrivs"], "1")
        files = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        self.assertLessEqual(sum("socket:" in name for name in files), 2, files)


if __name__ == "__main__":
    setup.main(together=4)
