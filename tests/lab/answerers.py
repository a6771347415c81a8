"""Servers of SMTP, DNS, UDP and TLS: one behaviour on each port.

As a program: python3 -m lab.answerers ADDRESS FOLDER-OF-CERTIFICATES PORT:BEHAVIOUR...
"""
import asyncio
import ssl
import struct
import sys

PAGE = b"HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\nhealthy\n"


# SMTP: what is said before anything is heard, and then to each line

async def smtp(reader, writer, greeting=b"220 lab\r\n", answers=(b"250 lab\r\n", b"221 bye\r\n")):
    writer.write(greeting)
    for answer in answers:
        if not await reader.readline():
            return
        writer.write(answer)
        await writer.drain()


async def smtp_many_lines(reader, writer):
    await smtp(reader, writer, answers=(b"250-lab\r\n250-SIZE 1\r\n250 HELP\r\n", b"221 bye\r\n"))


async def smtp_refusing(reader, writer):
    await smtp(reader, writer, greeting=b"554 no service\r\n")


async def smtp_no_helo(reader, writer):
    await smtp(reader, writer, answers=(b"502 unknown\r\n",))


async def smtp_silent(reader, writer):
    await asyncio.sleep(3600)


async def smtp_endless(reader, writer):
    while True:
        writer.write(b"220-more\r\n" * 1000)
        await writer.drain()
        await asyncio.sleep(0.001)


async def smtp_closing(reader, writer):
    writer.write(b"220 la")


MYSQL_GREETING = b"\x36\0\0\0\x0a8.0.36\0" + b"1234abcdefgh\0\xff\xf7" + b"\0" * 31


# Conversations of any protocol: what is said to whatever comes

def replies(*answers, greeting=b""):
    async def talk(reader, writer):
        writer.write(greeting)
        for answer in answers:
            if not await reader.read(4096):
                return
            writer.write(answer)
            await writer.drain()
        await reader.read()
    return talk


async def one_byte_a_second(reader, writer):
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(1)


async def endless(reader, writer, piece=b"x" * 65536):
    """A line without an end, as fast as it goes: a gigabyte, or until nobody reads it."""
    for _ in range(2 ** 30 // len(piece)):
        writer.write(piece)
        await writer.drain()


def agent(path):
    async def tell(reader, writer):
        with open(path, "rb") as file:
            writer.write(file.read())
        await writer.drain()
    return tell


async def page(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(PAGE)
    await writer.drain()


async def no_tls(reader, writer):
    await reader.read(1)
    writer.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")


# Conversations that go over to TLS in their own way: what is said first, what is answered to the
# wish for TLS, and what to whatever comes under it.
UPGRADES = {
    "smtp": (b"220 lab\r\n", b"220 go ahead\r\n", b"250 lab\r\n"),
    "postgresql": (b"", b"S", b"R\0\0\0\x08\0\0\0\x05"),
    "ldap": (b"", bytes.fromhex("300c02010178070a010004000400"),
             bytes.fromhex("300c02010261070a010004000400")),
}


def upgrade(kind, tls):
    greeting, agreed, answer = UPGRADES[kind]

    async def talk(reader, writer):
        writer.write(greeting)
        await reader.read(4096)
        writer.write(agreed)
        await writer.drain()
        await writer.start_tls(tls)
        await reader.read(4096)
        writer.write(answer)
        await writer.drain()
        await reader.read()
    return talk


class Datagrams(asyncio.DatagramProtocol):
    """`answer(question)` gives the datagrams that go back."""

    def __init__(self, answer):
        self.answer = answer

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        for reply in self.answer(data):
            self.transport.sendto(reply, sender)


def dns(code=0, change=lambda reply: reply):
    def answer(query):
        flags = 0x8180 | code
        return [change(query[:2] + struct.pack("!H", flags) + query[4:])]
    return answer


def wrong_then_right(query):
    """Another id, another question and a query come before the answer."""
    right = dns()(query)[0]
    return [bytes([right[0] ^ 1]) + right[1:], right[:13] + b"\x03" + right[14:], query, right]


DATAGRAMS = {
    "udp_echo": lambda data: [data],
    "udp_silent": lambda data: [],
    "udp_short": lambda data: [b"\x01"],
    "dns_good": dns(),
    "dns_failing": dns(2),
    "dns_refusing": dns(5),
    "dns_cut": dns(change=lambda reply: reply[:9]),
    "dns_late": wrong_then_right,
    "dns_silent": lambda data: [],
}
STREAMS = {"smtp": smtp, "smtp_many_lines": smtp_many_lines, "smtp_refusing": smtp_refusing,
           "smtp_no_helo": smtp_no_helo, "smtp_silent": smtp_silent, "smtp_endless": smtp_endless,
           "smtp_closing": smtp_closing, "no_tls": no_tls, "byte_a_second": one_byte_a_second,
           "endless": endless, "pop3": replies(b"+OK 0 messages\r\n", greeting=b"+OK ready\r\n"),
           "redis": replies(b"+PONG\r\n", b"*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"),
           "redis_locked": replies(b"-NOAUTH Authentication required.\r\n"),
           "redis_auth": replies(b"+OK\r\n", b"+PONG\r\n"),
           "postgresql": replies(b"R\0\0\0\x08\0\0\0\x05"),
           "postgresql_starting": replies(b"E\0\0\0\x1cC57P03\0Mnot yet\0\0\0\0\0\0\0\0\0"),
           "mysql": replies(greeting=MYSQL_GREETING),
           "mysql_login": replies(b"\x07\0\0\x02\0\0\0\x02\0\0\0", greeting=MYSQL_GREETING),
           "mysql_blocked": replies(greeting=b"\x12\0\0\0\xff\x69\x04Host is blocked"),
           "ldap": replies(bytes.fromhex("300c02010161070a010004000400")),
           "ldap_refusing": replies(bytes.fromhex("300e02010161090a0131040004026e6f"))}


def context(folder, name, needs_client):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(f"{folder}/{name}.pem", f"{folder}/{name}.key")
    if needs_client:
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_verify_locations(f"{folder}/ca.pem")
    return made


def for_name_alone(made, name):
    """Refuses whoever asks for another server."""
    made.sni_callback = lambda _, asked, __: None if asked == name else \
        ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    return made


async def serve(address, folder, items):
    loop = asyncio.get_running_loop()
    for item in items:
        port, behaviour = item.split(":")
        if behaviour in DATAGRAMS:
            await loop.create_datagram_endpoint(lambda b=behaviour: Datagrams(DATAGRAMS[b]),
                                                local_addr=(address, int(port)))
            continue
        if behaviour == "agent":  # says what its file says now
            handler, tls = agent(f"{folder}/agent-{port}"), None
        elif behaviour in STREAMS:
            handler, tls = STREAMS[behaviour], None
        elif behaviour.startswith("upgrade_"):  # upgrade_KIND_NAME: the certificate
            _, kind, name = behaviour.split("_")
            handler, tls = upgrade(kind, context(folder, name, False)), None
        else:  # tls_NAME, mutual_NAME, sni_NAME: the certificate
            handler = page
            kind, name = behaviour.split("_", 1)
            tls = context(folder, name, kind == "mutual")
            if kind == "sni":
                tls = for_name_alone(tls, "www.lab")

        async def handle(reader, writer, handler=handler):
            try:
                await handler(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()
        await asyncio.start_server(handle, address, int(port), ssl=tls)
    print("ready", flush=True)
    await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], sys.argv[3:]))
