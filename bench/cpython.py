"""Times in CPython what bench's BenchmarkPython does, and prints it as Go does.

    python3 bench/cpython.py

go run ./bench/report -python=python3 runs it after the Go benchmarks. It needs
Python 3.11 or later, for asyncio.TaskGroup.
"""

import asyncio
import contextvars
import time

var = contextvars.ContextVar("var", default=0)


async def nothing():
    return 0


def get(n):
    f = var.get
    for _ in range(n):
        f()


def set_(n):
    for _ in range(n):
        var.reset(var.set(2))


def run(n):
    ctx = contextvars.copy_context()
    f = int
    for _ in range(n):
        ctx.run(f)


async def task(n):
    for _ in range(n):
        await asyncio.create_task(nothing())


async def group(n):
    for _ in range(n):
        async with asyncio.TaskGroup() as tg:
            for _ in range(100):
                tg.create_task(nothing())


async def gather(n):
    for _ in range(n):
        await asyncio.gather(*[nothing() for _ in range(1000)])


async def time_of(f, n):
    start = time.perf_counter_ns()
    result = f(n)
    if result is not None:
        await result
    return (time.perf_counter_ns() - start) / n


async def main():
    var.set(1)
    for name, f, n in [
        ("get", get, 100_000),
        ("set", set_, 50_000),
        ("run", run, 50_000),
        ("task", task, 1_000),
        ("group", group, 20),
        ("gather", gather, 3),
    ]:
        for _ in range(20):
            ns = await time_of(f, n)
            print(f"BenchmarkPython/op={name}/CPython {n} {ns:.1f} ns/op")


asyncio.run(main())
