"""A TLS server that tells how its clients end: `closed` by TLS, or `cut` without a word.

As a program: python3 -m lab.tls_ends ADDRESS PORT CERTIFICATE-AND-KEY
"""
import socket
import ssl
import sys

PAGE = b"HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\nhealthy\n"


def serve(connection):
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(4096)
    connection.sendall(PAGE)
    try:
        return "closed" if connection.recv(1) == b"" else "more"
    except OSError:  # ssl.SSLEOFError and a reset are
        return "cut"


def main(address, port, files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{files}.pem", f"{files}.key")
    with socket.create_server((address, int(port))) as listening:
        print("ready", flush=True)
        while True:
            client, _ = listening.accept()
            with client:
                try:
                    with context.wrap_socket(client, server_side=True, suppress_ragged_eofs=False) as connection:
                        print(serve(connection), flush=True)
                except OSError:
                    print("no handshake", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
