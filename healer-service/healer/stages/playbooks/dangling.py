"""A reference to what was deleted: cleared where the deletion is, when the records may go without."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.bindings import Definition
from healer.syntax.edits import InsertAfter
from healer.syntax.project import Function, same
from healer.syntax.relations import asked_with
from healer.syntax.situation import Situation


def cleared(s: Situation, made: Definition) -> Iterator[Draft]:
    """`for singer in self.singers.values(): if singer.section_id == number: singer.section_id = None`."""
    asked = asked_with(made.value) if isinstance(made.value, ast.Call) else []
    key = asked[0] if len(asked) == 1 and isinstance(asked[0], ast.Attribute) else None
    table = _table_of(s, made)
    if key is None or table is None or not isinstance(key.value, ast.Name) or not _may_be_none(s, key.attr):
        return
    record = key.value.id
    for function, statement, number in _deletions(s, table):
        if key.attr in ast.unparse(function.node):
            continue
        loop = _loop_over(function, record)
        if loop is None:
            continue
        name, held = ast.unparse(loop.target), ast.unparse(loop.iter)
        cares = any(_cares(other, name) for other in _deleters(function))
        code = f"for {name} in {held}:\n    if {name}.{key.attr} == {number}:\n        {name}.{key.attr} = None\n"
        edits = ((function.module, InsertAfter(statement, code)),)
        summary = f"Clear {key.attr} of every {name} in {function.name}"
        yield Draft(summary, edits, Answer.CORRECT, 0.94 if cares else 0.8)


def _table_of(s: Situation, made: Definition) -> ast.expr | None:
    """The collection that is asked, behind a helper that only asks it."""
    value = made.value
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        return None
    if value.func.attr == "get":
        return value.func.value
    callee = s.project.find_function(made.module, value.func, made.function)
    returned = [n.value for n in callee.own_nodes if isinstance(n, ast.Return)] if callee is not None else []
    only = returned[0] if len(returned) == 1 else None
    inner = isinstance(only, ast.Call) and isinstance(only.func, ast.Attribute) and only.func.attr == "get"
    return only.func.value if inner and isinstance(only, ast.Call) and isinstance(only.func, ast.Attribute) else None


def _may_be_none(s: Situation, name: str) -> bool:
    """Whether a class of the service declares the field so."""
    for module in s.project.modules.values():
        for node in module.classes.values():
            for part in node.body:
                if isinstance(part, ast.AnnAssign) and ast.unparse(part.target) == name:
                    return "None" in ast.unparse(part.annotation) or "Optional" in ast.unparse(part.annotation)
    return False


def _deletions(s: Situation, table: ast.expr) -> Iterator[tuple[Function, ast.stmt, str]]:
    """Where one entry of the table is deleted: `del self.sections[number]`."""
    for function in s.project.functions:
        for statement in function.statements:
            if not isinstance(statement, ast.Delete) or len(statement.targets) != 1:
                continue
            target = statement.targets[0]
            if isinstance(target, ast.Subscript) and same(target.value, table) and isinstance(target.slice, ast.Name):
                yield function, statement, target.slice.id


def _deleters(function: Function) -> list[Function]:
    """The other functions next to it that delete."""
    return [
        f
        for f in function.module.functions
        if f.owner is function.owner
        and f.node is not function.node
        and any(isinstance(n, ast.Delete) for n in f.statements)
    ]


def _cares(function: Function, record: str) -> bool:
    """Whether a deletion goes through the records that refer to what it deletes."""
    loops = [n for n in function.own_nodes if isinstance(n, ast.For)]
    return any(ast.unparse(loop.target) == record for loop in loops)


def _loop_over(function: Function, record: str) -> ast.For | None:
    """How the code next to the deletion goes through the records: by the name it gives them, or to clear them, too."""
    near = [f for f in function.module.functions if f.owner is function.owner and f.node is not function.node]
    loops = [n for f in near for n in f.own_nodes if isinstance(n, ast.For) and isinstance(n.target, ast.Name)]
    reachable = [n for n in loops if _root(n.iter) == "self" or _root(n.iter) in function.module.constants]
    named = [n for n in reachable if ast.unparse(n.target) == record]
    cleared = [n for f in _deleters(function) for n in f.own_nodes if n in reachable]
    return next((n for n in [*named, *cleared] if isinstance(n, ast.For)), None)


def _root(node: ast.expr) -> str:
    return ast.unparse(node).partition(".")[0].partition("(")[0]
