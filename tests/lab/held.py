"""Clients that hold connections open and keep each one busy with a line to and fro.

As a program: python3 -m lab.held ADDRESS PORT COUNT FILE [MARK]
"connected N" on the output when all are there; until the FILE exists they go on, then each is closed
in order; "ended: N reset, N unanswered" at the end. With a MARK their packets carry it (SO_MARK).
"""
import asyncio
import os
import socket
import sys


async def connect(address, port, mark):
    client = socket.socket()
    client.setblocking(False)
    if mark:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
    await asyncio.get_running_loop().sock_connect(client, (address, port))
    return await asyncio.open_connection(sock=client)


async def hold(address, port, mark, connected, end, faults):
    reader, writer = await connect(address, port, mark)
    number = 0
    try:
        while not os.path.exists(end):
            number += 1
            writer.write(b".%d\n" % number)
            if await asyncio.wait_for(reader.readline(), 5) != b".%d\n" % number:
                faults.append("reset")
                return
            if number == 1:
                connected.append(number)
            await asyncio.sleep(0.1)
    except asyncio.TimeoutError:
        faults.append("unanswered")
    except ConnectionError:
        faults.append("reset")
    finally:
        writer.close()


async def main(address, port, count, end, mark):
    connected, faults = [], []
    clients = [asyncio.create_task(hold(address, port, mark, connected, end, faults)) for _ in range(count)]
    while len(connected) < count:
        await asyncio.sleep(0.05)
    print(f"connected {count}", flush=True)
    await asyncio.gather(*clients)
    print(f"ended: {faults.count('reset')} reset, {faults.count('unanswered')} unanswered", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4],
                     int(sys.argv[5]) if len(sys.argv) > 5 else 0))
