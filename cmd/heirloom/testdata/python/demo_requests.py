import asyncio
from contextvars import ContextVar

request_id = ContextVar("request_id")


async def respond():
    await asyncio.sleep(0.1)
    print("Handling request with request_id:", request_id.get())


async def handle_request(id):
    request_id.set(id)
    await respond()


async def main():
    await asyncio.gather(*(handle_request(id) for id in range(3)))


asyncio.run(main())
