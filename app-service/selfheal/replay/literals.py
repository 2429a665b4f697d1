"""Reads a value back from the text that a report shows of it: Python literals, what `values` writes for decimals,
moments, paths and the like, and the service's own enums and records.

It calls nothing but those few types and the constructors of such records; a text it does not know is refused, never
guessed at.
"""

from __future__ import annotations

import ast
import collections
import datetime
import decimal
import enum
import functools
import pathlib
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

_SHOWN = 80
_TYPES: tuple[tuple[str, type], ...] = (
    ("decimal", decimal.Decimal),
    ("datetime", datetime.datetime),
    ("datetime", datetime.date),
    ("datetime", datetime.time),
    ("datetime", datetime.timedelta),
    ("datetime", datetime.timezone),
    ("uuid", uuid.UUID),
    ("zoneinfo", zoneinfo.ZoneInfo),
    ("pathlib", pathlib.Path),
    ("pathlib", pathlib.PurePath),
    ("pathlib", pathlib.PosixPath),
    ("pathlib", pathlib.PurePosixPath),
    ("pathlib", pathlib.PureWindowsPath),
    ("builtins", set),
    ("builtins", frozenset),
    ("collections", collections.deque),
    ("collections", collections.OrderedDict),
    ("collections", collections.Counter),
)
_CALLS: dict[str, Callable[..., Any]] = {
    name: made for module, made in _TYPES for name in (made.__name__, f"{module}.{made.__name__}")
}
# What marks a class whose instances are their fields: a dataclass, an attrs class, a pydantic model of either version.
_RECORDS = ("__dataclass_fields__", "__attrs_attrs__", "__pydantic_core_schema__", "__fields_set__")


class Unreadable(Exception):
    """The text is none of these; it says where."""


def read_literal(text: str, find: Callable[[str], Any] = lambda dotted: None) -> Any:
    """`find`: the service's own class of a full name, or None. Raises Unreadable."""
    try:
        return _Reader(find).value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, TypeError, ArithmeticError, RecursionError, MemoryError) as error:
        raise Unreadable(f"{text[:_SHOWN]!r} is no Python literal ({type(error).__name__})") from error


class _Reader:
    def __init__(self, find: Callable[[str], Any]) -> None:
        self._find = find

    def value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.List):
            return [self.value(item) for item in node.elts]
        if isinstance(node, ast.Tuple):
            return tuple(self.value(item) for item in node.elts)
        if isinstance(node, ast.Set):
            return {self.value(item) for item in node.elts}
        if isinstance(node, ast.Dict):
            # A key that is missing unpacks another dict: no literal.
            return {
                self.value(key) if key else ast.literal_eval(node): self.value(item)
                for key, item in zip(node.keys, node.values)
            }
        if isinstance(node, ast.Call):
            return self._made(node)
        if isinstance(node, ast.Attribute):
            return self._member(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Name):
            return -self.value(node.operand)
        if isinstance(node, ast.Name) and node.id in ("inf", "nan"):
            return float(node.id)
        return ast.literal_eval(node)

    def _made(self, node: ast.Call) -> Any:
        name = ast.unparse(node.func)
        # `**x` has no name; none of the types takes an argument called None.
        named = {str(keyword.arg): self.value(keyword.value) for keyword in node.keywords}
        given = [self.value(item) for item in node.args]
        make = _CALLS.get(name) or self._record(name)
        try:
            return make(*given, **named)
        except Exception as error:
            raise Unreadable(f"{name[:_SHOWN]} does not take what is shown of it ({type(error).__name__})") from error

    def _record(self, name: str) -> Callable[..., Any]:
        found = self._find(name)
        if not isinstance(found, type) or not _is_record(found):
            raise Unreadable(f"{name[:_SHOWN]} is no record of the service that can be made again")
        return functools.partial(_remade, found)

    def _member(self, node: ast.Attribute) -> Any:
        owner = ast.unparse(node.value)
        if owner in ("datetime.timezone", "timezone") and node.attr == "utc":
            return datetime.timezone.utc
        found = self._find(owner)
        if not isinstance(found, type) or not issubclass(found, enum.Enum) or node.attr not in found.__members__:
            raise Unreadable(f"{ast.unparse(node)[:_SHOWN]} is no member of an enum of the service")
        return found.__members__[node.attr]


def _remade(cls: type, /, *given: Any, **named: Any) -> Any:
    """By its constructor; what a dataclass computes for itself is set to what it was."""
    fields = vars(cls).get("__dataclass_fields__", {})
    computed = {name for name in named if name in fields and not fields[name].init}
    made = cls(*given, **{name: value for name, value in named.items() if name not in computed})
    for name in computed:
        object.__setattr__(made, name, named[name])
    return made


def _is_record(cls: type) -> bool:
    return any(mark in vars(base) for base in cls.__mro__ for mark in _RECORDS) or (
        issubclass(cls, tuple) and hasattr(cls, "_fields")
    )
