from contextvars import ContextVar

user_id = ContextVar("user_id", default="nobody")


def greet():
    return f"Hello, {user_id.get()}"


def with_user(handler):
    def wrapped(request):
        token = user_id.set(request["X-User-ID"])
        try:
            return handler(request)
        finally:
            user_id.reset(token)

    return wrapped


def handle(request):
    return greet()


app = with_user(handle)
print("Before:", user_id.get())
for user in "alice", "bob":
    print("Response:", app({"X-User-ID": user}))
print("After:", user_id.get())
