"""next() of a search that finds nothing: not found, or None where nothing was asked for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from healer.model import Answer
from healer.stages.playbooks.drafts import BAD_INPUT, NOT_FOUND, Draft, Wish, copied, guard, reference
from healer.syntax.defaults import hints_at_nothing
from healer.syntax.edits import Edit, Guarded, InsertAfter, InsertBefore, Replace
from healer.syntax.examples import ensuring_functions, lookup_guards, none_subject
from healer.syntax.nouns import noun_of
from healer.syntax.project import Module
from healer.syntax.situation import Place, Situation


def of_next(s: Situation, expression: ast.expr) -> Iterator[Draft]:
    if not isinstance(expression, ast.Call) or len(expression.args) != 1 or s.function is None:
        return
    searched = expression.args[0]
    if not isinstance(searched, ast.GeneratorExp):
        yield from _nothing_sent(s, expression, searched)
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
    edits = ((s.module, Replace(expression, with_none)),)
    if _asked_for_none(s):
        yield Draft("Answer None when nothing is found, as the callers expect", edits, Answer.CORRECT, 0.96)
    fit = 0.62 + 0.14 * hints_at_nothing(s.function)
    yield Draft("Answer None when nothing is found", edits, Answer.NATURAL_VALUE, fit - 0.2 * bool(client))


def _asked_for_none(s: Situation) -> bool:
    """Whether a caller on the stack already deals with nothing having been found."""
    if s.function is None or not isinstance(s.crash.statement, ast.Return):
        return False
    if any(
        isinstance(n, ast.Return) and n.value is not None and ast.unparse(n.value) == "None"
        for n in s.function.own_nodes
    ):
        return False  # the callers' question may be about the other case
    for module, call in s.callers(s.function):
        statement, owner = module.statement_of(call), module.function_of(call)
        if not isinstance(statement, ast.Assign) or owner is None:
            continue
        names = {t.id for t in statement.targets if isinstance(t, ast.Name)}
        tests = [n.test for n in owner.own_nodes if isinstance(n, (ast.If, ast.IfExp))]
        subjects = [none_subject(test) for test in tests]
        if any(isinstance(one, ast.Name) and one.id in names for one in subjects):
            return True
    return False


def _nothing_sent(s: Situation, expression: ast.Call, searched: ast.expr) -> Iterator[Draft]:
    """The first line of what the client sent, which is empty."""
    place = next((p for p in s.places(expression, 0) if not p.depth), None)
    sent = [o for o in s.origins(searched) if o.kind in ("raw", "body", "form")]
    if place is None or not sent:
        return
    target = _name_of_search(s, expression)
    place = replace(place, value=ast.Name(target), statement=s.crash.statement) if target else place
    name = next((o.name for o in sent if o.name not in ("", "request", "raw", "get_data")), "body")
    with_none = f"next({in_parentheses(s, searched)}, None)"
    for one in guard(s, place, "{0} is None", Wish(BAD_INPUT, name, says=f"{name} is empty"), 0.92, 2):
        yield _without_end(s, one, expression, with_none)


def of_spent_generator(s: Situation) -> Iterator[Draft]:
    """A next() without an end inside a generator, which may not raise StopIteration: the generator ends there."""
    calls = [n for n in ast.walk(s.crash.statement) if isinstance(n, ast.Call)]
    callees = [s.project.find_function(s.module, c.func, s.function) for c in calls]
    for function in [s.function, *callees]:
        if function is None or not any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in function.own_nodes):
            continue
        steps = [
            n
            for n in function.own_nodes
            if isinstance(n, ast.Call) and ast.unparse(n.func) == "next" and len(n.args) == 1
        ]
        if steps:
            statement = function.module.statement_of(steps[0])
            edits = ((function.module, Guarded(statement, "except StopIteration:\n    return\n")),)
            yield Draft(f"End {function.name} where its source ends", edits, Answer.CORRECT, 0.93)


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
