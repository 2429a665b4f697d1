"""Writes any Python value as a short, redacted text like its repr, within bounds of size and time.

It never runs foreign code: no `__repr__`, `__getattr__`, `__len__` or property of the value is called, so nothing
blocks, raises, or loads a database row. What it cannot read that way is shown as `<Type>`.
"""

from __future__ import annotations

import enum
import itertools
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from selfheal.instances import attributes, is_library, type_dict, type_module, type_mro, type_name
from selfheal.patterns import REDACTED
from selfheal.scalars import PLAIN, SCALARS
from selfheal.scrub import Scrubber

_DEPTH = 5
_WIDTH = 25  # items of a container
_ATTRIBUTES = 16  # of an object
_STRING = 500  # characters of one string
_VALUE = 2000  # characters of one value, about
_NODES = 300  # values inside one value
_TAIL = 64  # end of a cut text that may hold half of a secret

_arguments = BaseException.__dict__["args"].__get__


class Budget:
    """What all values of one report may take together. CPU time of the thread, so a busy machine does not shorten
    it."""

    def __init__(self, characters: int = 60_000, seconds: float = 0.015) -> None:
        self.characters = characters
        self._end = time.thread_time() + seconds

    def spent(self) -> bool:
        return self.characters <= 0 or time.thread_time() > self._end


def describe(value: object, scrub: Scrubber, budget: Budget | None = None) -> str:
    """Text that ast.literal_eval reads back where the value is built of plain ones and was neither cut nor
    redacted."""
    budget = budget or Budget()
    if budget.spent():
        return "<not recorded>"
    try:
        text = _Writer(scrub, budget).write(value, 0)
    except Exception:  # a container changed by another thread meanwhile, or an exotic type
        text = f"<{type_name(type(value))}>"
    budget.characters -= len(text)
    return text


class _Writer:
    def __init__(self, scrub: Scrubber, budget: Budget) -> None:
        self._scrub = scrub
        self._budget = budget
        self._nodes = _NODES
        self._room = _VALUE
        self._open: set[int] = set()  # containers being written, to see cycles

    def write(self, value: Any, depth: int) -> str:
        self._nodes -= 1
        if self._nodes < 0 or self._room <= 0 or (self._nodes % 16 == 0 and self._budget.spent()):
            return f"<{type_name(type(value))}>"
        cls = type(value)
        plain = PLAIN.get(cls)
        if plain is not None:
            text = plain(value)
            self._room -= len(text)
            return text
        if id(value) in self._open:
            return "<recursion>"
        self._open.add(id(value))
        try:
            return self._composed(value, cls, depth)
        finally:
            self._open.discard(id(value))

    def _composed(self, value: Any, cls: type, depth: int) -> str:
        if cls in _TEXTS:
            return self._text(value, cls)
        if cls in _CONTAINERS:
            return self._container(value, cls, cls, depth)
        if issubclass(cls, enum.Enum):
            return self._enum(value, cls)
        mro = type_mro(cls)
        if _is_record(mro):
            return self._record(value, cls, depth)
        for base in mro:
            if base in _TEXTS:
                return self._text(value, base)
            if base in _CONTAINERS:
                return self._container(value, cls, base, depth)
            if base in SCALARS:
                text = SCALARS[base](value)
                self._room -= len(text)
                return text
        if issubclass(cls, BaseException):
            inner = self._items(iter(_arguments(value)), len(_arguments(value)), depth)
            return f"{type_name(cls)}({inner})"
        return self._object(value, cls, depth)

    def _text(self, value: Any, base: Any) -> str:
        length = base.__len__(value)
        cut = base.__getitem__(value, slice(0, 3 * _STRING))
        clean: Any = self._scrub.text(cut) if base is str else self._scrub.octets(bytes(cut))
        if length > 3 * _STRING:
            clean = clean[:-_TAIL]
        text = repr(clean[:_STRING])
        if length > 3 * _STRING or len(clean) > _STRING:
            text = f"{text}... <{length} {'characters' if base is str else 'bytes'}>"
        self._room -= len(text)
        return f"bytearray({text})" if base is bytearray else text

    def _container(self, value: Any, cls: type, base: Any, depth: int) -> str:
        name = type_name(cls)
        length = base.__len__(value)
        if depth >= _DEPTH:
            return f"<{name} of {length}>" if length else _EMPTY.get(base, f"{name}()")
        if base is dict:
            text = "{" + self._pairs(iter(dict.items(value)), length, depth) + "}"
            return text if cls is dict else f"{name}({text})"
        if base is tuple and "_fields" in type_dict(cls):
            fields = [field for field in type_dict(cls)["_fields"] if isinstance(field, str)]
            pairs = zip(fields, tuple.__iter__(value))
            return f"{name}({self._named(pairs, len(fields), depth, ', ')})"
        if base is tuple and cls is tuple and length == 2 and self._scrub.hides(value[0], value[1]):
            self._scrub.remember(value[1])
            return f"({self.write(value[0], depth + 1)}, {REDACTED!r})"  # a header or a parameter
        inner = self._items(base.__iter__(value), length, depth)
        if base is list:
            text = f"[{inner}]"
        elif base is tuple:
            text = f"({inner},)" if length == 1 else f"({inner})"
        elif base is set and length:
            text = f"{{{inner}}}"
        elif base in (set, frozenset):
            return f"{name}({{{inner}}})" if length else f"{name}()"
        else:
            return f"{name}([{inner}])"
        return text if cls is base else f"{name}({text})"

    def _items(self, items: Iterator[Any], length: int, depth: int) -> str:
        parts = []
        for item in itertools.islice(items, _WIDTH):
            if self._room <= 0 or self._nodes <= 0:
                break
            parts.append(self.write(item, depth + 1))
        if length > len(parts):
            parts.append(f"<{length - len(parts)} more>")
        return ", ".join(parts)

    def _pairs(self, pairs: Iterator[tuple[Any, Any]], length: int, depth: int) -> str:
        parts = []
        for key, item in itertools.islice(pairs, _WIDTH):
            if self._room <= 0 or self._nodes <= 0:
                break
            shown = repr(REDACTED) if self._hidden(key, item) else self.write(item, depth + 1)
            parts.append(f"{self.write(key, depth + 1)}: {shown}")
        if length > len(parts):
            parts.append(f"<{length - len(parts)} more>")
        return ", ".join(parts)

    def _named(self, pairs: Iterable[tuple[str, Any]], length: int, depth: int, separator: str) -> str:
        parts = []
        for name, item in itertools.islice(pairs, _WIDTH):
            if self._room <= 0 or self._nodes <= 0:
                break
            shown = repr(REDACTED) if self._hidden(name, item) else self.write(item, depth + 1)
            self._room -= len(name)
            parts.append(f"{name}={shown}")
        if length > len(parts):
            parts.append(f"<{length - len(parts)} more>")
        return separator.join(parts)

    def _hidden(self, name: Any, value: Any) -> bool:
        if not self._scrub.hides(name, value):
            return False
        self._scrub.remember(value)
        return True

    def _enum(self, value: Any, cls: type) -> str:
        own = attributes(value)
        return f"<{type_name(cls)}.{own.get('_name_', '?')}: {self.write(own.get('_value_'), _DEPTH)}>"

    def _record(self, value: Any, cls: type, depth: int) -> str:
        """Dataclasses, pydantic models and attrs classes: Type(name=value)."""
        own = {name: part for name, part in attributes(value).items() if not name.startswith("__")}
        if depth >= _DEPTH:
            return f"<{type_name(cls)}>"
        return f"{type_name(cls)}({self._named(iter(own.items()), len(own), depth, ', ')})"

    def _object(self, value: Any, cls: type, depth: int) -> str:
        own = attributes(value)
        state = own.pop("_sa_instance_state", None)
        shown = {name: part for name, part in own.items() if not name.startswith("_")}
        if state is not None and not shown:
            # a row whose values are expired: its primary key is known all the same
            identity = attributes(state).get("key")
            shown = {"key": identity[1]} if type(identity) is tuple and len(identity) > 1 else {}
        if state is None and is_library(type_module(cls)):
            # the inside of a session or a request is long and tells nothing; what is plain in it may
            shown = {name: part for name, part in shown.items() if depth == 0 and type(part) in (str, int)}
        if depth >= _DEPTH or not shown:
            return f"<{type_name(cls)}>"
        inner = self._named(itertools.islice(shown.items(), _ATTRIBUTES), min(len(shown), _ATTRIBUTES), depth + 1, " ")
        return f"<{type_name(cls)} {inner}{' ...' if len(shown) > _ATTRIBUTES else ''}>"


def _is_record(mro: Iterable[type]) -> bool:
    marks = ("__dataclass_fields__", "__pydantic_fields__", "__pydantic_core_schema__", "__attrs_attrs__")
    return any(mark in type_dict(cls) for cls in mro for mark in marks)


_TEXTS = frozenset((str, bytes, bytearray))
_CONTAINERS = frozenset((dict, list, tuple, set, frozenset, deque))
_EMPTY: dict[type, str] = {dict: "{}", list: "[]", tuple: "()"}
