from contextvars import Context, ContextVar

shared = ContextVar("shared", default={"theme": "light"})


def shared_theme():
    return shared.get()["theme"]


def darken():
    shared.get()["theme"] = "dark"


print("Default, never set:", shared_theme())
Context().run(darken)
print("After another context changed its default:", shared_theme())

own = ContextVar("own")


def own_settings():
    return own.get({"theme": "light"})


def own_theme():
    return own_settings()["theme"]


def darken_own():
    own_settings()["theme"] = "dark"


print("Default made afresh, never set:", own_theme())
Context().run(darken_own)
print("After another context changed its default:", own_theme())
