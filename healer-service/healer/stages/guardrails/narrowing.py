"""Rules 4, 5 and 28 in expressions: comparisons that a function answers, and what a query is narrowed down to.

The tests of an `if` are looked at in guards.py.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.answers import refuses
from healer.stages.guardrails.conditions import normal
from healer.stages.guardrails.rules import finding, words
from healer.stages.guardrails.trees import Side, Trees
from healer.stages.guardrails.watches import Watch, pattern_of

_QUERIES = words("filter_by filter get get_or_404 first_or_404 find find_one where select update delete exclude")
_WHOSE = pattern_of(
    r"owner|user_?id|account|tenant|customer|member|author|created_by|role|public|visible|deleted|active"
)


def about_columns(trees: Trees) -> Iterator[Finding]:
    """Statements in SQL that no longer ask whose a row is."""
    now = [n.value for n in trees.after.nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    kept = {column for text in now for column in _narrowed_by(text)}
    for gone in trees.removed(ast.Constant):
        if isinstance(gone.value, str):
            for column in sorted(_narrowed_by(gone.value) - kept):
                yield finding(4, 0, f"A query is no longer narrowed down by {column}.")


def _narrowed_by(text: str) -> set[str]:
    """Columns that tell whose a row is, where a statement asks for them."""
    condition = re.split(r"\bwhere\b", text, maxsplit=1, flags=re.IGNORECASE)
    asked = re.findall(
        r"([\w.]+)\s*(?:=|<>|!=|\bin\b|\bis\b)", condition[1] if len(condition) > 1 else "", re.IGNORECASE
    )
    return {column.lower() for column in asked if _WHOSE.search(column)}


def about_atoms(trees: Trees, watch: Watch) -> Iterator[Finding]:
    """Comparisons and filters that are no test of an `if`: what a function returns, what a query asks for."""
    now = Counter(_atom(node, trees.after) for node in trees.after.nodes if _is_atom(trees.after, node))
    tests = {id(n) for g in trees.before.nodes if isinstance(g, (ast.If, ast.Assert)) for n in ast.walk(g.test)}
    for node in trees.before.nodes:
        if not _is_atom(trees.before, node) or id(node) in tests:
            continue
        text = _atom(node, trees.before)
        said = node.arg or "" if isinstance(node, ast.keyword) else text
        if watch.words.search(said) and watch.number in (4, 5, 28):
            if now[text] <= 0:
                yield finding(watch.number, 0, f"A {watch.what} is gone or weaker: {text[:80]}.")
            now[text] -= 1
    for choice in trees.added(ast.BoolOp):
        statement = next((outer for outer in trees.after.above(choice) if isinstance(outer, ast.stmt)), None)
        refusing = isinstance(statement, ast.If) and refuses(statement.body)
        plain = [value for value in choice.values if watch.words.search(ast.unparse(value)) and _is_test_like(value)]
        if not (isinstance(choice.op, ast.Or) and plain and watch.number == 4) or refusing:
            continue
        old = {_atom(n, trees.before) for n in trees.before.nodes if isinstance(n, ast.expr)}
        if any(normal(value, trees.after.names) in old for value in plain):
            yield finding(
                watch.number, choice, f"A {watch.what} has one more way around it: {ast.unparse(choice)[:80]}."
            )


def _is_test_like(value: ast.expr) -> bool:
    return isinstance(value, (ast.Compare, ast.UnaryOp)) or (
        isinstance(value, (ast.Attribute, ast.Call))
        and re.search(r"\b(is|has|can|may)_|allowed|check", ast.unparse(value)) is not None
    )


def _is_atom(side: Side, node: ast.AST) -> bool:
    """A comparison, or what a query is narrowed down to."""
    if isinstance(node, ast.keyword):
        call = side.parents.get(node)
        return isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in _QUERIES
    return isinstance(node, ast.Compare)


def _atom(node: ast.AST, side: Side) -> str:
    if isinstance(node, ast.keyword):
        return f"{node.arg}={normal(node.value, side.names)}"
    return normal(node, side.names) if isinstance(node, ast.expr) else ""
