"""What is not there, answered as other code of the service answers in the same case; without such code, nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.defaults import is_answered
from healer.syntax.edits import InsertBefore, Replace
from healer.syntax.expressions import wrap
from healer.syntax.parsing import literal
from healer.syntax.project import Module, names_in, same
from healer.syntax.situation import Situation
from healer.syntax.treatments import (
    Treatment,
    early_answers,
    identity,
    of_same_thing,
    of_siblings,
    treatments,
    with_hole,
)

CATEGORIES = ("none-dereference", "empty-sequence", "zero-division")
NAME = "treated-alike"
_VERY_SAME, _SIBLING, _SAME_DEFAULT = 0.95, 0.92, 0.9
_NOTHING = ("None", "0", "0.0", '""', "''", "[]", "{}", "False")
"""Values that say nothing of what they stand for, so that they may stand for something else, too."""


def draft(s: Situation) -> Iterator[Draft]:
    for rank, (expression, culprit) in enumerate(s.crash.pairs[:2]):
        for one in _drafts(s, expression, culprit):
            yield Draft(one.summary, one.edits, one.answer, one.fit - 0.1 * rank)


def _drafts(s: Situation, expression: ast.expr, culprit: ast.expr) -> Iterator[Draft]:
    alike = of_same_thing(s, culprit)
    for one in alike:
        yield from _same_reading(s, one, expression, culprit, _VERY_SAME)
        yield from _same_stand_in(s, one, culprit, _VERY_SAME)
    for one in of_siblings(s, culprit):
        yield from _same_reading(s, one, expression, culprit, _SIBLING)
        if _read_so(s.module, culprit) == _read_so(one.module, one.subject):
            yield from _same_stand_in(s, one, culprit, _SIBLING)
    if s.crash.category == "zero-division":
        yield from _as_other_quotients(s, expression, culprit)
    else:
        yield from _same_default(s, alike, expression, culprit)
        yield from _same_early_answer(s, culprit)


def _wholes(module: Module, expression: ast.expr) -> Iterator[ast.expr]:
    """The expression and those around it, up to its statement."""
    yield expression
    for ancestor in module.ancestors(expression):
        if isinstance(ancestor, (ast.stmt, ast.comprehension, ast.Lambda, ast.IfExp)):
            return
        if isinstance(ancestor, ast.expr):
            yield ancestor


def _choice(s: Situation, one: Treatment, whole: ast.expr, culprit: ast.expr, default: str) -> str:
    text = s.module.text(culprit)
    test = f"{text} is not None" if one.strict else text
    return wrap(s.module, whole, f"{s.module.text(whole)} if {test} else {default}")


def _same_reading(s: Situation, one: Treatment, expression: ast.expr, culprit: ast.expr, fit: float) -> Iterator[Draft]:
    """The same is read of it elsewhere: `user["name"] if user else None`."""
    default = _said_here(s, one, culprit)
    if one.there is None or default is None or same(one.there, one.subject) or _is_made(culprit):
        return
    there = with_hole(one.there, one.subject)
    for whole in _wholes(s.module, expression):
        if with_hole(whole, culprit) == there:
            edits = ((s.module, Replace(whole, _choice(s, one, whole, culprit, default))),)
            summary = f"Answer {default} without {s.module.text(culprit)}, as {_where(one)} does"
            yield Draft(summary, edits, Answer.NATURAL_VALUE, fit)
            return


def _same_stand_in(s: Situation, one: Treatment, culprit: ast.expr, fit: float) -> Iterator[Draft]:
    """The same stands in for it elsewhere: `settings or {}`."""
    default = _said_here(s, one, culprit)
    if one.there is None or default is None or not same(one.there, one.subject) or default == "None":
        return
    if s.crash.category != "none-dereference":
        return
    text = s.module.text(culprit)
    if isinstance(culprit, ast.Call) and len(culprit.args) == 2 and ast.unparse(culprit.args[1]) == default:
        text = f"{s.module.text(culprit.func)}({s.module.text(culprit.args[0])})"
    code = f"({text} or {default})"
    if one.strict and not _is_made(culprit):
        code = f"({text} if {text} is not None else {default})"
    edits = ((s.module, Replace(culprit, code)),)
    summary = f"Take {default} without {s.module.text(culprit)}, as {_where(one)} does"
    yield Draft(summary, edits, Answer.NATURAL_VALUE, fit if _stands_for(s, one, default, culprit) else fit - 0.2)


def _stands_for(s: Situation, one: Treatment, default: str, culprit: ast.expr) -> bool:
    """Whether the default can be used as the culprit is: an attribute it has, no text where it is calculated with."""
    parent = s.module.parents.get(culprit)
    if isinstance(one.default, (ast.Name, ast.Call, ast.Attribute, ast.Subscript)):
        return True
    try:
        held = literal(default)
    except ValueError:
        return False
    if isinstance(parent, ast.Attribute):
        return hasattr(held, parent.attr)
    if isinstance(parent, ast.Subscript):
        return False
    return not (isinstance(parent, ast.BinOp) and isinstance(held, str) and not isinstance(parent.op, ast.Add))


def _same_default(s: Situation, alike: list[Treatment], expression: ast.expr, culprit: ast.expr) -> Iterator[Draft]:
    """Something else is read of it elsewhere, and nothing is answered always in the same way."""
    defaults = {
        _said_here(s, one, culprit) for one in alike if one.there is not None and not same(one.there, one.subject)
    }
    default = next(iter(defaults)) if len(defaults) == 1 else None
    shown = [w for w in _wholes(s.module, expression) if is_answered(s.module, w)]
    if default not in _NOTHING or not shown or _is_made(culprit):
        return
    one = next(one for one in alike if one.there is not None and not same(one.there, one.subject))
    choice = one.module.parents[one.there] if one.there is not None else None
    if not isinstance(choice, ast.expr) or not is_answered(one.module, choice):
        return
    parts = [n for n in ast.walk(shown[0]) if isinstance(n, (ast.BinOp, ast.JoinedStr))]
    if not parts:
        edits = ((s.module, Replace(shown[0], _choice(s, one, shown[0], culprit, default))),)
        summary = f"Answer {default} without {s.module.text(culprit)}, as {_where(one)} does for another part of it"
        yield Draft(summary, edits, Answer.NATURAL_VALUE, _SAME_DEFAULT)


def _same_early_answer(s: Situation, culprit: ast.expr) -> Iterator[Draft]:
    """Another handler answers at once where the same is not there: `return "", 204`."""
    place = next((p for p in s.places(culprit, 0)), None)
    wanted = identity(s, s.module, culprit)
    if place is None or not wanted or s.function is None or not s.refusals.is_route(s.function) or _is_made(culprit):
        return
    for one in early_answers(s.module):
        other, answered = one.function, one.default
        if other is None or other.node is s.function.node or not s.refusals.is_route(other) or answered is None:
            continue
        status = isinstance(answered, ast.Tuple) and not names_in(answered)
        if identity(s, one.module, one.subject) == wanted and (status or ast.unparse(answered) == "None"):
            text = s.module.text(culprit)
            test = f"{text} is None" if one.strict else f"not {text}"
            code = f"if {test}:\n    return {one.module.text(answered)}\n"
            summary = f"Answer at once when {test}, as {_where(one)} does"
            edits = ((s.module, InsertBefore(place.statement, code)),)
            yield Draft(summary, edits, Answer.NATURAL_VALUE, 0.93)
            return


def _as_other_quotients(s: Situation, expression: ast.expr, divisor: ast.expr) -> Iterator[Draft]:
    """What the module's other quotients are over nothing, when all agree."""
    if not isinstance(divisor, (ast.Name, ast.Attribute, ast.Subscript)):
        return
    found = list(_quotients(s))
    defaults = {ast.unparse(t.default) for t in found if t.default is not None}
    if len(defaults) != 1:
        return
    whole = _rounded(s.module, expression)
    default = next(iter(defaults))
    code = wrap(s.module, whole, f"{s.module.text(whole)} if {s.module.text(divisor)} else {default}")
    summary = f"Answer {default} when {s.module.text(divisor)} is zero, as {_where(found[0])} does"
    fit = 0.93 if not any(o.is_client for o in s.origins(divisor)) else 0.7
    yield Draft(summary, ((s.module, Replace(whole, code)),), Answer.NATURAL_VALUE, fit)


def _quotients(s: Situation) -> Iterator[Treatment]:
    for one in treatments(s):
        if one.module is s.module and one.there is not None and isinstance(one.default, ast.Constant):
            if any(_divides_by(node, one.subject) for node in ast.walk(one.there)):
                yield one
    for early in early_answers(s.module):
        if early.function is not None and isinstance(early.default, ast.Constant):
            if any(_divides_by(node, early.subject) for node in early.function.own_nodes):
                yield early


def _divides_by(node: ast.AST, subject: ast.expr) -> bool:
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, (ast.Div, ast.FloorDiv, ast.Mod)):
        return False
    return any(same(part, subject) for part in ast.walk(node.right))


def _rounded(module: Module, expression: ast.expr) -> ast.expr:
    """With the arithmetic and the rounding around it."""
    current = expression
    while True:
        parent = module.parents.get(current)
        calls = isinstance(parent, ast.Call) and parent.args[:1] == [current]
        if not isinstance(parent, ast.BinOp) and not (
            calls
            and isinstance(parent, ast.Call)
            and ast.unparse(parent.func) in ("round", "int", "float", "min", "max")
        ):
            return current
        assert isinstance(parent, ast.expr)
        current = parent


def _said_here(s: Situation, one: Treatment, culprit: ast.expr) -> str | None:
    """The default as this place knows it: `p.price` of the record here; None when it reads what only its own has."""
    if one.default is None or any(isinstance(n, ast.Await) for n in ast.walk(one.default)):
        return None
    names = names_in(one.default)
    making = {"set", "dict", "list", "tuple"}
    if any(isinstance(n, ast.Call) for n in ast.walk(one.default)) and not names <= making:
        return None
    if names <= {*s.module.constants, *s.module.imports, *making}:
        return one.module.text(one.default)
    parts = (ast.Attribute, ast.Subscript)
    if not isinstance(one.default, parts) or not isinstance(one.subject, parts) or not isinstance(culprit, parts):
        return None
    if not same(one.default.value, one.subject.value):
        return None
    owner = one.module.text(one.default.value)
    return one.module.text(one.default).replace(owner, s.module.text(culprit.value), 1)


def _is_made(culprit: ast.expr) -> bool:
    """Made by a call: asking for it first would make it twice."""
    return any(isinstance(n, (ast.Call, ast.Await)) for n in ast.walk(culprit))


def _read_so(module: Module, node: ast.expr) -> str:
    """What is done with a value or with `value or default` first: the attribute that is read of it."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.BoolOp):
        parent = module.parents.get(parent)
    return parent.attr if isinstance(parent, ast.Attribute) else type(parent).__name__


def _where(one: Treatment) -> str:
    return one.function.name if one.function is not None else one.module.name
