from contextvars import ContextVar, copy_context

owner = ContextVar("owner", default="default")


def worker():
    print("The worker starts with:", owner.get())
    owner.set("worker")
    print("The worker leaves:", owner.get())


copied = copy_context()
owner.set("main")
copied.run(worker)
print("The copy holds:", copied[owner])
print("The caller holds:", owner.get())
