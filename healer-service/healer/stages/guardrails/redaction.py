"""Rule 28 in what redacts: nothing leaves it, and nothing is kept out of it, before it has hidden what it is to hide.

It knows such a function by its name, or by the stars that it puts in place of a value.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.conditions import normal
from healer.stages.guardrails.guards import denies
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import FunctionNode, Side, Trees

_NAMES = re.compile(r"redact|(^|_|\.)mask|scrub|anonymi|censor|pseudonym|obfuscat|strip_pii", re.IGNORECASE)
_STARS = re.compile(r"^\W*(\*{3,}|redacted|filtered|masked)\W*$", re.IGNORECASE)


def about_redaction(trees: Trees) -> Iterator[Finding]:
    if trees.is_test:
        return
    for name, old, new in trees.pairs:
        if not _NAMES.search(name) and not any(map(_has_stars, ast.walk(old))):
            continue
        first = min((s.lineno for s in _hiding(trees.after, new)), default=0)
        known = {_place(trees.before, way, old) for way in _ways_out(trees.before, old)}
        for way in _ways_out(trees.after, new):
            if way.lineno < first and _place(trees.after, way, new) not in known and not _is_of_nothing(trees, way):
                yield finding(28, way, f"There is a way out of {name} before it redacts.")
        yield from _only_at_times(trees, name, old, new)


def _has_stars(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and _STARS.search(node.value) is not None


def _hides(node: ast.AST) -> bool:
    return _has_stars(node) or (isinstance(node, ast.Call) and _NAMES.search(ast.unparse(node.func)) is not None)


def _hiding(side: Side, function: FunctionNode) -> Iterator[ast.stmt]:
    """The statements that hide something; of a function that does so in some other way its last one."""
    found = [n for statement in function.body for n in ast.walk(statement) if _hides(n)]
    statements = [next((o for o in (n, *side.above(n)) if isinstance(o, ast.stmt)), function) for n in found]
    yield from statements or function.body[-1:]


def _ways_out(side: Side, function: FunctionNode) -> Iterator[ast.stmt]:
    """Statements that end the function, or one turn of a loop in it, and hide nothing themselves."""
    for node in ast.walk(function):
        if not isinstance(node, (ast.Return, ast.Continue, ast.Break)) or side.function_of(node) is not function:
            continue
        refused = isinstance(node, ast.Return) and denies(node)
        if not refused and not any(map(_hides, ast.walk(node))):
            yield node


def _place(side: Side, node: ast.stmt, function: FunctionNode) -> tuple[str, ...]:
    return ast.dump(node), *(text for text, _ in _conditions(side, node, function))


def _conditions(side: Side, node: ast.stmt, function: FunctionNode) -> Iterator[tuple[str, ast.expr]]:
    child: ast.AST = node
    for outer in side.above(node):
        if outer is function:
            return
        if isinstance(outer, ast.If) and child is not outer.test:
            yield ("" if child in outer.body else "not ") + normal(outer.test), outer.test
        child = outer


def _is_of_nothing(trees: Trees, way: ast.stmt) -> bool:
    """`if not values: return values` lets nothing out, and neither does an answer that is written out."""
    if isinstance(way, ast.Return):
        value = ast.unparse(way.value) if way.value is not None else "None"
        named = any(isinstance(node, (ast.Name, ast.Call)) for node in ast.walk(way))
        if not named and value != "True":
            return True
    else:
        value = ""
    outer = trees.after.parents.get(way)
    absent = _absent(outer.test) if isinstance(outer, ast.If) and way in outer.body else ""
    return bool(absent) and (value == absent or isinstance(way, ast.Continue))


def _absent(test: ast.expr) -> str:
    """The name of what a test asks to be missing: `not values`, `values is None`."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand.id if isinstance(test.operand, ast.Name) else ""
    if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and isinstance(test.ops[0], ast.Is):
        return test.left.id if ast.unparse(test.comparators[0]) == "None" else ""
    return ""


def _only_at_times(trees: Trees, name: str, old: FunctionNode, new: FunctionNode) -> Iterator[Finding]:
    """What was always hidden is hidden under a condition now that is about something else."""
    kept = {ast.dump(s): {text for text, _ in _conditions(trees.before, s, old)} for s in _hiding(trees.before, old)}
    for statement in _hiding(trees.after, new):
        before = kept.get(ast.dump(statement))
        if before is None:
            continue
        fresh = [test for text, test in _conditions(trees.after, statement, new) if text not in before]
        if any(not _is_presence(test, ast.unparse(statement)) for test in fresh):
            yield finding(28, statement, f"{name} redacts only at times.")


def _is_presence(test: ast.expr, hidden: str) -> bool:
    """Whether it asks for what is to be hidden, or its kind."""
    if isinstance(test, ast.BoolOp):
        return isinstance(test.op, ast.And) and all(_is_presence(part, hidden) for part in test.values)
    subject: ast.expr | None = test
    if isinstance(test, ast.Compare):
        subject = test.comparators[0] if isinstance(test.ops[0], ast.In) else test.left
        if not isinstance(test.ops[0], (ast.IsNot, ast.In)):
            return False
    elif isinstance(test, ast.Call):
        subject = test.args[0] if ast.unparse(test.func) == "isinstance" and test.args else None
    return isinstance(subject, (ast.Name, ast.Attribute, ast.Subscript)) and ast.unparse(subject) in hidden
