"""A table whose values are all of one kind, and one place that stores another: converted there, as others do."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import AddImport, Edit, Replace
from healer.syntax.project import Function, Module, names_in
from healer.syntax.situation import Situation

_MADE = {"Decimal": "Decimal(str({}))", "set": "set({})", "int": "int({})", "float": "float({})"}


def stored_alike(s: Situation, culprit: ast.expr, kind: str) -> Iterator[Draft]:
    """`kind`: what the values should be."""
    if kind not in _MADE:
        return
    reached = _names(s, culprit, s.module, s.function)
    for module in s.project.modules.values():
        for name, value in module.constants.items():
            if name in reached and _holds(value, kind):
                yield from _writers(s, name, kind)


def _names(s: Situation, node: ast.expr, module: Module, function: Function | None, depth: int = 3) -> set[str]:
    """Names that the value is made of, through the service's own functions and assignments."""
    found = names_in(node) | {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    if depth == 0:
        return found
    for one in [n for n in ast.walk(node) if isinstance(n, ast.Name)]:
        for made in s.tracer.definitions(one.id, module, function, one)[:2]:
            found |= _names(s, made.value, made.module, made.function, depth - 1)
    for call in [n for n in ast.walk(node) if isinstance(n, ast.Call)]:
        callee = s.project.find_function(module, call.func, function)
        for inner in callee.own_nodes if callee is not None else ():
            if isinstance(inner, ast.Return) and inner.value is not None:
                assert callee is not None
                found |= _names(s, inner.value, callee.module, callee, depth - 1)
    return found


def _holds(value: ast.expr, kind: str) -> bool:
    """A dict display all of whose plain values, at any depth, are made so."""
    if not isinstance(value, ast.Dict) or not value.values:
        return False
    return all(isinstance(v, ast.Call) and ast.unparse(v.func).rpartition(".")[2] == kind for v in value.values)


def _writers(s: Situation, name: str, kind: str) -> Iterator[Draft]:
    for module in s.project.modules.values():
        for node in module.nodes:
            if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Subscript):
                continue
            if ast.unparse(node.targets[0].value).rpartition(".")[2] != name or _is_made(s, module, node.value, kind):
                continue
            needs = () if kind != "Decimal" or "Decimal" in module.imports else (AddImport("decimal", "Decimal"),)
            edits: tuple[tuple[Module, Edit], ...] = (
                (module, Replace(node.value, _MADE[kind].format(module.text(node.value)))),
                *((module, added) for added in needs),
            )
            yield Draft(f"Store a {kind} in {name}, as the other values are", edits, Answer.CONVERT, 0.97)


def _is_made(s: Situation, module: Module, value: ast.expr, kind: str) -> bool:
    """Whether the text tells that it is of the kind."""
    if isinstance(value, ast.Call):
        if ast.unparse(value.func).rpartition(".")[2] == kind:
            return True
        callee = s.project.find_function(module, value.func, module.function_of(value))
        returns = callee.node.returns if callee is not None else None
        if returns is not None:
            return ast.unparse(returns).rpartition(".")[2] == kind
        if callee is None:
            return False
        given = [n.value for n in callee.own_nodes if isinstance(n, ast.Return) and n.value is not None]
        return any(_is_made(s, callee.module, one, kind) for one in given)
    if isinstance(value, ast.Name):
        made = s.tracer.definitions(value.id, module, module.function_of(value), value)
        return any(_is_made(s, one.module, one.value, kind) for one in made)
    return False
