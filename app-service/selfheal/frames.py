"""Reads the frames of a traceback: where each one is, its source lines, and the values of the service's own frames.

It does not choose the exception, and never follows a frame outside the traceback it was given.
"""

from __future__ import annotations

import inspect
import linecache
import os
import sys
import sysconfig
import tokenize  # noqa: F401 (linecache imports it when it is first used: see post.py for what a fork makes of that)
from types import FrameType, TracebackType
from typing import Any, NamedTuple

from selfheal.patterns import REDACTED
from selfheal.scrub import Scrubber
from selfheal.values import Budget, describe

_FIRST, _LAST = 20, 40  # deep recursion: both ends tell the story, the middle repeats
_CONTEXT = 5
_LOCALS = 30
_LINE = 400
_FOREIGN = frozenset(
    ("site-packages", "dist-packages", ".venv", "venv", "virtualenv", ".tox", ".nox", "__pypackages__")
)
_HOOKS = __file__.rpartition(os.sep)[0] + os.sep + "hooks" + os.sep


class Tree:
    """The service's source tree. Tells what is the service's own code by where a file really lives."""

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        paths = sysconfig.get_paths()
        self._libraries = tuple({os.path.realpath(paths[name]) + os.sep for name in ("stdlib", "platstdlib")})
        self._known: dict[tuple[str, str], tuple[str, bool]] = {}

    def place(self, filename: str, module_file: str = "") -> tuple[str, bool]:
        """(file as a report shows it, whether it is the service's own). Own files are relative to the root, with
        slashes."""
        found = self._known.get((filename, module_file))
        if found is None:
            found = self._find(filename, module_file)
            if len(self._known) < 5000:
                self._known[filename, module_file] = found
        return found

    def _find(self, filename: str, module_file: str) -> tuple[str, bool]:
        if filename.startswith("<"):
            return filename[:_LINE], False
        path = filename
        if not path.startswith(os.sep) and module_file:
            path = module_file
        path = os.path.realpath(path)
        inside = self.root.rstrip(os.sep) + os.sep
        if path.startswith(inside) and not path.startswith(self._libraries):
            relative = path[len(inside) :].replace(os.sep, "/")
            if _FOREIGN.isdisjoint(relative.split("/")) and not self._in_environment(path):
                return relative, True
        return _short(path), False

    def _in_environment(self, path: str) -> bool:
        prefix = os.path.realpath(sys.prefix)
        return prefix != self.root and prefix.startswith(self.root) and path.startswith(prefix + os.sep)


def _short(path: str) -> str:
    """site-packages/… or lib/python3.x/…, whatever the machine."""
    path = path.replace(os.sep, "/")
    for mark in ("/site-packages/", "/dist-packages/", "/lib/python"):
        if mark in path:
            return path[path.rindex(mark) + 1 :]
    return "/".join(path.split("/")[-2:])


class Shot(NamedTuple):
    """One frame as it was when the exception was caught. Source lines are read later, off the host's thread."""

    filename: str
    line: int
    function: str
    file: str
    in_app: bool
    module: dict[str, Any]  # the frame's globals, from which linecache finds sources inside archives
    values: dict[str, str]


def shoot(trace: TracebackType | None, tree: Tree, scrub: Scrubber) -> list[Shot]:
    """Frames of a traceback, oldest first. Values are taken at once, the innermost frame first, until the budget is
    used."""
    kept = _ends(trace)
    budget = Budget()
    shots: list[Shot] = []
    for frame, line in reversed(kept):
        code = frame.f_code
        file, in_app = tree.place(code.co_filename, str(frame.f_globals.get("__file__") or ""))
        values = _values(frame, scrub, budget) if in_app else {}
        shots.append(Shot(code.co_filename, line, code.co_name, file, in_app, frame.f_globals, values))
    shots.reverse()
    return shots


def _ends(trace: TracebackType | None) -> list[tuple[FrameType, int]]:
    frames = []
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_HOOKS):
            frames.append((trace.tb_frame, trace.tb_lineno or 0))
        trace = trace.tb_next
    return frames if len(frames) <= _FIRST + _LAST else frames[:_FIRST] + frames[-_LAST:]


def _values(frame: FrameType, scrub: Scrubber, budget: Budget) -> dict[str, str]:
    values: dict[str, str] = {}
    module_level = frame.f_code.co_name == "<module>"
    for name, value in list(frame.f_locals.items()):
        if len(values) >= _LOCALS:
            break
        if name.startswith("__") or not name.isidentifier():
            continue
        if module_level and (inspect.ismodule(value) or inspect.isroutine(value) or type(value) is type):
            continue
        if scrub.hides(name, value):
            scrub.remember(value)
            values[name] = REDACTED
        else:
            values[name] = describe(value, scrub, budget)
    return values


def frame_json(shot: Shot, scrub: Scrubber) -> dict[str, Any]:
    lines = {}
    if not shot.filename.startswith("<"):
        reach = _CONTEXT if shot.in_app else 0
        for number in range(max(1, shot.line - reach), shot.line + reach + 1):
            text = linecache.getline(shot.filename, number, shot.module)
            if text:
                lines[number] = scrub.source(text.rstrip("\r\n")[:_LINE])
    return {
        "file": shot.file,
        "line": shot.line,
        "function": shot.function,
        "in_app": shot.in_app,
        "source": lines.get(shot.line, "").strip(),
        "context": {str(number): text for number, text in lines.items()} if shot.in_app else {},
        "locals": shot.values,
    }
