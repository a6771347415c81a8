"""Captures adverts, announcements (ARP, neighbour advertisements) and whatever comes from a virtual
MAC on an interface, as JSON lines.

As a program: python3 -m lab.sniffer INTERFACE OUTPUT, inside the namespace to be watched.
"""
import errno
import json
import socket
import struct
import sys
import time

ETH_P_ALL = 3


def advert(vrrp, source_mac, source, destination, ttl):
    return {"type": "vrrp", "mac": source_mac, "source": source, "destination": destination,
            "ttl": ttl, "version": vrrp[0] >> 4, "vrid": vrrp[1], "priority": vrrp[2],
            "type_field": vrrp[0] & 0xF, "count": vrrp[3], "size": len(vrrp), "protocol": 112}


def decode6(frame, source_mac):
    """The IPv6 half of decode()."""
    header, limit = frame[20], frame[21]
    source, destination = (socket.inet_ntop(socket.AF_INET6, frame[at:at + 16]) for at in (22, 38))
    body = frame[54:54 + struct.unpack_from("!H", frame, 18)[0]]
    if header == 112:
        return advert(body, source_mac, source, destination, limit)
    if header == 58 and len(body) >= 32 and body[0] == 136:
        return {"type": "na", "mac": source_mac, "source": source, "destination": destination,
                "ttl": limit, "flags": body[4], "link_layer": body[26:32].hex(":"),
                "target": socket.inet_ntop(socket.AF_INET6, body[8:24])}
    return None


def decode(frame):
    """A dictionary for an advert or an announcement, None for anything else."""
    if len(frame) < 34:
        return None
    kind = struct.unpack_from("!H", frame, 12)[0]
    source_mac = frame[6:12].hex(":")
    if kind == 0x86dd and len(frame) >= 62:
        return decode6(frame, source_mac)
    if kind == 0x0806 and len(frame) >= 42:
        return {"type": "arp", "mac": source_mac, "sender": socket.inet_ntoa(frame[28:32]),
                "target": socket.inet_ntoa(frame[38:42])}
    if kind != 0x0800 or frame[23] not in (51, 112):
        return None
    header = (frame[14] & 0xF) * 4 + (24 if frame[23] == 51 else 0)  # AH: RFC 2402, HMAC-MD5-96
    vrrp = frame[14 + header:14 + struct.unpack_from("!H", frame, 16)[0]]
    packet = advert(vrrp, source_mac, socket.inet_ntoa(frame[26:30]),
                    socket.inet_ntoa(frame[30:34]), frame[22])
    packet["protocol"] = frame[23]
    return packet


def of_virtual_router(frame):
    """Any other frame from a virtual MAC (RFC 9568 7.3): "frame"."""
    if len(frame) < 14 or frame[6:10] != bytes((0, 0, 0x5e, 0)) or frame[10] not in (1, 2):
        return None
    return {"type": "frame", "mac": frame[6:12].hex(":"), "bytes": frame.hex()}


def capture(interface, output):
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    wire.bind((interface, 0))
    with open(output, "w", buffering=1) as out:
        out.write(json.dumps({"type": "ready", "time": time.monotonic()}) + "\n")
        while True:
            try:
                frame, origin = wire.recvfrom(2048)
            except OSError as error:
                if error.errno != errno.ENETDOWN:
                    raise
                continue  # it may come back
            packet = decode(frame) or of_virtual_router(frame)
            if packet:
                packet["time"] = time.monotonic()
                packet["to"] = frame[0:6].hex(":")
                packet["sent"] = origin[2] == socket.PACKET_OUTGOING  # by the interface itself
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
