"""Takes any Python value as it is now, so that `values` can write it later, on another thread.

Taking is cheap, bounded in time and size, and runs no foreign code: no `__repr__`, `__getattr__`, `__len__` or
property of the value is called, so nothing blocks, raises, or loads a database row. What it cannot read that way is
shown as `<Type>`. It redacts nothing.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import itertools
import pathlib
import time
import types
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from selfheal.instances import Reader, attributes, is_library, readers_of, type_dict, type_home, type_mro, type_name

_DEPTH = 5
_WIDTH = 25  # items of a container
_ATTRIBUTES = 16  # of an object
STRING = 500  # characters of one string
_CUT = 3 * STRING  # of a longer one so much is looked at for secrets
_VALUE = 2000  # characters of one value, about
_NODES = 300  # containers and objects inside one value

# Classes are looked up by their identity: a metaclass may have a __hash__ and an __eq__ of its own.
_RECORDS = {"__dataclass_fields__", "__pydantic_fields_set__", "__fields_set__", "__attrs_attrs__", "__struct_fields__"}
_TEXTS = {id(cls) for cls in (str, bytes)}
_BARE = {id(cls) for cls in (dict, list, tuple, set, frozenset)}
_LISTS: tuple[Any, ...] = (list, deque, type({}.keys()), type({}.values()), type({}.items()))
_BRACKETS: dict[int, tuple[str, str]] = {
    **{id(cls): ("{", "}") for cls in (dict, set, frozenset)},
    **{id(cls): ("[", "]") for cls in _LISTS},
    id(tuple): ("(", ")"),
}


def _moment(value: datetime.datetime) -> str:
    """A zone that is neither Python's nor zoneinfo's would run its own code."""
    zone = datetime.datetime.tzinfo.__get__(value)
    if zone is None or type_home(type(zone)) in ("datetime", "zoneinfo"):
        return datetime.datetime.__repr__(value)
    return f"<{type_name(type(value))} {datetime.date.isoformat(value)} {datetime.datetime.time(value)}>"


def _called(value: Any) -> str:
    return f"<{type_name(type(value))} {value.__name__}>"


_NAMED = (types.FunctionType, types.BuiltinFunctionType, types.CoroutineType, types.GeneratorType, types.ModuleType)
_NUMBERS = (float, complex, range, decimal.Decimal, fractions.Fraction)
_PLAIN: tuple[Any, ...] = (*_NUMBERS, datetime.date, datetime.time, datetime.timedelta, uuid.UUID, type, type(...))
_SCALARS: dict[int, Callable[[Any], str]] = {
    **{id(cls): cls.__repr__ for cls in _PLAIN},
    **{id(cls): _called for cls in _NAMED},
    id(datetime.datetime): _moment,
}


class Final(str):
    """A text that is written as it stands."""

    __slots__ = ()


class Long(NamedTuple):
    """The beginning of a text or of bytes, and how long the whole is."""

    cut: Any
    length: int


class Shape(NamedTuple):
    """A value made of others. With a joint the parts are pairs of a name, or a key, and a value."""

    opening: str
    parts: list[Any]
    closing: str
    joint: str = ""
    left_out: int = 0
    gap: str = ", "


class Budget:
    """What all values of one report may take together. CPU time of the thread, so a busy machine does not shorten
    it."""

    def __init__(self, characters: int = 60_000, seconds: float = 0.012) -> None:
        self.characters = characters
        self.known: dict[int, tuple[object, Any, int]] = {}  # the value is kept, so that no other gets its id
        self.kinds: dict[int, tuple[type, str, Any, list[Reader]]] = {}
        self._end = time.thread_time() + seconds

    def late(self) -> bool:
        return time.thread_time() > self._end

    def spent(self) -> bool:
        return self.characters <= 0 or self.late()

    def take(self, value: object) -> Any:
        """What `values.written` makes a text of."""
        if self.spent():
            return Final("<not recorded>")
        if id(value) not in self.known:
            taker = _Taker(self)
            try:
                taken = taker.take(value, 0)
            except Exception:  # a container changed by another thread meanwhile, or an exotic type
                taken = Final(f"<{type_name(type(value))}>")
            self.known[id(value)] = value, taken, _VALUE - taker.room
        _, taken, size = self.known[id(value)]
        self.characters -= size
        return taken


class _Taker:
    def __init__(self, budget: Budget) -> None:
        self.room = _VALUE
        self._budget = budget
        self._nodes = _NODES
        self._open: set[int] = set()  # containers being taken, to see cycles

    def take(self, value: Any, depth: int) -> Any:
        cls = type(value)
        if cls is str or cls is bytes:
            length = len(value)
            self.room -= length + 4 if length < STRING else STRING
            return value if length <= _CUT else Long(value[:_CUT], length)
        if value is None or cls is int or cls is bool or cls is float:
            self.room -= 8
            return value
        self._nodes -= 1
        if self._nodes < 0 or self.room <= 0 or (self._nodes % 16 == 0 and self._budget.spent()):
            return Final(f"<{type_name(cls)}>")
        if id(value) in self._open:
            return Final("<recursion>")
        self._open.add(id(value))
        try:
            return self._composed(value, cls, depth)
        finally:
            self._open.discard(id(value))

    def _composed(self, value: Any, cls: type, depth: int) -> Any:
        kinds = self._budget.kinds
        if id(cls) not in kinds:
            kinds[id(cls)] = cls, *_kind(cls), readers_of(cls)
        _, kind, base, readers = kinds[id(cls)]
        if kind == "container":
            return self._container(value, cls, base, depth)
        name = type_name(cls)
        if kind == "scalar":
            text = _SCALARS[id(base)](value)
            self.room -= len(text)
            return Final(text if len(text) <= STRING else f"<{name}>")
        if kind == "integer":
            return self.take(int.__add__(value, 0), depth)
        if kind == "text":
            length = base.__len__(value)
            taken = self.take(base.__getitem__(value, slice(0, _CUT)), depth)
            return Long(taken, length) if length > _CUT else taken
        if kind == "enum":
            own = attributes(value, readers)
            member = own.get("_name_")
            named = member if type(member) is str else "?"  # older Pythons do not name a combination of flags
            return Shape(f"<{name}.", [(named, self.take(own.get("_value_"), _DEPTH))], ">", ": ")
        if depth >= _DEPTH:
            return Final(f"<{name}>")
        if kind in ("path", "error"):
            held = (str(value),) if kind == "path" else value.args
            return self._shape(held, len(held), depth, (f"{name}(", ")"))
        own = attributes(value, readers)
        if kind == "record":
            own = {part: item for part, item in own.items() if not part.startswith("__")}
            return self._shape(own.items(), len(own), depth, (f"{name}(", ")"), "=")
        return self._object(own, cls, depth)

    def _container(self, value: Any, cls: type, base: Any, depth: int) -> Any:
        length = base.__len__(value)
        bare = id(cls) in _BARE
        if not length and bare:
            return base()
        name = type_name(cls)
        if depth >= _DEPTH:
            return Final(f"<{name} of {length}>")
        fields = type_dict(cls).get("_fields") if base is tuple else None
        if type(fields) is tuple:
            return self._shape(zip(fields, tuple.__iter__(value)), length, depth, (f"{name}(", ")"), "=")
        opening, closing = _BRACKETS[id(base)]
        if base is tuple and length == 1:
            closing = ",)"
        if not bare or base is frozenset:
            opening, closing = f"{name}({opening}", f"{closing})"
        items = dict.items(value) if base is dict else base.__iter__(value)
        return self._shape(items, length, depth, (opening, closing), ": " if base is dict else "")

    def _shape(self, items: Iterable[Any], length: int, depth: int, around: tuple[str, str], joint: str = "") -> Shape:
        parts: list[Any] = []
        take, depth = self.take, depth + 1
        for item in itertools.islice(items, _WIDTH):
            if self.room <= 0 or self._nodes <= 0:
                break
            parts.append((take(item[0], depth), take(item[1], depth)) if joint else take(item, depth))
        return Shape(around[0], parts, around[1], joint, length - len(parts))

    def _object(self, own: dict[str, Any], cls: type, depth: int) -> Any:
        shown = {name: part for name, part in own.items() if not name.startswith("_")}
        if "_sa_instance_state" in own:
            if not shown:  # a row whose values are expired: its primary key is known all the same
                state = own["_sa_instance_state"]
                identity = attributes(state, readers_of(type(state))).get("key")
                shown = {"key": identity[1]} if type(identity) is tuple and len(identity) > 1 else {}
        elif type(own.get("_key_to_index")) is dict and type(own.get("_data")) is tuple:  # a row of a query
            shown = {key: own["_data"][at] for key, at in own["_key_to_index"].items() if type(key) is str}
        elif is_library(type_home(cls)):
            # the inside of a session or a request is long and tells nothing; what is plain in it may
            shown = {name: part for name, part in shown.items() if depth == 0 and type(part) in (str, int)}
        if not shown:
            return Final(f"<{type_name(cls)}>")
        around = f"<{type_name(cls)} ", " ...>" if len(shown) > _ATTRIBUTES else ">"
        some = list(shown.items())[:_ATTRIBUTES]
        return self._shape(some, len(some), depth + 1, around, "=")._replace(gap=" ")


def _kind(cls: type) -> tuple[str, Any]:
    """How values of a class are taken, and the standard type that they are read as."""
    if issubclass(cls, enum.Enum):
        return "enum", None
    mro = type_mro(cls)
    if any(type_dict(one).keys() & _RECORDS for one in mro) or issubclass(cls, types.SimpleNamespace):
        return "record", None
    if issubclass(cls, pathlib.PurePath) and type_home(cls).startswith("pathlib"):
        return "path", None
    for base in mro:
        for kind, known in (("text", _TEXTS), ("container", _BRACKETS), ("scalar", _SCALARS)):
            if id(base) in known:
                return kind, base
    if issubclass(cls, int):
        return "integer", int
    return ("error" if issubclass(cls, BaseException) else "object"), None
