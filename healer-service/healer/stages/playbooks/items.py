"""None among the items of a sum, an extreme or an order: taken for nothing, left out, or put after the rest."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.defaults import hints_at_nothing
from healer.syntax.edits import Replace
from healer.syntax.expressions import whole_of
from healer.syntax.project import Module
from healer.syntax.situation import Situation
from healer.syntax.treatments import of_same_thing

_MADE = (ast.GeneratorExp, ast.ListComp, ast.SetComp)
_ORDERING = ("sorted", "sort", "max", "min", "nlargest", "nsmallest")


def among_items(s: Situation, expression: ast.expr, culprit: ast.expr) -> Iterator[Draft]:
    if not isinstance(expression, ast.Call):
        return
    word = ast.unparse(expression.func).rpartition(".")[2]
    fit = 0.8 + 0.08 * hints_at_nothing(s.function)
    if word in ("sum", "join", "max", "min") and isinstance(culprit, (ast.GeneratorExp, ast.ListComp)):
        elt = s.module.text(culprit.elt)
        empty = '""' if word == "join" else "0"
        edits = _one(s.module, culprit.elt, f"{elt} or {empty}")
        yield Draft(f"Take {empty} where {elt} is None", edits, Answer.NATURAL_VALUE, fit - 0.1 * (word != "sum"))
    if word in ("sum", "join", "max", "min", "sorted") and isinstance(culprit, _MADE):
        yield from _left_out(s, expression, culprit, fit - 0.04 * (word == "sum"))
    if word == "join" and isinstance(culprit, (ast.List, ast.Tuple, ast.Name, ast.Attribute)):
        whole = isinstance(culprit, ast.Tuple) and not s.module.text(culprit).startswith("(")
        code = f"part for part in {f'({s.module.text(culprit)})' if whole else s.module.text(culprit)} if part"
        edits = _one(s.module, expression, f"{s.module.text(expression.func)}({code})")
        yield Draft("Leave out what is None", edits, Answer.NATURAL_VALUE, fit)
    if word in _ORDERING:
        yield from _after_the_rest(s, expression, word, fit + 0.04)


def _one(module: Module, node: ast.expr, code: str) -> tuple[tuple[Module, Replace], ...]:
    return ((module, Replace(node, code)),)


def _left_out(
    s: Situation, call: ast.Call, made: ast.GeneratorExp | ast.ListComp | ast.SetComp, fit: float
) -> Iterator[Draft]:
    module = s.module
    if len(made.generators) != 1 or made.generators[0].is_async or any(k.arg == "key" for k in call.keywords):
        return
    one, elt = made.generators[0], module.text(made.elt)
    tests = " and ".join([*(f"({module.text(t)})" for t in one.ifs), f"{elt} is not None"])
    inner = f"{elt} for {module.text(one.target)} in {module.text(one.iter)} if {tests}"
    rest = ", ".join(module.text(k) for k in call.keywords)
    if isinstance(made, ast.GeneratorExp):
        code = f"{module.text(call.func)}({f'({inner}), {rest}' if rest else inner})"
    else:
        opening, closing = "[]" if isinstance(made, ast.ListComp) else "{}"
        code = f"{module.text(call.func)}({', '.join([f'{opening}{inner}{closing}', *([rest] if rest else [])])})"
    summary = f"Leave out what is None in {elt}"
    alike = any(other.there is None for other in of_same_thing(s, made.elt))
    yield Draft(summary, _one(module, call, code), Answer.NATURAL_VALUE, 0.95 if alike else fit)


def _after_the_rest(s: Situation, call: ast.Call, word: str, fit: float) -> Iterator[Draft]:
    """A key of two parts, whether it is None before what it is; for an extreme the Nones are what is not chosen."""
    module = s.module
    backwards = any(k.arg == "reverse" and ast.unparse(k.value) == "True" for k in call.keywords)
    test = "is not None" if backwards or word in ("max", "nlargest") else "is None"
    key = next((k.value for k in call.keywords if k.arg == "key"), None)
    summary = "Order what is None after the rest"
    if isinstance(key, ast.Lambda):
        parts = key.body.elts if isinstance(key.body, ast.Tuple) else [key.body]
        for rank, part in enumerate(_nullable_first(parts)[:3]):
            text = module.text(part)
            code = f"({text} {test}, {text})"
            edits = _one(module, part, code)
            yield Draft(summary, edits, Answer.NATURAL_VALUE, fit - 0.04 * rank)
        return
    read = _getter(key)
    if key is None:
        fresh = f"key=lambda value: (value {test}, value)"
        values = ", ".join([*(module.text(a) for a in call.args), *(module.text(k) for k in call.keywords), fresh])
        edits = _one(module, call, f"{module.text(call.func)}({values})")
        made = bool(call.args) and isinstance(call.args[0], ast.SetComp)
        yield Draft(summary, edits, Answer.NATURAL_VALUE, fit - 0.02 - 0.1 * made)
    elif read:
        edits = _one(module, key, f"lambda item: (item{read} {test}, item{read})")
        yield Draft(summary, edits, Answer.NATURAL_VALUE, fit)


def in_sort_key(s: Situation, expression: ast.expr, culprit: ast.expr) -> Iterator[Draft]:
    """`key=lambda b: b.series.title` of a book without a series: put after the rest, or first where that is said."""
    module = s.module
    whole = whole_of(module, expression)
    maker = next((a for a in module.ancestors(expression) if isinstance(a, (ast.Lambda, ast.stmt))), None)
    if not isinstance(maker, ast.Lambda) or whole not in (maker.body, *getattr(maker.body, "elts", [])):
        return
    call = module.parents.get(module.parents.get(maker, maker))
    if not isinstance(call, ast.Call) or ast.unparse(call.func).rpartition(".")[2] not in ("sorted", "sort"):
        return
    backwards = any(k.arg == "reverse" and ast.unparse(k.value) == "True" for k in call.keywords)
    words = s.function.docstring if s.function is not None else ""
    first = re.search(r"\b(without|none|no)\b[^.;]*\b(first|top|begin\w*)\b", words, re.I) is not None
    text = module.text(culprit)
    test = "is None" if first == backwards else "is not None"
    code = f'({text} {test}, {module.text(whole)} if {text} is not None else "")'
    summary = f"Order those whose {text} is None {'first' if first else 'last'}"
    yield Draft(summary, _one(module, whole, code), Answer.NATURAL_VALUE, 0.92)


def _nullable_first(parts: list[ast.expr]) -> list[ast.expr]:
    """Attributes and items before what is calculated; a constant is never None."""
    plain = [p for p in parts if isinstance(p, (ast.Attribute, ast.Subscript, ast.Name))]
    return [*plain, *(p for p in parts if p not in plain and not isinstance(p, ast.Constant))]


def _getter(key: ast.expr | None) -> str:
    """What `attrgetter("due")` or `itemgetter("due")` reads."""
    if not isinstance(key, ast.Call) or len(key.args) != 1 or not isinstance(key.args[0], ast.Constant):
        return ""
    word = ast.unparse(key.func).rpartition(".")[2]
    if word == "attrgetter" and isinstance(key.args[0].value, str):
        return f".{key.args[0].value}"
    return f"[{ast.unparse(key.args[0])}]" if word == "itemgetter" else ""
