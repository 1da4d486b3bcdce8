from contextvars import ContextVar

user = ContextVar("user", default="anonymous")


def who():
    print("Current user:", user.get())


def as_bob():
    token = user.set("bob")
    try:
        who()
        print("To be restored:", token.old_value)
    finally:
        user.reset(token)


user.set("alice")
who()
as_bob()
who()
