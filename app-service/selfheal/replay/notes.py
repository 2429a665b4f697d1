"""Notes exceptions that an application catches and answers itself, by its error handlers or its log.

A 500 that the application's own handler made is the same crash as one it let through. It changes no answer.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple


class _Seen(NamedTuple):
    error: BaseException
    trace: TracebackType | None


class Notes:
    """The exceptions of one request, in the order they were seen."""

    def __init__(self) -> None:
        self._handled: list[_Seen] = []
        self._logged: list[_Seen] = []

    def clear(self) -> None:
        self._handled.clear()
        self._logged.clear()

    def likeliest(self) -> BaseException | None:
        """What made a 500: an exception that a handler was given, else one that was logged."""
        for seen in (self._handled, self._logged):
            if seen:
                error, trace = seen[-1]
                # Starlette takes the traceback off an exception that a handler has answered.
                return error if error.__traceback__ is not None else error.with_traceback(trace)
        return None

    def handled(self, error: object) -> None:
        if isinstance(error, BaseException) and not _is_an_answer(error):
            self._handled.append(_Seen(error, error.__traceback__))

    def watch(self, app: Any) -> None:
        """To be called before the first request: Starlette builds its middleware then."""
        logging.getLogger().addHandler(_LogWatch(self._logged))
        if callable(getattr(app, "handle_user_exception", None)) and hasattr(app, "wsgi_app"):
            app.handle_user_exception = _noting(app.handle_user_exception, self.handled, 0)
            if callable(getattr(app, "handle_exception", None)):
                app.handle_exception = _noting(app.handle_exception, self.handled, 0)
        handlers = getattr(app, "exception_handlers", None)
        if isinstance(handlers, dict):
            for key, handler in list(handlers.items()):
                if callable(handler):
                    handlers[key] = _noting(handler, self.handled, 1)


class _LogWatch(logging.Handler):
    def __init__(self, seen: list[_Seen]) -> None:
        super().__init__(logging.ERROR)
        self._seen = seen

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and isinstance(record.exc_info[1], BaseException):
            self._seen.append(_Seen(record.exc_info[1], record.exc_info[2]))


def _is_an_answer(error: BaseException) -> bool:
    """HTTPException of Starlette and of werkzeug: raised to answer, also where the answer is a 500."""
    return any(base.__name__ == "HTTPException" for base in type(error).__mro__)


def _noting(handler: Callable[..., Any], note: Callable[[object], None], position: int) -> Callable[..., Any]:
    """The handler, still a coroutine function if it was one; frameworks ask."""
    if inspect.iscoroutinefunction(handler):

        @functools.wraps(handler)
        async def noting_async(*values: Any, **named: Any) -> Any:
            note(values[position] if len(values) > position else None)
            return await handler(*values, **named)

        return noting_async

    @functools.wraps(handler)
    def noting(*values: Any, **named: Any) -> Any:
        note(values[position] if len(values) > position else None)
        return handler(*values, **named)

    return noting
