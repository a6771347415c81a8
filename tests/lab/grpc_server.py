"""A server of gRPC (python3-grpcio) whose health is known by name: "" and `good` serve, `bad` does not.

As a program: python3 -m lab.grpc_server ADDRESS CERTIFICATE-AND-KEY: in the clear on port 50051, by
TLS on 50052; on 50053 there is no health service.
"""
import sys
import threading
from concurrent import futures

import grpc

STATES = {b"": 1, b"good": 1, b"bad": 2}


def check(request, context):
    # HealthCheckRequest: field 1, a string shorter than 128 bytes, or nothing.
    name = request[2:2 + request[1]] if request else b""
    if name not in STATES:
        context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
    return bytes([0x08, STATES[name]])


def serve(port, credentials=None, healthy=True):
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    if healthy:
        handler = grpc.unary_unary_rpc_method_handler(check)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
            "grpc.health.v1.Health", {"Check": handler}),))
    if credentials:
        server.add_secure_port(port, credentials)
    else:
        server.add_insecure_port(port)
    server.start()
    return server


def main(address, files):
    with open(f"{files}.key", "rb") as key, open(f"{files}.pem", "rb") as certificate:
        credentials = grpc.ssl_server_credentials([(key.read(), certificate.read())])
    servers = [serve(f"{address}:50051"), serve(f"{address}:50052", credentials),
               serve(f"{address}:50053", healthy=False)]
    print("ready", flush=True)
    threading.Event().wait(3600)
    del servers


if __name__ == "__main__":
    main(*sys.argv[1:])
