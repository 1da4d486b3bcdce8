import asyncio
from contextvars import ContextVar

global_user = "nobody"
user = ContextVar("user", default="nobody")


def set_global(name):
    global global_user
    global_user = name


def get_global():
    return global_user


async def handle(kind, name, set, get):
    set(name)
    await asyncio.sleep(0.1)
    print(f"{kind}: the request of {name} sees {get()}")


async def work(kind, set, get):
    await asyncio.gather(*(handle(kind, name, set, get) for name in ("alice", "bob", "carol")))


async def main():
    await work("Global", set_global, get_global)
    await work("Var", user.set, user.get)


asyncio.run(main())
