"""Calls one function of a tree with given arguments and describes what came of it as a replay describes an answer.

It starts no application; literals.py reads the arguments.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import itertools
import os
import time
from collections.abc import Mapping
from types import FunctionType
from typing import Any

from selfheal.frames import Tree
from selfheal.report import leaf_of
from selfheal.scrub import Scrubber
from selfheal.values import describe

from .crash import describe_crash, one_line
from .lines import Lines
from .literals import Unreadable, read_literal
from .replaying import bounded_memory

_VALUE = 2000
_MOST_ITEMS = 1000  # of a generator


class _NoCall(Exception):
    """There is nothing to call, or not with these arguments; the text says why."""


def call_function(
    tree: str,
    file: str,
    function: str,
    arguments: Mapping[str, str],
    *,
    extra_memory: int | None,
    lines: Lines | None,
) -> dict[str, object]:
    """{"problem", "exchange"}: the exchange has the "value" that was returned, or the exception, instead of an answer.

    `function`: qualified name within the module; `arguments`: parameter → Python literal. `extra_memory`: bytes of
    address space that the call may use beyond what is mapped when it begins.
    """
    own = Tree(tree)
    if lines is not None:
        lines.begin()
    try:
        called, bound = _resolve(_import(tree, file), function)
        positional, named = _arguments(called, bound, function, _read(arguments, tree))
    except _NoCall as error:
        return {"problem": str(error), "exchange": None}
    except BaseException as error:  # SystemExit too: a module that ends the process on import
        return {"problem": f"import: {one_line(error, own)}", "exchange": None}
    if lines is not None:
        lines.count()
    begun = time.perf_counter()
    value: str | None = None
    crash: dict[str, object] = {"exception": None, "frames": []}
    try:
        with bounded_memory(extra_memory):
            returned = _outcome(called(*positional, **named))
        scrub = Scrubber()
        value = str(scrub.sweep(describe(returned, scrub)))[:_VALUE]
    except BaseException as error:
        crash = describe_crash(leaf_of(error, own), own)
    seconds = round(time.perf_counter() - begun, 4)
    exchange = {"status": None, "headers": {}, "body": "", "value": value, **crash, "seconds": seconds}
    return {"problem": "", "exchange": exchange}


def _import(tree: str, file: str) -> Any:
    """By its dotted name, as the application's own modules import it."""
    inside, root = file, tree
    if file.startswith("src/") and not os.path.exists(f"{tree}/src/__init__.py"):  # noqa: PTH110
        inside, root = file[len("src/") :], f"{tree}/src"
    dotted = inside[: -len(".py")].replace("/", ".") if inside.endswith(".py") else ""
    name = dotted[: -len(".__init__")] if dotted.endswith(".__init__") else dotted
    if not name or not os.path.isfile(f"{root}/{inside}"):  # noqa: PTH113
        raise _NoCall(f"{file} is no module of the tree")
    module = importlib.import_module(name)
    found = str(getattr(module, "__file__", None))
    if os.path.realpath(found) != os.path.realpath(f"{root}/{inside}"):
        raise _NoCall(f"importing {name} brings {Tree(tree).place(found)[0]}, not {file}")
    return module


def _resolve(module: Any, qualified: str) -> tuple[FunctionType, tuple[object, ...]]:
    """The function itself, without what decorates it, and the class that a class method gets."""
    held: Any = None
    value: Any = module
    for part in qualified.split("."):
        held = value
        try:
            value = inspect.getattr_static(held, part)
        except AttributeError:
            raise _NoCall(f"{module.__name__} has no {qualified}") from None
    bound = (held,) if isinstance(value, classmethod) else ()
    if isinstance(value, (classmethod, staticmethod)):
        value = value.__func__
    value = inspect.unwrap(value)
    if not isinstance(value, FunctionType):
        raise _NoCall(f"{qualified} in {module.__name__} is no function")
    return value, bound


def _arguments(
    called: FunctionType, bound: tuple[object, ...], function: str, values: dict[str, Any]
) -> tuple[list[object], dict[str, object]]:
    """Positional and by name. Raises _NoCall."""
    positional, named = list(bound), {}
    parameters = list(inspect.signature(called, follow_wrapped=False).parameters.values())[len(bound) :]
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            more = values.pop(parameter.name, ())
            if not isinstance(more, (list, tuple)):
                raise _NoCall(f"the argument {parameter.name} must be a list")
            positional.extend(more)
        elif parameter.kind is parameter.VAR_KEYWORD:
            others = values.pop(parameter.name, {})
            if not isinstance(others, dict) or not all(isinstance(key, str) for key in others):
                raise _NoCall(f"the argument {parameter.name} must be a dict of names")
            named.update(others)
        elif parameter.name in values or parameter.default is not parameter.empty:
            value = values.pop(parameter.name, parameter.default)
            if parameter.kind is parameter.KEYWORD_ONLY:
                named[parameter.name] = value
            else:
                positional.append(value)
        elif parameter is parameters[0] and "." in function and parameter.name == "self":
            raise _NoCall(f"{function} is a method, and self is not given")
        else:
            raise _NoCall(f"{function} needs the argument {parameter.name}, which is not given")
    if values:
        raise _NoCall(f"{function} takes no argument {next(iter(values))}")
    return positional, named


def _read(arguments: Mapping[str, str], tree: str) -> dict[str, Any]:
    """Raises _NoCall."""
    values = {}
    for name, text in arguments.items():
        try:
            values[name] = read_literal(text, lambda dotted: _class(tree, dotted))
        except Unreadable as error:
            raise _NoCall(f"the argument {name} cannot be read: {error}") from None
    return values


def _class(tree: str, dotted: str) -> Any:
    """A class of the tree by its full name, None where the tree has none: nothing else is ever imported."""
    module, _, name = dotted.rpartition(".")
    path = module.replace(".", "/")
    for file in (f"{path}.py", f"{path}/__init__.py", f"src/{path}.py", f"src/{path}/__init__.py"):
        if module and os.path.isfile(f"{tree}/{file}"):  # noqa: PTH113
            return inspect.getattr_static(_import(tree, file), name, None)
    return None


def _outcome(returned: Any) -> Any:
    """What a caller gets in the end: awaited, or the items of a generator."""
    if inspect.isawaitable(returned):
        return asyncio.run(_awaited(returned))
    if inspect.isgenerator(returned):
        return list(itertools.islice(returned, _MOST_ITEMS))
    if inspect.isasyncgen(returned):
        return asyncio.run(_items(returned))
    return returned


async def _awaited(returned: Any) -> Any:
    return await returned


async def _items(returned: Any) -> list[Any]:
    items: list[Any] = []
    async for item in returned:
        items.append(item)
        if len(items) == _MOST_ITEMS:
            break
    return items
