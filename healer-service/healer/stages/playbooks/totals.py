"""A number that is None because there was nothing to count: 0 where it is given its name, once for all its uses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.bindings import Definition, assignments
from healer.syntax.defaults import of_mean
from healer.syntax.edits import Replace
from healer.syntax.expressions import whole_of, wrap
from healer.syntax.relations import aggregate_in
from healer.syntax.situation import Situation

_NUMERIC = ("round", "int", "float", "abs", "max", "min", "sum", "timedelta", "Decimal", "divmod", "ceil", "floor")


def at_definition(
    s: Situation, expression: ast.expr, culprit: ast.expr, made: Definition, fit: float
) -> Iterator[Draft]:
    if not _counts(s, expression):
        return
    if _is_summed(s, culprit):
        edits = ((s.module, Replace(culprit, f"({s.module.text(culprit)} or 0)")),)
        yield Draft("Take 0 for a sum over no rows", edits, Answer.NATURAL_VALUE, 0.93)
        return
    kind = aggregate_in(made.value)
    if kind in ("avg", "max", "min") and not isinstance(expression, ast.BinOp):
        yield from _of_no_rows(s, expression, culprit)
        return
    value = made.value
    if isinstance(culprit, ast.Name) and s.function is not None:
        given = assignments(s.function, culprit.id)
        if len(given) != 1 or given[0].item or not isinstance(given[0].statement, (ast.Assign, ast.AnnAssign)):
            return
        value = given[0].value
        if isinstance(value, ast.Constant) or _is_optional_get(value):
            return
    elif not kind or value is not culprit:
        return
    loose = isinstance(value, (ast.IfExp, ast.Lambda, ast.NamedExpr))
    text = s.module.text(value)
    code = f"({text}) or 0" if loose else f"{text} or 0"
    code = code if isinstance(culprit, ast.Name) else wrap(s.module, value, code)
    summary = f"Begin at 0 where {s.module.text(culprit)} is None"
    uses = [n for n in (s.function.own_nodes if s.function is not None else ()) if _reads(n, culprit)]
    final = 0.93 if kind else fit + (0.03 if len(uses) > 1 else -0.08)
    yield Draft(summary, ((s.module, Replace(value, code)),), Answer.NATURAL_VALUE, final)


def _is_summed(s: Situation, culprit: ast.expr) -> bool:
    """A column of the row that a query sums up under that name: `SUM(cents) AS cents`."""
    if not isinstance(culprit, ast.Subscript) or not isinstance(culprit.slice, ast.Constant):
        return False
    if not isinstance(culprit.value, ast.Name):
        return False
    made = s.tracer.definitions(culprit.value.id, s.module, s.function, culprit)
    column = re.compile(rf"\bsum\s*\([^()]*\)\s+as\s+{re.escape(str(culprit.slice.value))}\b", re.I)
    texts = [n.value for d in made for n in ast.walk(d.value) if isinstance(n, ast.Constant)]
    return any(isinstance(text, str) and column.search(text) and "group by" not in text.lower() for text in texts)


def _counts(s: Situation, expression: ast.expr) -> bool:
    """Whether the place of failure wants a number."""
    if isinstance(expression, ast.BinOp):
        strings = [n for n in (expression.left, expression.right) if isinstance(n, (ast.JoinedStr, ast.Constant))]
        return not any(isinstance(n, ast.JoinedStr) or isinstance(n.value, str) for n in strings) and not isinstance(
            expression.op, ast.Mod
        )
    if isinstance(expression, ast.Call):
        return ast.unparse(expression.func).rpartition(".")[2] in _NUMERIC and len(expression.args) > 0
    if isinstance(expression, ast.Compare):
        return isinstance(expression.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE)) and bool(
            aggregate_in(expression) or isinstance(expression.left, ast.Name)
        )
    return isinstance(s.crash.statement, ast.AugAssign)


def _is_optional_get(value: ast.expr) -> bool:
    """A field that may be left out has a default of its own to be given."""
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "get"


def _reads(node: ast.AST, name: ast.expr) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id == ast.unparse(name)


def _of_no_rows(s: Situation, expression: ast.expr, culprit: ast.expr) -> Iterator[Draft]:
    """An extreme or a mean of no rows, where it is rounded or shown."""
    whole, text = whole_of(s.module, expression), s.module.text(culprit)
    if any(isinstance(n, (ast.Call, ast.Await)) for n in ast.walk(culprit)):
        return
    for value, fits in of_mean(s, s.module, whole, s.function):
        code = wrap(s.module, whole, f"{s.module.text(whole)} if {text} is not None else {value}")
        edits = ((s.module, Replace(whole, code)),)
        yield Draft(f"Answer {value} when there are no rows", edits, Answer.NATURAL_VALUE, 0.4 + 0.6 * fits)
