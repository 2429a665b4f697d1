"""A name that does not exist: a slip of the pen, a forgotten `self.` or record, or an import that was forgotten."""

from __future__ import annotations

import ast
import builtins
import difflib
import importlib
import re
import sys
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft, reference
from healer.syntax.edits import AddImport, InsertBefore, Replace
from healer.syntax.members import class_behind, members_of
from healer.syntax.scopes import imported_at_top
from healer.syntax.situation import Situation

CATEGORIES = ("name-error",)
NAME = "names"
_SPELT = {"true": "True", "false": "False", "null": "None", "none": "None", "nil": "None", "undefined": "None"}
_STANDARD = (
    *("datetime", "json", "math", "time", "re", "os", "uuid", "decimal", "collections", "itertools", "functools"),
    *("statistics", "secrets", "random", "hashlib", "csv", "io", "sqlite3", "logging", "operator", "enum"),
    *("dataclasses", "pathlib", "typing", "contextlib", "urllib.parse", "base64", "binascii", "copy", "zoneinfo"),
)
_FRAMEWORK = {
    "HTTPException": "fastapi",
    "Response": "fastapi",
    "JSONResponse": "fastapi.responses",
    "jsonify": "flask",
    "abort": "flask",
    "IntegrityError": "sqlalchemy.exc",
    "select": "sqlalchemy",
    "func": "sqlalchemy",
}


def draft(s: Situation) -> Iterator[Draft]:
    quoted = re.search(r"name '(\w+)'", s.report.exception.message)
    if quoted is None:
        return
    name = quoted.group(1)
    if name in _SPELT:
        yield _written(s, name, _SPELT[name], 0.95)
    yield from _member(s, name)
    yield from _of_imported_module(s, name)
    yield from _forgotten_import(s, name)
    yield from _in_a_record(s, name)
    plain = _plain(name)
    for other in sorted(n for n in _known(s) if _plain(n) == plain):
        yield _written(s, name, other, 0.93)
    near = difflib.get_close_matches(name, _known(s), 3, 0.7)
    near += [n for n in difflib.get_close_matches(name, dir(builtins), 1, 0.85) if not n.startswith("_")]
    for rank, other in enumerate(dict.fromkeys(near)):
        yield _written(s, name, other, 0.9 - 0.12 * rank)


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _nodes(s: Situation, name: str) -> list[ast.Name]:
    where = s.function.node if s.function is not None else s.module.tree
    return [n for n in ast.walk(where) if isinstance(n, ast.Name) and n.id == name]


def _written(s: Situation, name: str, other: str, fit: float) -> Draft:
    edits = tuple((s.module, Replace(node, other)) for node in _nodes(s, name))
    return Draft(f"Write {other} for {name}", edits, Answer.CORRECT, fit)


def _known(s: Situation) -> list[str]:
    names = {
        *imported_at_top(s.module),
        *s.module.constants,
        *s.module.classes,
        *(f.name for f in s.module.functions if f.owner is None),
        *s.crash.names,
    }
    if s.function is not None:
        names |= {arg.arg for arg in s.function.params}
        names |= {n.id for n in s.function.own_nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return sorted(names)


def _member(s: Situation, name: str) -> Iterator[Draft]:
    """An attribute or method of the object whose method this is."""
    if s.function is None or s.function.owner is None or not s.function.params:
        return
    first = s.function.params[0].arg
    if first in ("self", "cls") and name in members_of(s.project, s.module, s.function.owner):
        yield _written(s, name, f"{first}.{name}", 0.96)


def _in_a_record(s: Situation, name: str) -> Iterator[Draft]:
    """A field of the one object at hand that has it: `nights` for `booking.nights`."""
    if s.function is None:
        return
    held: list[str] = []
    for variable in dict.fromkeys([*(a.arg for a in s.function.params), *s.crash.names]):
        shown = s.crash.value_of(ast.Name(variable, ast.Load()))
        if isinstance(shown, dict) and name in shown:
            held.append(f'{variable}["{name}"]')
            continue
        found = class_behind(s, variable)
        if found is not None and name in members_of(s.project, *found):
            held.append(f"{variable}.{name}")
    for code in held if len(held) == 1 else ():
        yield _written(s, name, code, 0.9)


def _of_imported_module(s: Situation, name: str) -> Iterator[Draft]:
    """`import math` is there, and `sqrt` is meant of it."""
    for known, dotted in imported_at_top(s.module).items():
        owner = s.project.module_named(dotted)
        own = owner is not None and name in {*owner.classes, *owner.constants, *(f.name for f in owner.functions)}
        if own or (owner is None and dotted in _STANDARD and hasattr(importlib.import_module(dotted), name)):
            yield _written(s, name, f"{known}.{name}", 0.95)


def _forgotten_import(s: Situation, name: str) -> Iterator[Draft]:
    for module in s.project.modules.values():
        functions = {f.name for f in module.functions if f.owner is None}
        if module is not s.module and (name in module.classes or name in module.constants or name in functions):
            said = reference(s, s.module, module, name)
            if said is not None and said[1]:
                yield _import(s, said[1][0], 0.94)
                yield from _import_inside(s, said[1][0], 0.8)
        # Another module has it, or a block of this one that does not run, such as one for type checkers.
        dotted = module.imports.get(name)
        if dotted and "." in dotted and dotted.rpartition(".")[2] == name:
            yield _import(s, AddImport(dotted.rpartition(".")[0], name), 0.93)
    frameworks = {dotted.partition(".")[0] for m in s.project.modules.values() for dotted in m.imports.values()}
    framework = _FRAMEWORK.get(name, "")
    if framework.partition(".")[0] in frameworks:
        yield _import(s, AddImport(framework, name), 0.92)
    is_base = any(isinstance(s.module.parents.get(n), ast.Attribute) for n in _nodes(s, name))
    if name in sys.stdlib_module_names and (is_base or name not in _STANDARD):
        wanted = {p.attr for n in _nodes(s, name) if isinstance(p := s.module.parents.get(n), ast.Attribute)}
        if all(hasattr(importlib.import_module(name), attr) for attr in wanted) or name not in _STANDARD:
            yield _import(s, AddImport("", name), 0.93)
    homes = [module for module in _STANDARD if name in _public(module)]
    for rank, module_name in enumerate(homes[:2]):
        yield _import(s, AddImport(module_name, name), 0.92 - 0.05 * rank)


def _public(name: str) -> set[str]:
    module = importlib.import_module(name)
    return set(getattr(module, "__all__", ())) or {
        n for n in dir(module) if not n.startswith("_") and not isinstance(getattr(module, n), type(sys))
    }


def _import(s: Situation, wanted: AddImport, fit: float) -> Draft:
    text = f"from {wanted.module} import {wanted.name}" if wanted.module else f"import {wanted.name}"
    return Draft(f"Add the missing {text}", ((s.module, wanted),), Answer.CORRECT, fit)


def _import_inside(s: Situation, wanted: AddImport, fit: float) -> Iterator[Draft]:
    """In the function, for modules that import each other."""
    if s.function is None:
        return
    body = s.function.node.body
    first = body[1] if len(body) > 1 and s.function.docstring else body[0]
    code = f"from {wanted.module} import {wanted.name}\n"
    edits = ((s.module, InsertBefore(first, code)),)
    yield Draft(f"Add the missing {code.strip()} inside {s.function.name}", edits, Answer.CORRECT, fit)
