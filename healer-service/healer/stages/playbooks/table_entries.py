"""An entry that a table of constants lacks though all of its entries are made from their keys in one way."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Replace
from healer.syntax.project import Module
from healer.syntax.situation import Situation

CATEGORIES = ("missing-key", "none-dereference")
NAME = "table-entries"
_WAYS: tuple[Callable[[str], str], ...] = (
    str,
    str.title,
    str.capitalize,
    str.upper,
    str.lower,
    lambda text: text[:1],
    lambda text: text[:1].upper(),
    lambda text: text[:3],
    lambda text: text[:3].title(),
    lambda text: text[:3].upper(),
    lambda text: text.replace("_", " "),
    lambda text: text.replace("_", "-"),
    lambda text: text.replace("-", " "),
    lambda text: text.replace("_", " ").title(),
    lambda text: text.replace("_", " ").capitalize(),
    lambda text: text.replace("-", " ").title(),
    lambda text: text.replace("-", " ").capitalize(),
)


def draft(s: Situation) -> Iterator[Draft]:
    expression = s.crash.expression
    if not isinstance(expression, ast.Subscript):
        return
    base = expression.value
    name = base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else ""
    found = next(((m, m.constants[name]) for m in s.project.modules.values() if name in m.constants), None)
    if found is None or not isinstance(found[1], ast.Dict) or len(found[1].keys) < 2:
        return
    module, table = found[0], found[1]
    missing = _missing(s, module, table)
    entry = _entry(s, module, table, *missing) if missing is not None else ""
    if entry:
        edits = ((module, Replace(table, _with(module, table, entry))),)
        yield Draft(f"Give {name} the entry it lacks: {entry}", edits, Answer.CORRECT, 0.95)


def _missing(s: Situation, module: Module, table: ast.Dict) -> tuple[str, str] | None:
    """The key that is not there as source and as text: a member of the enum the others belong to, or a key that a
    sibling table has."""
    message = s.report.exception.message
    member = re.search(r"<(\w+)\.(\w+):", message)
    if member is not None:
        heads = {ast.unparse(k).rpartition(".")[0] for k in table.keys if k is not None}
        return (f"{heads.pop()}.{member[2]}", member[2]) if len(heads) == 1 else None
    plain = re.fullmatch(r"'(\w[\w -]*)'", message)
    keys = {k.value for k in table.keys if isinstance(k, ast.Constant)}
    if plain is None or not keys:
        return None
    for other in s.project.modules.values():
        for value in other.constants.values():
            parts = value.keys if isinstance(value, ast.Dict) else getattr(value, "elts", [])
            names = {p.value for p in parts if isinstance(p, ast.Constant)}
            if value is not table and plain[1] in names and keys <= names:
                return f'"{plain[1]}"', plain[1]
    return None


def _entry(s: Situation, module: Module, table: ast.Dict, source: str, text: str) -> str:
    pairs = []
    for key, value in zip(table.keys, table.values, strict=True):
        if key is None or not isinstance(value, ast.Constant) or not isinstance(value.value, str):
            return ""
        known = key.value if isinstance(key, ast.Constant) else ast.unparse(key).rpartition(".")[2]
        pairs.append((str(known), value.value))
    for way in _WAYS:
        for lowered in (False, True):
            if all(way(k.lower() if lowered else k) == v for k, v in pairs):
                return f'{source}: "{way(text.lower() if lowered else text)}"'
    return ""


def _with(module: Module, table: ast.Dict, entry: str) -> str:
    text = module.text(table)
    body = text[:-1].rstrip()
    if "\n" not in text:
        return f"{body.rstrip(',')}, {entry}}}"
    indent = re.search(r"\n([ \t]*)\S[^\n]*$", body)
    tail = text[len(body) : -1]
    return f"{body.rstrip(',')},\n{indent[1] if indent else '    '}{entry},{tail or chr(10)}}}"
