"""Servers of HTTP/1 that look at the request, and bombs: one behaviour on each port.

As a program: python3 -m lab.web ADDRESS PORT:BEHAVIOUR... Every request is printed as a line of JSON.
"""
import asyncio
import gzip
import json
import sys

from . import servers

BOMB = gzip.compress(b"\0" * (64 << 20))


async def request_of(reader):
    line, *fields = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
    method, path, version = line.split()
    headers = dict(field.split(": ", 1) for field in fields)
    body = await reader.readexactly(int(headers.get("Content-Length", 0)))
    return {"method": method, "path": path, "version": version, "headers": headers,
            "body": body.decode()}


def page(body, more=b""):
    return b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (more, len(body), body)


async def echo(request, writer):
    """The request as the answer. No body to HEAD, and its length all the same."""
    answer = page(json.dumps({"request": request, "status": "UP", "load": 0.5}).encode())
    writer.write(answer.split(b"\r\n\r\n")[0] + b"\r\n\r\n" if request["method"] == "HEAD" else answer)


async def redirect(request, writer):
    """To itself, for ever."""
    writer.write(b"HTTP/1.1 302 Found\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" %
                 request["path"].encode())


async def huge(_, writer):
    """1 GB, as fast as it is taken."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
    for _ in range(1 << 14):
        writer.write(b"z" * (1 << 16))
        await writer.drain()


async def gzip_bomb(_, writer):
    """64 MB of nothing in 64 KB."""
    writer.write(page(BOMB, b"Content-Encoding: gzip\r\n"))


async def no_utf8(_, writer):
    writer.write(page(b'{"status": "\xff\xfe"} ready \xc3'))


async def deep_json(_, writer):
    writer.write(page(b"[" * 200_000))


async def wide_json(_, writer):
    """As many values as fit into what is read."""
    writer.write(page(b"[" + b"0," * 131_000 + b"0]"))


BEHAVIOURS = {f.__name__: f for f in (echo, redirect, huge, gzip_bomb, no_utf8, deep_json, wide_json)}
for name, behave in servers.BEHAVIOURS.items():
    BEHAVIOURS[name] = lambda request, writer, behave=behave: behave(writer)


async def serve(reader, writer, behave):
    try:
        request = await request_of(reader)
        print(json.dumps(request), flush=True)
        await behave(request, writer)
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main(address, ports):
    await servers.listen(address, ports, BEHAVIOURS, serve)
    print("ready", flush=True)
    await asyncio.sleep(1 << 30)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
