"""A server that says in a file how it is: 0 while it runs, 1 after its end in good order.

As a program: python3 -m lab.publisher ADDRESS PORT FILE
"""
import signal
import socket
import sys


def publish(path, number):
    with open(path, "w") as file:
        file.write(f"{number}\n")


def main(address, port, path):
    with socket.create_server((address, int(port))):
        publish(path, 0)
        signal.sigwait({signal.SIGTERM})
        publish(path, 1)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    main(*sys.argv[1:])
