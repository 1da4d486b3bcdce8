from contextvars import ContextVar

user = ContextVar("user", default="anonymous")


def who():
    print("Current user:", user.get())


who()
token = user.set("alice")
who()
user.reset(token)
who()
