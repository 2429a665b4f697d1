"""What the documentation says of the case: a status of its own, None for the whole, another field of the record."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import (
    BAD_INPUT,
    CONFLICT,
    NOT_FOUND,
    UNAUTHORISED,
    Draft,
    Wish,
    covering,
    guard,
)
from healer.syntax.defaults import says_null
from healer.syntax.edits import InsertBefore, Replace
from healer.syntax.project import COMPREHENSIONS, Module, names_in
from healer.syntax.situation import Situation, anchor, bound_inside

_KINDS = {404: NOT_FOUND, 410: NOT_FOUND, 401: UNAUTHORISED, 403: UNAUTHORISED, 409: CONFLICT, 423: CONFLICT}


def as_documented(s: Situation, culprit: ast.expr, noun: str) -> Iterator[Draft]:
    yield from _promised_status(s, culprit, noun)
    yield from _nothing_at_all(s, culprit)
    yield from _of_the_same_kind(s, culprit)


def _promised_status(s: Situation, culprit: ast.expr, noun: str) -> Iterator[Draft]:
    """`409 for users of no team`: the sentence with the status speaks of what is None."""
    words = [w for w in noun.lower().split() if len(w) > 2]
    for function in {f.node: f for f in (s.route, s.function) if f is not None}.values():
        for clause in re.split(r"[;.]\s+|\n\n", function.docstring):
            status = re.search(r"(?<![\d.])(4\d\d)(?!\d)", clause)
            if status is None or not any(re.search(rf"\b{re.escape(w)}s?\b", clause, re.I) for w in words):
                continue
            if not re.search(r"\b(no|none|without|not|nothing|missing|lacks?|unless|unknown)\b", clause, re.I):
                continue
            kind = _KINDS.get(int(status.group(1)), BAD_INPUT)
            says = f"no {noun}" if kind == CONFLICT else ""
            for place in s.places(culprit):
                yield from guard(s, covering(place), "{0} is None", Wish(kind, noun, says=says), 0.84, 1)


def _nothing_at_all(s: Situation, culprit: ast.expr) -> Iterator[Draft]:
    """A helper that is said to answer None: at once, where a part of what it answers is not there."""
    function = s.function
    if function is None or s.refusals.is_route(function) or not says_null(function):
        return
    if any(isinstance(n, (ast.Call, ast.Await)) for n in ast.walk(culprit)):
        return
    if any(isinstance(a, (ast.For, ast.While, ast.AsyncFor)) for a in s.module.ancestors(s.crash.statement)):
        return
    test, names = f"{s.module.text(culprit)} is None", names_in(culprit)
    if bound_inside(culprit, s.module, culprit):
        made = next((a for a in s.module.ancestors(culprit) if isinstance(a, COMPREHENSIONS)), None)
        if made is None or len(made.generators) != 1 or made.generators[0].ifs:
            return
        one = made.generators[0]
        test = f"any({test} for {s.module.text(one.target)} in {s.module.text(one.iter)})"
        names = names_in(one.iter)
    spot = anchor(s.module, function, s.crash.statement, names)
    edits = ((s.module, InsertBefore(spot, f"if {test}:\n    return None\n")),)
    yield Draft(f"Answer None when {test}", edits, Answer.NATURAL_VALUE, 0.9)


def _of_the_same_kind(s: Situation, culprit: ast.expr) -> Iterator[Draft]:
    """Another field of the same record and type that the documentation names: the billing address for the other."""
    function = s.function
    if function is None or not isinstance(culprit, ast.Attribute):
        return
    for name in _siblings(s, culprit.attr):
        if re.search(rf"\b{re.escape(name.replace('_', ' '))}\b", function.docstring, re.I):
            text, other = s.module.text(culprit), f"{s.module.text(culprit.value)}.{name}"
            edits = ((s.module, Replace(culprit, f"({text} or {other})")),)
            yield Draft(f"Take {other} where {text} is None", edits, Answer.NATURAL_VALUE, 0.92)


def _siblings(s: Situation, name: str) -> list[str]:
    """Fields that a class declares in the same way as this one."""
    for module in s.project.modules.values():
        for node in module.classes.values():
            fields = {
                ast.unparse(p.target): ast.unparse(p.annotation) for p in node.body if isinstance(p, ast.AnnAssign)
            }
            if name in fields:
                return [f for f, kind in fields.items() if kind == fields[name] and f != name]
    return []


def up_the_chain(s: Situation, culprit: ast.expr) -> Iterator[Draft]:
    """`while …: unit = UNITS.get(key); … key = unit["parent"]`: the chain ends where there is nothing more."""
    function, module = s.function, s.module
    if function is None or not isinstance(culprit, ast.Name):
        return
    loop = next((a for a in module.ancestors(s.crash.statement) if isinstance(a, ast.While)), None)
    if loop is None:
        return
    for given in [n for n in loop.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == culprit.id]:
        asked = names_in(given.value)
        again = [n for n in ast.walk(loop) if isinstance(n, ast.Assign) and names_in(n.targets[0]) & asked]
        if culprit.id in asked or any(culprit.id in names_in(n.value) for n in again):
            spot = _after(module, given, loop)
            if spot is not None:
                edits = ((module, InsertBefore(spot, f"if {culprit.id} is None:\n    break\n")),)
                yield Draft(f"Stop where {culprit.id} is None", edits, Answer.CORRECT, 0.99)


def _after(module: Module, statement: ast.stmt, loop: ast.While) -> ast.stmt | None:
    place = loop.body.index(statement)
    return loop.body[place + 1] if place + 1 < len(loop.body) else None
