"""What a crash ran on: the framework, and the versions of the interpreter and of the packages on its stack."""

from __future__ import annotations

import importlib.metadata  # at once: a fork while the delivery's thread imports it would leave half of it
import platform
import re
import sys
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from types import ModuleType

from selfheal.instances import module_names, type_home, type_mro

_PACKAGES = 40
_LENGTH = 100
_INSTALLED = re.compile(r"[/\\](?:site|dist)-packages[/\\](\w+)")
_FRAMEWORKS = ("fastapi", "starlette", "django", "flask")


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
    try:
        return importlib.metadata.version(package)[:_LENGTH]
    except (importlib.metadata.PackageNotFoundError, ValueError):  # it is installed under another name
        module = sys.modules.get(package)
        said = module_names(module).get("__version__") if type(module) is ModuleType else None
        return said[:_LENGTH] if type(said) is str else ""
