"""A column that one INSERT leaves out and another INSERT of the same table begins with a constant: begun so by both."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Replace
from healer.syntax.project import Module
from healer.syntax.situation import Situation

CATEGORIES = ("none-dereference", "wrong-type", "conversion", "integrity")
NAME = "other-inserts"
_INSERT = re.compile(
    r"(?is)^\s*INSERT\s+(?:OR\s+\w+\s+)?INTO\s+(\w+)\s*\(([^()]*)\)\s*VALUES\s*\((.*)\)\s*(?:RETURNING.*)?;?\s*$"
)
_CONSTANT = re.compile(r"(?i)-?\d+(\.\d+)?|'[^']*'|CURRENT_\w+|TRUE|FALSE")


@dataclass(frozen=True, eq=False)
class Insert:
    module: Module
    node: ast.Constant
    table: str
    values: dict[str, str]


def draft(s: Situation) -> Iterator[Draft]:
    inserts = list(_inserts(s))
    for column in _columns(s):
        with_it = [one for one in inserts if _CONSTANT.fullmatch(one.values.get(column, ""))]
        for like in with_it[:1]:
            for one in inserts:
                if one.table == like.table and column not in one.values and _is_plain(one):
                    code = _with(one.module.text(one.node), column, like.values[column])
                    edits = ((one.module, Replace(one.node, code)),)
                    summary = f"Begin {column} with {like.values[column]} in every INSERT into {one.table}"
                    yield Draft(summary, edits, Answer.CORRECT, 0.95)


def _inserts(s: Situation) -> Iterator[Insert]:
    for module in s.project.modules.values():
        for node in module.nodes:
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            found = _INSERT.match(node.value)
            if found is None:
                continue
            columns = [c.strip() for c in found[2].split(",")]
            values = [v.strip() for v in re.split(r",(?![^()]*\))", found[3])]
            if len(columns) == len(values):
                yield Insert(module, node, found[1].lower(), dict(zip(columns, values, strict=True)))


def _columns(s: Situation) -> list[str]:
    """Columns that the line that crashed reads."""
    names = []
    for node in ast.walk(s.crash.statement):
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
        ):
            names.append(node.slice.value)
        elif isinstance(node, ast.Attribute):
            names.append(node.attr)
    failed = re.search(r"constraint failed: \w+\.(\w+)", s.report.exception.message)
    return [failed[1]] if failed else list(dict.fromkeys(names))


def _is_plain(one: Insert) -> bool:
    """One literal, not several put together."""
    text = one.module.text(one.node)
    return isinstance(one.node.value, str) and one.node.value.count('"') == 0 and text.count('"') in (0, 2, 6)


def _with(text: str, column: str, value: str) -> str:
    first = text.index(")")
    last = text.rindex(")")
    value = value if "'" not in value or not text.startswith("'") else value.replace("'", "\\'")
    return f"{text[:first]}, {column}{text[first:last]}, {value}{text[last:]}"
