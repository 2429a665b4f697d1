"""A field that the client left out: read as its siblings are read, or refused in the words the service has for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import (
    BAD_INPUT,
    UNAUTHORISED,
    Draft,
    Wish,
    answer_of,
    as_refused_later,
    guard,
    guard_items,
    named,
)
from healer.stages.playbooks.sibling_fields import kept_as_siblings, read_softly
from healer.syntax.edits import InsertBefore, Replace
from healer.syntax.examples import get_defaults
from healer.syntax.project import same
from healer.syntax.situation import Place, Situation
from healer.syntax.wording import refuse


def required(s: Situation, base: ast.expr, key: ast.Constant, kinds: set[str]) -> Iterator[Draft]:
    """A field the client left out."""
    for known in get_defaults(s, key):
        code = f"{s.module.text(base)}.get({s.module.text(key)}, {ast.unparse(known)})"
        expression = s.module.parents[base]
        if isinstance(expression, ast.Subscript):
            edits = ((s.module, Replace(expression, code)),)
            yield Draft(
                f"Take {ast.unparse(known)} where {key.value!s} is missing, as elsewhere",
                edits,
                Answer.CORRECT,  # the code goes on to look at the default, and may refuse it
                0.94,
            )
    yield from kept_as_siblings(s, base, key)
    yield from read_softly(s, base, key)
    yield from _whole_chain(s, base, key)
    name = key.value.decode("latin-1") if isinstance(key.value, bytes) else str(key.value)
    wish = Wish(BAD_INPUT, name, says=missing_phrase(s, name))
    yield from _all_of_statement(s, base)
    for place in s.places(base):
        test = f"{_literal(s, key)} not in {{0}}"
        if not place.depth:
            yield from as_refused_later(s, place, test)
        if "header" in kinds and refuses_strangers(s, place):
            yield from guard(s, place, test, Wish(UNAUTHORISED, name, says=f"{name} header required"), 0.84)
        yield from guard(s, place, test, wish, 0.8)
    yield from guard_items(s, base, f"{_literal(s, key)} not in {s.module.text(base)}", wish, 0.8)


def _all_of_statement(s: Situation, base: ast.expr) -> Iterator[Draft]:
    """Every field that the statement reads of the body: the client may have left out any of them."""
    keys = {
        n.slice.value: s.module.text(n.slice)
        for n in ast.walk(s.crash.statement)
        if isinstance(n, ast.Subscript) and same(n.value, base) and isinstance(n.slice, ast.Constant)
        if isinstance(n.slice.value, str) and not _asked_before(s, n.slice)
    }
    if len(keys) < 2:
        return
    test = " or ".join(f"{text} not in {{0}}" for text in keys.values())
    *first, last = keys
    wish = Wish(BAD_INPUT, last, says=f"{', '.join(first)} and {last} are required")
    for place in s.places(base, 0):
        if any(missing_phrase(s, key) != f"{key} is required" for key in keys):
            yield from _one_by_one(s, place, keys)
        yield from guard(s, place, test, wish, 0.86)


def _one_by_one(s: Situation, place: Place, keys: dict[str, str]) -> Iterator[Draft]:
    """A refusal for each field in the words that the service has for one that is missing."""
    code, edits = "", []
    subject, before = named(s, place)
    for key, text in keys.items():
        said = next(
            iter(refuse(s.refusals, place.function, Wish(BAD_INPUT, key, says=missing_phrase(s, key)), 1)), None
        )
        if said is None or subject is None or before:
            return
        code += f"if {text} not in {subject}:\n    {said.code}\n"
        edits = [(place.module, added) for added in said.imports]
    summary = f"Refuse where {' or '.join(keys)} is missing, as other fields are refused"
    status = said.status if said is not None else 400
    yield Draft(summary, ((place.module, InsertBefore(place.statement, code)), *edits), answer_of(status), 0.93)


def _asked_before(s: Situation, key: ast.Constant) -> bool:
    """Whether the function looked at the field before the statement."""
    nodes = s.function.own_nodes if s.function is not None else ()
    return any(same(n, key) and getattr(n, "lineno", 0) < s.crash.statement.lineno for n in nodes)


def _whole_chain(s: Situation, base: ast.expr, key: ast.Constant) -> Iterator[Draft]:
    """Of `data["repository"]["name"]` both keys: the client may leave out either."""
    outer = s.module.parents.get(s.module.parents[base])
    inside = isinstance(outer, ast.Subscript) and outer.value is s.module.parents[base]
    if not inside or not isinstance(outer, ast.Subscript) or not isinstance(outer.slice, ast.Constant):
        return
    if not isinstance(outer.slice.value, str) or not isinstance(key.value, str):
        return
    text, inner = _literal(s, key), s.module.text(outer.slice)
    for place in s.places(base, 0):
        test = f"not isinstance({{0}}.get({text}), dict) or {inner} not in {{0}}[{text}]"
        says = missing_phrase(s, f"{key.value}.{outer.slice.value}")
        yield from guard(s, place, test, Wish(BAD_INPUT, key.value, says=says), 0.88)


def refuses_strangers(s: Situation, place: Place) -> bool:
    own = [r for r in s.refusals.all if r.function is not None and r.function.node is place.function.node]
    return any(r.status == 401 for r in own)


def missing_phrase(s: Situation, name: str) -> str:
    """`<name> is required`, or as the others say it."""
    for refusal in s.refusals.all:
        words = refusal.words
        if words.lower().startswith(("missing ", "missing field")):
            return f"missing {name}"
        if words.endswith(" must be given"):
            return f"{name} must be given"
        if words.endswith(" is missing"):
            return f"{name} is missing"
    return f"{name} is required"


def _literal(s: Situation, key: ast.Constant) -> str:
    return s.module.text(key)
