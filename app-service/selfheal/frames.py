"""Reads the frames of a traceback: where each one is, its source lines, the values of the service's own frames, and
the versions of what stands there.

It does not choose the exception, and never follows a frame outside the traceback it was given.
"""

from __future__ import annotations

import importlib.metadata  # at once, like tokenize
import inspect
import linecache
import os
import platform
import re
import sys
import sysconfig
import time
import tokenize  # noqa: F401 (linecache imports it when it is first used: see post.py for what a fork makes of that)
from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from types import BuiltinFunctionType, FrameType, FunctionType, ModuleType, TracebackType
from typing import Any, NamedTuple

from selfheal.instances import type_home, type_mro
from selfheal.patterns import REDACTED
from selfheal.quiet import quietly
from selfheal.scrub import Scrubber
from selfheal.taking import Budget
from selfheal.values import hidden, written

_FIRST, _LAST = 20, 40  # deep recursion: both ends tell the story, the middle repeats
_CONTEXT = 5
_LOCALS = 30
_LINE = 400
_NAME = 200
_ARGUMENTS = 100
_PACKAGES = 40
_INSTALLED = re.compile(r"[/\\](?:site|dist)-packages[/\\](\w+)")
_FRAMEWORKS = ("fastapi", "starlette", "django", "flask")
_NO_DATA = (ModuleType, FunctionType, BuiltinFunctionType)  # what a module is full of
_FOREIGN = {"site-packages", "dist-packages", ".venv", "venv", "virtualenv", ".tox", ".nox", "__pypackages__"}
_HOOKS = __file__.rpartition(os.sep)[0] + os.sep + "hooks" + os.sep


class Tree:
    """The service's source tree. Tells what is the service's own code by where a file really lives."""

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        self._home = os.getcwd()  # noqa: PTH109 (where files of relative names were found, whatever the process does later)
        self._inside = self.root.rstrip(os.sep) + os.sep
        foreign = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
        if os.path.realpath(sys.prefix).startswith(self._inside):  # a virtual environment
            foreign.append(sys.prefix)
        self._foreign = tuple({os.path.realpath(path) + os.sep for path in foreign})
        self.place = lru_cache(4096)(self._place)

    def _place(self, filename: str) -> tuple[str, bool]:
        """(file as a report shows it, whether it is the service's own). Own files are relative to the root, with
        slashes."""
        if filename.startswith("<"):
            return filename[:_LINE], False
        path = os.path.realpath(os.path.join(self._home, filename))  # noqa: PTH118
        # Compiled libraries name the files that they were made of, which are nowhere here.
        is_there = os.path.isabs(filename) or os.path.exists(path)  # noqa: PTH110, PTH117
        if is_there and path.startswith(self._inside) and not path.startswith(self._foreign):
            relative = path[len(self._inside) :].replace(os.sep, "/")
            if _FOREIGN.isdisjoint(relative.split("/")):
                return relative, True
        return _short(path), False


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
    own: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = []
    for frame, line in _ends(trace):
        code = frame.f_code
        file, in_app = tree.place(code.co_filename)
        shots.append(Shot(code.co_filename, line, code.co_name[:_NAME], file[:_LINE], in_app, frame.f_globals, {}))
        if in_app:
            own.append((shots[-1].values, *_held(frame)))
    for values, arguments, _ in reversed(own):
        values.update((name, budget.take(value)) for name, value in arguments.items())
    for values, arguments, others in reversed(own):
        some = islice(others.items(), max(0, _LOCALS - len(arguments)))
        values.update((name, budget.take(value)) for name, value in some)
    return shots


def traced(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _ends(trace: TracebackType | None) -> list[tuple[FrameType, int]]:
    steps = (step for step in traced(trace) if not step.tb_frame.f_code.co_filename.startswith(_HOOKS))
    kept = [*islice(steps, _FIRST), *deque(steps, maxlen=_LAST)]
    return [(step.tb_frame, step.tb_lineno or 0) for step in kept]


def _held(frame: FrameType) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments of a frame, and its other values."""
    code, space = frame.f_code, frame.f_locals
    if not code.co_flags & inspect.CO_OPTIMIZED and type(space) is not dict:
        return {}, {}  # a mapping of somebody's own: what a metaclass prepared, or exec was given
    held = {name: value for name, value in dict(space).items() if type(name) is str and name.isidentifier()}
    # Before Python 3.13 the frame keeps this copy, and in it values that the host has done with, as long as it runs. It
    # is emptied where nobody else has it: then three do, the frame, `space` and the call that counts.
    is_copy = code.co_flags & inspect.CO_OPTIMIZED and type(space) is dict and frame.f_trace is None
    if is_copy and sys.getrefcount(space) <= 3:
        space.clear()
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
    arguments = {name: held.pop(name) for name in code.co_varnames[:count][:_ARGUMENTS] if name in held}
    if code.co_name == "<module>":
        held = {name: value for name, value in held.items() if not issubclass(type(value), (type, *_NO_DATA))}
    return arguments, {name: value for name, value in held.items() if not name.startswith("__")}


def frame_json(shot: Shot, scrub: Scrubber) -> dict[str, Any]:
    lines = {}
    reach = _CONTEXT if shot.in_app else 0
    for number in range(max(1, shot.line - reach), shot.line + reach + 1):
        # Python 3.9 raises for a file that is not UTF-8.
        text = quietly(linecache.getline, shot.filename, number, shot.module)
        if text:
            lines[str(number)] = scrub.source(text.rstrip("\r\n")[:_LINE])
    if shot.in_app:
        time.sleep(0.0001)  # whoever waits for the interpreter has it between two frames
    return {
        "file": shot.file,
        "line": shot.line,
        "function": shot.function,
        "in_app": shot.in_app,
        "source": lines.get(str(shot.line), "").strip(),
        "context": lines if shot.in_app else {},
        "locals": {
            name[:_NAME]: REDACTED if hidden(name, value, scrub) else written(value, scrub)
            for name, value in shot.values.items()
        },
    }


def framework_of(application: object) -> str | None:
    for cls in type_mro(type(application)):
        name = type_home(cls).partition(".")[0]
        if name in _FRAMEWORKS:
            return name
    return next((name for name in _FRAMEWORKS if name in sys.modules), None)


def versions_of(files: Iterable[str], framework: str | None) -> dict[str, str]:
    """Of the interpreter, the framework, and the installed packages that stand on the stack."""
    inside = (match[1] for match in map(_INSTALLED.search, files) if match)
    packages = islice(dict.fromkeys(filter(None, (framework, *inside))), _PACKAGES)
    known = {package: _version(package) for package in packages}
    return {"python": platform.python_version(), **{package: said for package, said in known.items() if said}}


@lru_cache(maxsize=256)
def _version(package: str) -> str:
    """Nothing where it is installed under another name, or says none."""
    return (quietly(importlib.metadata.version, package) or "")[:100]
