"""Servers of HTTP/2 by hand, well and hostile, in the clear and by TLS: one behaviour on each port.

As a program: python3 -m lab.http2 ADDRESS CERTIFICATE-AND-KEY-OR-NONE PORT:BEHAVIOUR... `tls_` before
a behaviour: by TLS, which agrees to h2; `http1_`: to http/1.1 only.
"""
import asyncio
import json
import ssl
import struct
import sys

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS = 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
OK = b"\x88"


def frame(kind, flags, stream, payload=b""):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def literal(name, value):
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def whole(headers, body=b"", trailers=None):
    parts = frame(HEADERS, END_HEADERS, 1, headers)
    last = END_STREAM if trailers is None else 0
    parts += frame(DATA, last, 1, body)
    return parts + (b"" if trailers is None else frame(HEADERS, END_HEADERS | END_STREAM, 1, trailers))


def grpc(status=b"\x08\x01", code=b"0"):
    message = b"\0" + struct.pack("!I", len(status)) + status
    return whole(OK + literal(b"content-type", b"application/grpc"), message,
                 literal(b"grpc-status", code))


def page(status, body):
    return whole(literal(b":status", str(status).encode()), body)


UP = json.dumps({"status": "UP"}).encode()
ONCE = {
    "page": page(200, UP),
    "refusing": page(503, b""),
    "reset": frame(RST_STREAM, 0, 1, struct.pack("!I", 7)),
    "goaway": frame(GOAWAY, 0, 0, struct.pack("!II", 0, 11)),
    "hpack_bomb": frame(HEADERS, END_HEADERS, 1, OK + b"\x40\x01x\x7f\x80\x1e" + b"y" * 3967 +
                        b"\xbe" * 12000),
    "grpc_serving": grpc(),
    "grpc_not_serving": grpc(b"\x08\x02"),
    "grpc_unimplemented": frame(HEADERS, END_HEADERS | END_STREAM, 1,
                                OK + literal(b"content-type", b"application/grpc") +
                                literal(b"grpc-status", b"12")),
    "silent": b"",
}
FLOODS = {
    "settings_flood": (b"", frame(SETTINGS, 0, 0) * 1000),
    "ping_flood": (b"", frame(PING, 0, 0, b"12345678") * 1000),
    "continuation_flood": (frame(HEADERS, 0, 1, OK), frame(CONTINUATION, 0, 1, literal(b"x", b"y")) * 100),
    "unknown_flood": (b"", frame(99, 0, 0, b"z" * 16384)),
    "empty_data_flood": (frame(HEADERS, END_HEADERS, 1, OK), frame(DATA, 0, 1) * 1000),
}


async def huge(reader, writer):
    """As much of 1 GB as the windows of flow control let through."""
    writer.write(frame(HEADERS, END_HEADERS, 1, OK))
    window, stream_window = 65535, 65535
    for _ in range(1 << 16):
        while min(window, stream_window) < 16384:
            head = await reader.readexactly(9)
            payload = await reader.readexactly(int.from_bytes(head[:3], "big"))
            if head[3] == WINDOW_UPDATE:
                more = int.from_bytes(payload, "big")
                if int.from_bytes(head[5:], "big") == 0:
                    window += more
                else:
                    stream_window += more
        writer.write(frame(DATA, 0, 1, b"z" * 16384))
        window, stream_window = window - 16384, stream_window - 16384
        await writer.drain()


async def dripping(writer, answer):
    for byte in answer:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


async def serve(reader, writer, behaviour):
    try:
        await reader.readexactly(len(PREFACE))
        if behaviour == "http1":
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        writer.write(frame(SETTINGS, 0, 0))
        if behaviour == "dripping":
            await dripping(writer, ONCE["page"])
        elif behaviour == "huge":
            await huge(reader, writer)
        elif behaviour in FLOODS:
            begin, more = FLOODS[behaviour]
            writer.write(begin)
            while True:
                writer.write(more)
                await writer.drain()
                await asyncio.sleep(0.001)
        else:
            writer.write(ONCE[behaviour])
            await writer.drain()
            await reader.read(-1)  # until the client has gone
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


def context(files, protocol):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(f"{files}.pem", f"{files}.key")
    made.set_alpn_protocols([protocol])
    return made


async def main(address, files, *items):
    for item in items:
        port, behaviour = item.split(":")
        tls = None
        for prefix, protocol in (("tls_", "h2"), ("http1_", "http/1.1")):
            if behaviour.startswith(prefix):
                behaviour, tls = behaviour[len(prefix):], context(files, protocol)
        await asyncio.start_server(lambda r, w, b=behaviour: serve(r, w, b), address, int(port), ssl=tls)
    print("ready", flush=True)
    await asyncio.sleep(1 << 30)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
