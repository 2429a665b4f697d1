"""KeyError: a look-up with a key that is not there.

A client's bad key is refused, a field of one's own that may be absent gets its default.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import (
    BAD_INPUT,
    NOT_FOUND,
    UNAUTHORISED,
    Draft,
    Wish,
    copied,
    guard,
    guard_items,
    reference,
)
from healer.stages.playbooks.key_forms import as_elsewhere
from healer.stages.playbooks.lazy_state import of_lazy_entry
from healer.stages.playbooks.made_on_demand import through_its_maker
from healer.stages.playbooks.nothing import condition_of_choice
from healer.stages.playbooks.record_making import in_the_making
from healer.stages.playbooks.required_fields import refuses_strangers, required
from healer.stages.playbooks.stored_keys import not_among, of_stored_key, stand_ins, without_lost_items
from healer.syntax.bindings import assignments
from healer.syntax.defaults import hints_at_nothing, natural
from healer.syntax.edits import Replace, ReplaceStatement
from healer.syntax.examples import Example, ensuring_functions, get_defaults, lookup_guards, membership_guards
from healer.syntax.nouns import GENERIC, noun_of, singular
from healer.syntax.origins import Origin
from healer.syntax.parsing import parse
from healer.syntax.project import same
from healer.syntax.routes import route_path
from healer.syntax.situation import Place, Situation

CATEGORIES = ("missing-key", "missing-member")
NAME = "missing-key"


def draft(s: Situation) -> Iterator[Draft]:
    for rank, (expression, base) in enumerate(s.crash.pairs[:3]):
        key = expression.slice if isinstance(expression, ast.Subscript) else _first_argument(expression)
        if key is None or isinstance(key, ast.Slice):
            continue
        for one in _drafts(s, expression, base, key):
            yield Draft(one.summary, one.edits, one.answer, one.fit - 0.12 * rank)


def _first_argument(node: ast.expr) -> ast.expr | None:
    return node.args[0] if isinstance(node, ast.Call) and node.args else None


def _drafts(s: Situation, expression: ast.expr, base: ast.expr, key: ast.expr) -> Iterator[Draft]:
    held = s.origins(base)
    if isinstance(key, ast.Constant):
        if any(o.is_client for o in held):
            yield from required(s, base, key, {o.kind for o in held})
        elif any(o.kind == "env" for o in held) or ast.unparse(base).endswith("environ"):
            yield from stand_ins(s, expression, base, key, True)
        else:
            yield from in_the_making(s, expression, key)
            yield from _absent_field(s, expression, base, key, held)
        return
    yield from _grouping(s, expression, base, key)
    yield from of_lazy_entry(s, expression, base, key)
    yield from through_its_maker(s, expression, base, key)
    yield from as_elsewhere(s, expression, base, key)
    asked = s.origins(key)
    client = sorted((o for o in asked if o.is_client), key=lambda o: o.kind)
    if client or (asked and all(o.kind == "unknown" for o in asked)):
        yield from _unknown_key(s, expression, base, key, held, client)
    yield from stand_ins(s, expression, base, key, not client or any(o.kind == "record" for o in asked))
    if not client or any(o.kind == "record" for o in asked):
        yield from of_stored_key(s, expression, base, key)
        yield from without_lost_items(s, expression, base, key)
    if isinstance(expression, ast.Call):
        yield from not_among(s, expression, base, key)


def _unknown_key(
    s: Situation, expression: ast.expr, base: ast.expr, key: ast.expr, held: frozenset[Origin], client: list[Origin]
) -> Iterator[Draft]:
    """A key the client chose."""
    table = s.module.text(base)
    by_path = any(o.kind == "path" for o in client)
    stored = any(o.kind in ("state", "row", "record") for o in held)
    for helper in ensuring_functions(s, s.module, base, None):
        said = reference(s, s.module, helper.module, helper.name)
        if isinstance(expression, ast.Subscript) and isinstance(expression.ctx, ast.Load) and said is not None:
            call = f"{said[0]}({s.module.text(key)})"
            edits = ((s.module, Replace(expression, call)), *((s.module, added) for added in said[1]))
            yield Draft(f"Look it up through {helper.name}, which refuses", edits, Answer.NOT_FOUND, 0.82)
    subject = ast.unparse(key)
    noun = noun_of(key, client[0].name if client else "", base)
    noun = noun_in_path(s, client[0].name if client else "") or noun if len(noun) < 3 or noun in GENERIC else noun
    wished = NOT_FOUND if any(e.refusal.status == 404 for e in membership_guards(s, base)) else BAD_INPUT
    if _accepted_otherwise(s, base, key):
        # The service took it for good: that this table lacks it is no mistake of the client.
        return
    yield from guard_items(s, key, f"{subject} not in {table}", Wish(wished, noun), 0.8)
    for place in s.places(key):
        if place.depth and table not in _visible_names(place):
            continue
        test = f"{{0}} not in {table}"
        asked_of = parse(f"{table}.get({subject})", "eval").body
        for example in [*membership_guards(s, base)[:3], *lookup_guards(s, asked_of, s.module)[:1]]:
            one = copied(s, example, place, place.value, test, 0.92 - 0.12 * _asked_otherwise(s, example, by_path))
            if one is not None:
                yield one
        wishes = [Wish(NOT_FOUND, noun, subject), Wish(BAD_INPUT, noun, subject)]
        # A table that nobody writes to and a key that came as it is: no other reading is left.
        plain = (
            isinstance(place.value, ast.Name) and bool(client) and bool(held) and all(o.kind == "table" for o in held)
        )
        known = 0.05 * plain - 0.15 * _known_before(s, place, table)
        first = 0 if by_path or (stored and _speaks_of(s, place, 404)) else 1
        if client and all(o.kind in ("header", "cookie") for o in client) and refuses_strangers(s, place):
            yield from guard(s, place, test, Wish(UNAUTHORISED, noun, says=f"unknown {noun}"), 0.88)
        yield from guard(s, place, test, wishes[first], 0.82 + known)
        yield from guard(s, place, test, wishes[1 - first], 0.66, 2)


def _known_before(s: Situation, place: Place, table: str) -> bool:
    """Whether the function has refused the key by another table: then it is one that the service knows."""
    for refusal in s.refusals.all:
        if refusal.function is None or refusal.function.node is not place.function.node or refusal.test is None:
            continue
        for node in ast.walk(refusal.test):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.NotIn) and same(node.left, place.value):
                if ast.unparse(node.comparators[0]) != table:
                    return True
    return False


def _accepted_otherwise(s: Situation, base: ast.expr, key: ast.expr) -> bool:
    """Whether the function asked another table for the same key, and refused what that one does not have."""
    return any(
        isinstance(r.test, ast.Compare)
        and isinstance(r.test.ops[0], ast.NotIn)
        and same(r.test.left, key)
        and not same(r.test.comparators[0], base)
        for r in s.refusals.all
        if r.function is not None
        and s.function is not None
        and r.function.node is s.function.node
        and r.node.lineno < s.crash.statement.lineno
    )


def noun_in_path(s: Situation, name: str) -> str:
    """What the route's path calls the thing under a parameter: of `/docs/{n}` doc."""
    path = route_path(s.route) if s.route is not None else None
    found = re.search(rf"(\w[\w-]*)/[{{<](?:\w+:)?{re.escape(name)}[:}}>]", path or "")
    return singular(found.group(1).replace("-", "_")) if found and name else ""


def _asked_otherwise(s: Situation, example: Example, by_path: bool) -> bool:
    """A key in the path names a resource, one in the query or body is input: they are refused in different ways."""
    refusal = example.refusal
    asked = s.tracer.origins(example.subject, refusal.module, refusal.function, at=refusal.node)
    kinds = {o.kind for o in asked if o.is_client}
    return bool(kinds) and ("path" in kinds) != by_path


def _visible_names(place: Place) -> set[str]:
    module = place.module
    return {*module.constants, *module.imports, *(a.arg for a in place.function.params)}


def _speaks_of(s: Situation, place: Place, status: int) -> bool:
    return any(r.status == status for r in s.refusals.all if r.module is place.module)


def _absent_field(
    s: Situation, expression: ast.expr, base: ast.expr, key: ast.Constant, held: frozenset[Origin]
) -> Iterator[Draft]:
    """A key that some of the service's own records lack."""
    if not isinstance(expression, ast.Subscript) or not isinstance(expression.ctx, ast.Load):
        return
    table, text = s.module.text(base), s.module.text(key)
    for known in get_defaults(s, key):
        edits = ((s.module, Replace(expression, f"{table}.get({text}, {ast.unparse(known)})")),)
        yield Draft(
            f"Take {ast.unparse(known)} where {key.value!s} is missing, as elsewhere", edits, Answer.NATURAL_VALUE, 0.88
        )
    yield from stand_ins(s, expression, base, key, True)
    condition = condition_of_choice(s.module, expression)
    if condition is not None:
        edits = ((s.module, Replace(condition, f"{text} in {table} and {s.module.text(condition)}")),)
        yield Draft(f"Ask whether {table} has {text} first", edits, Answer.NATURAL_VALUE, 0.86)
    fit = 0.7
    for value in natural(s, s.module, expression, s.function):
        code = f"{table}.get({text})" if value == "None" else f"{table}.get({text}, {value})"
        edits = ((s.module, Replace(expression, code)),)
        yield Draft(f"Take {value} where {key.value!s} is missing", edits, Answer.NATURAL_VALUE, fit)
        fit -= 0.06


def _grouping(s: Situation, expression: ast.expr, base: ast.expr, key: ast.expr) -> Iterator[Draft]:
    """Counting and collecting into a dict: the first of a kind."""
    if not isinstance(expression, ast.Subscript):
        return
    table, text = s.module.text(base), s.module.text(key)
    statement = s.crash.statement
    sure = (not s.origins(base) or not _filled_elsewhere(s, base)) and not _begun_with_all(s, base)
    if isinstance(statement, ast.AugAssign) and statement.target is expression and isinstance(statement.op, ast.Add):
        fresh = "[]" if isinstance(statement.value, (ast.List, ast.ListComp)) else "0"
        code = f"{table}[{text}] = {table}.get({text}, {fresh}) + {s.module.text(statement.value)}"
        yield Draft(
            f"Begin at {fresh} for the first {text}",
            ((s.module, ReplaceStatement(statement, code)),),
            Answer.NATURAL_VALUE,
            0.93 if sure else 0.62,
        )
    parent = s.module.parents.get(expression)
    if isinstance(parent, ast.Attribute) and parent.attr in _CHANGING and hints_at_nothing(s.function):
        for fresh in _begun_with(s, base):
            edits = ((s.module, Replace(expression, f"{table}.setdefault({text}, {fresh})")),)
            summary = f"Begin with {fresh} for the first {text}, as elsewhere"
            yield Draft(summary, edits, Answer.NATURAL_VALUE, 0.96)
    if isinstance(parent, ast.Attribute) and parent.attr in ("append", "extend", "add", "update"):
        fresh = {"append": "[]", "extend": "[]", "add": "set()", "update": "{}"}[parent.attr]
        code = f"{table}.setdefault({text}, {fresh})"
        yield Draft(
            f"Begin with {fresh} for the first {text}",
            ((s.module, Replace(expression, code)),),
            Answer.NATURAL_VALUE,
            0.92 if sure else 0.6,
        )


_CHANGING = ("append", "extend", "add", "update", "discard", "remove", "pop", "clear", "difference_update")


def _begun_with(s: Situation, base: ast.expr) -> list[str]:
    """What other code begins an entry of the same table with."""
    return [
        module.text(n.args[1])
        for module in s.project.modules.values()
        for n in module.nodes
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "setdefault"
        if len(n.args) == 2 and same(n.func.value, base)
    ][:1]


def _begun_with_all(s: Situation, base: ast.expr) -> bool:
    """Whether the table begins with an entry for each that belongs in it: then another one is a stray."""
    made = assignments(s.function, base.id) if isinstance(base, ast.Name) and s.function is not None else []
    return any(isinstance(one.value, ast.DictComp) for one in made)


def _filled_elsewhere(s: Situation, base: ast.expr) -> bool:
    """Whether something else makes the entries: then a missing one is no first of its kind."""
    for module in s.project.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and same(node.value, base):
                if not isinstance(module.parents.get(node), ast.AugAssign):
                    return True
    value = s.project.constant(s.module, base.id) if isinstance(base, ast.Name) else None
    return value is not None and isinstance(value[1], ast.Dict) and bool(value[1].keys)
