"""Reads what an object is and holds without its class having a say: no `__getattr__`, property or metaclass is run.

It does not write anything as text.
"""

from __future__ import annotations

import sys
import sysconfig
import types
from functools import lru_cache
from typing import Any

_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib")})

_type_name = type.__dict__["__name__"].__get__
type_module = type.__dict__["__module__"].__get__
type_mro = type.__dict__["__mro__"].__get__
type_dict = type.__dict__["__dict__"].__get__


def type_name(cls: type) -> str:
    return str(_type_name(cls))


def type_bases(cls: type) -> list[str]:
    return [type_name(base) for base in type_mro(cls)]


def attributes(value: object) -> dict[str, Any]:
    """What an instance holds in its own `__dict__` and `__slots__`, read without its class having a say."""
    found: dict[str, Any] = {}
    for cls in type_mro(type(value)):
        for name, member in type_dict(cls).items():
            if isinstance(member, types.GetSetDescriptorType) and name == "__dict__":
                own = member.__get__(value)
                if type(own) is dict:
                    found.update(own)
            elif isinstance(member, types.MemberDescriptorType) and type_module(cls) != "builtins":
                try:
                    found.setdefault(name, member.__get__(value))
                except AttributeError:
                    continue
    return found


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
