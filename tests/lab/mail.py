"""A mail server that behaves, or does not.

As a program: python3 -m lab.mail ADDRESS PORT BEHAVIOUR-FILE MAIL-FILE
The behaviour file is read for each connection: `good`, `STEP CODE` (that answer at that step; the
steps are greeting, HELO, MAIL, RCPT, DATA and content), `closing STEP`, `silent STEP`, `endless`
(a line without end), `lines` (a reply without end), `wordy` (replies of several lines) or `dripping`.
The mail file gets one JSON object a line for each mail that was accepted.
"""
import asyncio
import json
import sys
import time

from .wait import wait_until

GOOD = {"greeting": 220, "DATA": 354, "QUIT": 221}


class Session:
    connections = 0

    def __init__(self, reader, writer, behaviour, output):
        Session.connections += 1
        self.number = Session.connections
        self.reader, self.writer, self.output = reader, writer, output
        self.behaviour = behaviour
        self.mail = {}

    async def answer(self, step):
        """Says whether the session goes on, and whether the step was accepted."""
        how, _, at = self.behaviour.partition(" ")
        if how == "closing" and at == step:
            return False, False
        if how == "silent" and at == step:
            await asyncio.sleep(3600)
        if how in ("endless", "lines"):
            piece = b"220-" + b"x" * 60 + (b"\r\n" if how == "lines" else b"")
            while True:
                self.writer.write(piece)
                await self.writer.drain()
                await asyncio.sleep(0.001)
        code = int(at) if how == step else GOOD.get(step, 250)
        text = f"{code}-{step}\r\n{code}-more\r\n{code} end\r\n" if how == "wordy" else f"{code} {step}\r\n"
        for piece in text if how == "dripping" else [text]:
            self.writer.write(piece.encode())
            await self.writer.drain()
            if how == "dripping":
                await asyncio.sleep(0.01)
        return not (how == step and step == "greeting"), code < 400

    async def content(self):
        lines = []
        while (line := (await self.reader.readline()).decode()) not in (".\r\n", ""):
            lines.append(line[1:] if line.startswith(".") else line)
        return "".join(lines)

    async def run(self):
        goes_on, _ = await self.answer("greeting")
        while goes_on and (line := (await self.reader.readline()).decode().rstrip("\r\n")):
            step = line[:4]
            goes_on, accepted = await self.answer(step)
            argument = line[5:]
            if step == "HELO":
                self.helo = argument
            elif step == "MAIL":
                self.mail = {"connection": self.number, "helo": self.helo, "from": argument, "to": []}
            elif step == "RCPT" and accepted:
                self.mail["to"].append(argument)
            elif step == "DATA" and accepted:
                self.mail["content"] = await self.content()
                goes_on, accepted = await self.answer("content")
                if accepted:
                    with open(self.output, "a") as file:
                        file.write(json.dumps({**self.mail, "time": time.time()}) + "\n")
            elif step == "QUIT":
                return


async def serve(reader, writer, behaviour_file, output):
    with open(behaviour_file) as file:
        session = Session(reader, writer, file.read().strip(), output)
    try:
        await session.run()
    except (ConnectionError, UnicodeDecodeError, ValueError):
        pass
    finally:
        writer.close()


async def main(address, port, behaviour_file, output):
    await asyncio.start_server(lambda r, w: serve(r, w, behaviour_file, output), address, int(port))
    await asyncio.sleep(1 << 30)


class MailServer:
    """The same as a test sees it: a program on a host of the lab."""

    def __init__(self, host, behaviour="good", address="127.0.0.1", port=2525):
        self.host, self.address, self.port = host, address, port
        name = f"mail-{host.name}-{port}"
        self.output = host.lab.write(f"{name}.json", "")
        self.behaviour = host.lab.write(f"{name}.behaviour", behaviour)
        self.process = host.popen("/usr/bin/python3", "-m", "lab.mail", address, str(port),
                                  self.behaviour, self.output, log=host.lab.path(f"{name}.log"))
        wait_until(lambda: f":{port} " in host.run("ss", "-Hltn"), 10, "the mail server")

    def behave(self, behaviour):
        with open(self.behaviour, "w") as file:
            file.write(behaviour)

    def mails(self):
        with open(self.output) as file:
            return [json.loads(line) for line in file]

    def subjects(self):
        return [header(mail, "Subject") for mail in self.mails()]

    def forget(self):
        open(self.output, "w").close()

    def stop(self):
        self.process.kill()
        self.process.wait()


def header(mail, name):
    head = mail["content"].split("\r\n\r\n")[0].replace("\r\n ", " ")
    found = [line for line in head.split("\r\n") if line.startswith(f"{name}: ")]
    return found[0].split(": ", 1)[1] if found else None


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
