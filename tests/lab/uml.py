"""User-mode-linux: a kernel with IPVS that runs as a normal program.

boot() runs a command inside it as root, on the host's own files below an overlay, with one shared
folder for results. Facts: design/lab.md.
"""
import os
import shutil
import subprocess
import sys
import tempfile

from .wait import StallWatch

MODULES = "ip_vs ip_vs_rr ip_vs_wrr ip_vs_lc ip_vs_wlc ip_vs_lblc ip_vs_lblcr ip_vs_sh ip_vs_dh " \
          "ip_vs_mh ip_vs_sed ip_vs_nq ip_vs_fo ip_vs_ovf ip_vs_pe_sip netlink_diag veth macvlan ipvlan dummy " \
          "bridge bonding vrf ipip"

ATTEMPTS = 3

INIT = """#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t tmpfs tmpfs /mnt
mkdir -p /mnt/upper /mnt/work /mnt/root /mnt/modules/lib
ln -s /usr/lib/uml/modules /mnt/modules/lib/modules
modprobe -d /mnt/modules overlay
modprobe -d /mnt/modules -a @MODULES@
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
cd /mnt/root
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t devtmpfs devtmpfs dev
mkdir -p dev/pts dev/shm run/netns run/holdfast
mount -t devpts devpts dev/pts
mkdir -p .@SHARED@
mount --bind @SHARED@ .@SHARED@
ip link set lo up
chroot . /bin/sh @SHARED@/command @STREAMS@
echo $? > @SHARED@/status
sync
busybox poweroff -f
"""


def why_not():
    """Why it cannot run here, or an empty string."""
    if os.geteuid() != 0:
        return "needs root"
    if not shutil.which("linux.uml"):
        return "the package user-mode-linux is not installed"
    if not shutil.which("busybox"):
        return "the package busybox-static is not installed"
    return ""


def skip_if_impossible():
    """Ends a test program that cannot run here, with the reason."""
    reason = why_not()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(77)


def run_inside(script, deadline):
    """Is a test program: runs `script`, a Python test beside it, inside and ends with its status."""
    skip_if_impossible()
    path = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), script)
    status, console = run(f"exec /usr/bin/python3 {path} {' '.join(sys.argv[1:])}", deadline)
    print(console)
    sys.exit(status)


def run(command, deadline, has_failed=lambda status, console: status != 0, memory="1024M"):
    """boot() for tests: inside, `command` finds the programs under test and the lab.

    What has failed while the machine itself stood still is run again.
    """
    environment = {"HOLDFAST_BIN": os.environ["HOLDFAST_BIN"],
                   "PYTHONPATH": os.path.join(os.getcwd(), "tests")}
    for _ in range(ATTEMPTS):
        with StallWatch(step=0.01) as watch:
            status, console = boot(command, deadline, environment, memory=memory)
            if not has_failed(status, console) or not watch.excuses():
                break
        print(console)
    return status, console


def boot(command, deadline, environment=None, follow=None, memory="1024M", terminal=False):
    """Runs a shell command inside. Returns (status, console text).

    `follow` is called with each piece of console text as it comes. With `terminal` the command has
    this program's terminal instead, and the text is empty. Raises TimeoutError after `deadline`
    seconds.
    """
    shared = tempfile.mkdtemp(prefix="holdfast-uml-", dir="/var/tmp")
    try:
        exports = "".join(f"export {key}='{value}'\n" for key, value in (environment or {}).items())
        with open(f"{shared}/command", "w") as file:
            file.write(f"{exports}export HOLDFAST_SHARED_FOLDER={shared}\ncd {os.getcwd()}\n{command}\n")
        with open(f"{shared}/init", "w") as file:
            file.write(INIT.replace("@SHARED@", shared).replace("@MODULES@", MODULES)
                       .replace("@STREAMS@", "" if terminal else
                                f"> {shared}/console 2>&1 </dev/null"))
        os.chmod(f"{shared}/init", 0o755)
        open(f"{shared}/console", "w").close()
        with open(f"{shared}/kernel", "w") as kernel:
            machine = subprocess.Popen(
                ["linux.uml", f"mem={memory}", "root=/dev/root", "rootfstype=hostfs", "rootflags=/",
                 "rw", f"init={shared}/init", "con=null", "con0=fd:0,fd:1", "quiet"],
                stdin=None if terminal else subprocess.DEVNULL,
                stdout=None if terminal else kernel, stderr=kernel,
                start_new_session=not terminal)
        _watch(machine, f"{shared}/console", deadline, follow)
        with open(f"{shared}/console", errors="replace") as file:
            console = file.read()
        try:
            with open(f"{shared}/status") as file:
                return int(file.read()), console
        except (FileNotFoundError, ValueError):
            with open(f"{shared}/kernel", errors="replace") as file:
                return 125, console + "\nthe kernel ended early:\n" + file.read()[-4000:]
    finally:
        shutil.rmtree(shared, ignore_errors=True)


def _kill(machine):
    """The machine's processes are children of the first one; none of them outlives it."""
    import signal
    own_group = os.getpgid(machine.pid) == machine.pid
    os.killpg(machine.pid, signal.SIGKILL) if own_group else machine.kill()


def _watch(machine, console, deadline, follow):
    """Waits for the machine's end and hands over its console meanwhile."""
    import time
    end = time.monotonic() + deadline
    with open(console, errors="replace") as text:
        while machine.poll() is None:
            piece = text.read()
            if piece and follow:
                follow(piece)
            if time.monotonic() > end:
                _kill(machine)
                machine.wait()
                raise TimeoutError(f"user-mode-linux did not end within {deadline} s:\n"
                                   + open(console, errors="replace").read()[-3000:])
            time.sleep(0.05)
        if follow:
            follow(text.read())
