# ruff: noqa: PTH118, PTH123 (pathlib is slower and knows no descriptors)
"""Finds and imports the application of a source tree.

It starts nothing.
"""

from __future__ import annotations

import importlib
import inspect
import os
import re
from collections.abc import Iterator
from typing import Any

_USUAL = ("app:app", "main:app", "app.main:app", "wsgi:app", "wsgi:application", "asgi:app", "asgi:application")
_MAKERS = ("create_app", "make_app", "build_app", "get_app")
_CLASSES = frozenset(("FastAPI", "Starlette", "Flask", "Quart", "Litestar", "Falcon", "Bottle", "Router"))
_MAKES_ONE = re.compile(rb"\b(?:FastAPI|Starlette|Flask|Quart|Litestar)\(|\bdef (?:create|make|build|get)_app\(")
_SKIPPED = frozenset(("tests", "test", "docs", "migrations", "node_modules", "venv", "env", "build", "dist"))
_MOST_FILES = 2000


class NoApplication(Exception):
    """No application under the entry, or none found without one; the text says which."""


def _modules(tree: str) -> Iterator[tuple[str, str]]:
    """(dotted name, file) of the modules in a tree, those nearer to its root first."""
    found = []
    for root in (tree, f"{tree}/src"):
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(
                name
                for name in folders
                if name.isidentifier() and name not in _SKIPPED and (folder, name) != (tree, "src")
            )
            for name in sorted(names):
                if name.endswith(".py") and not name.startswith(("test_", "conftest", "setup.")):
                    path = os.path.join(folder, name)
                    dotted = os.path.relpath(path, root)[:-3].replace(os.sep, ".")
                    found.append((dotted[: -len(".__init__")] if dotted.endswith(".__init__") else dotted, path))
            if len(found) > _MOST_FILES:
                break
    return iter(sorted(found, key=lambda pair: pair[0].count(".")))


def _is_application(value: object) -> bool:
    return callable(value) and any(base.__name__ in _CLASSES for base in type(value).__mro__)


def _load(entry: str) -> Any:
    module_name, _, path = entry.partition(":")
    value: Any = importlib.import_module(module_name)
    for name in (path.strip() or "app").split("."):
        called = name.endswith("()")
        try:
            value = getattr(value, name[:-2] if called else name)
        except AttributeError:
            raise NoApplication(f"{module_name} has no {name}") from None
        if called:
            value = value()
    if inspect.isfunction(value) and not _takes_a_request(value):
        value = value()  # an application factory
    if not callable(value):
        raise NoApplication(f"{entry} is no application")
    return value


def _takes_a_request(value: Any) -> bool:
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return True
    return any(parameter.default is parameter.empty for parameter in parameters)


def load_application(tree: str, entry: str | None) -> Any:
    """By `entry` ("module:attribute", dotted attributes and factories too) or, without one, the first found.

    Raises NoApplication, and whatever importing the application raises.
    """
    if entry:
        return _load(entry)
    modules = dict(_modules(tree))
    for usual in _USUAL:
        if usual.partition(":")[0] in modules:
            try:
                return _load(usual)
            except NoApplication:
                continue
    for name, path in modules.items():
        with open(path, "rb") as file:
            if not _MAKES_ONE.search(file.read()):
                continue
        module = importlib.import_module(name)
        for value in vars(module).values():
            if _is_application(value):
                return value
        for maker in _MAKERS:
            if callable(getattr(module, maker, None)):
                return getattr(module, maker)()
    raise NoApplication("no application found; name it as module:attribute")


def speaks_asgi(app: Any) -> bool:
    """Else it is taken for WSGI."""
    if hasattr(app, "wsgi_app"):
        return False
    if inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None)):  # noqa: B004
        return True
    try:
        required = [
            parameter
            for parameter in inspect.signature(app).parameters.values()
            if parameter.default is parameter.empty
            and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        return True
    return len(required) != 2
