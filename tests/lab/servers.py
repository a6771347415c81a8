"""Real servers that behave, and servers that do not: one behaviour on each port.

As a program: python3 -m lab.servers ADDRESS PORT:BEHAVIOUR...
"""
import asyncio
import hashlib
import socket
import struct
import sys

PAGE = b"healthy\n"
PAGE_DIGEST = hashlib.md5(PAGE).hexdigest()
LARGE = b"x" * (4 << 20)


def answer(status, body, length=None):
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%b" % (
        status, len(body) if length is None else length, body)


async def forever(writer, pieces, pause):
    while True:
        writer.write(pieces)
        await writer.drain()
        await asyncio.sleep(pause)


async def good(writer):
    writer.write(answer(b"200 OK", PAGE))


async def other(writer):
    writer.write(answer(b"200 OK", b"another page\n"))


async def error(writer):
    writer.write(answer(b"503 Service Unavailable", b"no\n"))


async def large(writer):
    writer.write(answer(b"200 OK", LARGE))
    await writer.drain()


async def unsized(writer):
    writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + PAGE)


async def chunked(writer):
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 b"%x\r\n%b\r\n0\r\n\r\n" % (len(PAGE), PAGE))


async def silent(_):
    await asyncio.sleep(3600)


async def dripping(writer):
    for byte in answer(b"200 OK", PAGE):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


async def endless_header(writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await forever(writer, b"X-More: " + b"y" * 4000 + b"\r\n", 0.001)


async def endless_body(writer):
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    await forever(writer, b"z" * 16384, 0.001)


async def truncated(writer):
    writer.write(answer(b"200 OK", PAGE, length=1000))


async def garbage(writer):
    writer.write(bytes(range(256)) * 16)


async def closing(_):
    pass


async def resetting(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                               struct.pack("ii", 1, 0))


BEHAVIOURS = {f.__name__: f for f in (good, other, error, large, unsized, chunked, silent, dripping,
                                      endless_header, endless_body, truncated, garbage, closing,
                                      resetting)}


async def serve(reader, writer, behave):
    try:
        while line := await reader.readline():
            if line in (b"\r\n", b"\n"):
                await behave(writer)
                break
        await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def listen(address, ports, behaviours, serve):
    """On each PORT:BEHAVIOUR: serve(reader, writer, behave) for every connection."""
    for item in ports:
        port, behaviour = item.split(":")
        await asyncio.start_server(
            lambda r, w, behave=behaviours[behaviour]: serve(r, w, behave), address, int(port))


async def main(address, ports):
    await listen(address, ports, BEHAVIOURS, serve)
    await asyncio.sleep(1 << 30)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
