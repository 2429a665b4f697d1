"""A None that is one item of a loop: the item is left out of what the loop collects."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.defaults import said_of_nothing
from healer.syntax.edits import InsertBefore
from healer.syntax.expressions import whole_of
from healer.syntax.project import Module, names_in, same
from healer.syntax.situation import Situation, anchor, bound_inside


def left_out_of_loop(s: Situation, expression: ast.expr, culprit: ast.expr) -> Iterator[Draft]:
    """`if club is None: continue`, where the loop groups or counts by what is None."""
    module, function = s.module, s.function
    if function is None or any(isinstance(n, (ast.Call, ast.Await)) for n in ast.walk(culprit)):
        return
    if bound_inside(culprit, module, culprit):
        return
    loop = next((a for a in module.ancestors(s.crash.statement) if isinstance(a, (ast.For, ast.AsyncFor))), None)
    if loop is None or any(isinstance(n, ast.Return) for n in ast.walk(loop)):
        return
    stored = {n.id for n in ast.walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    if not names_in(culprit) & stored or said_of_nothing(function):
        return
    uses = [n for n in ast.walk(loop) if isinstance(n, ast.expr) and same(n, culprit)]
    grouped = _is_key(module, whole_of(module, expression))
    sure = grouped or _is_collected(module, whole_of(module, expression))
    fit = 0.92 if _neighbours_skip(s, culprit) else 0.84 if sure else 0.68 if len(uses) > 2 else 0.5
    spot = anchor(module, function, s.crash.statement, names_in(culprit))
    edits = ((module, InsertBefore(spot, f"if {module.text(culprit)} is None:\n    continue\n")),)
    yield Draft(f"Leave out items whose {module.text(culprit)} is None", edits, Answer.NATURAL_VALUE, fit)


def _is_key(module: Module, node: ast.expr) -> bool:
    """Whether items are put together by it."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.Subscript) and parent.slice is node:
        return True
    if not isinstance(parent, ast.Call) or not isinstance(parent.func, ast.Attribute):
        return False
    return parent.func.attr in ("setdefault", "get") and bool(parent.args) and parent.args[0] is node


def _is_collected(module: Module, node: ast.expr) -> bool:
    """Whether the loop collects just what would be read of it: `told.append(person.email.lower())`."""
    parent = module.parents.get(node)
    return (
        isinstance(parent, ast.Call)
        and isinstance(parent.func, ast.Attribute)
        and parent.func.attr in ("append", "add")
        and parent.args == [node]
    )


def _neighbours_skip(s: Situation, culprit: ast.expr) -> bool:
    """Other loops that go on with the next item where the same attribute or name is None."""
    last = ast.unparse(culprit).rpartition(".")[2]
    for module in s.project.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.If) and isinstance(node.body[0], ast.Continue):
                test = ast.unparse(node.test).removeprefix("not ").removesuffix(" is None")
                if test.rpartition(".")[2] == last:
                    return True
    return False
