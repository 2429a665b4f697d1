"""Makes one report: what must be seen at once is taken at once, the rest is written later on the delivery's thread.

It does not send anything and does not decide whether an exception is worth a report.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from typing import Any

from selfheal.exchange import Exchange, request_json
from selfheal.frames import Shot, Tree, frame_json, shoot
from selfheal.instances import type_bases, type_name
from selfheal.scrub import Scrubber
from selfheal.settings import Settings
from selfheal.traffic import earlier_requests
from selfheal.values import describe

CLIENT = "selfheal/0.1.0"
_MESSAGE = 2000
_FRAMEWORKS = ("fastapi", "starlette", "flask")


class Draft:
    """A crash as it was the moment it was caught: frames and values; the request and the traffic still raw."""

    def __init__(
        self,
        error: BaseException,
        exchange: Exchange | None,
        recent: Sequence[Exchange],
        settings: Settings,
        tree: Tree,
    ) -> None:
        self.report_id = os.urandom(16).hex()
        self._time = time.time()
        self._settings = settings
        self._scrub = Scrubber(settings.redact)
        self._exchange = exchange
        self._recent = list(recent)
        self._shots: list[Shot] = shoot(error.__traceback__, tree, self._scrub)
        self._exception = {
            "type": type_name(type(error)),
            "module": str(type(error).__module__),
            "message": self._scrub.text(message_of(error, self._scrub)),
            "bases": type_bases(type(error)),
        }

    def write(self) -> bytes:
        """The report as JSON, without its last brace: `suppressed` is added when it is sent."""
        report = self.build()
        report.pop("suppressed")
        return json.dumps(report, separators=(",", ":"), allow_nan=False).encode("ascii")[:-1]

    def build(self) -> dict[str, Any]:
        scrub = self._scrub
        request = request_json(self._exchange, scrub) if self._exchange else None
        earlier = earlier_requests(self._recent, self._exchange, scrub) if self._exchange else []
        frames = [frame_json(shot, scrub) for shot in self._shots]
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self._time))
        # A secret found anywhere is searched for everywhere else, except in names of types, files and functions.
        for frame in frames:
            frame.update({part: scrub.sweep(frame[part]) for part in ("source", "context", "locals")})
        return {
            "report_id": self.report_id,
            "timestamp": f"{seconds}.{int(self._time % 1 * 1_000_000):06d}Z",
            "release": self._settings.release,
            "entry": self._settings.entry,
            "framework": framework_of(self._exchange.application) if self._exchange else None,
            "client": CLIENT,
            "python": platform.python_version(),
            "exception": {**self._exception, "message": scrub.sweep(self._exception["message"])},
            "frames": frames,
            "request": {**scrub.sweep(request), "method": request["method"]} if request else None,
            "earlier_requests": [
                {**scrub.sweep(earlier_one), "method": earlier_one["method"]} for earlier_one in earlier
            ],
            "env": {},
            "limits": {},
            "suppressed": 0,
        }


def leaf_of(error: BaseException) -> BaseException:
    """The exception itself where something has only wrapped it: a group of one is its one member, and a
    StopIteration that leaves a coroutine (PEP 479) is the cause of the RuntimeError, which has no frames of the
    service when it comes from a thread pool."""
    group: Any = error
    for _ in range(20):
        inner = getattr(group, "exceptions", None)
        if "BaseExceptionGroup" not in type_bases(type(group)) or not isinstance(inner, tuple) or len(inner) != 1:
            break
        group = inner[0]
    leaf = group if isinstance(group, BaseException) else error
    if type(leaf) is RuntimeError and leaf.args == ("coroutine raised StopIteration",) and leaf.__cause__ is not None:
        return leaf.__cause__
    return leaf


def crash_key(error: BaseException) -> object:
    """The same for two occurrences of one crash: type and places of all frames, each place once, so that neither
    the depth of a recursion nor the message makes another crash. Finer than any grouping by the healer, which
    therefore loses none."""
    places: dict[tuple[str, int | None], None] = {}
    trace = error.__traceback__
    while trace is not None:
        places[trace.tb_frame.f_code.co_filename, trace.tb_lineno] = None
        trace = trace.tb_next
    return type(error).__module__, type_name(type(error)), tuple(places)


def message_of(error: BaseException, scrub: Scrubber) -> str:
    """str(error), but without running a foreign __repr__ of its arguments, and without making a huge text of huge
    ones."""
    own = next((cls for cls in type(error).__mro__ if "__str__" in cls.__dict__), BaseException)
    arguments = error.args
    try:
        if own is BaseException and len(arguments) == 1 and not isinstance(arguments[0], str):
            return describe(arguments[0], scrub)[:_MESSAGE]
        if own is BaseException and len(arguments) > 1:
            return describe(arguments, scrub)[:_MESSAGE]
        if own is KeyError and len(arguments) == 1:
            return describe(arguments[0], scrub)[:_MESSAGE]
        return str(error)[: 2 * _MESSAGE] if own is not BaseException else "".join(arguments)[: 2 * _MESSAGE]
    except Exception as problem:
        return f"<the exception's own text cannot be made: {type_name(type(problem))}>"


def framework_of(application: object) -> str | None:
    for cls in type(application).__mro__:
        name = str(getattr(cls, "__module__", "")).partition(".")[0]
        if name in _FRAMEWORKS:
            return name
    return next((name for name in _FRAMEWORKS if name in sys.modules), None)
