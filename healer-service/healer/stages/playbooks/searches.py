"""next() of a search that finds nothing: not found, or None where nothing was asked for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from healer.model import Answer
from healer.stages.playbooks.drafts import BAD_INPUT, NOT_FOUND, Draft, Wish, copied, guard, reference
from healer.syntax.defaults import hints_at_nothing
from healer.syntax.edits import Edit, InsertAfter, InsertBefore, Replace
from healer.syntax.examples import ensuring_functions, lookup_guards
from healer.syntax.nouns import noun_of
from healer.syntax.project import Module
from healer.syntax.situation import Place, Situation


def of_next(s: Situation, expression: ast.expr) -> Iterator[Draft]:
    if not isinstance(expression, ast.Call) or len(expression.args) != 1 or s.function is None:
        return
    searched = expression.args[0]
    sought = searched.generators[0].ifs if isinstance(searched, ast.GeneratorExp) else []
    names = [n for part in sought for n in ast.walk(part) if isinstance(n, ast.Name) and s.origins(n)]
    client = {o.kind for part in sought for o in s.origins(part) if o.is_client}
    with_none = f"next({in_parentheses(s, searched)}, None)"
    for helper in ensuring_functions(s, s.module, None, expression):
        said = reference(s, s.module, helper.module, helper.name)
        if said is not None and names:
            edits = ((s.module, Replace(expression, f"{said[0]}({names[-1].id})")), *((s.module, a) for a in said[1]))
            yield Draft(f"Look it up through {helper.name}, which refuses", edits, Answer.NOT_FOUND, 0.78)
    for one in _refused(s, expression, searched, client, names[0].id if names else ""):
        yield _without_end(s, one, expression, with_none)
    fit = 0.62 + 0.14 * hints_at_nothing(s.function)
    edits = ((s.module, Replace(expression, with_none)),)
    yield Draft("Answer None when nothing is found", edits, Answer.NATURAL_VALUE, fit - 0.2 * bool(client))


def _refused(s: Situation, expression: ast.Call, searched: ast.expr, client: set[str], shown: str) -> Iterator[Draft]:
    """Guards on the outcome, as if the search already gave None."""
    assert s.function is not None
    iterated = searched.generators[0].iter if isinstance(searched, ast.GeneratorExp) else searched
    target = _name_of_search(s, expression)
    noun = noun_of(target, *_holders(iterated))
    if target:
        place: Place | None = Place(s.function, s.crash.statement, ast.Name(target))
    else:
        place = next((p for p in s.places(expression, 1) if not p.depth), None)
    if place is None:
        return
    for example in lookup_guards(s, expression, s.module)[:2]:
        one = copied(s, example, place, place.value, "{0} is None", 0.93)
        if one is not None:
            yield one
    yield from guard(s, place, "{0} is None", Wish(NOT_FOUND, noun, shown), 0.84 if client else 0.6)
    if client and "path" not in client:
        yield from guard(s, place, "{0} is None", Wish(BAD_INPUT, noun, shown), 0.7, 2)


def _name_of_search(s: Situation, expression: ast.Call) -> str:
    """The name that a search is given as it is."""
    statement = s.crash.statement
    if isinstance(statement, ast.Assign) and statement.value is expression:
        return ast.unparse(statement.targets[0]) if isinstance(statement.targets[0], ast.Name) else ""
    return ""


def _holders(node: ast.expr) -> list[ast.expr]:
    """Of `USERS.values()` the holder, too."""
    inner = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
    return [inner] if inner is not None else [node]


def in_parentheses(s: Situation, node: ast.expr) -> str:
    text = s.module.text(node)
    return f"({text})" if isinstance(node, ast.GeneratorExp) and not text.startswith("(") else text


def _without_end(s: Situation, one: Draft, expression: ast.Call, with_none: str) -> Draft:
    """The search gives None instead of raising: in the guard's own assignment, or where it has a name already."""
    named = _name_of_search(s, expression)
    edits: list[tuple[Module, Edit]] = [(s.module, Replace(expression, with_none))] if named else []
    for module, edit in one.edits:
        if isinstance(edit, InsertBefore) and named:
            edits.append((module, InsertAfter(edit.statement, edit.code)))
        elif isinstance(edit, InsertBefore):
            code = edit.code.replace(s.module.text(expression), with_none, 1)
            edits.append((module, InsertBefore(edit.statement, code)))
        else:
            edits.append((module, edit))
    return replace(one, edits=tuple(edits))
