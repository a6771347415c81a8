"""Pages by their path, on port 80 and by TLS on port 443: /, /empty, /binary, /host, /sni, /silent.

As a program: python3 -m lab.pages ADDRESS FOLDER-OF-CERTIFICATES
"""
import asyncio
import ssl
import sys

from .web import page, request_of

PAGES = {"/": b"healthy\n", "/empty": b"", "/binary": bytes(range(256)) * 40}


async def serve(reader, writer, names):
    try:
        request = await request_of(reader)
        if request["path"] == "/silent":
            await asyncio.sleep(3600)
        asked = {"/host": request["headers"]["Host"],
                 "/sni": names.get(writer.get_extra_info("ssl_object"))}.get(request["path"])
        body = PAGES.get(request["path"]) if asked is None else asked.encode()
        answer = page(body).replace(b"1.1", request["version"][5:].encode(), 1)
        writer.write(answer)
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main(address, folder):
    names = {}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/good.pem", f"{folder}/good.key")
    context.sni_callback = lambda connection, name, _: names.update({connection: name})
    for port, tls in ((80, None), (443, context)):
        await asyncio.start_server(lambda r, w: serve(r, w, names), address, port, ssl=tls)
    print("ready", flush=True)
    await asyncio.sleep(1 << 30)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
