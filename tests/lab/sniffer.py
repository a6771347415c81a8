"""Captures adverts and ARP announcements on an interface, as JSON lines.

As a program: python3 -m lab.sniffer INTERFACE OUTPUT, inside the namespace to be watched.
"""
import json
import socket
import struct
import sys
import time

ETH_P_ALL = 3


def decode(frame):
    """A dictionary for an advert or an ARP packet, None for anything else."""
    if len(frame) < 34:
        return None
    kind = struct.unpack_from("!H", frame, 12)[0]
    source_mac = frame[6:12].hex(":")
    if kind == 0x0806 and len(frame) >= 42:
        return {"type": "arp", "mac": source_mac, "sender": socket.inet_ntoa(frame[28:32]),
                "target": socket.inet_ntoa(frame[38:42])}
    if kind != 0x0800 or frame[23] != 112:
        return None
    header = (frame[14] & 0xF) * 4
    vrrp = frame[14 + header:]
    version = vrrp[0] >> 4
    return {"type": "vrrp", "mac": source_mac, "source": socket.inet_ntoa(frame[26:30]),
            "ttl": frame[22], "version": version, "vrid": vrrp[1], "priority": vrrp[2],
            "count": vrrp[3]}


def capture(interface, output):
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    wire.bind((interface, 0))
    with open(output, "w", buffering=1) as out:
        out.write(json.dumps({"type": "ready", "time": time.monotonic()}) + "\n")
        while True:
            packet = decode(wire.recv(2048))
            if packet:
                packet["time"] = time.monotonic()
                out.write(json.dumps(packet) + "\n")


class Sniffer:
    """Runs a capture in a host's namespace and reads what it wrote."""

    def __init__(self, lab, namespace, interface):
        import subprocess
        from .wait import wait_until
        self.output = lab.path(f"capture-{namespace}-{len(lab.processes)}.jsonl")
        process = subprocess.Popen(
            ["ip", "netns", "exec", namespace, sys.executable, "-m", "lab.sniffer", interface,
             self.output], stdin=subprocess.DEVNULL)
        lab.processes.append(process)
        wait_until(lambda: self.packets(), 10, "the capture to begin")

    def packets(self, kind=None):
        try:
            with open(self.output) as file:
                lines = file.read().split("\n")
        except FileNotFoundError:
            return []
        found = [json.loads(line) for line in lines[:-1]]
        return [packet for packet in found if kind in (None, packet["type"])]


if __name__ == "__main__":
    capture(sys.argv[1], sys.argv[2])
