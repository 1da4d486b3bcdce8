import asyncio
from contextvars import ContextVar

client_addr = ContextVar("client_addr")


def reply(line):
    return f"{client_addr.get()} says {line}"


def goodbye():
    return f"Good bye, client @ {client_addr.get()}\n"


async def serve(reader, writer):
    client_addr.set("%s:%d" % writer.get_extra_info("peername"))
    while line := (await reader.readline()).decode():
        writer.write(reply(line).encode())
    writer.write(goodbye().encode())
    writer.close()


async def client(addr, name):
    reader, writer = await asyncio.open_connection(*addr)
    writer.write(f"hello from {name}\n".encode())
    writer.write_eof()
    answer = (await reader.read()).decode()
    writer.close()
    return answer


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        addr = server.sockets[0].getsockname()
        for answer in await asyncio.gather(*(client(addr, name) for name in ("client1", "client2", "client3"))):
            print(answer, end="")


asyncio.run(main())
