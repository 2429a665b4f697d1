"""Properties, `__getattr__` and overriding methods that ask themselves: they ask what they were meant to ask."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.cycles import Recursion
from healer.syntax.edits import InsertBefore, Replace
from healer.syntax.members import member, members_of
from healer.syntax.project import Function
from healer.syntax.situation import Situation


def of_itself(s: Situation, found: Recursion) -> Iterator[Draft]:
    for function in found.functions:
        if function.owner is None:
            continue
        if function.name == "__getattr__":
            yield from _lookup(function)
        elif function.node.decorator_list:
            yield from _stored_value(s, function)
        yield from _base_method(s, function)


def _lookup(function: Function) -> Iterator[Draft]:
    """`__getattr__` needs an attribute that is not there yet, as in a copy that is being made."""
    params = [a.arg for a in function.params]
    asked = [
        n.attr
        for n in ast.walk(function.node)
        if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "self" and isinstance(n.ctx, ast.Load)
    ]
    if len(params) != 2 or not asked:
        return
    name = params[1]
    test = f'{name}.startswith("_")' if asked[0].startswith("_") else f'{name} == "{asked[0]}"'
    first = function.node.body[1] if function.docstring and len(function.node.body) > 1 else function.node.body[0]
    code = f"if {test}:\n    raise AttributeError({name})\n"
    edits = ((function.module, InsertBefore(first, code)),)
    yield Draft(f"Do not look up {asked[0]} through itself", edits, Answer.CORRECT, 0.94)


def _stored_value(s: Situation, function: Function) -> Iterator[Draft]:
    """A property named like the field that it was to answer or set."""
    assert function.owner is not None
    own = [
        n
        for n in ast.walk(function.node)
        if isinstance(n, ast.Attribute) and n.attr == function.name and ast.unparse(n.value) == "self"
    ]
    setter = any(ast.unparse(d).endswith(".setter") for d in function.node.decorator_list)
    own = [n for n in own if isinstance(n.ctx, ast.Store) == setter]
    known = members_of(s.project, function.module, function.owner)
    for other in (f"_{function.name}", f"{function.name}_"):
        if own and other in known:
            edits = tuple((function.module, Replace(n, f"self.{other}")) for n in own)
            yield Draft(f"Use the field {other}", edits, Answer.CORRECT, 0.96)


def _base_method(s: Situation, function: Function) -> Iterator[Draft]:
    """An overriding method that calls itself where the base class's was meant."""
    assert function.owner is not None
    calls = [
        n
        for n in ast.walk(function.node)
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        and n.func.attr == function.name
        and ast.unparse(n.func.value) == "self"
    ]
    for base in function.owner.bases:
        found = s.project.find_class(function.module, base)
        if calls and found is not None and member(s.project, *found, function.name) is not None:
            edits = tuple((function.module, Replace(n.func, f"super().{function.name}")) for n in calls)
            yield Draft("Call the base class's method", edits, Answer.CORRECT, 0.95)
            return
