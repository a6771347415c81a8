"""Sends forged adverts as fast as it can, to the IPv4 multicast group of VRRP.

As a program: python3 -m lab.flood INTERFACE VRID SECONDS; prints how many it sent.
"""
import itertools
import socket
import struct
import sys
import time

GROUP_MAC = bytes.fromhex("01005e000012")
OUR_MAC = bytes.fromhex("020000000066")


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame(vrid, priority, ttl=255, good_sum=True, source="10.77.0.66", kind=0x31, size=0):
    """A version 3 advert for 10.77.0.100, every 100 ms."""
    addresses = socket.inet_aton("10.77.0.100")
    source, group = socket.inet_aton(source), socket.inet_aton("224.0.0.18")
    vrrp = struct.pack("!BBBBHH", kind, vrid, priority, 1, 10, 0) + addresses + bytes(size)
    pseudo = source + group + struct.pack("!BBH", 0, 112, len(vrrp))
    total = checksum(pseudo + vrrp) ^ (0 if good_sum else 0x5555)
    vrrp = vrrp[:6] + struct.pack("!H", total) + vrrp[8:]
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0xc0, 20 + len(vrrp), 1, 0, ttl, 112, 0, source, group)
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return GROUP_MAC + OUR_MAC + b"\x08\x00" + header + vrrp


def forged(vrid):
    """What a router must throw away: each of these for another reason."""
    return [frame(vrid, 255, good_sum=False), frame(vrid, 0, good_sum=False), frame(vrid, 255, ttl=254),
            frame(vrid % 255 + 1, 255), frame(vrid, 255, kind=0x41), frame(vrid, 255, kind=0x32),
            frame(vrid, 0, kind=0x21), frame(vrid, 255, size=400, good_sum=False)]


def main(interface, vrid, seconds):
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind((interface, 0))
    send, sent, end = wire.send, 0, time.monotonic() + seconds
    frames = itertools.cycle(forged(vrid))
    while time.monotonic() < end:
        for packet in itertools.islice(frames, 512):
            send(packet)
        sent += 512
    print(sent)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
