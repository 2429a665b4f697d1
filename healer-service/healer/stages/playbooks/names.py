"""A name or attribute that does not exist: a slip of the pen, or an import that was forgotten."""

from __future__ import annotations

import ast
import builtins
import difflib
import re
import sys
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft, reference
from healer.syntax.edits import AddImport, Replace, ReplaceStatement
from healer.syntax.project import Module
from healer.syntax.situation import Situation

CATEGORIES = ("name-error", "import-error")
NAME = "names"
_USUAL = {
    "timedelta": "datetime",
    "datetime": "datetime",
    "timezone": "datetime",
    "date": "datetime",
    "Decimal": "decimal",
    "InvalidOperation": "decimal",
    "ROUND_HALF_UP": "decimal",
    "defaultdict": "collections",
    "Counter": "collections",
    "deque": "collections",
    "UUID": "uuid",
    "uuid4": "uuid",
    "Path": "pathlib",
    "reduce": "functools",
    "partial": "functools",
    "lru_cache": "functools",
    "Optional": "typing",
    "Any": "typing",
    "ceil": "math",
    "floor": "math",
    "chain": "itertools",
    "groupby": "itertools",
    "islice": "itertools",
    "count": "itertools",
    "Enum": "enum",
    "dataclass": "dataclasses",
    "asdict": "dataclasses",
    "quote": "urllib.parse",
    "urlencode": "urllib.parse",
    "unquote": "urllib.parse",
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
    if s.crash.category == "import-error":
        yield from _import_slip(s)
        return
    quoted = re.search(r"name '(\w+)'", s.report.exception.message)
    if quoted is None:
        return
    name = quoted.group(1)
    yield from _forgotten_import(s, name)
    for rank, other in enumerate(difflib.get_close_matches(name, _known(s), 3, 0.7)):
        nodes = [
            n
            for n in ast.walk(s.function.node if s.function else s.module.tree)
            if isinstance(n, ast.Name) and n.id == name
        ]
        edits = tuple((s.module, Replace(node, other)) for node in nodes)
        yield Draft(f"Write {other} for {name}", edits, Answer.CORRECT, 0.9 - 0.12 * rank)


def _known(s: Situation) -> list[str]:
    names = {
        *s.module.imports,
        *s.module.constants,
        *s.module.classes,
        *(f.name for f in s.module.functions if f.owner is None),
    }
    names |= set(s.crash.names) | {n for n in dir(builtins) if not n.startswith("_")}
    if s.function is not None:
        names |= {arg.arg for arg in s.function.params}
        names |= {n.id for n in s.function.own_nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return sorted(names)


def _forgotten_import(s: Situation, name: str) -> Iterator[Draft]:
    frameworks = {dotted.partition(".")[0] for m in s.project.modules.values() for dotted in m.imports.values()}
    for module in s.project.modules.values():
        own = (
            name in module.classes
            or name in module.constants
            or any(f.name == name and not f.owner for f in module.functions)
        )
        if own and module is not s.module:
            said = reference(s, s.module, module, name)
            if said is not None and said[1]:
                yield _import(s, said[1][0], 0.94)
        dotted = module.imports.get(name)
        if dotted and module is not s.module:
            head, _, last = dotted.rpartition(".")
            if last == name:
                yield _import(s, AddImport(head, name), 0.93)
    usual = _USUAL.get(name, "")
    if usual and (usual.partition(".")[0] in sys.stdlib_module_names or usual.partition(".")[0] in frameworks):
        attribute = (
            isinstance(s.module.parents.get(s.crash.culprit), ast.Attribute) if s.crash.culprit is not None else False
        )
        if not (name == "datetime" and attribute and _follows(s, "datetime")):
            yield _import(s, AddImport(usual, name), 0.92)
    if name in sys.stdlib_module_names:
        yield _import(s, AddImport("", name), 0.9)


def _follows(s: Situation, word: str) -> bool:
    parent = s.module.parents.get(s.crash.culprit) if s.crash.culprit is not None else None
    return isinstance(parent, ast.Attribute) and parent.attr in (word, "date", "timedelta", "timezone")


def _import(s: Situation, wanted: AddImport, fit: float) -> Draft:
    text = f"from {wanted.module} import {wanted.name}" if wanted.module else f"import {wanted.name}"
    return Draft(f"Add the missing {text}", ((s.module, wanted),), Answer.CORRECT, fit)


def _import_slip(s: Situation) -> Iterator[Draft]:
    """cannot import name 'x' from 'y'"""
    quoted = re.search(r"cannot import name '(\w+)' from '([\w.]+)'", s.report.exception.message)
    statement = s.crash.statement
    if quoted is None or not isinstance(statement, ast.ImportFrom):
        return
    owner: Module | None = s.project.module_named(quoted.group(2))
    if owner is None:
        return
    known = [*owner.classes, *owner.constants, *(f.name for f in owner.functions if f.owner is None)]
    for other in difflib.get_close_matches(quoted.group(1), known, 1, 0.6):
        text = s.module.text(statement)
        fresh = re.sub(rf"\b{quoted.group(1)}\b", f"{other} as {quoted.group(1)}", text)
        yield Draft(
            f"Import {other} for {quoted.group(1)}",
            ((s.module, ReplaceStatement(statement, fresh)),),
            Answer.CORRECT,
            0.85,
        )
