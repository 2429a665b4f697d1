"""A dict, set or list changed in the loop over it: the loop runs over a copy, or from the end."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.stages.playbooks.searches import of_spent_generator
from healer.syntax.edits import Replace
from healer.syntax.situation import Situation

CATEGORIES = ("changed-while-iterated", "empty-sequence")
NAME = "changed-while-iterated"


def draft(s: Situation) -> Iterator[Draft]:
    if s.crash.category == "empty-sequence":
        yield from _shrinking(s)
        if "generator raised StopIteration" in s.report.exception.message:
            yield from of_spent_generator(s)
        return
    for rank, (_, iterated) in enumerate(s.crash.pairs[:3]):
        text = s.module.text(iterated)
        edits = ((s.module, Replace(iterated, f"list({text})")),)
        yield Draft(f"Loop over a copy of {text}", edits, Answer.CORRECT, 0.9 - 0.1 * rank)


def _shrinking(s: Situation) -> Iterator[Draft]:
    """`for i in range(len(items))` that takes items away: from the end nothing moves up."""
    for node in [s.crash.statement, *s.module.ancestors(s.crash.statement)]:
        if not isinstance(node, ast.For) or not isinstance(node.target, ast.Name):
            continue
        holder = _counted(node.iter)
        if holder is not None and any(_takes_away(n, ast.unparse(holder)) for one in node.body for n in ast.walk(one)):
            edits = ((s.module, Replace(node.iter, f"reversed({s.module.text(node.iter)})")),)
            yield Draft(f"Go through {ast.unparse(holder)} from the end", edits, Answer.CORRECT, 0.94)
            return


def _counted(node: ast.expr) -> ast.expr | None:
    """Of `range(len(items))` the items."""
    inner = node.args[0] if isinstance(node, ast.Call) and ast.unparse(node.func) == "range" and node.args else None
    if isinstance(inner, ast.Call) and ast.unparse(inner.func) == "len" and inner.args:
        return inner.args[0]
    return None


def _takes_away(node: ast.AST, holder: str) -> bool:
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Del):
        return ast.unparse(node.value) == holder
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("pop", "remove"):
        return ast.unparse(node.func.value) == holder
    return False
