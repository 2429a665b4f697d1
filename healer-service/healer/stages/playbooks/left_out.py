"""What a client may leave out, and left out: no filter, no change, nothing to go through. It refuses nothing."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Replace, ReplaceStatement
from healer.syntax.project import COMPREHENSIONS, Module
from healer.syntax.relations import acts
from healer.syntax.situation import Situation, bound_inside

_COLLECTING = ("append", "add", "extend", "setdefault", "update", "insert")


def for_left_out(s: Situation, expression: ast.expr, culprit: ast.expr) -> Iterator[Draft]:
    """Drafts for a parameter or field of the request that is declared to be None when it is not given."""
    module, text = s.module, s.module.text(culprit)
    if any(isinstance(n, (ast.Call, ast.Await)) for n in ast.walk(culprit)) or bound_inside(culprit, module, culprit):
        return
    chosen = _selecting(module, expression, s.crash.statement)
    if chosen is not None:
        test, selects = chosen
        whole = module.text(test)
        loose = isinstance(test, (ast.BoolOp, ast.IfExp, ast.Lambda))
        inner = f"({whole})" if loose else whole
        code = f"{text} is None or {inner}" if selects else f"{text} is not None and {inner}"
        if isinstance(module.parents.get(test), (ast.BoolOp, ast.UnaryOp)) and selects:
            code = f"({code})"
        summary = f"Select by {text} only when it is given"
        yield Draft(summary, ((module, Replace(test, code)),), Answer.NATURAL_VALUE, 0.9)
    statement = s.crash.statement
    if acts(s) and isinstance(statement, (ast.Assign, ast.AugAssign)) and _is_record(statement):
        body = textwrap.indent(textwrap.dedent(module.text(statement)), "    ")
        if "\n" not in body:
            code = f"if {text} is not None:\n{body}\n"
            summary = f"Change nothing when {text} is not given"
            changing = s.report.request is not None and s.report.request.method.upper() in ("PATCH", "PUT")
            edits = ((module, ReplaceStatement(statement, code)),)
            yield Draft(summary, edits, Answer.NATURAL_VALUE, 0.88 if changing else 0.7)


def _is_record(statement: ast.Assign | ast.AugAssign) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return all(isinstance(t, (ast.Attribute, ast.Subscript)) for t in targets)


def _selecting(module: Module, expression: ast.expr, statement: ast.stmt) -> tuple[ast.expr, bool] | None:
    """The test that an expression is part of where it picks items, and whether the test lets them in."""
    current: ast.expr = expression
    for ancestor in module.ancestors(expression):
        if isinstance(ancestor, ast.comprehension):
            return (current, True) if current in ancestor.ifs else None
        if isinstance(ancestor, ast.If) and ancestor.test is current:
            return _of_branch(current, ancestor.body)
        if isinstance(ancestor, ast.Return) and isinstance(current, (ast.Compare, ast.BoolOp)):
            return current, True
        if isinstance(ancestor, ast.BoolOp) and isinstance(ancestor.op, ast.And):
            outer = module.parents.get(ancestor)
            if isinstance(outer, ast.comprehension) and ancestor in outer.ifs:
                return current, True
            if isinstance(outer, ast.Return):
                return current, True
            if isinstance(outer, ast.If) and outer.test is ancestor:
                return _of_branch(current, outer.body)
            return None
        if isinstance(ancestor, (ast.stmt, ast.Lambda, *COMPREHENSIONS)) or not isinstance(ancestor, ast.expr):
            return None
        current = ancestor
    return None


def _of_branch(test: ast.expr, body: list[ast.stmt]) -> tuple[ast.expr, bool] | None:
    if isinstance(body[0], ast.Continue):
        return test, False
    calls = [n for one in body for n in ast.walk(one) if isinstance(n, ast.Call)]
    collects = any(isinstance(c.func, ast.Attribute) and c.func.attr in _COLLECTING for c in calls)
    counts = all(isinstance(one, (ast.AugAssign, ast.Expr)) for one in body)
    return (test, True) if collects or counts else None
