"""Tests in a function that protect something, and whether they still do: as strong, as often, with no way around."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from healer.model import Finding
from healer.stages.guardrails.answers import refuses
from healer.stages.guardrails.conditions import Parts, alternatives, covers, normal, without_presence
from healer.stages.guardrails.rules import finding, words
from healer.stages.guardrails.trees import FunctionNode, Side, Trees
from healer.stages.guardrails.watches import Watch

_FILLS = words("add append extend update insert setdefault")


@dataclass(frozen=True)
class _Guard:
    node: ast.If | ast.Assert
    text: str  # of its test
    refusing: bool
    around: tuple[str, ...]
    exits: int  # ways out of the function before it that refuse nothing


def weakened(trees: Trees, name: str, watch: Watch, guards: list[_Guard], known: list[_Guard]) -> Iterator[Finding]:
    for guard in guards:
        wanted = alternatives(guard.node.test, trees.before.names)
        strict = _speaks_of(guard, watch)
        there = [
            g
            for g in known
            if g.refusing == guard.refusing and _is_as_strong(trees, g, guard.text, wanted, strict, watch)
        ]
        if not there:
            at = next((g.node for g in known if g.node.lineno >= guard.node.lineno), 0)
            yield finding(watch.number, at, f"A {watch.what} in {name} is gone or weaker: {guard.text[:80]}.")
        elif not any(set(g.around) <= set(guard.around) for g in there):
            yield finding(watch.number, there[0].node, f"A {watch.what} in {name} no longer applies always.")
        elif not any(g.exits <= guard.exits for g in there):
            yield finding(watch.number, there[0].node, f"There is a way out of {name} before its {watch.what}.")


def changed_subjects(old: FunctionNode, new: FunctionNode, guards: list[_Guard]) -> Iterator[ast.AST]:
    """Where what a check looks at, given from outside, is made or filled anew before it is asked."""
    args = new.args
    given = {arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)} - {"self", "cls"}
    asked = {n.id for guard in guards for n in ast.walk(guard.node.test) if isinstance(n, ast.Name)} & given
    known = {ast.dump(node) for node in ast.walk(old)}
    for node in ast.walk(new):
        if ast.dump(node) in known:
            continue
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(_root(target) in asked for target in targets) and not _is_fallback(node.value):
                yield node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _FILLS:
            if _root(node.func.value) in asked:
                yield node


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_fallback(value: ast.expr) -> bool:
    """`x = x or ""`, `x = x.strip()`: the same with less to trip over."""
    return (
        any(isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) for node in ast.walk(value))
        and not isinstance(value, ast.Call)
    ) or (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr in ("strip", "lower", "removeprefix")
    )


def _is_as_strong(trees: Trees, guard: _Guard, text: str, wanted: Parts, strict: bool, watch: Watch) -> bool:
    """Where only the status tells that it is a check, it may leave out what is not there to be compared."""
    if watch.number != 4 and guard.text == text:
        return True
    given = alternatives(guard.node.test, trees.after.names)
    if not guard.refusing:
        return covers(wanted, given)
    return covers(given, wanted) or (not strict and covers(without_presence(given), wanted))


def is_guard(guard: _Guard, watch: Watch) -> bool:
    if _speaks_of(guard, watch):
        return True
    return guard.refusing and isinstance(guard.node, ast.If) and bool(_statuses(guard.node.body) & watch.statuses)


def _speaks_of(guard: _Guard, watch: Watch) -> bool:
    return bool(watch.words.search(guard.text) or watch.calls.search(guard.text))


def tests_of(side: Side, function: FunctionNode) -> Iterator[_Guard]:
    exits = 0
    inside = [n for n in ast.walk(function) if isinstance(n, ast.stmt) and side.function_of(n) is function]
    for node in sorted(inside, key=lambda n: (n.lineno, n.col_offset)):
        if isinstance(node, (ast.If, ast.Assert)):
            refusing = isinstance(node, ast.Assert) or refuses(node.body)
            yield _Guard(node, ast.unparse(node.test), refusing, tuple(around(side, node, function)), exits)
        elif isinstance(node, ast.Return) and not denies(node):
            exits += 1


def denies(statement: ast.Return) -> bool:
    value = statement.value
    said_no = isinstance(value, ast.Constant) and value.value is False
    return said_no or refuses([statement])


def _statuses(body: Sequence[ast.stmt]) -> set[object]:
    found: set[object] = {
        n.value for s in body for n in ast.walk(s) if isinstance(n, ast.Constant) and type(n.value) is int
    }
    for match in re.findall(r"HTTP_(\d{3})", " ".join(map(ast.unparse, body))):
        found.add(int(match))
    return found


def around(side: Side, node: ast.AST, function: ast.AST) -> Iterator[str]:
    child = node
    for outer in side.above(node):
        if outer is function:
            return
        if isinstance(outer, (ast.If, ast.While)) and child is not outer.test:
            yield ("" if child in outer.body else "not ") + normal(outer.test)
        elif isinstance(outer, (ast.Try, ast.TryStar)):
            if child in outer.body and not all(refuses(handler.body) for handler in outer.handlers):
                yield "Try"
        elif isinstance(outer, (ast.For, ast.AsyncFor, ast.match_case, ast.ExceptHandler)):
            yield type(outer).__name__
        child = outer
