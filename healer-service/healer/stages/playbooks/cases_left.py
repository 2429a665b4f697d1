"""A function that answers for some cases and falls off its end for the rest: the answer for the rest."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.defaults import promises_refusal, said_of_nothing
from healer.syntax.edits import InsertAfter, Replace
from healer.syntax.fallbacks import stand_in_constants
from healer.syntax.project import Function
from healer.syntax.situation import Situation


def at_the_end(s: Situation, callee: Function) -> Iterator[Draft]:
    if any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in callee.own_nodes) or _may_be_none(callee):
        return
    last = callee.node.body[-1]
    returned = [n.value for n in callee.own_nodes if isinstance(n, ast.Return) and n.value is not None]
    values = [v for v in returned if not (isinstance(v, ast.Constant) and v.value is None)]
    explicit = isinstance(last, ast.Return) and (last.value is None or _is_none(last.value))
    if not values or not (explicit or isinstance(last, (ast.If, ast.For, ast.While, ast.Try, ast.Match))):
        return
    for code, fit in _rest(s, callee, values):
        edit = InsertAfter(last, f"return {code}\n")
        if isinstance(last, ast.Return) and last.value is not None:
            edits = ((callee.module, Replace(last.value, code)),)
            yield Draft(f"Answer {code} for the rest in {callee.name}", edits, Answer.NATURAL_VALUE, fit)
        elif not explicit:
            fresh = ((callee.module, edit),)
            yield Draft(f"Answer {code} for the rest in {callee.name}", fresh, Answer.NATURAL_VALUE, fit)


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _may_be_none(callee: Function) -> bool:
    """The signature or the documentation says that None is an answer."""
    declared = ast.unparse(callee.node.returns) if callee.node.returns is not None else ""
    return "None" in declared or "Optional" in declared or " none " in f" {callee.docstring.lower()} "


def _rest(s: Situation, callee: Function, values: list[ast.expr]) -> Iterator[tuple[str, float]]:
    last_step = _last_step(callee)
    if last_step:
        # Where the documentation speaks of the rest, it says so itself.
        yield last_step, 0.78 if re.search(r"\b(otherwise|else|above that|beyond|rest)\b", callee.docstring) else 0.9
    kinds = {type(v.value) for v in values if isinstance(v, ast.Constant)}
    for function in (callee, s.route):
        said = said_of_nothing(function) if function is not None and not promises_refusal(function) else ""
        if said and (kinds == {str} or not kinds):
            yield f'"{said}"', 0.9
    for name, promised in stand_in_constants(callee.module, [callee.docstring, s.route.docstring if s.route else ""]):
        value = callee.module.constants[name]
        if isinstance(value, ast.Constant) and (not kinds or type(value.value) in kinds):
            yield name, 0.92 if promised else 0.84


def _last_step(callee: Function) -> str:
    """`for limit, cents in STEPS: if days <= limit: return cents`: beyond the last limit the last entry holds."""
    loop = callee.node.body[-1]
    if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Tuple) or len(loop.body) != 1:
        return ""
    only, names = loop.body[0], [ast.unparse(t) for t in loop.target.elts]
    if not isinstance(only, ast.If) or not isinstance(only.test, ast.Compare) or len(only.body) != 1:
        return ""
    end = only.body[0]
    rising = isinstance(only.test.ops[0], (ast.Lt, ast.LtE)) and ast.unparse(only.test.comparators[-1]) in names
    given = ast.unparse(end.value) if isinstance(end, ast.Return) and end.value is not None else ""
    if not rising or given not in names or any(isinstance(n, ast.Call) for n in ast.walk(loop.iter)):
        return ""
    return f"{callee.module.text(loop.iter)}[-1][{names.index(given)}]"
