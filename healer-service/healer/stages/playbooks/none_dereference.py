"""None where an object was expected: refuse when the client asked for what is not there, else give the natural
value of nothing.
"""

from __future__ import annotations

import ast
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
    copied,
    covering,
    guard,
    reference,
)
from healer.stages.playbooks.missing_key import missing_phrase
from healer.stages.playbooks.nothing import without
from healer.syntax.bindings import Definition
from healer.syntax.edits import Replace
from healer.syntax.examples import Example, ensuring_functions, kind_of_missing, lookup_guards, membership_guards
from healer.syntax.nouns import name_of, noun_of
from healer.syntax.project import Function, same
from healer.syntax.relations import Relation, asked_with, definition, forbids, looks_up
from healer.syntax.situation import Place, Situation

CATEGORIES = ("none-dereference",)
NAME = "none-dereference"


def draft(s: Situation) -> Iterator[Draft]:
    for rank, (expression, culprit) in enumerate(s.crash.pairs[:3]):
        for one in _drafts(s, expression, culprit):
            yield Draft(one.summary, one.edits, one.answer, one.fit - 0.12 * rank)


def _drafts(s: Situation, expression: ast.expr, culprit: ast.expr) -> Iterator[Draft]:
    made = definition(s, culprit)
    relation = forbids(s, expression, made)
    if relation is not None:
        yield from _forbidden(s, culprit, relation)
    yield from _refusals(s, culprit, made)
    yield from _in_callee(s, made)
    for one in without(s, expression, culprit, looks_up(s, made)):
        yield replace(one, fit=min(one.fit, 0.7)) if relation is not None else one


def _forbidden(s: Situation, culprit: ast.expr, relation: Relation) -> Iterator[Draft]:
    """The record is there and lacks what the request needs of it: its state forbids the request."""
    wish = Wish(CONFLICT, relation.thing, says=relation.missing)
    for place in s.places(culprit):
        handler = 0.1 * (place.depth > 0 and s.refusals.is_route(place.function))
        yield from guard(s, covering(place), "{0} is None", wish, 0.88 + handler)


def _refusals(s: Situation, culprit: ast.expr, made: Definition) -> Iterator[Draft]:
    value = made.value
    origins = s.tracer.origins(value, made.module, made.function, at=made.statement)
    arguments = asked_with(value)
    asked = {
        o for a in arguments for o in s.tracer.origins(_searched(a), made.module, made.function, at=made.statement)
    }
    word = ast.unparse(value.func).rpartition(".")[2] if isinstance(value, ast.Call) else ""
    matching = word in ("match", "search", "fullmatch")
    for place in s.places(culprit):
        for example in [*lookup_guards(s, value, place.module)[:2], *_table_guards(s, value)[:1]]:
            one = copied(s, example, place, arguments[0] if arguments else place.value, "{0} is None", 0.93)
            if one is not None:
                yield one
        if matching:
            name = name_of(arguments[-1] if arguments else None)
            yield from guard(s, place, "{0} is None", Wish(BAD_INPUT, name, says=f"invalid {name}"), 0.82)
        elif looks_up(s, made) and not (_is_field_get(value) and any(o.is_client for o in origins)):
            yield from _not_found(s, place, made, {o.kind for o in asked if o.is_client}, arguments)
        elif any(o.is_client for o in origins):
            yield from _missing_input(s, place, value, {o.kind for o in origins})
    if isinstance(value, ast.Call) and arguments:
        for helper in ensuring_functions(s, made.module, None, value):
            said = reference(s, made.module, helper.module, helper.name)
            if said is not None and made.function is not None and helper.node is not made.function.node:
                call = f"{said[0]}({made.module.text(arguments[-1])})"
                edits = ((made.module, Replace(value, call)), *((made.module, added) for added in said[1]))
                yield Draft(f"Look it up through {helper.name}, which refuses", edits, Answer.NOT_FOUND, 0.9)


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
    noun = _noun(made, place)
    key = next((a for a in reversed(arguments) if isinstance(a, (ast.Name, ast.Attribute))), None)
    shown = ast.unparse(key) if key is not None and made.function is place.function else ""
    fit = 0.8 if asked else 0.58
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


def _noun(made: Definition, place: Place) -> str:
    """What was looked for: the name it got, the entity it was asked of, the holder it was sought in."""
    entity = ""
    if isinstance(made.value, ast.Call):
        names = [a.id for a in made.value.args if isinstance(a, ast.Name)]
        entity = next((n.lower() for n in names if n[:1].isupper() and not n.isupper()), "")
    return noun_of(place.value, entity, made.value)


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
    says = missing_phrase(s, name) if name else "a JSON object is required"
    yield from guard(s, place, "{0} is None", Wish(BAD_INPUT, name, says=says), 0.78)


def _in_callee(s: Situation, made: Definition) -> Iterator[Draft]:
    """The function that answered None should have had something to answer."""
    if not isinstance(made.value, ast.Call):
        return
    callee = s.project.find_function(made.module, made.value.func, made.function)
    if callee is None:
        return
    for node in callee.own_nodes:
        if isinstance(node, ast.Return) and node.value is not None:
            yield from _with_default(s, callee, node.value)


def _with_default(s: Situation, callee: Function, value: ast.expr) -> Iterator[Draft]:
    """`.get(key)` gets the default that a sibling gives on the same kind of holder, its key put in place of the
    other.
    """
    module = callee.module
    if not (_is_field_get(value) and isinstance(value, ast.Call) and len(value.args) == 1):
        return
    assert isinstance(value.func, ast.Attribute)
    key = value.args[0]
    for node in module.nodes:
        if not (_is_field_get(node) if isinstance(node, ast.Call) else False):
            continue
        assert isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if len(node.args) != 2 or not same(node.func.value, value.func.value):
            continue
        default = module.text(node.args[1]).replace(module.text(node.args[0]), module.text(key))
        if isinstance(node.args[1], ast.Constant) and not same(node.args[0], key):
            continue
        code = f"{module.text(value.func)}({module.text(key)}, {default})"
        edits = ((module, Replace(value, code)),)
        yield Draft(f"Fall back to {default} in {callee.name}, as its siblings do", edits, Answer.NATURAL_VALUE, 0.94)
