"""Reads what an object is and holds without its class having a say: no `__getattr__`, property or metaclass is run.

It does not write anything as text.
"""

from __future__ import annotations

import sys
import sysconfig
import types
import weakref
from functools import lru_cache
from typing import Any

_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib")})

_GENERATED = ("__dict__", "_data", "_key_to_index")  # the last two: slots of a row of SQLAlchemy, where it is compiled
_known: dict[int, tuple[weakref.ref[type], list[tuple[str, Any]]]] = {}

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


def attributes(value: object) -> dict[str, Any]:
    """What an instance holds in its own `__dict__` and `__slots__`, read without its class having a say."""
    found: dict[str, Any] = {}
    for name, read in _readers(type(value)):
        try:
            part = read(value)
        except AttributeError:
            continue
        if name != "__dict__":
            found.setdefault(name, part)
        elif type(part) is dict:
            found.update((key, item) for key, item in part.items() if type(key) is str)
    return found


def _readers(cls: type) -> list[tuple[str, Any]]:
    known = _known.get(id(cls))  # not by the class: a metaclass may have a __hash__ and an __eq__ of its own
    if known is None or known[0]() is not cls:
        if len(_known) >= 2000:
            _known.clear()
        readers = [
            (name, member.__get__)
            for base in type_mro(cls)
            for name, member in type_dict(base).items()
            if (type(member) is types.MemberDescriptorType and (type_module(base) != "builtins" or name == "__dict__"))
            or (type(member) is types.GetSetDescriptorType and name in _GENERATED)
        ]
        known = _known[id(cls)] = weakref.ref(cls), readers
    return known[1]


def module_names(module: types.ModuleType) -> dict[str, Any]:
    names: dict[str, Any] = types.ModuleType.__getattribute__(module, "__dict__")
    return names


@lru_cache(maxsize=2048)
def is_library(module: str) -> bool:
    """Whether classes of this module come with Python or were installed, rather than being the service's own."""
    found = sys.modules.get(module)
    file = module_names(found).get("__file__") if isinstance(found, types.ModuleType) else None
    if not isinstance(file, str):
        return module == "builtins" or module.partition(".")[0] in sys.builtin_module_names
    return "site-packages" in file or "dist-packages" in file or file.startswith(_LIBRARIES)
