"""Lists of keys that still hold a deleted one: it is taken out where it is deleted, as the deletion next to it does."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.bindings import assignments
from healer.syntax.edits import InsertAfter
from healer.syntax.project import COMPREHENSIONS, Function, names_in, same
from healer.syntax.situation import Situation

CATEGORIES = ("missing-key", "none-dereference")
NAME = "list-references"
_REMOVING = ("remove", "discard")


def draft(s: Situation) -> Iterator[Draft]:
    table, held = _reference(s)
    if table is None or held is None or s.function is None:
        return
    owner = _owner_of(s, held)
    field = (
        held.attr
        if isinstance(held, ast.Attribute)
        else ast.unparse(held.slice)
        if isinstance(held, ast.Subscript)
        else ""
    )
    if not owner or not field or not any(_takes_out(f) for f in s.project.functions):
        return
    for function, statement, key in _deletions(s, table):
        if field.strip("'") in ast.unparse(function.node):
            continue
        word = "discard" if _is_set(s, field.strip("'")) else "remove"
        spelled = f".{field}" if isinstance(held, ast.Attribute) else f'["{field.strip(chr(39))}"]'
        code = f"for one in {owner}.values():\n    if {key} in one{spelled}:\n        one{spelled}.{word}({key})\n"
        edits = ((function.module, InsertAfter(statement, code)),)
        summary = f"Take {key} out of every {field} in {function.name}, as the other deletion does"
        yield Draft(summary, edits, Answer.CORRECT, 0.96)


def _reference(s: Situation) -> tuple[ast.expr | None, ast.expr | None]:
    """The table that was asked for an item of a list, and the list: GUIDES and `found["guide_ids"]`."""
    expression = s.crash.expression
    table, key = None, None
    if isinstance(expression, ast.Subscript):
        table, key = expression.value, expression.slice
    if not isinstance(key, ast.Name) or table is None:
        return None, None
    for ancestor in s.module.ancestors(key):
        loops = ancestor.generators if isinstance(ancestor, COMPREHENSIONS) else []
        pairs = [(one.target, one.iter) for one in loops]
        pairs += [(ancestor.target, ancestor.iter)] if isinstance(ancestor, ast.For) else []
        for target, collection in pairs:
            if same(target, key) and isinstance(collection, (ast.Subscript, ast.Attribute)):
                return table, collection
    return None, None


def _owner_of(s: Situation, held: ast.Attribute | ast.Subscript | ast.expr) -> str:
    """The dict that the record with the list was taken from: TOURS of `found = TOURS[tour_id]`."""
    record = held.value if isinstance(held, (ast.Attribute, ast.Subscript)) else None
    if isinstance(record, ast.Name) and s.function is not None:
        made = assignments(s.function, record.id)
        record = made[0].value if len(made) == 1 else None
    if isinstance(record, ast.Call) and isinstance(record.func, ast.Attribute) and record.func.attr == "get":
        record = record.func.value
    elif isinstance(record, ast.Subscript):
        record = record.value
    if not isinstance(record, ast.Name) or record.id not in s.module.constants:
        return ""
    return record.id if isinstance(s.module.constants[record.id], ast.Dict) else ""


def _takes_out(function: Function) -> bool:
    """A deletion that goes through other records to take the key out of their lists."""
    deletes = any(isinstance(n, ast.Delete) for n in function.own_nodes) or "pop(" in ast.unparse(function.node)
    loops = [n for n in function.own_nodes if isinstance(n, ast.For)]
    calls = [c for loop in loops for c in ast.walk(loop) if isinstance(c, ast.Call)]
    return deletes and any(isinstance(c.func, ast.Attribute) and c.func.attr in _REMOVING for c in calls)


def _deletions(s: Situation, table: ast.expr) -> Iterator[tuple[Function, ast.stmt, str]]:
    for function in s.module.functions:
        for statement in function.statements:
            target = statement.targets[0] if isinstance(statement, ast.Delete) and len(statement.targets) == 1 else None
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                call = statement.value
                if isinstance(call.func, ast.Attribute) and call.func.attr == "pop" and call.args:
                    target = ast.Subscript(call.func.value, call.args[0])
            if isinstance(target, ast.Subscript) and same(target.value, table) and isinstance(target.slice, ast.Name):
                if target.slice.id in names_in(function.node) | {a.arg for a in function.params}:
                    yield function, statement, target.slice.id


def _is_set(s: Situation, field: str) -> bool:
    made = [
        v
        for n in s.module.nodes
        if isinstance(n, ast.Dict)
        for k, v in zip(n.keys, n.values, strict=True)
        if isinstance(k, ast.Constant) and k.value == field
    ]
    return any(isinstance(v, ast.Set) or ast.unparse(v).startswith("set(") for v in made)
