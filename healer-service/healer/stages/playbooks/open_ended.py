"""A bound that may be None, compared: what other comparisons with the same bound take None for, no end or no match."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Replace
from healer.syntax.project import same
from healer.syntax.situation import Situation
from healer.syntax.treatments import asked_for, identity

_GREATER, _LESS = (ast.Gt, ast.GtE), (ast.Lt, ast.LtE)


def without_end(s: Situation, expression: ast.expr, culprit: ast.expr) -> Iterator[Draft]:
    """`end is None or day <= end` elsewhere says that None never comes; here `end < day` is not so, then."""
    side = _side(expression, culprit)
    if not side or not isinstance(culprit, (ast.Name, ast.Attribute, ast.Subscript)):
        return
    open_ended, left_out = _taken_for(s, culprit)
    if len(open_ended) != 1 and (open_ended or side not in left_out):
        return
    holds = open_ended == {side}
    text, whole = s.module.text(culprit), s.module.text(expression)
    code = f"{text} is None or {whole}" if holds else f"{text} is not None and {whole}"
    if isinstance(s.module.parents.get(expression), (ast.BoolOp, ast.UnaryOp)):
        code = f"({code})"
    summary = f"Take {text} for {'open' if holds else 'no match'} where it is None, as elsewhere"
    yield Draft(summary, ((s.module, Replace(expression, code)),), Answer.NATURAL_VALUE, 0.94)


def _side(comparison: ast.AST, bound: ast.expr) -> str:
    """Whether the comparison holds for a very late, or a very early, bound; "" for what is no such comparison."""
    if not isinstance(comparison, ast.Compare) or len(comparison.ops) != 1:
        return ""
    left, right, order = comparison.left, comparison.comparators[0], comparison.ops[0]
    if not isinstance(order, (*_GREATER, *_LESS)) or not (same(left, bound) or same(right, bound)):
        return ""
    return "late" if isinstance(order, _GREATER) == same(left, bound) else "early"


def _taken_for(s: Situation, bound: ast.expr) -> tuple[set[str], set[str]]:
    """Elsewhere: the comparisons that None passes, and those that it does not pass."""
    wanted = identity(s, s.module, bound)
    passing: set[str] = set()
    failing: set[str] = set()
    for module in s.project.modules.values() if wanted else ():
        for node in module.nodes:
            if not isinstance(node, ast.BoolOp):
                continue
            for test, after in zip(node.values, node.values[1:], strict=False):
                asked = asked_for(test)
                if asked is None or identity(s, module, asked[0]) != wanted or not _side(after, asked[0]):
                    continue
                if asked[2] == isinstance(node.op, ast.Or):
                    (passing if asked[2] else failing).add(_side(after, asked[0]))
    return passing, failing
