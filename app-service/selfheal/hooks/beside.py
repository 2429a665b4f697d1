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

from selfheal.client import active
from selfheal.exchange import current
from selfheal.hooks.reporting import quietly, report


class Beside:
    """`see` gets the arguments of each call of the function at `path` in `module`, if that is imported.

    Whoever hooked there before is called too. Where somebody has hooked on top since, ours cannot be taken out without
    taking theirs out as well: it stays in their chain, and reports nothing.
    """

    def __init__(self, name: str, module: str, path: str, see: Callable[..., None]) -> None:
        self.name = name
        self._module = module
        self._owner_name, _, self._attribute = path.rpartition(".")
        self._see = see
        self._ours: object = None
        self._before: object = None

    def attach(self) -> None:
        before = getattr(self._owner(), self._attribute, None)
        if before is self._ours or not callable(before):
            return

        @functools.wraps(before)
        def ours(*arguments: Any, **named: Any) -> Any:
            quietly(self._see, *arguments)
            return before(*arguments, **named)

        self._ours, self._before = ours, before
        setattr(self._owner(), self._attribute, ours)

    def detach(self) -> None:
        if self._ours is not None and getattr(self._owner(), self._attribute, None) is self._ours:
            setattr(self._owner(), self._attribute, self._before)
        self._ours = self._before = None

    def _owner(self) -> Any:
        module = sys.modules.get(self._module)
        return getattr(module, self._owner_name, None) if self._owner_name else module


def _process_ends(_kind: object, error: object, _trace: object) -> None:
    report(error, "excepthook")
    client = active()
    if client is not None:
        client.flush_at_end()  # the hook that was set before may end the process at once


def _thread_ends(ended: Any) -> None:
    report(ended.exc_value, "thread")


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
        report(record.exc_info[1], "logging", handled=True)


def _flask_answers(app: object) -> None:
    exchange = current.get()
    if exchange is not None:
        exchange.application = app
    report(sys.exc_info()[1], "flask")


def _django_answers() -> None:
    report(sys.exc_info()[1], "django")


ALL = (
    Beside("excepthook", "sys", "excepthook", _process_ends),
    Beside("thread", "threading", "excepthook", _thread_ends),
    Beside("asyncio", "asyncio.base_events", "BaseEventLoop.call_exception_handler", _loop_hears),
    Beside("logging", "logging", "Logger.callHandlers", _logged),  # also of loggers that do not propagate
    Beside("flask", "flask.signals", "got_request_exception.send", _flask_answers),
    Beside("django", "django.core.signals", "got_request_exception.send", _django_answers),
)


def attach() -> None:
    """Attaches what the active client wants and what is imported by now; doing it again adds what came since."""
    client = active()
    for hook in ALL:
        if client is not None and hook.name in client.hooks:
            quietly(hook.attach)


def detach() -> None:
    for hook in ALL:
        quietly(hook.detach)
