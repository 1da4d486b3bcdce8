from contextvars import ContextVar, copy_context

task_id = ContextVar("task_id", default="none")


def step():
    print("Synchronous task running with task_id:", task_id.get())


def work(id):
    task_id.set(id)
    step()


copy_context().run(work, "task1")
copy_context().run(work, "task2")
print("Afterwards task_id is:", task_id.get())
