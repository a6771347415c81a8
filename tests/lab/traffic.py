"""Real servers and a client.

As programs: python3 -m lab.traffic server NAME PORT
             python3 -m lab.traffic client ADDRESS PORT OUTPUT
The server answers HTTP with its name and echoes every line that begins with '.'.
The client makes requests without pause and keeps one connection busy; both write JSON lines.
"""
import asyncio
import json
import sys
import time


async def serve(reader, writer, name):
    try:
        while line := await reader.readline():
            if line.startswith(b"."):
                writer.write(line)
            elif line in (b"\r\n", b"\n"):
                body = name.encode() + b"\n"
                writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                await writer.drain()
                break
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def server(name, port):
    listening = await asyncio.start_server(lambda r, w: serve(r, w, name), "0.0.0.0", port)
    async with listening:
        await listening.serve_forever()


class Recorder:
    def __init__(self, path):
        self.file = open(path, "w", buffering=1)

    def write(self, **fields):
        self.file.write(json.dumps({"time": time.monotonic(), **fields}) + "\n")


async def request(address, port):
    """The name of the server that answered."""
    reader, writer = await asyncio.open_connection(address, port)
    try:
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        return answer.rsplit(b"\n", 2)[-2].decode()
    finally:
        writer.close()


async def requests(address, port, record):
    """One after the other, each with a second to live."""
    while True:
        begun = time.monotonic()
        try:
            name = await asyncio.wait_for(request(address, port), 1)
            record.write(event="answer", server=name, begun=begun)
        except (OSError, IndexError, asyncio.TimeoutError) as error:
            record.write(event="lost", begun=begun, error=type(error).__name__)
        await asyncio.sleep(0.01)


async def established(address, port, record):
    """One connection over which a line goes to and fro every 20 ms."""
    reader, writer = await asyncio.open_connection(address, port)
    record.write(event="connected")
    number = 0
    try:
        while True:
            number += 1
            writer.write(b".%d\n" % number)
            answer = await reader.readline()
            if not answer:
                break
            record.write(event="echo", number=int(answer[1:]))
            await asyncio.sleep(0.02)
    except ConnectionError:
        pass
    record.write(event="broken")


async def client(address, port, output):
    record = Recorder(output)
    await asyncio.gather(requests(address, port, record), established(address, port, record))


class Client:
    """Runs a client in a host's namespace and reads what it saw."""

    def __init__(self, host, address, port):
        self.output = host.lab.path(f"client-{len(host.lab.processes)}.jsonl")
        open(self.output, "w").close()
        host.popen(sys.executable, "-m", "lab.traffic", "client", address, str(port), self.output,
                   log=host.lab.path("client.log"))

    def events(self, since=0.0, kind=None):
        with open(self.output) as file:
            lines = file.read().split("\n")[:-1]
        found = [json.loads(line) for line in lines]
        return [e for e in found if e["time"] >= since and kind in (None, e["event"])]

    def answers(self, since=0.0):
        return self.events(since, "answer")

    def spread(self, since=0.0):
        """How many answers each server gave."""
        counts = {}
        for event in self.answers(since):
            counts[event["server"]] = counts.get(event["server"], 0) + 1
        return counts

    @staticmethod
    def longest_pause(events, since, until):
        times = [since] + [e["time"] for e in events if since <= e["time"] <= until] + [until]
        return max(b - a for a, b in zip(times, times[1:]))

    def is_connected(self):
        return not self.events(kind="broken")


if __name__ == "__main__":
    if sys.argv[1] == "server":
        asyncio.run(server(sys.argv[2], int(sys.argv[3])))
    else:
        asyncio.run(client(sys.argv[2], int(sys.argv[3]), sys.argv[4]))
