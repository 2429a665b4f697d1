"""KeyError: a look-up with a key that is not there.

A client's bad key is refused, a field of one's own that may be absent gets its default.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import BAD_INPUT, NOT_FOUND, Draft, Wish, copied, guard, guard_items, reference
from healer.syntax.defaults import hints_at_nothing, natural
from healer.syntax.edits import AddImport, Replace, ReplaceStatement
from healer.syntax.examples import Example, ensuring_functions, get_defaults, lookup_guards, membership_guards
from healer.syntax.nouns import noun_of
from healer.syntax.origins import Origin
from healer.syntax.project import same
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
            yield from _required(s, base, key)
        elif not any(o.kind == "env" for o in held):
            yield from _absent_field(s, expression, base, key, held)
        return
    yield from _grouping(s, expression, base, key)
    asked = s.origins(key)
    client = sorted((o for o in asked if o.is_client), key=lambda o: o.kind)
    if client or (asked and all(o.kind == "unknown" for o in asked)):
        yield from _unknown_key(s, expression, base, key, held, client)
    if not client or any(o.kind == "record" for o in asked):
        yield from _stored_key(s, expression, base, key)


def _required(s: Situation, base: ast.expr, key: ast.Constant) -> Iterator[Draft]:
    """A field the client left out."""
    for known in get_defaults(s, str(key.value)):
        code = f"{s.module.text(base)}.get({s.module.text(key)}, {ast.unparse(known)})"
        expression = s.module.parents[base]
        if isinstance(expression, ast.Subscript):
            edits = ((s.module, Replace(expression, code)),)
            yield Draft(
                f"Take {ast.unparse(known)} where {key.value!s} is missing, as elsewhere",
                edits,
                Answer.NATURAL_VALUE,
                0.84,
            )
    for place in s.places(base):
        wish = Wish(BAD_INPUT, str(key.value), says=missing_phrase(s, str(key.value)))
        yield from guard(s, place, f"{_literal(s, key)} not in {{0}}", wish, 0.8)
    wish = Wish(BAD_INPUT, str(key.value), says=missing_phrase(s, str(key.value)))
    yield from guard_items(s, base, f"{_literal(s, key)} not in {s.module.text(base)}", wish, 0.8)


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
    wished = NOT_FOUND if any(e.refusal.status == 404 for e in membership_guards(s, base)) else BAD_INPUT
    yield from guard_items(s, key, f"{subject} not in {table}", Wish(wished, noun), 0.8)
    for place in s.places(key):
        if place.depth and table not in _visible_names(place):
            continue
        test = f"{{0}} not in {table}"
        asked_of = ast.parse(f"{table}.get({subject})", mode="eval").body
        for example in [*membership_guards(s, base)[:3], *lookup_guards(s, asked_of, s.module)[:1]]:
            one = copied(s, example, place, place.value, test, 0.92 - 0.12 * _asked_otherwise(s, example, by_path))
            if one is not None:
                yield one
        wishes = [Wish(NOT_FOUND, noun, subject), Wish(BAD_INPUT, noun, subject)]
        first = 0 if by_path or (stored and _speaks_of(s, place, 404)) else 1
        yield from guard(s, place, test, wishes[first], 0.82)
        yield from guard(s, place, test, wishes[1 - first], 0.66, 2)


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


def _stored_key(s: Situation, expression: ast.expr, base: ast.expr, key: ast.expr) -> Iterator[Draft]:
    """A key from the service's own records that the table no longer knows."""
    if not isinstance(expression, ast.Subscript) or not isinstance(expression.ctx, ast.Load):
        return
    table, text = s.module.text(base), s.module.text(key)
    for name in s.module.constants:
        if name.startswith(("DEFAULT", "FALLBACK", "UNKNOWN", "STANDARD")):
            value = ast.unparse(s.module.constants[name])
            table_value = s.project.constant(s.module, table)
            known = isinstance(table_value[1], ast.Dict) if table_value is not None else False
            keys = [ast.unparse(k) for k in table_value[1].keys if k] if known and table_value else []  # type: ignore[attr-defined]
            code = f"{table}.get({text}, {table}[{name}])" if value in keys else f"{table}.get({text}, {name})"
            edits = ((s.module, Replace(expression, code)),)
            yield Draft(f"Fall back to {name} for a key that {table} does not know", edits, Answer.NATURAL_VALUE, 0.8)
    fit = 0.62 + 0.12 * hints_at_nothing(s.function)
    for value in natural(s, s.module, expression, s.function):
        edits = ((s.module, Replace(expression, f"{table}.get({text}, {value})".replace(", None)", ")"))),)
        yield Draft(f"Take {value} for a key that {table} does not know", edits, Answer.NATURAL_VALUE, fit)
        fit -= 0.06


def _absent_field(
    s: Situation, expression: ast.expr, base: ast.expr, key: ast.Constant, held: frozenset[Origin]
) -> Iterator[Draft]:
    """A key that some of the service's own records lack."""
    if not isinstance(expression, ast.Subscript) or not isinstance(expression.ctx, ast.Load):
        return
    table, text = s.module.text(base), s.module.text(key)
    for known in get_defaults(s, str(key.value)):
        edits = ((s.module, Replace(expression, f"{table}.get({text}, {ast.unparse(known)})")),)
        yield Draft(
            f"Take {ast.unparse(known)} where {key.value!s} is missing, as elsewhere", edits, Answer.NATURAL_VALUE, 0.88
        )
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
    sure = not s.origins(base) or not _filled_elsewhere(s, base)
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
    if isinstance(parent, ast.Attribute) and parent.attr in ("append", "extend", "add", "update"):
        fresh = {"append": "[]", "extend": "[]", "add": "set()", "update": "{}"}[parent.attr]
        code = f"{table}.setdefault({text}, {fresh})"
        yield Draft(
            f"Begin with {fresh} for the first {text}",
            ((s.module, Replace(expression, code)),),
            Answer.NATURAL_VALUE,
            0.92 if sure else 0.6,
        )


def _filled_elsewhere(s: Situation, base: ast.expr) -> bool:
    """Whether something else makes the entries: then a missing one is no first of its kind."""
    for module in s.project.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and same(node.value, base):
                if not isinstance(module.parents.get(node), ast.AugAssign):
                    return True
    value = s.project.constant(s.module, base.id) if isinstance(base, ast.Name) else None
    return value is not None and isinstance(value[1], ast.Dict) and bool(value[1].keys)


__all__ = ["CATEGORIES", "NAME", "AddImport", "draft", "missing_phrase"]
