"""Reads what an object is and holds without its class having a say: no `__getattr__`, property or metaclass is run.

It does not write anything as text.
"""

from __future__ import annotations

import sys
import sysconfig
import types
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib")})

_GENERATED = ("__dict__", "_data", "_key_to_index")  # the last two: slots of a row of SQLAlchemy, where it is compiled

_type_name = type.__dict__["__name__"].__get__
type_module = type.__dict__["__module__"].__get__
type_mro = type.__dict__["__mro__"].__get__
type_dict = type.__dict__["__dict__"].__get__


def type_name(cls: type) -> str:
    return str(_type_name(cls))


def type_home(cls: type) -> str:
    """The name of its module."""
    module = type_module(cls)
    return module if type(module) is str else "?"


def type_bases(cls: type) -> list[str]:
    return [type_name(base) for base in type_mro(cls)]


Reader = tuple[str, Callable[[object], Any]]


def attributes(value: object, readers: list[Reader]) -> dict[str, Any]:
    """What an instance holds in its own `__dict__` and `__slots__`, as the readers of its class find it."""
    found: dict[str, Any] = {}
    for name, read in readers:
        try:
            part = read(value)
        except AttributeError:
            continue
        if name != "__dict__":
            found.setdefault(name, part)
        elif type(part) is dict:
            found.update((key, item) for key, item in part.items() if type(key) is str)
    return found


def readers_of(cls: type) -> list[Reader]:
    return [
        (name, member.__get__)
        for base in type_mro(cls)
        for name, member in type_dict(base).items()
        if (type(member) is types.MemberDescriptorType and (type_module(base) != "builtins" or name == "__dict__"))
        or (type(member) is types.GetSetDescriptorType and name in _GENERATED)
    ]


@lru_cache(maxsize=2048)
def is_library(module: str) -> bool:
    """Whether classes of this module come with Python or were installed, rather than being the service's own."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if not isinstance(file, str):
        return module == "builtins" or module.partition(".")[0] in sys.builtin_module_names
    return "site-packages" in file or "dist-packages" in file or file.startswith(_LIBRARIES)
