# ruff: noqa: PTH118, PTH123 (pathlib is slower and knows no descriptors)
"""Notes which of some lines of a tree ran, in this process and in all its threads.

It counts what the interpreter calls a line: a statement over several lines has several, a comment none. While the
application is imported only lines outside functions count. It is deaf while a foreign tracer has taken its place.
"""

from __future__ import annotations

import abc
import dis
import inspect
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, FrameType
from typing import Any, NamedTuple

_TOOLS = (4, 3, 0, 2, 5, 1)  # of sys.monitoring: first those that are set aside for no one


class _Scope(NamedTuple):
    """One function, class body or module that holds lines asked about."""

    lines: frozenset[int]
    at_import: bool  # outside functions: importing the module runs it


_Key = tuple[int, str]  # first line, name
_Scopes = Mapping[_Key, _Scope]


class Lines(abc.ABC):
    """Watches from `begin` on; from `count` on also within functions."""

    def __init__(self, tree: str, wanted: Mapping[str, Sequence[int]]) -> None:
        """`wanted`: file relative to the tree → line numbers."""
        self._ran: dict[str, set[int]] = {}
        self._files: dict[str, str] = {}  # as code objects name it → as it was asked for
        self._scopes: dict[str, _Scopes] = {}  # what is still to be seen, by the name in code objects
        self._counting = False
        for file, lines in wanted.items():
            path = os.path.join(tree, file)
            scopes = _scopes_of(path, frozenset(lines))
            for name in {path, os.path.realpath(path)} if scopes else ():
                self._files[name], self._scopes[name] = file, scopes

    @abc.abstractmethod
    def begin(self) -> None:
        """Before the application is imported."""

    @abc.abstractmethod
    def count(self) -> None:
        """Before each request or test; more than once does no harm."""

    def ran(self) -> dict[str, list[int]]:
        return {file: sorted(lines) for file, lines in self._ran.items()}

    def _scope(self, code: CodeType) -> _Scope | None:
        """Of a code object that may have a line which is still to be seen."""
        scopes = self._scopes.get(code.co_filename)
        return scopes.get((code.co_firstlineno, code.co_name)) if scopes else None

    def _counts(self, scope: _Scope | None) -> bool:
        return scope is not None and (self._counting or scope.at_import)

    def _note(self, code: CodeType, line: int) -> None:
        scope = self._scope(code)
        if scope is None or line not in scope.lines:
            return
        file = self._files[code.co_filename]
        self._ran.setdefault(file, set()).add(line)
        for name, asked in self._files.items():
            if asked == file:
                self._scopes[name] = _without(self._scopes[name], line)


class _Traced(Lines):
    """By a tracer. Where no line asked about is left to be seen, it gets out of the way."""

    def begin(self) -> None:
        threading.settrace(self._enter)
        if any(scope.at_import for scopes in self._scopes.values() for scope in scopes.values()):
            sys.settrace(self._enter)

    def count(self) -> None:
        self._counting = True
        if sys.gettrace() is None and any(self._scopes.values()):
            sys.settrace(self._enter)

    def _enter(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename not in self._scopes:  # nearly always: nothing may be slower than this
            return None
        return self._step if self._counts(self._scope(frame.f_code)) else None

    def _step(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            self._note(frame.f_code, frame.f_lineno)
        if self._scope(frame.f_code) is not None:
            return self._step
        if not any(self._scopes.values()):
            threading.settrace(None)
            sys.settrace(None)
        return None


if sys.version_info >= (3, 12):

    class _Monitored(Lines):
        """By sys.monitoring, which asks once about each code object and leaves the others alone."""

        _tool = -1

        def begin(self) -> None:
            monitoring = sys.monitoring
            self._tool = next(tool for tool in _TOOLS if monitoring.get_tool(tool) is None)
            monitoring.use_tool_id(self._tool, "selfheal")
            monitoring.register_callback(self._tool, monitoring.events.PY_START, self._enter)
            monitoring.register_callback(self._tool, monitoring.events.LINE, self._line)
            monitoring.set_events(self._tool, monitoring.events.PY_START)

        def count(self) -> None:
            self._counting = True

        def _enter(self, code: CodeType, _offset: int) -> object:
            scope = self._scope(code)
            if scope is not None:
                if not self._counts(scope):
                    return None  # ask again
                sys.monitoring.set_local_events(self._tool, code, sys.monitoring.events.LINE)
            return sys.monitoring.DISABLE

        def _line(self, code: CodeType, line: int) -> object:
            self._note(code, line)
            return sys.monitoring.DISABLE


def watched_lines(tree: str, wanted: Mapping[str, Sequence[int]]) -> Lines | None:
    """None where nothing is asked about."""
    if not wanted:
        return None
    if sys.version_info >= (3, 12) and any(sys.monitoring.get_tool(tool) is None for tool in _TOOLS):
        return _Monitored(tree, wanted)
    return _Traced(tree, wanted)


def _scopes_of(path: str, wanted: frozenset[int]) -> _Scopes:
    """Found by compiling the file as an import does; none where that fails: it will fail there, too."""
    try:
        with open(path, "rb") as file:
            module = compile(file.read(), path, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[_Key, _Scope] = {}
    for code, at_import in _codes(module):
        lines = wanted.intersection(line for _, line in dis.findlinestarts(code) if line is not None)
        if lines:
            before = found.get((code.co_firstlineno, code.co_name), _Scope(frozenset(), False))
            scope = _Scope(lines | before.lines, at_import or before.at_import)
            found[code.co_firstlineno, code.co_name] = scope
    return found


def _codes(module: CodeType) -> Iterator[tuple[CodeType, bool]]:
    """All code objects below, and whether importing the module runs them."""
    waiting = [(module, True)]
    while waiting:
        code, at_import = waiting.pop()
        yield code, at_import
        for part in code.co_consts:
            if isinstance(part, CodeType):
                waiting.append((part, at_import and not _is_called(part)))


def _is_called(code: CodeType) -> bool:
    """Functions and lambdas run when they are called; class bodies and comprehensions where they stand."""
    if code.co_name.startswith("<"):
        return code.co_name == "<lambda>"
    return bool(code.co_flags & inspect.CO_OPTIMIZED)


def _without(scopes: _Scopes, line: int) -> _Scopes:
    left = {key: _Scope(scope.lines - {line}, scope.at_import) for key, scope in scopes.items()}
    return {key: scope for key, scope in left.items() if scope.lines}
