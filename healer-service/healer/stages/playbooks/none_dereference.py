"""None where an object was expected: refuse when the client asked for what is not there, else give the natural
value of nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeGuard

from healer.model import Answer
from healer.stages.playbooks.asked_first import by_the_caller
from healer.stages.playbooks.cases_left import at_the_end
from healer.stages.playbooks.dangling import cleared
from healer.stages.playbooks.documented import as_documented, up_the_chain
from healer.stages.playbooks.drafts import (
    BAD_INPUT,
    CONFLICT,
    NOT_FOUND,
    UNAUTHORISED,
    Draft,
    Wish,
    as_refused_later,
    copied,
    covering,
    guard,
    reference,
)
from healer.stages.playbooks.lazy_state import of_lazy_state
from healer.stages.playbooks.left_out import for_left_out
from healer.stages.playbooks.missing_key import noun_in_path
from healer.stages.playbooks.nothing import without
from healer.stages.playbooks.open_ended import without_end
from healer.stages.playbooks.other_callers import as_other_callers
from healer.stages.playbooks.required_fields import missing_phrase
from healer.stages.playbooks.skipped import left_out_of_loop
from healer.syntax.bindings import Definition
from healer.syntax.edits import Replace
from healer.syntax.examples import Example, ensuring_functions, kind_of_missing, lookup_guards, membership_guards
from healer.syntax.fallbacks import fallbacks
from healer.syntax.guards import asked_of_record, asked_otherwise, guards_of_same, nearest_first
from healer.syntax.kinds import root_of
from healer.syntax.nouns import GENERIC, LOOK_UPS, entity_in, name_of, noun_of
from healer.syntax.optional import declared_optional
from healer.syntax.project import Function, Module
from healer.syntax.relations import Relation, acts, aggregate_in, asked_with, definition, forbids, looks_up, relation_of
from healer.syntax.situation import Place, Situation

CATEGORIES = ("none-dereference",)
NAME = "none-dereference"
_IDENTITY = re.compile(r"^$|auth|token|key|session|user|login|account|client|sid", re.I)
"""Headers and cookies that say who asks; others, such as the language, are no matter of 401."""


def draft(s: Situation) -> Iterator[Draft]:
    for rank, (expression, culprit) in enumerate(s.crash.pairs[:3]):
        for one in _drafts(s, expression, culprit):
            yield Draft(one.summary, one.edits, one.answer, one.fit - 0.12 * rank)


def _drafts(s: Situation, expression: ast.expr, culprit: ast.expr) -> Iterator[Draft]:
    made = definition(s, culprit)
    yield from of_lazy_state(s, culprit)
    yield from as_other_callers(s, culprit)
    yield from cleared(s, made)
    yield from as_documented(s, culprit, _noun(s, made, culprit))
    yield from up_the_chain(s, culprit)
    yield from without_end(s, expression, culprit)
    yield from left_out_of_loop(s, expression, culprit)
    relation = forbids(s, expression, made)
    if relation is not None:
        yield from _forbidden(s, expression, culprit, relation)
    may_miss = declared_optional(s, made) and not _is_identity(s, made)
    for one in _refusals(s, culprit, made):
        yield replace(one, fit=min(one.fit, 0.6)) if may_miss else one
    if may_miss:
        yield from for_left_out(s, expression, culprit)
    yield from _in_callee(s, made)
    searched = looks_up(s, made) and aggregate_in(made.value) == ""
    for one in without(s, expression, culprit, searched):
        fit = min(one.fit, 0.7) if relation is not None else one.fit
        yield replace(one, fit=fit + 0.14 * may_miss)


def _is_identity(s: Situation, made: Definition) -> bool:
    """What says who asks: a header or cookie that is declared optional is refused in the service's own words."""
    origins = s.tracer.origins(made.value, made.module, made.function, at=made.statement)
    return any(o.kind in ("header", "cookie") for o in origins)


def _is_collection(expression: ast.expr) -> bool:
    """A collection that is None is an empty one: its record lacks nothing that the request needs."""
    return isinstance(expression, ast.Attribute) and any(hasattr(kind, expression.attr) for kind in (list, dict, set))


def _forbidden(s: Situation, expression: ast.expr, culprit: ast.expr, relation: Relation) -> Iterator[Draft]:
    """The record is there and lacks what the request needs of it: its state forbids the request."""
    wish = Wish(CONFLICT, relation.thing, says=relation.missing)
    in_loop = any(isinstance(a, (ast.For, ast.AsyncFor)) for a in s.module.ancestors(s.crash.statement))
    known = any(r.status in (409, 412, 423) for r in s.refusals.all) and not _is_collection(expression)
    for place in s.places(culprit):
        handler = -0.2 if in_loop else 0.1 * (place.depth > 0 and s.refusals.is_route(place.function))
        yield from guard(s, covering(place), "{0} is None", wish, 0.88 - 0.1 * (not known) + handler)


def _refusals(s: Situation, culprit: ast.expr, made: Definition) -> Iterator[Draft]:
    value = made.value
    origins = s.tracer.origins(value, made.module, made.function, at=made.statement)
    arguments = asked_with(value)
    asked = {
        o for a in arguments for o in s.tracer.origins(_searched(a), made.module, made.function, at=made.statement)
    }
    word = ast.unparse(value.func).rpartition(".")[2] if isinstance(value, ast.Call) else ""
    matching = word in ("match", "search", "fullmatch")
    if aggregate_in(value) or (origins and all(o.kind == "env" for o in origins)):
        return
    yield from by_the_caller(s, made, _noun(s, made, culprit))
    kinds = {o.kind for o in asked if o.is_client and (o.kind not in ("header", "cookie") or _IDENTITY.search(o.name))}
    for place in s.places(culprit):
        yield from _as_neighbours(s, place, made, arguments, kinds)
        if matching:
            name = name_of(arguments[-1] if arguments else None)
            yield from guard(s, place, "{0} is None", Wish(BAD_INPUT, name, says=f"invalid {name}"), 0.82)
        elif looks_up(s, made) and not (_is_field_get(value) and any(o.is_client for o in origins)):
            yield from _not_found(s, place, made, kinds, arguments)
        elif any(o.is_client for o in origins):
            yield from as_refused_later(s, place, "{0} is None")
            yield from _missing_input(s, place, value, {o.kind for o in origins})
    if isinstance(value, ast.Call) and arguments:
        for helper in ensuring_functions(s, made.module, None, value):
            said = reference(s, made.module, helper.module, helper.name)
            if said is not None and made.function is not None and helper.node is not made.function.node:
                call = f"{said[0]}({made.module.text(arguments[-1])})"
                edits = ((made.module, Replace(value, call)), *((made.module, added) for added in said[1]))
                yield Draft(f"Look it up through {helper.name}, which refuses", edits, Answer.NOT_FOUND, 0.9)


def _as_neighbours(
    s: Situation, place: Place, made: Definition, arguments: list[ast.expr], asked: set[str]
) -> Iterator[Draft]:
    """The refusals that other code gives where the same look-up, or the same attribute, came to nothing."""
    like = nearest_first(s, lookup_guards(s, made.value, place.module), place.function, asked)
    stored = not asked and relation_of(s, made) is not None
    for rank, example in enumerate([*like[:2], *_table_guards(s, made.value)[:1]]):
        fit = 0.93 - 0.03 * rank - 0.12 * asked_otherwise(s, example, asked)
        if stored and not asked_of_record(s, example):
            fit -= 0.4  # what a record leads to is not what the client asked for
        one = copied(s, example, place, arguments[0] if arguments else place.value, "{0} is None", fit)
        if one is not None:
            yield one
    for example in guards_of_same(s, place.value, place.function)[:1]:
        whose = root_of(place.value)
        own = whose is not None and whose.id in (*place.module.imports, "self", "request")
        own = own or isinstance(place.value, ast.Name)
        if own or acts(s) or example.refusal.status != 404:
            one = copied(s, example, place, place.value, "{0} is None", 0.93 if own else 0.9)
            if one is not None:
                yield one


def _table_guards(s: Situation, value: ast.expr) -> list[Example]:
    """How the code refuses a key that the same table lacks."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "get":
        return membership_guards(s, value.func.value)
    return []


def _searched(node: ast.expr) -> ast.expr:
    """What a generator inside next(…) compares with."""
    if isinstance(node, ast.GeneratorExp) and node.generators[0].ifs:
        return node.generators[0].ifs[0]
    return node


def _is_field_get(value: ast.expr) -> bool:
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr in ("get", "pop")
        and bool(value.args)
        and isinstance(value.args[0], ast.Constant)
    )


def _not_found(
    s: Situation, place: Place, made: Definition, asked: set[str], arguments: list[ast.expr]
) -> Iterator[Draft]:
    noun = _noun(s, made, place.value)
    key = next((a for a in reversed(arguments) if isinstance(a, (ast.Name, ast.Attribute))), None)
    shown = ast.unparse(key) if key is not None and made.function is place.function else ""
    fit = (
        0.85
        if _named_in_path(s, made, arguments, noun)
        else 0.8
        if asked
        else 0.45
        if relation_of(s, made) is not None
        else 0.58
    )
    if "path" in asked or not asked:
        yield from guard(s, place, "{0} is None", Wish(NOT_FOUND, noun, shown), fit)
    elif "header" in asked or "cookie" in asked:
        yield from guard(s, place, "{0} is None", Wish(UNAUTHORISED, noun), fit)
        yield from guard(s, place, "{0} is None", Wish(NOT_FOUND, noun), fit - 0.15, 1)
    else:
        kinds = [NOT_FOUND, BAD_INPUT]
        kinds.sort(key=lambda kind: kind != kind_of_missing(s, asked))
        yield from guard(s, place, "{0} is None", Wish(kinds[0], noun, shown), fit)
        yield from guard(s, place, "{0} is None", Wish(kinds[1], noun, shown), fit - 0.1, 2)


def _named_in_path(s: Situation, made: Definition, arguments: list[ast.expr], noun: str) -> bool:
    """Whether the path names the very thing that was looked for, `/samples/{number}`, and others are refused so."""
    origins = {o for a in arguments for o in s.tracer.origins(a, made.module, made.function, at=made.statement)}
    names = {noun_in_path(s, o.name) for o in origins if o.kind == "path"}
    return bool(noun) and noun in names and any(r.status == 404 for r in s.refusals.all)


def _noun(s: Situation, made: Definition, culprit: ast.expr) -> str:
    """What was looked for: the name it got, the entity it was asked of, what the helper answers, its holder."""
    entity = entity_in(made.value) if isinstance(made.value, ast.Call) else ""
    word = noun_of(culprit, entity)
    if word not in (*GENERIC, "entry") and isinstance(culprit, (ast.Name, ast.Attribute)):
        return word
    answered: list[ast.expr] = []
    if isinstance(made.value, ast.Call):
        callee = s.project.find_function(made.module, made.value.func, made.function)
        returns = [n for n in callee.own_nodes if isinstance(n, ast.Return)] if callee is not None else []
        answered = [n.value for n in returns if n.value is not None and not isinstance(n.value, ast.Constant)]
    words = [entity, noun_of(made.value), *(noun_of(value) for value in answered), word]
    return next((w for w in words if w and w not in (*GENERIC, *LOOK_UPS, "entry")), word)


def _missing_input(s: Situation, place: Place, value: ast.expr, kinds: set[str]) -> Iterator[Draft]:
    first = value.args[0] if isinstance(value, ast.Call) and value.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        name = first.value
    elif isinstance(value, (ast.Attribute, ast.Name)):
        name = ast.unparse(value).rpartition(".")[2]
    else:
        name = ""
    if "header" in kinds and name.lower() in ("authorization", "x-api-key", "x-token", "x-auth-token", ""):
        yield from guard(s, place, "{0} is None", Wish(UNAUTHORISED, name, says=f"{name} header required"), 0.8)
    if not name and isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in ("group", "groups"):
        return  # a part of what was sent may be left out where the pattern says so
    says = missing_phrase(s, name) if name else "a JSON object is required"
    yield from guard(s, place, "{0} is None", Wish(BAD_INPUT, name, says=says), 0.78)


def _in_callee(s: Situation, made: Definition) -> Iterator[Draft]:
    """The look-up should have had something to answer, here or in the function that answered None."""
    if not isinstance(made.value, ast.Call):
        return
    if made.function is not None:
        yield from _with_default(s, made.module, made.function, made.value)
    callee = s.project.find_function(made.module, made.value.func, made.function)
    if callee is None:
        return
    yield from _in_function(s, callee, 3)


def _in_function(s: Situation, callee: Function, depth: int) -> Iterator[Draft]:
    """In the function itself, or in the one whose answer it hands on."""
    yield from at_the_end(s, callee)
    for node in callee.own_nodes:
        if not isinstance(node, ast.Return) or node.value is None:
            continue
        yield from _with_default(s, callee.module, callee, node.value)
        inner = s.project.find_function(callee.module, node.value.func, callee) if _is_call(node.value) else None
        if inner is not None and depth and inner.node is not callee.node:
            yield from _in_function(s, inner, depth - 1)


def _is_call(node: ast.expr) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call)


def _with_default(s: Situation, module: Module, function: Function, value: ast.expr) -> Iterator[Draft]:
    """`.get(key)` gets what stands in for a key that the table lacks."""
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "get"):
        return
    if len(value.args) != 1:
        return
    key = value.args[0]
    stored = not any(o.is_client for o in s.tracer.origins(key, module, function))
    for one in fallbacks(s, module, value.func.value, key, function):
        code = f"{module.text(value.func)}({module.text(key)}, {one.code})"
        sure = stored or one.promised or isinstance(key, ast.Constant)
        fit = one.fit + 0.05 * isinstance(key, ast.Constant) + 0.01 if sure else one.fit - 0.2
        summary = f"Fall back to {one.code} in {function.name}"
        yield Draft(summary, ((module, Replace(value, code)),), Answer.NATURAL_VALUE, fit)
