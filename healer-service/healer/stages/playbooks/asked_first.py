"""What a helper looks up and does not find, looked up first by the route that knows how to refuse."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.stages.playbooks.drafts import NOT_FOUND, Draft, Wish, copied, guard
from healer.syntax.bindings import Definition
from healer.syntax.examples import lookup_guards
from healer.syntax.guards import nearest_first
from healer.syntax.project import Module
from healer.syntax.relations import asked_with
from healer.syntax.situation import Situation


def by_the_caller(s: Situation, made: Definition, noun: str, nothing: str = "{0} is None") -> Iterator[Draft]:
    """`if store.find(name) is None: <refusal>` in the caller, for a helper's `self.find(name)` that found nothing."""
    if made.function is None or s.refusals.is_route(made.function) or not isinstance(made.value, ast.Call):
        return
    asked = asked_with(made.value)
    if len(asked) != 1 or not isinstance(asked[0], ast.Name):
        return
    assert isinstance(made.statement, ast.stmt)
    place = s.outer_place(asked[0], made.function, made.statement)
    if place is None or isinstance(place.value, (ast.Call, ast.Await)):
        return
    call = next((c for m, c in s.callers(made.function) if m is place.module), None)
    lookup = _seen_from(s, place.module, made, call)
    kinds = {o.kind for o in s.origins_at(place) if o.is_client}
    if not lookup or not kinds:
        return
    test = nothing.format(f"{lookup}({{0}})")
    for example in nearest_first(s, lookup_guards(s, made.value, place.module), place.function, kinds)[:1]:
        one = copied(s, example, place, place.value, test, 0.95)
        if one is not None:
            yield one
    in_route = 0.1 * s.refusals.is_route(place.function)
    yield from guard(s, place, test, Wish(NOT_FOUND, noun, place.text), 0.78 + in_route, 1)


def _seen_from(s: Situation, module: Module, made: Definition, call: ast.Call | None) -> str:
    """How the caller's module says the look-up's function; "" when it cannot."""
    assert isinstance(made.value, ast.Call)
    looked = made.value.func
    if call is None:
        return ""
    if isinstance(looked, ast.Attribute) and ast.unparse(looked.value) == "self":
        return f"{module.text(call.func.value)}.{looked.attr}" if isinstance(call.func, ast.Attribute) else ""
    if isinstance(looked, ast.Name):
        if looked.id in module.imports or module is made.module:
            return looked.id
        if isinstance(call.func, ast.Attribute) and s.project.module_named(
            module.imports.get(ast.unparse(call.func.value), "")
        ):
            return f"{module.text(call.func.value)}.{looked.id}"
    return ""
