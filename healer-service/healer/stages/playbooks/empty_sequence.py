"""An index, an extreme or a next of nothing: not found, refused, or the natural value of an empty collection."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from healer.model import Answer
from healer.stages.playbooks.drafts import (
    BAD_INPUT,
    CONFLICT,
    NOT_FOUND,
    UNAUTHORISED,
    Draft,
    Wish,
    answer_of,
    covering,
    guard,
    guard_items,
    named,
    use_name,
)
from healer.stages.playbooks.searches import in_parentheses, of_next
from healer.syntax.answers import answers_one, noun_of_rows
from healer.syntax.defaults import hints_at_nothing, of_mean
from healer.syntax.edits import InsertBefore, Replace
from healer.syntax.expressions import in_lazy_part, whole_of, wrap
from healer.syntax.nouns import name_of, noun_of
from healer.syntax.origins import Origin
from healer.syntax.relations import definition, forbids
from healer.syntax.situation import Place, Situation

CATEGORIES = ("empty-sequence",)
NAME = "empty-sequence"
_SPLITS = ("split", "rsplit", "splitlines", "partition", "findall", "groups")


def draft(s: Situation) -> Iterator[Draft]:
    for rank, (expression, culprit) in enumerate(s.crash.pairs[:3]):
        for one in _drafts(s, expression, culprit):
            yield Draft(one.summary, one.edits, one.answer, one.fit - 0.14 * rank)


def _drafts(s: Situation, expression: ast.expr, culprit: ast.expr) -> Iterator[Draft]:
    word = ast.unparse(expression.func).rpartition(".")[2] if isinstance(expression, ast.Call) else ""
    if word == "next":
        yield from of_next(s, expression)
        return
    if isinstance(expression, ast.Subscript):
        parts = _split_of(s, culprit)
        if parts is not None:
            yield from _too_few_parts(s, expression, culprit, parts)
            return
        if not isinstance(expression.slice, (ast.Constant, ast.UnaryOp)):
            yield from _chosen_index(s, expression, culprit)
    yield from _empty(s, expression, culprit, word)


def _split_of(s: Situation, culprit: ast.expr) -> ast.Call | None:
    value: ast.expr = culprit
    for _ in range(3):
        if isinstance(value, ast.Name):
            found = s.tracer.definitions(value.id, s.module, s.function, value)
            value = found[0].value if found else value
        elif isinstance(value, (ast.ListComp, ast.GeneratorExp)):
            value = value.elt
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in _SPLITS:
        return value
    return None


def _too_few_parts(s: Situation, expression: ast.Subscript, culprit: ast.expr, parts: ast.Call) -> Iterator[Draft]:
    assert isinstance(parts.func, ast.Attribute)
    origins = s.origins(parts.func.value)
    client = [o for o in origins if o.is_client]
    index = expression.slice.value if isinstance(expression.slice, ast.Constant) else 0
    needed = index + 1 if isinstance(index, int) else 1
    same_list = [
        n.slice.value
        for n in ast.walk(s.function.node if s.function is not None else s.crash.statement)
        if isinstance(n, ast.Subscript)
        and ast.unparse(n.value) == ast.unparse(culprit)
        and isinstance(n.slice, ast.Constant)
        and isinstance(n.slice.value, int)
    ]
    needed = max([needed, *(i + 1 for i in same_list)])
    name = _input_name(client, parts.func.value)
    wish = Wish(BAD_INPUT, name, says=f"invalid {name}")
    yield from guard_items(s, culprit, f"len({s.module.text(culprit)}) < {needed}", wish, 0.8 if client else 0.5)
    for place in s.places(culprit):
        test = f"len({{0}}) < {needed}" if needed > 1 else "not {0}"
        if any(o.kind == "header" for o in client) and _refuses(s, place.function.node, 401):
            yield from _same_refusal(s, place, test, 401, 0.93)
            yield from guard(s, place, test, Wish(UNAUTHORISED, name, says=f"invalid {name}"), 0.8)
        yield from guard(s, place, test, Wish(BAD_INPUT, name, says=f"invalid {name}"), 0.8 if client else 0.55)


def _refuses(s: Situation, node: ast.AST, status: int) -> bool:
    return any(r.function is not None and r.function.node is node and r.status == status for r in s.refusals.all)


def _same_refusal(s: Situation, place: Place, test: str, status: int, fit: float) -> Iterator[Draft]:
    own = [
        r
        for r in s.refusals.all
        if r.function is not None
        and r.function.node is place.function.node
        and r.status == status
        and r.node.lineno < place.statement.lineno
    ]
    subject, before = named(s, place)
    if not own or subject is None:
        return
    code = place.module.text(own[-1].node)
    edits = (
        (place.module, InsertBefore(place.statement, f"{before}if {test.format(subject)}:\n    {code}\n")),
        *use_name(s, place, subject, before),
    )
    yield Draft(f"Refuse with {status} when {test.format(subject)}, as just before", edits, answer_of(status), fit)


def _input_name(client: list[Origin], node: ast.expr) -> str:
    if isinstance(node, (ast.Name, ast.Attribute)):
        return ast.unparse(node).rpartition(".")[2].replace("_", " ")
    return next((o.name for o in client if o.name), "input")


def _chosen_index(s: Situation, expression: ast.Subscript, culprit: ast.expr) -> Iterator[Draft]:
    """An index that the client chose."""
    index = next((n for n in ast.walk(expression.slice) if isinstance(n, (ast.Name, ast.Attribute))), None)
    if index is None:
        return
    origins = s.origins(expression.slice)
    client = [o for o in origins if o.is_client]
    table, text = s.module.text(culprit), s.module.text(expression.slice)
    if _is_step(s, expression.slice):
        yield from _stepped(s, expression, table, text)
        return
    if not client:
        return
    noun = noun_of(culprit)
    path = any(o.kind == "path" for o in client)
    for place in s.places(expression.slice):
        if place.depth:
            continue
        test = f"not 0 <= {text} < len({table})"
        wishes = [
            Wish(NOT_FOUND, noun, text),
            Wish(BAD_INPUT, noun, text, says=f"invalid {name_of(client[0].name, noun)}"),
        ]
        first = 0 if path or any(r.status == 404 for r in s.refusals.all if r.module is s.module) else 1
        yield from guard(s, place, test, wishes[first], 0.84)
        yield from guard(s, place, test, wishes[1 - first], 0.68, 2)


_ROUND = re.compile(r"week|day|shift|rota|turn|season|cycle|colou?r|hand|month", re.I)


def _is_step(s: Situation, index: ast.expr) -> bool:
    """One on from where something was found: `i + 1` after `i = ORDER.index(x)`."""
    if not isinstance(index, ast.BinOp) or not isinstance(index.op, ast.Add):
        return False
    value: ast.expr = index.left
    if isinstance(value, ast.Name):
        found = s.tracer.definitions(value.id, s.module, s.function, value)
        value = found[0].value if found else value
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "index"


def _stepped(s: Situation, expression: ast.Subscript, table: str, text: str) -> Iterator[Draft]:
    """What comes after the last: nothing, or the first of what goes round."""
    goes_round = bool(_ROUND.search(table))
    code = wrap(s.module, expression, f"{s.module.text(expression)} if {text} < len({table}) else None")
    edits = ((s.module, Replace(expression, code)),)
    yield Draft("Answer None after the last", edits, Answer.NATURAL_VALUE, 0.84 - 0.2 * goes_round)
    edits = ((s.module, Replace(expression, f"{table}[({text}) % len({table})]")),)
    yield Draft("Begin again after the last", edits, Answer.CORRECT, 0.88 if goes_round else 0.5)


def _empty(s: Situation, expression: ast.expr, culprit: ast.expr, word: str) -> Iterator[Draft]:
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
    relation = forbids(s, expression, definition(s, culprit))
    one = relation is None and answers_one(s, expression)
    if relation is not None:
        for place in s.places(culprit):
            says = Wish(CONFLICT, relation.thing, says=relation.missing)
            yield from guard(s, covering(place), "not {0}", says, 0.88)
    elif one or isinstance(culprit, (ast.Name, ast.Attribute)):
        for place in s.places(culprit, 0):
            fit = 0.88 if one else 0.8 if by_identity and client else 0.6 if client else 0.52
            yield from guard(s, place, "not {0}", Wish(NOT_FOUND, noun_of_rows(s, culprit)), fit, 2)
    for draft in _natural(s, expression, culprit, word, by_identity and bool(client)):
        yield replace(draft, fit=min(draft.fit, 0.7)) if one or relation is not None else draft


def _comprehension_of(s: Situation, culprit: ast.expr) -> ast.ListComp | ast.GeneratorExp | None:
    value = culprit
    if isinstance(value, ast.Name):
        found = s.tracer.definitions(value.id, s.module, s.function, value)
        value = found[0].value if found and not found[0].item else value
    return value if isinstance(value, (ast.ListComp, ast.GeneratorExp)) else None


def _natural(s: Situation, expression: ast.expr, culprit: ast.expr, word: str, unlikely: bool) -> Iterator[Draft]:
    module, text = s.module, s.module.text(culprit)
    whole = whole_of(module, expression)
    assert isinstance(whole, ast.expr)
    hint = 0.1 * hints_at_nothing(s.function) - 0.25 * unlikely
    for value, fit in of_mean(s, module, whole, s.function):
        final = 0.28 + 0.6 * fit + hint
        if (
            word in ("max", "min")
            and whole is expression
            and isinstance(expression, ast.Call)
            and len(expression.args) == 1
        ):
            if any(k.arg == "default" for k in expression.keywords):
                continue
            inner = in_parentheses(s, culprit) if isinstance(culprit, ast.GeneratorExp) else text
            keywords = "".join(f", {k.arg}={module.text(k.value)}" for k in expression.keywords)
            code = f"{word}({inner}{keywords}, default={value})"
            yield Draft(
                f"Answer {value} for an empty collection",
                ((module, Replace(whole, code)),),
                Answer.NATURAL_VALUE,
                final,
            )
        elif not isinstance(culprit, ast.GeneratorExp) and not in_lazy_part(module, culprit):
            code = wrap(module, whole, f"{module.text(whole)} if {text} else {value}")
            yield Draft(
                f"Answer {value} when {text} is empty", ((module, Replace(whole, code)),), Answer.NATURAL_VALUE, final
            )
