"""Keys from the service's own records that a table does not have: what stands in for the entry, or for the whole
reading, or a list without the items that lead nowhere. It refuses nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.defaults import hints_at_nothing, is_answered, natural, says_null, whole_answer
from healer.syntax.edits import Replace
from healer.syntax.examples import get_defaults
from healer.syntax.expressions import whole_of, wrap
from healer.syntax.fallbacks import fallbacks
from healer.syntax.project import names_in
from healer.syntax.situation import Situation


def stand_ins(s: Situation, expression: ast.expr, base: ast.expr, key: ast.expr, stored: bool) -> Iterator[Draft]:
    """What the code elsewhere, its documentation or a constant puts in the place of a missing entry."""
    if not isinstance(expression, ast.Subscript) or not isinstance(expression.ctx, ast.Load):
        return
    table, text = s.module.text(base), s.module.text(key)
    for one in fallbacks(s, s.module, base, key, s.function):
        node, code = _with_inner(s, expression, f"{table}.get({text}, {one.code})", one.code)
        edits = ((s.module, Replace(node, code)),)
        growing = one.sibling and not any(o.kind == "table" for o in s.origins(base))
        fit = one.fit if stored or one.promised or growing else one.fit - 0.2
        # What a helper answers, or what a condition looks at, may well end in a refusal that is there already.
        answered = s.function is None or (s.refusals.is_route(s.function) and not _decides(s, expression))
        answer = Answer.NATURAL_VALUE if answered else Answer.CORRECT
        summary = f"Fall back to {one.code} where {table} has no {text}"
        yield Draft(summary, edits, answer, fit if answered else fit + 0.06)


def _decides(s: Situation, expression: ast.expr) -> bool:
    return isinstance(s.crash.statement, (ast.If, ast.While)) and any(
        n is expression for n in ast.walk(s.crash.statement.test)
    )


def _with_inner(s: Situation, expression: ast.Subscript, code: str, default: str) -> tuple[ast.expr, str]:
    """An empty record for one that is missing has no entries: what is read of it needs a default, too."""
    outer = s.module.parents.get(expression)
    if default != "{}" or not isinstance(outer, ast.Subscript) or outer.value is not expression:
        return expression, code
    inner = [ast.unparse(v) for v in get_defaults(s, outer.slice)] or natural(s, s.module, outer, s.function)
    return outer, f"{code}.get({s.module.text(outer.slice)}, {inner[0]})"


def of_stored_key(s: Situation, expression: ast.expr, base: ast.expr, key: ast.expr) -> Iterator[Draft]:
    """A key from the service's own records that the table no longer knows."""
    if not isinstance(expression, ast.Subscript) or not isinstance(expression.ctx, ast.Load):
        return
    table, text = s.module.text(base), s.module.text(key)
    fit = 0.62 + 0.12 * hints_at_nothing(s.function)
    whole = whole_of(s.module, expression)
    if says_null(s.function) and is_answered(s.module, whole_answer(s.module, whole)):
        whole, fit = whole_answer(s.module, whole), fit + 0.06
    if whole is not expression:
        for value in natural(s, s.module, whole, s.function)[:2]:
            code = wrap(s.module, whole, f"{s.module.text(whole)} if {text} in {table} else {value}")
            edits = ((s.module, Replace(whole, code)),)
            yield Draft(f"Answer {value} where {table} has no {text}", edits, Answer.NATURAL_VALUE, fit)
            fit -= 0.06
        return
    for value in natural(s, s.module, expression, s.function):
        edits = ((s.module, Replace(expression, f"{table}.get({text}, {value})".replace(", None)", ")"))),)
        yield Draft(f"Take {value} for a key that {table} does not know", edits, Answer.NATURAL_VALUE, fit)
        fit -= 0.06


def without_lost_items(s: Situation, expression: ast.expr, base: ast.expr, key: ast.expr) -> Iterator[Draft]:
    """`[TRACKS[n] for n in numbers if n in TRACKS]`: what a stored list names and is no longer there is left out."""
    module = s.module
    whole = whole_of(module, expression)
    made = module.parents.get(whole)
    if not isinstance(made, (ast.ListComp, ast.SetComp, ast.GeneratorExp)) or made.elt is not whole:
        return
    one = made.generators[-1]
    if not names_in(key) & names_in(one.target) or names_in(base) & names_in(one.target):
        return
    if any(o.is_client for o in s.origins(one.iter)):
        return
    tests = "".join(f" if {module.text(test)}" for test in one.ifs)
    source = f"{module.text(one.iter)}{tests} if {module.text(key)} in {module.text(base)}"
    plain = made.generators[0] is one and len(made.generators) == 1
    if not plain:
        return
    text = f"{module.text(whole)} for {module.text(one.target)} in {source}"
    listed = f"[{text}]" if isinstance(made, ast.ListComp) else f"({text})"
    code = f"{{{text}}}" if isinstance(made, ast.SetComp) else listed
    summary = f"Leave out what {module.text(base)} no longer has"
    yield Draft(summary, ((module, Replace(made, code)),), Answer.NATURAL_VALUE, 0.8)


def not_among(s: Situation, call: ast.Call, base: ast.expr, key: ast.expr) -> Iterator[Draft]:
    """`names.index(name) + 1` of a name that is not among them: nothing, where the documentation speaks of it."""
    module = s.module
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "index":
        return
    whole: ast.expr = call
    parent = module.parents.get(whole)
    while isinstance(parent, ast.BinOp):
        whole, parent = parent, module.parents.get(parent)
    hint = hints_at_nothing(s.function)
    for rank, value in enumerate(natural(s, module, whole, s.function)[:2]):
        code = wrap(module, whole, f"{module.text(whole)} if {module.text(key)} in {module.text(base)} else {value}")
        edits = ((module, Replace(whole, code)),)
        fit = (0.92 if hint else 0.6) - 0.06 * rank
        yield Draft(f"Answer {value} where it is not among them", edits, Answer.NATURAL_VALUE, fit)
