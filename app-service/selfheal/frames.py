"""Reads the frames of a traceback: where each one is, its source lines, and the values of the service's own frames.

It does not choose the exception, and never follows a frame outside the traceback it was given.
"""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
import tokenize  # noqa: F401 (linecache imports it when it is first used: see post.py for what a fork makes of that)
from collections import deque
from collections.abc import Iterator
from itertools import islice
from types import BuiltinFunctionType, FrameType, FunctionType, ModuleType, TracebackType
from typing import Any, NamedTuple

from selfheal.patterns import REDACTED
from selfheal.scrub import Scrubber
from selfheal.taking import Budget
from selfheal.values import hidden, written

_FIRST, _LAST = 20, 40  # deep recursion: both ends tell the story, the middle repeats
_CONTEXT = 5
_LOCALS = 30
_LINE = 400
_NAME = 200
_ARGUMENTS = 100
_NO_DATA = (ModuleType, FunctionType, BuiltinFunctionType)  # what a module is full of
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
    """One frame as it was when the exception was caught. Source lines and the texts of values are made later, off
    the host's thread."""

    filename: str
    line: int
    function: str
    file: str
    in_app: bool
    module: dict[str, Any]  # the frame's globals, from which linecache finds sources inside archives
    values: dict[str, Any]


def shoot(trace: TracebackType | None, tree: Tree, budget: Budget | None = None) -> list[Shot]:
    """Frames of a traceback, oldest first. Values are taken at once until the budget is used: the arguments of all
    frames before any other, and of the innermost frame first."""
    budget = budget or Budget()
    shots: list[Shot] = []
    own: list[tuple[dict[str, Any], list[tuple[str, Any]], int]] = []
    for frame, line in _ends(trace):
        code = frame.f_code
        module_file = frame.f_globals.get("__file__")
        file, in_app = tree.place(code.co_filename, module_file if type(module_file) is str else "")
        shots.append(Shot(code.co_filename, line, code.co_name[:_NAME], file[:_LINE], in_app, frame.f_globals, {}))
        if in_app:
            found, arguments = _names(frame)
            own.append((shots[-1].values, found, arguments))
    for values, found, arguments in reversed(own):
        values.update((name, budget.take(value)) for name, value in found[:arguments])
    for values, found, arguments in reversed(own):
        values.update((name, budget.take(value)) for name, value in found[arguments:_LOCALS])
    return shots


def traced(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _ends(trace: TracebackType | None) -> list[tuple[FrameType, int]]:
    steps = (step for step in traced(trace) if not step.tb_frame.f_code.co_filename.startswith(_HOOKS))
    kept = [*islice(steps, _FIRST), *deque(steps, maxlen=_LAST)]
    return [(step.tb_frame, step.tb_lineno or 0) for step in kept]


def _names(frame: FrameType) -> tuple[list[tuple[str, Any]], int]:
    """Names and values of a frame, its arguments first, and how many these are."""
    held = frame.f_locals
    if issubclass(type(held), dict):
        held = dict(dict.items(held))
    elif type(held) is not type(sys._getframe().f_locals):
        return [], 0  # a mapping of somebody's own: what a metaclass prepared, or exec was given
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
    names = [name for name in code.co_varnames[:count] if name in held]
    found = [(name, held[name]) for name in names if name.isidentifier()][:_ARGUMENTS]
    arguments = len(found)
    at_module = code.co_name == "<module>"
    for name, value in held.items():
        if type(name) is not str or name in names or name.startswith("__") or not name.isidentifier():
            continue
        if not at_module or not (type(value) is type or issubclass(type(value), _NO_DATA)):
            found.append((name, value))
    return found, arguments


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
        "locals": {
            name[:_NAME]: REDACTED if hidden(name, value, scrub) else written(value, scrub)
            for name, value in shot.values.items()
        },
    }
