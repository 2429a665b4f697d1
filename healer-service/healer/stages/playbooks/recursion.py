"""A recursion without end: what was visited is remembered, too deep an input is refused, the base case is met."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from healer.model import Answer
from healer.stages.playbooks.closing_circle import of_closing_link
from healer.stages.playbooks.drafts import BAD_INPUT, CONFLICT, Draft, Wish, answer_of, caught, guard
from healer.stages.playbooks.handlers import widened
from healer.stages.playbooks.self_reference import of_itself
from healer.stages.playbooks.visited import Remembered, remembered
from healer.syntax.cycles import Recursion, recursion_of
from healer.syntax.edits import Edit, InsertAfter, InsertBefore, Replace
from healer.syntax.failing import visible
from healer.syntax.kinds import kind_of
from healer.syntax.nouns import name_of, noun_of
from healer.syntax.project import Function, Module
from healer.syntax.situation import Place, Situation
from healer.syntax.wording import refuse

CATEGORIES = ("recursion",)
NAME = "recursion"
_CIRCLE = re.compile(r"cycl|circular|loop|itself|ancestor|descendant|own parent", re.I)


def draft(s: Situation) -> Iterator[Draft]:
    yield from widened(s, "RecursionError")
    found = recursion_of(s)
    if found is None:
        yield from _too_deep_for_a_library(s)
        return
    yield from of_itself(s, found)
    if not found.walker:
        return
    if all(isinstance(v, int) and not isinstance(v, bool) for v in found.shown) and _counts(found):
        yield from _counted(s, found)
        return
    if found.repeats is not True:
        yield from _too_deep(s, found)
    if found.repeats is not False and not (found.key != found.walker and _is_sent(s, found)):
        closing = list(of_closing_link(s, found))
        yield from closing
        for one in _circular(s, found):
            yield replace(one, fit=one.fit - 0.15 * bool(closing))


def _too_deep_for_a_library(s: Situation) -> Iterator[Draft]:
    """A parser ran out of the stack on what the client sent."""
    if s.function is None:
        return
    calls = [n for n in visible(s.crash.statement) if isinstance(n, ast.Call)]
    if any(o.is_client for call in calls for o in s.origins(call)):
        wish = Wish(BAD_INPUT, "body", says="body is nested too deeply")
        yield from caught(s, s.module, s.function, s.crash.statement, "RecursionError", wish, 0.86)


def _counts(found: Recursion) -> bool:
    """Whether the next call gets the number a step away."""
    steps = [step for step in found.steps if step.callee is found.functions[0]]
    values = [v for step in steps for v in [*step.call.args, *(k.value for k in step.call.keywords)]]
    return any(isinstance(v, ast.BinOp) and isinstance(v.left, ast.Name) and v.left.id == found.walker for v in values)


def _counted(s: Situation, found: Recursion) -> Iterator[Draft]:
    """A number that steps over the base case, or starts beyond it."""
    function = found.functions[0]
    first = _first_number(s, found)
    for test in ast.walk(function.node):
        if not isinstance(test, ast.Compare) or ast.unparse(test.left) != found.walker or len(test.ops) != 1:
            continue
        limit = test.comparators[0]
        if not isinstance(test.ops[0], ast.Eq) or not (
            isinstance(limit, ast.Constant) and isinstance(limit.value, int)
        ):
            continue
        starts_beyond = first is not None and first < limit.value
        edits = ((function.module, Replace(test, f"{found.walker} <= {limit.value}")),)
        fit = 0.66 if starts_beyond else 0.92
        yield Draft("Stop at or below the base case", edits, Answer.CORRECT, fit)
        place = _entry_place(s, found)
        if starts_beyond and place is not None:
            name = name_of(place.value)
            says = f"{name} must not be negative" if limit.value == 0 else f"{name} must be at least {limit.value}"
            yield from guard(s, place, f"{{0}} < {limit.value}", Wish(BAD_INPUT, name, says=says), 0.9)
    yield from _too_deep(s, found, "too large", 0.7)


def _first_number(s: Situation, found: Recursion) -> int | None:
    """What it began with: as the client sent it, else the oldest that the report shows."""
    place = _entry_place(s, found)
    name = ast.unparse(place.value) if place is not None else found.walker
    path = s.report.request.path if s.report.request is not None else ""
    sent = re.search(rf"[?&]{re.escape(name)}=(-?\d+)(?:&|$)", path)
    if sent:
        return int(sent.group(1))
    return next((v for v in found.shown if isinstance(v, int)), None)


def _entry_place(s: Situation, found: Recursion) -> Place | None:
    """What the first call is given, in the function that it comes from."""
    if found.entry is None or not found.entry[2].args:
        return None
    module, outer, call = found.entry
    names = [a.arg for a in found.functions[0].params if a.arg not in ("self", "cls")]
    index = names.index(found.walker) if found.walker in names else 0
    value = call.args[index] if index < len(call.args) else call.args[0]
    return Place(outer, module.statement_of(call), value, 0)


def _is_sent(s: Situation, found: Recursion) -> bool:
    """Whether what is walked along is the client's own: it cannot lead back to itself."""
    place = _entry_place(s, found)
    return place is not None and any(o.is_client for o in s.origins_at(place))


def _too_deep(s: Situation, found: Recursion, words: str = "nested too deeply", fit: float = 0.88) -> Iterator[Draft]:
    """What the client sent goes deeper than the stack."""
    place = _entry_place(s, found)
    if place is None:
        return
    origins = s.origins_at(place)
    sent = any(o.is_client for o in origins)
    if not sent and found.repeats is None:
        fit -= 0.3
    elif not sent:
        return
    name = name_of(place.value, *(o.name for o in origins if o.is_client))
    wish = Wish(BAD_INPUT, name, says=f"{name} is {words}")
    yield from caught(s, place.module, place.function, place.statement, "RecursionError", wish, fit)


def _circular(s: Situation, found: Recursion) -> Iterator[Draft]:
    """Stored things that lead back to themselves."""
    one = remembered(s, found)
    if one is None:
        return
    refusals = list(_refused(s, found, one))
    writes = s.report.request is not None and s.report.request.method in ("POST", "PUT", "PATCH")
    partial = one.empty is not None or one.skips
    if one.skips:
        yield Draft("Leave out what was visited", one.skips, Answer.CORRECT, 0.92)
    if one.empty is not None and one.ahead is not None and not one.scalar:
        code = _early(replace(one, key=one.ahead.key))
        ahead = (*one.ahead.passing, (one.function.module, InsertAfter(one.ahead.known, code)))
        yield Draft("Stop before what was visited", ahead, Answer.CORRECT, 0.93)
    if one.empty is not None:
        edits = (*one.passing, (one.function.module, InsertBefore(one.first, _early(one))))
        fit = 0.9 if not one.scalar else 0.74
        yield Draft("Stop where it was before", edits, Answer.CORRECT, fit - 0.12 * bool(one.skips))
    for drafted in refusals:
        raised = 0.1 if one.scalar or writes else 0.0
        yield replace(drafted, fit=drafted.fit + raised if partial else 0.88)


def _early(one: Remembered) -> str:
    value = f" {one.empty}" if one.empty else ""
    return f"if {one.key} in {one.seen}:\n    return{value}\n"


def _refused(s: Situation, found: Recursion, one: Remembered) -> Iterator[Draft]:
    function = one.function
    noun = _noun(function, found)
    known = next((r for r in s.refusals.all if _CIRCLE.search(r.words)), None)
    wish = Wish(kind_of(known), noun, says=known.words) if known is not None and "{" not in known.words else None
    wish = wish or Wish(CONFLICT, noun, says=f"{noun} is part of a cycle")
    for wording in refuse(s.refusals, function, wish, 2):
        if wording.returns:
            continue
        code = f"if {one.key} in {one.seen}:\n    {wording.code}\n"
        edits: tuple[tuple[Module, Edit], ...] = (
            *one.passing,
            (function.module, InsertBefore(one.first, code)),
            *((function.module, a) for a in wording.imports),
        )
        yield Draft(f"Refuse a cycle with {wording.status}", edits, answer_of(wording.status), 0.76)


def _noun(function: Function, found: Recursion) -> str:
    if found.walker == "self" and function.owner is not None:
        return function.owner.name.lower()
    looked_up = [
        n.value
        for n in function.own_nodes
        if isinstance(n, ast.Subscript) and ast.unparse(n.slice) == found.walker and isinstance(n.value, ast.Name)
    ]
    return noun_of(*looked_up, found.walker)
