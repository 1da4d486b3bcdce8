import asyncio
from contextvars import ContextVar

task_id = ContextVar("task_id", default="none")


async def sub_task():
    print("Sub task running with task_id:", task_id.get())


async def main_task(id):
    task_id.set(id)
    await sub_task()
    await asyncio.sleep(0.1)


async def main():
    await asyncio.gather(main_task("task1"), main_task("task2"))


asyncio.run(main())
