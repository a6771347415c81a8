"""HTTP/2 and GRPC_CHECK: servers that are well, ill and hostile, in the clear and by TLS."""
import os

import checks_setup as setup
from checks_setup import LIMIT, SERVER
from lab.tls import authority, certify

MOST_KIB = 64 * 1024


def get(*lines, kind="HTTP_GET", more=""):
    rules = "\n  ".join(lines)
    return f"{kind} {{\n url {{\n  path /health\n  {rules}\n }}\n http_protocol 2\n {more}\n}}"


def grpc(*lines):
    rules = "\n  ".join(lines)
    return f"GRPC_CHECK {{\n {rules}\n}}"


class Http2Test(setup.ChecksLab):
    def check(self, cases, files="/none"):
        """cases: (behaviour, check, what the log says)"""
        ports = dict(zip(range(5000, 5000 + len(cases)), cases))
        self.serve("lab.http2", files, *[f"{port}:{case[0]}" for port, case in ports.items()])
        said = self.verdicts({port: case[1] for port, case in ports.items()})
        for port, (behaviour, check, expected) in ports.items():
            with self.subTest(behaviour=behaviour, check=check):
                self.assertRegex(said[port], expected)

    def test_pages(self):
        self.check([
            ("page", get("json /status UP"), "succeeds: passed"),
            ("page", get("regex DOWN"), "failed: /health has no match of 'DOWN'"),
            ("refusing", get(), "failed: /health answered status 503, expected 200-299"),
            ("http1", get(), "failed: answer: the server speaks HTTP/1"),
            ("silent", get(), f"failed: answer timed out after {LIMIT} s"),
            ("dripping", get(), f"failed: answer timed out after {LIMIT} s"),
            ("reset", get(), r"failed: answer: the stream was reset \(REFUSED_STREAM\)"),
            ("goaway", get(), r"failed: answer: the server gives up the connection \(ENHANCE_YOUR")])

    def test_bombs(self):
        self.check([
            ("settings_flood", get(), "failed: answer: "),
            ("ping_flood", get(), "failed: answer: "),
            ("continuation_flood", get(), "failed: answer: "),
            ("unknown_flood", get(), "failed: answer: more than 262144 bytes of frames"),
            ("empty_data_flood", get(), "failed: answer: "),
            ("hpack_bomb", get(), "failed: answer: a header of more than 65536 bytes"),
            ("huge", get("regex never"), f"failed: body timed out after {LIMIT} s"),
            ("huge", get("json /a"), "failed: /health: a body of more than 262144 bytes is not")])
        self.assertLess(self.memory_of_checkers(), MOST_KIB)

    def test_grpc(self):
        self.check([
            ("grpc_serving", grpc(), "succeeds: passed"),
            ("grpc_serving", grpc("grpc_service db"), "succeeds: passed"),
            ("grpc_not_serving", grpc("grpc_service db"), "failed: db is NOT_SERVING, expected SERVING"),
            ("grpc_unimplemented", grpc(), r"failed: grpc-status 12 \(unimplemented\), expected 0"),
            ("page", grpc(), "failed: answered '' and not application/grpc"),
            ("refusing", grpc(), "failed: answered HTTP status 503, expected 200"),
            ("huge", grpc(), "failed: a reply of more than 1024 bytes"),
            ("silent", grpc(), f"failed: answer timed out after {LIMIT} s")])

    def test_tls(self):
        folder = self.lab.path("certificates")
        os.mkdir(folder)
        authority(folder, "ca")
        certify(folder, "good", 20, f"DNS:www.lab,IP:{SERVER}")
        trust = f"tls_verify\n tls_ca {folder}/ca.pem"
        self.check([
            ("tls_page", get("json /status UP", kind="SSL_GET"), "succeeds: passed"),
            ("tls_page", get(kind="SSL_GET", more=trust), "succeeds: passed"),
            ("tls_page", get(kind="SSL_GET", more=trust + "\n tls_name other.lab"),
             "failed: tls-verify: hostname mismatch"),
            ("http1_page", get(kind="SSL_GET"), "failed: tls-alpn: the server does not agree to h2"),
            ("tls_grpc_serving", grpc("tls", trust, "sni_name www.lab"), "succeeds: passed"),
            ("tls_grpc_not_serving", grpc("tls"), "failed: NOT_SERVING, expected SERVING"),
            ("tls_grpc_serving", grpc(), "failed: answer: "),
        ], f"{folder}/good")


if __name__ == "__main__":
    setup.main(together=3)
