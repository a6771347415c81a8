"""HTTP_GET and SSL_GET against nginx: HTTP/1.0, 1.1 and 2, in the clear and by TLS."""
import os
import shutil
import sys

import checks_setup as setup
from checks_setup import SERVER
from lab.tls import authority, certify
from lab.wait import wait_until

CONFIG = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log notice;
worker_processes 1;
user root;
events {{ worker_connections 64; }}
http {{
    log_format seen '$server_protocol $request_method $http_host $http_x_probe $status';
    access_log {folder}/nginx-access.log seen;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    ssl_certificate {folder}/good.pem;
    ssl_certificate_key {folder}/good.key;
    server {{
        listen {server}:80;
        listen {server}:81 http2;
        listen {server}:443 ssl http2;
        listen {server}:444 ssl;
        location = /health {{ default_type application/json; return 200 '{{"status": "UP"}}'; }}
        location = /down {{ return 503; }}
        location = /moved {{ return 301 /health; }}
        location = /post {{ if ($request_method != POST) {{ return 405; }} return 204; }}
    }}
}}
"""


def get(kind, version, path="/health", rules="", more=""):
    return f"{kind} {{\n url {{\n path {path}\n {rules}\n }}\n http_protocol {version}\n {more}\n}}"


class NginxTest(setup.ChecksLab):
    def setUp(self):
        super().setUp()
        authority(self.lab.folder, "ca")
        certify(self.lab.folder, "good", 20, f"DNS:www.lab,IP:{SERVER}")
        config = self.lab.write("nginx.conf", CONFIG.format(folder=self.lab.folder, server=SERVER))
        self.farm.popen(shutil.which("nginx"), "-c", config, log=self.lab.path("nginx.log"))
        wait_until(lambda: os.path.exists(self.lab.path("nginx.pid")), 10, "nginx")

    def check_all(self, cases):
        """cases: (port, check, what the log says); each check on its own server."""
        director = {}
        for number, (port, check, expected) in enumerate(cases):
            director[6000 + number] = check.replace("url {", f"connect_port {port}\n url {{", 1)
        said = self.verdicts(director)
        for number, (port, check, expected) in enumerate(cases):
            with self.subTest(port=port, check=check):
                self.assertRegex(said[6000 + number], expected)

    def test_every_version(self):
        fine = "json /status UP\n regex UP"
        verify = f"tls_verify\n tls_ca {self.lab.path('ca.pem')}"
        plain = [(80, version) for version in ("1.0", "1.0c", "1.1")] + [(81, "2")]
        secure = [(444, version) for version in ("1.0", "1.0c", "1.1")] + [(443, "1.1"), (443, "2")]
        cases = [(port, get("HTTP_GET", version, rules=fine), "succeeds: passed")
                 for port, version in plain]
        cases += [(port, get("SSL_GET", version, rules=fine, more=verify), "succeeds: passed")
                  for port, version in secure]
        cases += [(port, get(kind, version, path="/down"), "failed: /down answered status 503")
                  for kind, pairs in (("HTTP_GET", plain), ("SSL_GET", secure))
                  for port, version in pairs]
        self.check_all(cases)
        with open(self.lab.path("nginx-access.log")) as file:
            seen = file.read()
        for version in ("HTTP/1.0", "HTTP/1.1", "HTTP/2.0"):
            self.assertRegex(seen, rf"{version} GET {SERVER}")

    def test_requests(self):
        post = 'method POST\n header "X-Probe: one"\n header "Host: www.lab"\n body "a=b"\n status_code 204'
        self.check_all(
            [(port, get("HTTP_GET", version, path="/post", rules=post), "succeeds: passed")
             for port, version in ((80, "1.0"), (80, "1.1"), (81, "2"))] +
            [(port, get("HTTP_GET", version, path="/post"), "failed: /post answered status 405")
             for port, version in ((80, "1.1"), (81, "2"))] +
            [(port, get("HTTP_GET", version, rules="method HEAD"), "succeeds: passed")
             for port, version in ((80, "1.0"), (80, "1.1"), (81, "2"))] +
            [(port, get("HTTP_GET", version, path="/moved"), "failed: /moved answered status 301")
             for port, version in ((80, "1.1"), (81, "2"))])
        with open(self.lab.path("nginx-access.log")) as file:
            seen = file.read()
        self.assertIn("HTTP/2.0 POST www.lab one 204", seen)
        self.assertIn("HTTP/1.1 POST www.lab one 204", seen)

    def test_what_nginx_refuses(self):
        self.check_all([
            (80, get("HTTP_GET", "2"), "failed: answer: the server speaks HTTP/1"),
            (81, get("HTTP_GET", "1.1"), "failed: answer: "),
            (444, get("SSL_GET", "2"), "failed: tls-(alpn|handshake): "),
            (80, get("SSL_GET", "1.1"), "failed: tls-handshake: "),
            (443, get("SSL_GET", "2", more="tls_verify"), "failed: tls-verify: unable to get local")])


if __name__ == "__main__":
    if shutil.which("nginx") is None:
        print("nginx is not installed")
        sys.exit(77)
    setup.main(together=3)
