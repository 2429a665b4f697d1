"""Exceptions that functions of others are told of: those that end the process, a thread or a task, those that are
logged, and those that Flask and Django answer themselves before any middleware around them could see them.

Such a function is called as ever, with the same arguments and the same answer, after we have looked at what it is told.
"""

from __future__ import annotations

import functools
import logging
import sys
import threading  # noqa: F401 (to be found among the imported modules)
from collections.abc import Callable, Mapping
from contextvars import Context
from typing import Any

from selfheal.client import active, report
from selfheal.exchange import current
from selfheal.quiet import quietly

_OURS = "_selfheal_ours"
_SERVERS = ("uvicorn.error", "gunicorn.error", "django.request")  # they log what nobody took
_attached: list[tuple[Any, str, Any, Any]] = []  # owner, name of the function, what was there, what is there now


def _process_ends(_kind: object, error: object, _trace: object) -> None:
    report(error, "excepthook")
    client = active()
    if client is not None:
        client.flush_at_end()  # the hook that was set before may end the process at once


def _loop_hears(_loop: object, told: Mapping[str, Any]) -> None:
    owner = told.get("task") or told.get("future") or told.get("handle")
    own = getattr(owner, "get_context", None)  # since Python 3.12
    exchange = own().get(current) if own else None
    # This may run while garbage is collected, in the midst of a request that has nothing to do with it.
    Context().run(functools.partial(report, exchange=exchange), told.get("exception"), "asyncio")


def _logged(logger: logging.Logger, record: logging.LogRecord) -> None:
    if record.levelno < logging.ERROR or not record.exc_info or logger.name.partition(".")[0] == "selfheal":
        return
    if logger.name == "asyncio":  # by an event loop that is not asyncio's own, like uvloop's
        Context().run(report, record.exc_info[1], "asyncio")
    else:
        report(record.exc_info[1], "logging", handled=logger.name not in _SERVERS)
    attach()  # what was imported since init(): next time it is seen where it happens


def _flask_answers(app: object) -> None:
    exchange = current.get()
    if exchange is not None:
        exchange.application = app
    report(sys.exc_info()[1], "flask")


# Name of the hook, module and function, and who looks at what that function is told.
ALL: tuple[tuple[str, str, str, Callable[..., None]], ...] = (
    ("excepthook", "sys", "excepthook", _process_ends),
    ("thread", "threading", "excepthook", lambda ended: report(ended.exc_value, "thread")),
    ("asyncio", "asyncio.base_events", "BaseEventLoop.call_exception_handler", _loop_hears),
    ("logging", "logging", "Logger.callHandlers", _logged),  # also of loggers that do not propagate
    ("flask", "flask.signals", "got_request_exception.send", _flask_answers),
    ("django", "django.core.signals", "got_request_exception.send", lambda *_: report(sys.exc_info()[1], "django")),
)


def attach() -> None:
    """Attaches what the active client wants and what is imported by now; doing it again adds what came since."""
    client = active()
    for name, module, path, see in ALL:
        if client is not None and name in client.hooks and module in sys.modules:
            quietly(_attach, sys.modules[module], path, see)


def _attach(owner: Any, path: str, see: Callable[..., None]) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    before = getattr(owner, name)
    if hasattr(before, _OURS):
        return

    @functools.wraps(before)
    def ours(*arguments: Any, **named: Any) -> Any:
        quietly(see, *arguments)
        return before(*arguments, **named)

    setattr(ours, _OURS, True)
    setattr(owner, name, ours)
    _attached.append((owner, name, before, ours))


def detach() -> None:
    """Where somebody has hooked on top since, ours cannot be taken out without theirs: it stays, and reports
    nothing."""
    while _attached:
        owner, name, before, ours = _attached.pop()
        if getattr(owner, name, None) is ours:
            setattr(owner, name, before)
