"""A stack trace of an event as the frames of a report. Where the files are in the repository is found out later."""

from __future__ import annotations

import re
from typing import Any

from healer.web.sentry.shapes import LONG, items, line_number, mapping, text
from healer.web.sentry.values import variables

_SCHEME = re.compile(r"^(file://|app:///)")
_INSTALLED = re.compile(
    r"(^|[/\\])(site-packages|dist-packages|node_modules)[/\\]|^(node:|<)"
    r"|/lib/python3|/(lib|local)/go(-[\d.]+)?/src/|/pkg/mod/"
)
_LINES = 20  # of context, before and after


def frames_of(stack: object, most: int, *, python: bool) -> list[dict[str, Any]]:
    """Oldest first, as they come; of too many the newest."""
    frames = [mapping(one) for one in items(mapping(stack).get("frames"))[-most:]]
    # Some SDKs say whose a frame is only of the service's own.
    says = any(isinstance(frame.get("in_app"), bool) for frame in frames)
    owned = [_is_own(frame, says=says) for frame in frames]
    # An installed service has no frame that its SDK takes for its own; which ones are is found out later.
    full = owned if any(owned) else [True] * len(frames)
    return [
        _frame(frame, in_app=own, full=whole, python=python)
        for frame, own, whole in zip(frames, owned, full, strict=True)
    ]


def _is_own(frame: dict[str, Any], *, says: bool) -> bool:
    said = frame.get("in_app")
    if isinstance(said, bool) or says:
        return said is True
    return not _INSTALLED.search(text(frame.get("abs_path")) or text(frame.get("filename")))


def _frame(frame: dict[str, Any], *, in_app: bool, full: bool, python: bool) -> dict[str, Any]:
    """`full`: with its values and the lines around."""
    path = _SCHEME.sub("", text(frame.get("abs_path")) or text(frame.get("filename")))
    file = _SCHEME.sub("", text(frame.get("filename"))) or path or text(frame.get("module"))
    line, source = line_number(frame.get("lineno")), text(frame.get("context_line"), LONG)
    return {
        "file": file or "<unknown>",
        "path": path,
        "line": line,
        "function": text(frame.get("function")) or "<unknown>",
        "in_app": in_app,
        "source": source.strip(),
        "context": _context(frame, line, source) if full and line and source else {},
        "locals": variables(frame.get("vars"), python=python) if full else {},
    }


def _context(frame: dict[str, Any], line: int, source: str) -> dict[int, str]:
    before, after = items(frame.get("pre_context"))[-_LINES:], items(frame.get("post_context"))[:_LINES]
    lines = {line - len(before) + place: text(one, LONG) for place, one in enumerate([*before, source, *after])}
    return {number: one for number, one in lines.items() if number > 0}
