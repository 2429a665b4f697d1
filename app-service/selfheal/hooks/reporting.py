"""What all hooks share: which exceptions are crashes, and that a hook's own trouble stays its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from selfheal.client import active
from selfheal.exchange import Exchange
from selfheal.settings import HOOKS

# Answers in form of an exception, and clients that went away. By name, as none of these packages need be there.
_NO_CRASHES = {
    "starlette": ("HTTPException", "WebSocketException", "ClientDisconnect", "WebSocketDisconnect"),
    "werkzeug": ("HTTPException",),
    "uvicorn": ("ClientDisconnected",),
    "django": ("Http404", "PermissionDenied", "SuspiciousOperation", "RequestAborted", "UnreadablePostError"),
}


def report(error: object, mechanism: str, *, handled: bool = False, exchange: Exchange | None = None) -> None:
    """Reports what a hook has found, if it is a crash, and if this hook is wanted."""
    client = active()
    if client is None or (mechanism in HOOKS and mechanism not in client.hooks):
        return
    if isinstance(error, BaseException) and quietly(is_crash, error) is not False:
        client.capture(error, exchange, mechanism=mechanism, handled=handled)


def is_crash(error: BaseException) -> bool:
    """An interrupt, a cancelled task and a closed generator are none either. A group is one if any member is."""
    members = getattr(error, "exceptions", None)
    if isinstance(members, tuple) and members and all(isinstance(member, BaseException) for member in members):
        return any(is_crash(member) for member in members)
    kinds = ((str(cls.__module__).partition(".")[0], cls.__name__) for cls in type(error).__mro__)
    return isinstance(error, Exception) and not any(name in _NO_CRASHES.get(package, ()) for package, name in kinds)


def quietly(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a hook does of its own; None where it failed."""
    try:
        return function(*arguments)
    except Exception:  # not even logged: when the interpreter ends, the means may be gone
        return None
