"""HTTP_GET: what Holdfast can ask and demand beyond keepalived, and servers that mean harm."""
import json

import checks_setup as setup
from checks_setup import LIMIT, SERVER
from lab.tls import authority, certify

# A worker that keeps nothing of what it is sent has far less than this.
MOST_KIB = 64 * 1024


def get(*lines, path="/health"):
    rules = "\n  ".join(lines)
    return f"HTTP_GET {{\n url {{\n  path {path}\n  {rules}\n }}\n http_protocol 1.1\n}}"


class HttpTest(setup.ChecksLab):
    def check(self, cases):
        """cases: (behaviour, check, what the log says)"""
        ports = dict(zip(range(5000, 5000 + len(cases)), cases))
        self.serve("lab.web", *[f"{port}:{case[0]}" for port, case in ports.items()])
        said = self.verdicts({port: case[1] for port, case in ports.items()})
        for port, (behaviour, check, expected) in ports.items():
            with self.subTest(behaviour=behaviour, check=check):
                self.assertRegex(said[port], expected)

    def requests(self):
        with open(self.lab.path("lab.web.log")) as file:
            return [json.loads(line) for line in file if line.startswith("{")]

    def test_method_headers_and_body(self):
        self.check([
            ("echo", get("method POST", 'header "X-Probe: one two"', 'header "Host: www.lab"',
                         r'body "{\"deep\": {\"a\": 1}}"'), "succeeds: passed"),
            ("echo", get("method HEAD"), "succeeds: passed"),
            ("echo", get("method OPTIONS", "status_code 204 300-399"),
             "failed: /health answered status 200, expected 204 300-399")])
        post, = [request for request in self.requests() if request["method"] == "POST"]
        self.assertEqual(post["body"], '{"deep": {"a": 1}}')
        self.assertEqual(post["headers"], {"User-Agent": "KeepAliveClient", "Connection": "close",
                                           "Host": "www.lab", "X-Probe": "one two",
                                           "Content-Length": "18"})

    def test_json(self):
        self.check([
            ("echo", get("json /status UP", "json /load 0.50", "json /request/method ~^GET$"),
             "succeeds: passed"),
            ("echo", get("json /status DOWN"), "failed: /health: '/status' is \"UP\", expected DOWN"),
            ("echo", get("json /none"), "failed: /health: '/none' is not in the JSON"),
            ("good", get("json /status UP"), "failed: /health: the body is not JSON"),
            ("no_utf8", get("json /status"), "failed: /health: the body is not JSON"),
            ("no_utf8", get("regex ready", "regex_options utf"), "succeeds: passed"),
            ("deep_json", get("json /0"), "failed: /health: the body is not JSON"),
            ("large", get("json /0"), "failed: /health: a body of more than 262144 bytes is not")])

    def test_what_is_no_answer(self):
        self.check([
            ("closing", get(), "failed: answer: the server closed the connection without one"),
            ("resetting", get(), "failed: answer: (Connection reset by peer|the server closed)"),
            ("truncated", get(), "failed: body: the server closed the connection too early"),
            ("garbage", get(), "failed: answer: "),
            ("error", get(), "failed: /health answered status 503, expected 200-299"),
            ("chunked", get("regex ^healthy"), "succeeds: passed"),
            ("unsized", get("regex ^healthy"), "succeeds: passed")])

    def test_a_bomb_of_certificates_ends_the_handshake(self):
        authority(self.lab.folder, "ca")
        certify(self.lab.folder, "bomb", 20, f"IP:{SERVER}")
        with open(self.lab.path("ca.pem")) as file:
            chain = file.read() * 300
        with open(self.lab.path("bomb.pem"), "a") as file:
            file.write(chain)
        self.assertGreater(len(chain), 300_000)
        self.serve("lab.answerers", self.lab.folder, "5000:tls_bomb")
        verify = f"tls_verify\n tls_ca {self.lab.path('ca.pem')}\n url {{"
        check = get().replace("HTTP_GET", "SSL_GET")
        said = self.verdicts({5000: check, 5001: check.replace(
            "url {", f"connect_port 5000\n {verify}", 1)})
        for line in said.values():
            self.assertRegex(line, "failed: tls-handshake: excessive message size")
        self.assertLess(self.memory_of_checkers(), MOST_KIB)

    def test_bombs(self):
        self.check([
            ("silent", get(), f"failed: answer timed out after {LIMIT} s"),
            ("dripping", get(), f"failed: answer timed out after {LIMIT} s"),
            ("endless_header", get(), "failed: answer: a header of more than 65536 bytes"),
            ("endless_body", get(), f"failed: body timed out after {LIMIT} s"),
            ("huge", get("regex never"), f"failed: body timed out after {LIMIT} s"),
            ("huge", get("digest 00000000000000000000000000000000"),
             f"failed: body timed out after {LIMIT} s"),
            ("huge", get("json /a"), "failed: /health: a body of more than 262144 bytes is not"),
            ("gzip_bomb", get("regex_options utf", "regex xxxx"), "failed: /health has no match of"),
            ("wide_json", get("json /131000 0"), "succeeds: passed"),
            ("gzip_bomb", get("json /a"), "failed: /health: the body is not JSON"),
            ("redirect", get(path="/loop"), "failed: /loop answered status 302, expected 200-299")])
        self.assertEqual(len([r for r in self.requests() if r["path"] == "/loop"]), 1,
                         "a redirect is not followed")
        self.assertLess(self.memory_of_checkers(), MOST_KIB)


if __name__ == "__main__":
    setup.main(together=3)
