"""An item or an extreme of an empty collection: refused as the neighbours do, or the natural value of nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeGuard

from healer.model import Answer
from healer.stages.playbooks.drafts import BAD_INPUT, CONFLICT, NOT_FOUND, Draft, Wish, copied, covering, guard
from healer.stages.playbooks.searches import in_parentheses
from healer.syntax.answers import answers_one, noun_of_rows
from healer.syntax.defaults import hints_at_nothing, of_mean, said_sibling
from healer.syntax.edits import Replace
from healer.syntax.expressions import in_lazy_part, whole_of, wrap
from healer.syntax.guards import emptiness_guards
from healer.syntax.optional import may_answer_none
from healer.syntax.project import Module, same
from healer.syntax.relations import acts, definition, forbids
from healer.syntax.situation import Situation

_TAKING = ("pop", "popleft", "choice", "popitem")


def of_collection(s: Situation, expression: ast.expr, culprit: ast.expr, word: str) -> Iterator[Draft]:
    """Something of a collection that is empty."""
    module = s.module
    text = module.text(culprit)
    origins = s.origins(culprit)
    made = _comprehension_of(s, culprit)
    sought = [test for g in made.generators for test in g.ifs] if made is not None else []
    by_identity = any(
        isinstance(n, ast.Compare)
        and isinstance(n.ops[0], ast.Eq)
        and any(w in ast.unparse(n).lower() for w in (".id", "'id'", "_id", "slug", "code", "name"))
        for n in sought
    )
    client = {o.kind for part in sought for o in s.origins(part) if o.is_client}
    given = [o for o in origins if o.kind in ("body", "query", "form", "raw")]
    if given and not sought and isinstance(culprit, (ast.Name, ast.Attribute, ast.Subscript)):
        name = given[0].name or text.rpartition(".")[2]
        for place in s.places(culprit):
            yield from guard(s, place, "not {0}", Wish(BAD_INPUT, name, says=f"{name} must not be empty"), 0.78)
    made_by = definition(s, culprit)
    relation = forbids(s, expression, made_by)
    one = relation is None and answers_one(s, expression)
    for place in s.places(culprit, 0) if not hints_at_nothing(s.function) else ():
        for example in emptiness_guards(s, made_by, culprit)[:1]:
            like = copied(s, example, place, place.value, "not {0}", 0.93)
            if like is not None:
                yield like
    taken = acts(s) and word in _TAKING and relation is None and not given
    if taken and isinstance(culprit, (ast.Name, ast.Attribute, ast.Subscript)):
        noun = noun_of_rows(s, culprit)
        for place in s.places(culprit):
            yield from guard(s, covering(place), "not {0}", Wish(CONFLICT, noun, says=f"{noun} is empty"), 0.82)
    if relation is not None:
        for place in s.places(culprit):
            says = Wish(CONFLICT, relation.thing, says=relation.missing)
            yield from guard(s, covering(place), "not {0}", says, 0.88)
    elif one or isinstance(culprit, (ast.Name, ast.Attribute, ast.Subscript)):
        for place in s.places(culprit, 0):
            fit = 0.88 if one else 0.8 if by_identity and client else 0.6 if client else 0.52
            yield from guard(s, place, "not {0}", Wish(NOT_FOUND, noun_of_rows(s, culprit)), fit, 2)
    for draft in _natural(s, expression, culprit, word, by_identity and bool(client)):
        yield replace(draft, fit=min(draft.fit, 0.7)) if one or taken or relation is not None else draft


def _comprehension_of(s: Situation, culprit: ast.expr) -> ast.ListComp | ast.GeneratorExp | None:
    value = culprit
    if isinstance(value, ast.Name):
        found = s.tracer.definitions(value.id, s.module, s.function, value)
        value = found[0].value if found and not found[0].item else value
    return value if isinstance(value, (ast.ListComp, ast.GeneratorExp)) else None


def _natural(s: Situation, expression: ast.expr, culprit: ast.expr, word: str, unlikely: bool) -> Iterator[Draft]:
    module, text = s.module, s.module.text(culprit)
    hint = 0.1 * hints_at_nothing(s.function) - 0.25 * unlikely
    alike = _alike(s, expression, culprit)
    other = said_sibling(s, culprit, s.function)
    if other and not in_lazy_part(module, culprit):
        whole = whole_of(module, expression)
        code = wrap(module, whole, f"{module.text(whole)} if {text} else {other}")
        instead = ((module, Replace(whole, code)),)
        yield Draft(f"Answer {other} when {text} is empty", instead, Answer.NATURAL_VALUE, 0.93)
    declared = may_answer_none(s, module, whole_of(module, expression))
    for value, fit in of_mean(s, module, whole_of(module, expression), s.function):
        final = max(0.28 + 0.6 * fit + hint, 0.9 * (declared and value == "None" and not unlikely))
        if word in ("max", "min") and _is_extreme(expression) and whole_of(module, expression) is expression:
            final = max(final, 0.92 * (_defaults_of_extremes(s) == {value} and not unlikely))
            edits = tuple((module, Replace(one, _with_default(s, one, value))) for one in alike if _is_extreme(one))
            yield Draft(f"Answer {value} for an empty collection", edits, Answer.NATURAL_VALUE, final)
        elif not isinstance(culprit, ast.GeneratorExp) and not in_lazy_part(module, culprit):
            test = _source_of(module, culprit)
            code = _unpacked(s, value)
            final -= 0.2 * (code != value and not hints_at_nothing(s.function))  # two nothings say less than a refusal
            wholes = [whole_of(module, one) for one in alike]
            edits = tuple(
                (module, Replace(one, wrap(module, one, f"{module.text(one)} if {test} else {code}"))) for one in wholes
            )
            yield Draft(f"Answer {value} when {text} is empty", edits, Answer.NATURAL_VALUE, final)


def _defaults_of_extremes(s: Situation) -> set[str]:
    """Of `max(bids, default=0)` elsewhere in the module the 0."""
    return {
        ast.unparse(k.value)
        for n in s.module.nodes
        if isinstance(n, ast.Call) and ast.unparse(n.func) in ("max", "min")
        for k in n.keywords
        if k.arg == "default"
    }


def _is_extreme(node: ast.expr) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("max", "min")
        and len(node.args) == 1
        and not any(k.arg == "default" for k in node.keywords)
    )


def _with_default(s: Situation, call: ast.Call, value: str) -> str:
    only = call.args[0]
    inner = in_parentheses(s, only) if isinstance(only, ast.GeneratorExp) else s.module.text(only)
    keywords = "".join(f", {k.arg}={s.module.text(k.value)}" for k in call.keywords)
    return f"{ast.unparse(call.func)}({inner}{keywords}, default={value})"


def _alike(s: Situation, expression: ast.expr, culprit: ast.expr) -> list[ast.expr]:
    """The expression and the others of its statement that fail in the same way on the same collection."""
    if isinstance(culprit, ast.GeneratorExp):
        return [expression]
    found = [expression]
    for node in ast.walk(s.crash.statement):
        if not isinstance(node, type(expression)) or node is expression or in_lazy_part(s.module, node):
            continue
        of_same = same(node.value, culprit) if isinstance(node, ast.Subscript) else False
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            continue
        if isinstance(node, ast.Call) and isinstance(expression, ast.Call) and node.args:
            extremes = _is_extreme(node) and _is_extreme(expression)
            of_same = same(node.args[0], culprit) and (extremes or same(node.func, expression.func))
        if of_same:
            found.append(node)
    return found


def _source_of(module: Module, culprit: ast.expr) -> str:
    """What is asked instead of doing the work twice: of `sorted(rows)` and `Counter(rows).most_common(3)` rows."""
    inner = culprit
    while isinstance(inner, ast.Call):
        word = ast.unparse(inner.func).rpartition(".")[2]
        if word == "most_common" and isinstance(inner.func, ast.Attribute):
            inner = inner.func.value
        elif word in ("sorted", "list", "tuple", "Counter", "reversed") and inner.args:
            inner = inner.args[0]
        else:
            break
    return module.text(inner) if isinstance(inner, (ast.Name, ast.Attribute, ast.Subscript)) else module.text(culprit)


def _unpacked(s: Situation, value: str) -> str:
    """As many values as the statement unpacks."""
    statement = s.crash.statement
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not isinstance(target, (ast.Tuple, ast.List)) or s.module.parents.get(s.crash.expression) is not statement:  # type: ignore[arg-type]
        return value
    return f"({', '.join([value] * len(target.elts))})"
