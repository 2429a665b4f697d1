"""Slips that a comparison shows: a guard whose sibling asks otherwise, a guard copied without its new name, a name that
was made and then not used.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft, answer_of
from healer.syntax.bindings import assignments
from healer.syntax.edits import Replace
from healer.syntax.failing import visible
from healer.syntax.project import Function, names_in, same
from healer.syntax.refusals import Refusal
from healer.syntax.situation import Situation
from healer.syntax.values import Unknown

CATEGORIES = (
    *("none-dereference", "missing-key", "empty-sequence", "wrong-type", "missing-attribute", "zero-division"),
    *("conversion", "unpacking", "missing-member"),
)
NAME = "sibling-guards"


def draft(s: Situation) -> Iterator[Draft]:
    if s.function is None:
        return
    yield from _name_made_in_vain(s, s.function)
    before = [
        r
        for r in s.refusals.all
        if r.function is not None
        and r.function.node is s.function.node
        and r.test is not None
        and r.node.lineno < s.crash.statement.lineno
    ]
    for refusal in before:
        yield from _asked_twice(s, before, refusal)
        yield from _asked_otherwise(s, s.function, refusal)
        yield from _asked_of_another_table(s, s.function, refusal)


def _asked_twice(s: Situation, before: list[Refusal], refusal: Refusal) -> Iterator[Draft]:
    """`if start not in KM` for a second time, before a message that shows `end`."""
    assert refusal.test is not None
    first = next((r for r in before if r is not refusal and r.node.lineno < refusal.node.lineno), None)
    twice = any(same(r.test, refusal.test) for r in before if r.node.lineno < refusal.node.lineno)
    if first is None or not twice:
        return
    local = _locals(s)
    asked = names_in(refusal.test) & local
    forgotten = {n.id for n in visible(s.crash.statement) if isinstance(n, ast.Name)} & local
    forgotten = {n for n in forgotten if not any(n in names_in(r.test) for r in before if r.test is not None)}
    shown = names_in(refusal.message) & forgotten if refusal.message is not None else set()
    forgotten = shown or forgotten
    if len(asked) != 1 or len(forgotten) != 1:
        return
    old, new = asked.pop(), forgotten.pop()
    edits = tuple(
        (s.module, Replace(n, new)) for n in ast.walk(refusal.test) if isinstance(n, ast.Name) and n.id == old
    )
    yield Draft(f"Ask for {new} where {old} is asked for twice", edits, answer_of(refusal.status or 400), 0.98)


def _locals(s: Situation) -> set[str]:
    assert s.function is not None
    stored = {n.id for n in s.function.own_nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return stored | {a.arg for a in s.function.params}


def _asked_otherwise(s: Situation, function: Function, refusal: Refusal) -> Iterator[Draft]:
    """A guard with the words of a sibling's, about the same things, that does not ask the same."""
    assert refusal.test is not None
    for other in s.refusals.all:
        if other.test is None or other.function is None or other.function.node is function.node:
            continue
        if other.status != refusal.status or not same(other.message, refusal.message) or other.module is not s.module:
            continue
        if same(other.test, refusal.test) or not names_in(other.test) <= names_in(refusal.test) | set(
            s.module.constants
        ):
            continue
        tables = set(s.module.constants)
        if names_in(other.test) - tables != names_in(refusal.test) - tables or not _agreed(s, other):
            continue
        if not names_in(other.test) & names_in(refusal.test) & tables:
            continue
        code = other.module.text(other.test)
        edits = ((s.module, Replace(refusal.test, code)),)
        summary = f"Ask what {other.function.name} asks: {code}"
        yield Draft(summary, edits, answer_of(refusal.status or 400), 0.98)
        return


def _asked_of_another_table(s: Situation, function: Function, refusal: Refusal) -> Iterator[Draft]:
    """`if key not in PLAYERS: …` and then `COACHES[key]`, where nothing else is done with PLAYERS."""
    test, expression = refusal.test, s.crash.expression
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.NotIn):
        return
    asked = test.comparators[0]
    if (
        not isinstance(expression, ast.Subscript)
        or not same(expression.slice, test.left)
        or same(expression.value, asked)
    ):
        return
    uses = [n for n in function.own_nodes if isinstance(n, (ast.Name, ast.Attribute)) and same(n, asked)]
    if s.crash.category == "missing-key" and len(uses) == 1 and _is_home_elsewhere(s, function, expression.value):
        edits = ((s.module, Replace(expression.value, s.module.text(asked))),)
        summary = f"Look {ast.unparse(test.left)} up in {ast.unparse(asked)}, which was asked for it"
        yield Draft(summary, edits, Answer.CORRECT, 1.0)


def _is_home_elsewhere(s: Situation, function: Function, table: ast.expr) -> bool:
    """Whether another function reads the table by a key that it asked this table for: there the line is at home."""
    return any(
        r.function is not None
        and r.function.node is not function.node
        and isinstance(r.test, ast.Compare)
        and same(r.test.comparators[0], table)
        for r in s.refusals.all
    )


def _agreed(s: Situation, refusal: Refusal) -> bool:
    """Not one that itself is odd among its kind: more than half of those with its words ask as it does."""
    alike = [r for r in s.refusals.all if r.test is not None and same(r.message, refusal.message)]
    agreeing = [r for r in alike if same(r.test, refusal.test)]
    return len(agreeing) * 2 >= len(alike)


def _name_made_in_vain(s: Situation, function: Function) -> Iterator[Draft]:
    """A local that nothing reads, right before a line that reads another name and crashes for it."""
    read = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    unread = {
        n.id: n
        for n in function.own_nodes
        if isinstance(n, ast.Name)
        and isinstance(n.ctx, ast.Store)
        and n.id not in read
        and not n.id.startswith("_")
        and n.lineno < s.crash.statement.lineno
    }
    for name in sorted(unread):
        made = assignments(function, name)
        value = s.crash.value_of(ast.Name(name, ast.Load()))
        if len(made) != 1 or not isinstance(made[0].statement, (ast.Assign, ast.AnnAssign)) or value is None:
            continue
        for expression, culprit in s.crash.pairs[:1]:
            meant = (
                expression.slice
                if isinstance(expression, ast.Subscript) and s.crash.category == "missing-key"
                else culprit
            )
            if not isinstance(meant, ast.Name) or meant.id not in _locals(s) | set(s.crash.names):
                continue
            # The new value was made from the old one, and the old one is still what is used.
            follows = meant.id in names_in(made[0].value) or _fits(s, expression, value)
            if follows:
                edits = ((s.module, Replace(meant, name)),)
                yield Draft(f"Use {name}, which was made and is not read", edits, Answer.CORRECT, 1.0)


def _fits(s: Situation, expression: ast.expr, value: object) -> bool:
    """Whether the table has it."""
    if not isinstance(expression, ast.Subscript) or isinstance(value, (Unknown, list, dict, set)):
        return False
    table = s.seen(expression.value)
    return isinstance(table, dict) and value in table
