"""Where the frames of an approximate report stand in the repository: its reporter knows only the machine that crashed.

A report of the selfheal client names the repository's own paths and stays as it is. Nothing is read from a disk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from healer.model import PYTHON, Frame, Report

_PACKAGES = frozenset(("site-packages", "dist-packages", "__pypackages__"))
_ENVIRONMENTS = frozenset((".venv", "venv", "virtualenv", ".tox", ".nox"))
_STANDARD_LIBRARY = re.compile(r"(?:^|/)(?:lib(?:64|32)?/python\d[\d.]*t?|python\d[\d.]*t?/lib)/", re.I)
_CONTEXT = 3  # lines before and after


def located(report: Report, sources: Mapping[str, str]) -> Report:
    """With the files as the repository calls them. `sources`: path -> text of its Python files.

    A frame is the service's own when its file is found, and only then; a file that might be two is not found.
    """
    if not report.approximate or report.platform != PYTHON:
        return report
    tree = _Tree(sources)
    chain = tuple(replace(one, frames=_all(one.frames, tree)) for one in report.chain)
    return replace(report, frames=_all(report.frames, tree), chain=chain)


class _Tree:
    """The repository's own Python files."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        foreign = _PACKAGES | _ENVIRONMENTS
        self._sources = {path: text for path, text in sources.items() if foreign.isdisjoint(path.split("/"))}
        self._lines: dict[str, list[str]] = {}
        self._named: dict[str, list[str]] = {}
        for path in self._sources:
            self._named.setdefault(path.rpartition("/")[2], []).append(path)

    def __contains__(self, path: str) -> bool:
        return path in self._sources

    def ending(self, end: str) -> list[str]:
        return [path for path in self._named.get(end.rpartition("/")[2], ()) if _ends_with(path, end)]

    def lines(self, path: str) -> list[str]:
        if path not in self._lines:
            self._lines[path] = self._sources[path].splitlines()
        return self._lines[path]


def _all(frames: Sequence[Frame], tree: _Tree) -> tuple[Frame, ...]:
    return tuple(_frame(frame, tree) for frame in frames)


def _frame(frame: Frame, tree: _Tree) -> Frame:
    file = _file(frame, tree)
    if file is None:
        return replace(frame, in_app=False)
    # Newer reporters tell `Cart.total` and `outer.<locals>.inner`; a replay, and the source, know the last name.
    own = replace(frame, file=file, in_app=True, function=frame.function.rpartition(".")[2])
    return _at_line(own, tree.lines(file))


def _file(frame: Frame, tree: _Tree) -> str | None:
    parts = (frame.path or frame.file).replace("\\", "/").split("/")
    inside = max((at + 1 for at, part in enumerate(parts) if part in _PACKAGES), default=0)
    if inside:
        installed = "/".join(parts[inside:])  # the service itself may be, from the root or from src/
        return _only([path for path in (installed, f"src/{installed}") if path in tree])
    if _STANDARD_LIBRARY.search("/".join(parts)):
        return None
    known = _relative(frame, parts)
    for at in range(len(parts)):
        end = "/".join(parts[at:])
        if end in tree and _ends_with(end, known):
            return end
    if not frame.in_app or not known:
        return None
    # A folder of the repository was put somewhere else by itself.
    found = tree.ending(known)
    if len(found) > 1 and frame.source:
        found = [path for path in found if _line(tree.lines(path), frame.line) == frame.source.strip()]
    return _only(found)


def _only(found: Sequence[str]) -> str | None:
    return found[0] if len(found) == 1 else None


def _relative(frame: Frame, parts: Sequence[str]) -> str:
    """What the reporter calls the file within its packages; "" where that is no end of its path."""
    names = frame.file.split("/")
    return frame.file if list(parts[-len(names) :]) == names and len(names) < len(parts) else ""


def _ends_with(path: str, end: str) -> bool:
    return not end or f"/{path}".endswith(f"/{end}")


def _line(lines: Sequence[str], number: int) -> str:
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def _at_line(frame: Frame, lines: Sequence[str]) -> Frame:
    """At the line that the report shows, with the source that it lacks.

    The repository may have moved on since the release that crashed: a line that stands elsewhere now, and once only, is
    that line.
    """
    here = _line(lines, frame.line)
    text = frame.source.strip() or here
    if text == here:
        around = range(max(1, frame.line - _CONTEXT), min(len(lines), frame.line + _CONTEXT) + 1)
        context = frame.context or {number: lines[number - 1] for number in around}
        return replace(frame, source=text, context=context if text else {})
    moved = [number for number, line in enumerate(lines, 1) if line.strip() == text]
    if len(moved) != 1:
        return frame
    by = moved[0] - frame.line
    context = {number + by: line for number, line in frame.context.items() if number + by > 0}
    return replace(frame, line=moved[0], context=context)
