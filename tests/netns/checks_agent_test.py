"""AGENT_CHECK: what an agent says moves weight and state of its server; what it does not say, and
what nobody can read, moves nothing.

The kernel's table is not looked at here: any kernel will do."""
import os

import checks_setup as setup
from checks_setup import SERVER, VIP
from lab.daemons import Holdfast
from lab.wait import wait_until

PORT = 5000


class AgentTest(setup.ChecksLab):
    def setUp(self):
        super().setUp()
        self.say("up")
        self.agent = self.serve("lab.answerers", self.lab.folder, f"{PORT}:agent")
        self.config = (f"virtual_server {VIP} 80 {{\n delay_loop 0.2\n warmup 0\n connect_timeout 1\n"
                       " lb_algo wrr\n lb_kind NAT\n protocol TCP\n"
                       f" real_server {SERVER} 80 {{\n weight 8\n AGENT_CHECK {{\n"
                       f" connect_port {PORT}\n }}\n }}\n}}\n")
        self.director = Holdfast(self.host, self.config).start()

    def say(self, line):
        self.lab.write("next", line + "\n")
        os.replace(self.lab.path("next"), self.lab.path(f"agent-{PORT}"))

    def expect(self, line, words, deadline=5):
        """The agent says the line; the log says these words next."""
        before = len(self.director.text())
        self.say(line)
        wait_until(lambda: words in self.director.text()[before:], deadline, f"{words} after {line}")

    def test_the_words_of_an_agent_move_weight_and_state(self):
        self.expect("75%", "Changing weight from 8 to 6 for active service")
        self.expect("up drain", "Changing weight from 6 to 0 for active service")
        self.expect("ready 100%", "Changing weight from 0 to 8 for active service")
        self.expect("maint # new disks", "Removing service")
        self.assertIn("the agent says 'maint # new disks'", self.director.text())
        self.expect("ready", "Adding service")
        self.expect("fail", "Removing service")
        self.expect("up", "Adding service")

    def test_what_cannot_be_read_changes_nothing_and_is_told_once(self):
        self.expect("drain", "Changing weight from 8 to 0")
        self.expect("what?", "the agent said 'what?': expected up, down, fail, stopped, ready")
        self.agent.terminate()
        self.agent.wait()
        said = "the agent says nothing (connect: Connection refused); what it said last stays"
        wait_until(lambda: said in self.director.text(), 5, "the silence in the log")
        self.director.load(self.config.replace("delay_loop 0.2", "delay_loop 0.1"))
        self.assertEqual(self.director.text().count("the agent said 'what?'"), 1)
        for change in ("Changing weight from 0", "Removing service"):
            self.assertNotIn(change, self.director.text())

    def test_hostile_agents_are_given_up_in_time(self):
        kinds = {"smtp_silent": "line timed out after 1 s; nothing came",
                 "byte_a_second": "line timed out after 1 s; came 'x'",
                 "endless": "line: more than 1024 bytes; came 'xxx",
                 "smtp_closing": "the agent said '220 la': expected up, down"}
        self.agent.terminate()
        self.farm.popen("/usr/bin/python3", "-m", "lab.answerers", SERVER, "/",
                        *[f"{PORT + number}:{kind}" for number, kind in enumerate(kinds, 1)],
                        log=self.lab.path("hostile"))
        wait_until(lambda: "ready" in open(self.lab.path("hostile")).read(), 10, "the agents")
        blocks = "".join(f" real_server {SERVER} {80 + number} {{\n AGENT_CHECK {{\n connect_port "
                         f"{PORT + number}\n }}\n }}\n" for number in range(1, len(kinds) + 1))
        begin = self.config.index(" real_server")
        self.director.load(self.config[:begin] + blocks + "}\n")
        for number, reason in enumerate(kinds.values(), 1):
            wait_until(lambda: any(f":{80 + number} for VS" in line and reason in line
                                   for line in self.director.text().splitlines()), 5, reason)

    def test_a_reload_and_a_new_worker_know_what_the_agent_said(self):
        self.expect("drain", "Changing weight from 8 to 0")
        self.say("up")
        before = len(self.director.text())
        self.director.replace_worker("checkers", 5)
        self.director.load(self.config.replace("weight 8", "weight 9"), 10)
        self.expect("ready", "Changing weight from 0 to 9 for active service")
        self.assertNotIn("Changing weight from 0 to 8", self.director.text()[before:])


if __name__ == "__main__":
    setup.main(together=3)
