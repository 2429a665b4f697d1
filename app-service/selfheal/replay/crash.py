# ruff: noqa: PTH120 (pathlib is slower and knows no descriptors)
"""Describes an exception the way a report does, so that the two can be compared.

It reads values only; what they mean is the healer's business.
"""

from __future__ import annotations

import os
from types import TracebackType

from selfheal.frames import Tree, frame_json, shoot
from selfheal.instances import type_bases, type_name
from selfheal.report import message_of
from selfheal.scrub import Scrubber

_OWN = os.path.dirname(os.path.realpath(__file__)) + os.sep


def one_line(error: BaseException, tree: Tree) -> str:
    """`ValueError: text (shop/orders.py:12)`: where in the service's own code, if anywhere."""
    message = error.msg if isinstance(error, SyntaxError) else message_of(error, Scrubber())
    place = ""
    if isinstance(error, SyntaxError) and error.filename:
        place = f" ({tree.place(error.filename)[0]}:{error.lineno})"
    trace = error.__traceback__
    while trace is not None and not isinstance(error, SyntaxError):
        file, in_app = tree.place(trace.tb_frame.f_code.co_filename)
        place = f" ({file}:{trace.tb_lineno})" if in_app else place
        trace = trace.tb_next
    return f"{type_name(type(error))}{': ' if message else ''}{message}{place}"


def describe_crash(error: BaseException, tree: Tree) -> dict[str, object]:
    """{"exception", "frames"} as in a report, redacted like one."""
    scrub = Scrubber()
    kind = type(error)
    frames = [frame_json(shot, scrub) for shot in shoot(_without_own(error.__traceback__), tree)]
    for frame in frames:
        frame.update({part: scrub.sweep(frame[part]) for part in ("source", "context", "locals")})
    exception = {
        "type": type_name(kind),
        "module": str(kind.__module__),
        "message": scrub.sweep(scrub.text(message_of(error, scrub))),
        "bases": type_bases(kind),
    }
    return {"exception": exception, "frames": frames}


def _without_own(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without the frames of this package, which a server of the application's own does not have."""
    first: TracebackType | None = None
    last: TracebackType | None = None
    while trace is not None:
        if not os.path.realpath(trace.tb_frame.f_code.co_filename).startswith(_OWN):
            if last is None:
                first = trace
            else:
                last.tb_next = trace
            last = trace
        trace = trace.tb_next
    if last is not None:
        last.tb_next = None
    return first
