"""The variables of a frame as texts, the way the service's own client writes them: as Python would show the value.

An SDK sends Python's values as repr texts, containers of them as JSON; other languages' values are shown as JSON.
"""

from __future__ import annotations

import json
import re
from typing import Any

from healer.web.sentry.shapes import LONG, SHORT, mapping, redacted

MOST = 200  # variables of a frame
CUT = "…"

_DEEPEST = 20
_BREADTH = 10  # an SDK for Python leaves out what a container holds beyond, and not every version says so
# A key is sent as str(key), so this one may have been another value than the text that it looks like.
_NO_TEXT = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?|None|True|False|nan|-?inf|\(.*\)|b'.*'|<.*>", re.DOTALL)
_PLACEHOLDER = re.compile(r"<.*>|\[.*\]", re.DOTALL)  # <Object>, [Function: x], [Filtered]


def variables(value: object, *, python: bool) -> dict[str, str]:
    shown = python_text if python else json_text
    some = list(mapping(value).items())[:MOST]
    return {name[:SHORT]: shown(value)[:LONG] for name, value in some}


def python_text(value: Any, depth: int = 0) -> str:
    """A Python literal where all parts of the value are; what was cut is marked, so that nobody takes it for whole."""
    if isinstance(value, str):
        if value.endswith("..."):
            return value[:-3] + CUT
        return redacted(value) or CUT
    if isinstance(value, dict | list) and depth >= _DEEPEST:
        return CUT
    if isinstance(value, dict):
        parts = [f"{key!r}: {python_text(part, depth + 1)}" for key, part in value.items()]
        unsure = len(value) == _BREADTH or any(_NO_TEXT.fullmatch(key) for key in value)
        return "{" + ", ".join([*parts, CUT] if unsure else parts) + "}"
    if isinstance(value, list):
        parts = [python_text(part, depth + 1) for part in value]
        return "[" + ", ".join([*parts, CUT] if len(value) == _BREADTH else parts) + "]"
    return repr(value)


def json_text(value: Any) -> str:
    if isinstance(value, str) and _PLACEHOLDER.fullmatch(value):
        return redacted(value)
    try:
        return redacted(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return CUT
