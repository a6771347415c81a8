"""GRPC_CHECK against a server of gRPC's own library, in the clear and by TLS."""
import subprocess
import sys

import checks_setup as setup
from checks_setup import SERVER
from lab.tls import authority, certify


def grpc(*lines):
    rules = "\n  ".join(lines)
    return f"GRPC_CHECK {{\n {rules}\n}}"


class GrpcTest(setup.ChecksLab):
    def test_health(self):
        authority(self.lab.folder, "ca")
        certify(self.lab.folder, "good", 20, f"DNS:www.lab,IP:{SERVER}")
        self.serve("lab.grpc_server", self.lab.path("good"))
        trust = f"tls\n tls_verify\n tls_ca {self.lab.path('ca.pem')}"
        cases = [
            (50051, grpc(), "succeeds: passed"),
            (50051, grpc("grpc_service good"), "succeeds: passed"),
            (50051, grpc("grpc_service bad"), "failed: bad is NOT_SERVING, expected SERVING"),
            (50051, grpc("grpc_service other"),
             r"failed: grpc-status 5 \(not found\), expected 0: 'unknown service'"),
            (50051, grpc("tls"), "failed: tls-handshake: "),
            (50052, grpc(trust), "succeeds: passed"),
            (50052, grpc(trust, "grpc_service bad"), "failed: bad is NOT_SERVING, expected SERVING"),
            (50052, grpc(trust, "tls_name other.lab"), "failed: tls-verify: hostname mismatch"),
            (50052, grpc(), "failed: answer: "),
            (50053, grpc(), r"failed: grpc-status 12 \(unimplemented\), expected 0")]
        said = self.verdicts({6000 + i: check.replace("{", f"{{\n connect_port {port}", 1)
                              for i, (port, check, _) in enumerate(cases)})
        for i, (port, check, expected) in enumerate(cases):
            with self.subTest(port=port, check=check):
                self.assertRegex(said[6000 + i], expected)


if __name__ == "__main__":
    if subprocess.run(["/usr/bin/python3", "-c", "import grpc"], capture_output=True).returncode != 0:
        print("python3-grpcio is not installed")
        sys.exit(77)
    setup.main()
