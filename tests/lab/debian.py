"""Real servers from Debian on one host of the lab: started, stopped, paused, ended, by name."""
import os
import pwd
import shutil
import signal
import subprocess

from lab.wait import wait_until

PROGRAMS = {"nginx": "nginx", "haproxy": "haproxy", "smtpd": "opensmtpd", "unbound": "unbound",
            "redis-server": "redis-server", "mariadbd": "mariadb-server", "slapd": "slapd",
            "openssl": "openssl"}
PASSWORD = "hunter2"


def postgresql():
    """The folder of its programs, or nothing."""
    versions = "/usr/lib/postgresql"
    found = sorted(os.listdir(versions)) if os.path.isdir(versions) else []
    return f"{versions}/{found[-1]}/bin" if found else ""


def missing():
    """Packages that are not installed."""
    wanted = [package for program, package in PROGRAMS.items()
              if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
    if subprocess.run(["/usr/bin/python3", "-c", "import grpc"], capture_output=True).returncode != 0:
        wanted.append("python3-grpcio")
    return wanted + ([] if postgresql() else ["postgresql"])


def certify(folder, name, days, names, issuer):
    """A key and a certificate, signed by the issuer or, without one, by itself."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
           f"{name}.key", "-subj", f"/CN={name}"]

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    if issuer is None:
        openssl("req", "-x509", *key, "-days", str(days), "-addext", f"subjectAltName={names}",
                "-out", f"{name}.pem")
        return
    openssl("req", *key, "-out", f"{name}.csr")
    with open(f"{folder}/{name}.ext", "w") as file:
        file.write(f"subjectAltName={names}\n")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.pem", "-CAkey",
            f"{issuer}.key", "-CAcreateserial", "-days", str(days), "-extfile", f"{name}.ext",
            "-out", f"{name}.pem")


class Servers:
    """On `host` with `address`; files in `folder`, which everybody may enter."""

    def __init__(self, host, address, folder):
        self.host, self.address, self.folder = host, address, folder
        self.running = {}
        self.ports = {}
        self.commands = {}

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def add(self, name, port, *command, user=None):
        """A server by name, what it listens on, and how it is started."""
        if user:
            command = ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *command)
        self.commands[name], self.ports[name] = ("setsid", *command), port

    def own_folder(self, name, user):
        os.makedirs(self.path(name), exist_ok=True)
        shutil.chown(self.path(name), user, pwd.getpwnam(user).pw_gid)
        return self.path(name)

    def as_user(self, user, *command):
        """Runs a program to its end."""
        done = subprocess.run(["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups",
                               *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              cwd=self.folder)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {done.stdout.decode(errors='replace')}")

    def start(self, name):
        self.running[name] = self.host.popen(*self.commands[name], log=self.path(f"{name}.log"))

    def wait(self, name, deadline=60):
        wanted = f":{self.ports[name]} "
        wait_until(lambda: wanted in self.host.run("ss", "-Hltun"), deadline, f"{name} listens")

    def signal(self, name, number):
        os.killpg(self.running[name].pid, number)

    def end(self, name):
        """In good order, so that it can begin again."""
        process = self.running.pop(name)
        # PostgreSQL waits for its sessions at SIGTERM.
        process.send_signal(signal.SIGINT if name == "postgresql" else signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    # The servers themselves

    def nginx(self, port):
        # One process, so that it can be paused as a whole.
        config = self.write("nginx.conf", f"""daemon off; master_process off; pid {self.path("nginx.pid")};
user root; error_log stderr; events {{ }}
http {{ access_log off;
 client_body_temp_path {self.folder}/b; proxy_temp_path {self.folder}/p; fastcgi_temp_path {self.folder}/f;
 uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
 server {{ listen {self.address}:{port}; location / {{ return 200 "healthy\\n"; }} }} }}
""")
        self.add("nginx", port, "/usr/sbin/nginx", "-e", "stderr", "-c", config)

    def haproxy(self, port):
        config = self.write("haproxy.cfg", "defaults\n mode http\n timeout client 5s\n"
                            " timeout server 5s\n timeout connect 5s\n"
                            f"frontend f\n bind {self.address}:{port}\n"
                            " http-request return status 200 content-type text/plain string healthy\n")
        self.add("haproxy", port, "/usr/sbin/haproxy", "-db", "-f", config)

    def smtpd(self, port):
        config = self.write("smtpd.conf", f"listen on {self.address} port {port}\n"
                            'action "local" maildir\nmatch from any for local action "local"\n')
        os.chmod(config, 0o644)
        self.add("smtpd", port, "/usr/sbin/smtpd", "-d", "-f", config)

    def unbound(self, port):
        config = self.write("unbound.conf", f"""server:
 interface: {self.address}
 port: {port}
 access-control: 0.0.0.0/0 allow
 do-daemonize: no
 chroot: ""
 username: ""
 directory: "{self.folder}"
 pidfile: ""
 use-syslog: no
 module-config: "iterator"
 local-zone: "lab." static
 local-data: "www.lab. A 192.0.2.1"
remote-control:
 control-enable: no
""")
        self.add("unbound", port, "/usr/sbin/unbound", "-d", "-c", config)

    def redis(self, port):
        self.add("redis", port, "/usr/bin/redis-server", "--bind", self.address, "--port", str(port),
                 "--requirepass", PASSWORD, "--save", "", "--appendonly", "no", "--dir", self.folder)

    def postgresql(self, port):
        data = self.own_folder("postgresql", "postgres")
        self.as_user("postgres", f"{postgresql()}/initdb", "-D", data, "--auth=trust", "--no-sync")
        with open(f"{data}/pg_hba.conf", "w") as file:
            file.write("host all postgres 0.0.0.0/0 scram-sha-256\n")
        self.add("postgresql", port, f"{postgresql()}/postgres", "-D", data, "-h", self.address,
                 "-p", str(port), "-k", data, "-F", user="postgres")

    def mariadb(self, port, certificate):
        data = self.own_folder("mariadb", "mysql")
        # User-mode-linux has neither asynchronous I/O nor room for a large map.
        small = ("--innodb-use-native-aio=0", "--innodb-buffer-pool-size=32M",
                 "--innodb-buffer-pool-size-max=32M")
        # The tables of rights, and a user without a password.
        self.as_user("mysql", "/usr/bin/mariadb-install-db", "--no-defaults", f"--datadir={data}",
                     "--auth-root-authentication-method=normal", "--skip-test-db", *small)
        shutil.copy(self.path(f"{certificate}.key"), f"{data}/key")
        shutil.chown(f"{data}/key", "mysql")
        first = self.write("first.sql", "CREATE USER IF NOT EXISTS check_user@'%';\n")
        os.chmod(first, 0o644)
        self.add("mariadb", port, "/usr/sbin/mariadbd", "--no-defaults", f"--datadir={data}",
                 f"--bind-address={self.address}", f"--port={port}", f"--socket={data}/socket",
                 f"--pid-file={data}/pid", f"--init-file={first}", "--skip-name-resolve",
                 f"--ssl-cert={self.path(certificate)}.pem", f"--ssl-key={data}/key",
                 *small, user="mysql")

    def slapd(self, port):
        config = self.write("slapd.conf", f"""include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
pidfile {self.path("slapd.pid")}
""")
        self.add("slapd", port, "/usr/sbin/slapd", "-d", "0", "-f", config, "-h",
                 f"ldap://{self.address}:{port}/")

    def grpc(self, port, certificate):
        """In the clear; by TLS on the next port. @param port 50051, which is the program's own"""
        self.add("grpc", port, "/usr/bin/python3", "-m", "lab.grpc_server", self.address,
                 self.path(certificate))

    def publisher(self, port):
        """Says in the file `published` how it is, as a program beside a server would."""
        self.write("published", "0\n")
        self.add("publisher", port, "/usr/bin/python3", "-m", "lab.publisher", self.address, str(port),
                 self.path("published"))

    def s_server(self, name, port, certificate):
        self.add(name, port, "/usr/bin/openssl", "s_server", "-accept", f"{self.address}:{port}",
                 "-cert", self.path(f"{certificate}.pem"), "-key", self.path(f"{certificate}.key"),
                 "-www", "-quiet")
