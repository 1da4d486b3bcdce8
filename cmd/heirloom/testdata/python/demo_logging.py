import asyncio
import logging
import sys
from contextvars import ContextVar

request_id = ContextVar("request_id", default="none")


class RequestID(logging.Filter):
    def filter(self, record):
        record.request_id = request_id.get()
        return True


log = logging.getLogger("app")
log.setLevel(logging.INFO)
handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(logging.Formatter('level=%(levelname)s msg="%(message)s" request_id=%(request_id)s'))
handler.addFilter(RequestID())
log.addHandler(handler)


async def respond():
    await asyncio.sleep(0.1)
    log.info("response sent")


async def handle(id):
    request_id.set(id)
    log.info("request received")
    await respond()


async def main():
    await asyncio.gather(handle("req-1"), handle("req-2"))


asyncio.run(main())
