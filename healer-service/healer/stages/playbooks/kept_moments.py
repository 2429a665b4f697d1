"""A service with one function that brings every time into one form, and a place that takes a time without it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft, reference
from healer.syntax.edits import Edit, Replace
from healer.syntax.project import Function, Module
from healer.syntax.situation import Situation

_TAKING = ("append", "add", "insert", "setdefault")


def through_helper(s: Situation) -> Iterator[Draft]:
    for helper in _normalisers(s):
        for module in s.project.modules.values():
            for node in module.nodes:
                if (
                    isinstance(node, ast.expr)
                    and _is_time_sent(s, module, node)
                    and not _goes_through(module, node, helper)
                ):
                    yield from _sent_through(s, module, node, helper)


def _normalisers(s: Situation) -> list[Function]:
    """Functions of one moment that answer it with its zone settled."""
    found = []
    for function in s.project.functions:
        params = [a for a in function.params if a.arg not in ("self", "cls")]
        if len(params) != 1 or s.refusals.is_route(function):
            continue
        name = params[0].arg
        returned = [n.value for n in function.own_nodes if isinstance(n, ast.Return) and n.value is not None]
        if any(re.search(rf"\b{name}\.(astimezone|replace)\(", ast.unparse(v)) for v in returned) and all(
            "tzinfo" in ast.unparse(v) or "astimezone" in ast.unparse(v) or ast.unparse(v) == name for v in returned
        ):
            found.append(function)
    return found


def _is_time_sent(s: Situation, module: Module, node: ast.expr) -> bool:
    """A datetime of a request's model or parameter, or text that was just read as one, where it is taken over."""
    function = module.function_of(node)
    if function is None or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load) or not _is_taken(module, node):
        return False
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        owner = next((a for a in function.params if a.arg == node.value.id), None)
        found = s.project.find_class(module, owner.annotation) if owner is not None and owner.annotation else None
        declared = [n for n in found[1].body if isinstance(n, ast.AnnAssign)] if found is not None else []
        return any(ast.unparse(n.target) == node.attr and "datetime" in ast.unparse(n.annotation) for n in declared)
    if isinstance(node, ast.Name) and s.refusals.is_route(function):
        own = next((a for a in function.params if a.arg == node.id and a.annotation is not None), None)
        return own is not None and own.annotation is not None and "datetime" in ast.unparse(own.annotation)
    return (
        isinstance(node, ast.Call)
        and re.search(r"datetime\.(fromisoformat|strptime)$", ast.unparse(node.func)) is not None
    )


def _is_taken(module: Module, node: ast.expr) -> bool:
    """Stored, handed on or named; not asked whether it is there."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.Call):
        return parent.func is not node
    return isinstance(parent, (ast.Assign, ast.AnnAssign, ast.keyword, ast.Dict, ast.Return, ast.BinOp, ast.List)) or (
        isinstance(parent, ast.Compare) and not isinstance(parent.ops[0], (ast.Is, ast.IsNot))
    )


def _goes_through(module: Module, node: ast.expr, helper: Function) -> bool:
    own = module.function_of(node)
    calls = [a for a in module.ancestors(node) if isinstance(a, ast.Call)]
    inside = own is not None and own.node is helper.node
    return inside or any(ast.unparse(c.func).rpartition(".")[2] == helper.name for c in calls)


def _sent_through(s: Situation, module: Module, node: ast.expr, helper: Function) -> Iterator[Draft]:
    named = reference(s, module, helper.module, helper.name)
    if named is None:
        return
    edits: tuple[tuple[Module, Edit], ...] = (
        (module, Replace(node, f"{named[0]}({module.text(node)})")),
        *((module, added) for added in named[1]),
    )
    parent = module.parents.get(node)
    stored = isinstance(parent, (ast.Assign, ast.keyword, ast.Dict)) or (
        isinstance(parent, ast.Call) and ast.unparse(parent.func).rpartition(".")[2] in _TAKING
    )
    summary = f"Bring {module.text(node)} into the form of the others with {helper.name}"
    yield Draft(summary, edits, Answer.CONVERT, 0.96 if stored else 0.94)
