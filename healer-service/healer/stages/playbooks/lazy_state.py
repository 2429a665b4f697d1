"""State of a module or object that is made at its first use: asked for through the function that makes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import InsertBefore, Replace
from healer.syntax.project import Function, Module, same
from healer.syntax.situation import Situation, anchor


def of_lazy_state(s: Situation, culprit: ast.expr) -> Iterator[Draft]:
    if s.function is None:
        return
    for maker, name in _makers(s, culprit):
        call = _called(s, maker, culprit)
        if call is None or maker.node is s.function.node:
            continue
        awaits = isinstance(maker.node, ast.AsyncFunctionDef)
        if awaits and not isinstance(s.function.node, ast.AsyncFunctionDef):
            continue
        code = f"(await {call})" if awaits else call
        if _answers(maker, name):
            edits = ((s.module, Replace(culprit, code)),)
            yield Draft(f"Ask {maker.name} for it, which makes it first", edits, Answer.CORRECT, 0.95)
        elif _guards_itself(maker, name):
            spot = anchor(s.module, s.function, s.crash.statement, set())
            before = InsertBefore(spot, f"{code.strip('()') if awaits else code}\n")
            yield Draft(f"Call {maker.name} first", ((s.module, before),), Answer.CORRECT, 0.88)


def of_lazy_entry(s: Situation, expression: ast.expr, base: ast.expr, key: ast.expr) -> Iterator[Draft]:
    """An entry that a function makes when it is asked for the first time: `if name not in _counts: …`."""
    if s.function is None or not isinstance(expression, ast.Subscript) or not isinstance(expression.ctx, ast.Load):
        return
    for maker in s.module.functions:
        params = [a.arg for a in maker.params if a.arg not in ("self", "cls")]
        if len(params) != 1 or maker.node is s.function.node or maker.node.decorator_list:
            continue
        entry = f"{ast.unparse(base)}[{params[0]}]"
        stores = any(isinstance(n, ast.Assign) and entry in map(ast.unparse, n.targets) for n in maker.own_nodes)
        tested = any(
            isinstance(n, ast.Compare) and isinstance(n.ops[0], ast.NotIn) and same(n.comparators[0], base)
            for n in maker.own_nodes
        )
        if stores and tested and _answers(maker, entry):
            owner = "self." if maker.owner is not None else ""
            edits = ((s.module, Replace(expression, f"{owner}{maker.name}({s.module.text(key)})")),)
            yield Draft(f"Ask {maker.name} for it, which makes it first", edits, Answer.CORRECT, 0.95)


def _makers(s: Situation, culprit: ast.expr) -> Iterator[tuple[Function, str]]:
    """Functions that give the state its value when it has none, and how they say it."""
    owner, name = _state(s, culprit)
    if not name:
        return
    for function in s.project.functions:
        if any(a.arg not in ("self", "cls") for a in _required(function)):
            continue
        if name.startswith("self."):
            inside = s.function is not None and function.owner is not None and function.owner is s.function.owner
            if not inside or function.name == "__init__":
                continue
        elif function.module is not owner:
            continue
        elif not _is_global(function, name):
            # It may leave the making to another function, and answer what that made.
            if function.owner is None and _answers(function, name) and _guards_itself(function, name):
                yield function, name
            continue
        if any(isinstance(n, ast.Assign) and name in map(ast.unparse, n.targets) for n in function.own_nodes):
            if _guards_itself(function, name):
                yield function, name


def _state(s: Situation, culprit: ast.expr) -> tuple[Module | None, str]:
    if isinstance(culprit, ast.Name):
        found = s.project.constant(s.module, culprit.id)
        return (found[0], culprit.id) if found is not None and _is_none(found[1]) else (None, "")
    if isinstance(culprit, ast.Attribute) and isinstance(culprit.value, ast.Name):
        if culprit.value.id == "self":
            return s.module, ast.unparse(culprit)
        owner = s.project.module_named(s.module.imports.get(culprit.value.id, ""))
        if owner is not None and _is_none(owner.constants.get(culprit.attr)):
            return owner, culprit.attr
    return None, ""


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _required(function: Function) -> list[ast.arg]:
    args = function.node.args
    positional = [*args.posonlyargs, *args.args]
    return positional[: len(positional) - len(args.defaults)]


def _is_global(function: Function, name: str) -> bool:
    return any(isinstance(n, ast.Global) and name in n.names for n in function.own_nodes)


def _answers(function: Function, name: str) -> bool:
    returned = [n.value for n in function.own_nodes if isinstance(n, ast.Return) and n.value is not None]
    return bool(returned) and all(ast.unparse(value) == name for value in returned)


def _guards_itself(function: Function, name: str) -> bool:
    tests = [n.test for n in function.own_nodes if isinstance(n, ast.If)]
    return any(ast.unparse(t) in (f"{name} is None", f"not {name}", f"{name} is not None") for t in tests)


def _called(s: Situation, maker: Function, culprit: ast.expr) -> str | None:
    if maker.owner is not None:
        return f"self.{maker.name}()"
    if isinstance(culprit, ast.Attribute):
        return f"{s.module.text(culprit.value)}.{maker.name}()"
    if maker.module is s.module:
        return f"{maker.name}()"
    known = s.module.imports.get(maker.name, "")
    found = s.project.find_function(s.module, ast.Name(maker.name)) if known else None
    return f"{maker.name}()" if found is not None and same(found.node, maker.node) else None
