"""What an earlier request left behind in a default, a class, a table or an iterator that all of them share: each gets
its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.bindings import assignments, default_of
from healer.syntax.edits import AddImport, Edit, InsertBefore, Removed, Replace, ReplaceStatement
from healer.syntax.failing import visible
from healer.syntax.project import Function, Module
from healer.syntax.sharing import (
    changes_of,
    functions_near,
    is_one_shot,
    shared_aliases,
    shared_in_class,
)
from healer.syntax.situation import Situation

CATEGORIES = (
    *("missing-key", "empty-sequence", "none-dereference", "conversion", "unpacking", "wrong-type", "zero-division"),
    *("missing-attribute", "missing-member", "changed-while-iterated", "raised-on-purpose", "recursion", "other"),
)
NAME = "left-behind"


def draft(s: Situation) -> Iterator[Draft]:
    for function in functions_near(s):
        yield from _mutable_default(function)
        yield from _aliased_table(s, function)
    yield from _class_level(s)
    yield from _one_shot(s)


def _mutable_default(function: Function) -> Iterator[Draft]:
    """`def f(found=[])` that adds to it: a fresh one for each call."""
    module = function.module
    for arg in function.params:
        default = default_of(function, arg.arg)
        if default is None or not _is_container(default) or not changes_of(function, arg.arg):
            continue
        body = function.node.body
        first = body[1] if function.docstring and len(body) > 1 else body[0]
        text = module.text(default)
        code = f"if {arg.arg} is None:\n    {arg.arg} = {text}\n"
        edits: list[tuple[Module, Edit]] = [(module, Replace(default, "None")), (module, InsertBefore(first, code))]
        if arg.annotation is not None and "None" not in ast.unparse(arg.annotation):
            old = module.text(arg.annotation)
            wide = f"Optional[{old}]" if module.imports.get("Optional") == "typing.Optional" else f"{old} | None"
            if not isinstance(arg.annotation, ast.Constant):
                edits.append((module, Replace(arg.annotation, wide)))
        yield Draft(f"Give each call of {function.name} its own {arg.arg}", tuple(edits), Answer.CORRECT, 0.97)


def _is_container(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return ast.unparse(node.func).rpartition(".")[2] in ("list", "dict", "set", "defaultdict", "Counter", "deque")
    return isinstance(node, (ast.List, ast.Dict, ast.Set))


def _class_level(s: Situation) -> Iterator[Draft]:
    """A container in the body of a class that its methods fill: one for each object."""
    for module, node, statement, name, value in shared_in_class(s.project):
        used = any(name in ast.unparse(f.node) for f in functions_near(s))
        if not used or not _is_container(value):
            continue
        text = module.text(value)
        init = next((p for p in node.body if isinstance(p, ast.FunctionDef) and p.name == "__init__"), None)
        edits: tuple[tuple[Module, Edit], ...]
        if init is not None:
            first = init.body[1] if ast.get_docstring(init) and len(init.body) > 1 else init.body[0]
            edits = (
                (module, Removed(statement)),
                (module, InsertBefore(first, f"self.{name} = {text}\n")),
            )
        elif not node.bases:
            edits = ((module, ReplaceStatement(statement, f"def __init__(self):\n    self.{name} = {text}\n")),)
        else:
            continue
        yield Draft(f"Give each {node.name} its own {name}", edits, Answer.CORRECT, 0.96)


def _aliased_table(s: Situation, function: Function) -> Iterator[Draft]:
    """A table's entry, or what a cache keeps, taken apart by the request that reads it: a copy is."""
    for value, kind in shared_aliases(s, function):
        text = function.module.text(value)
        word = {"list": "list", "set": "set"}.get(kind, "dict")
        edits = ((function.module, Replace(value, f"{word}({text})")),)
        yield Draft(f"Work on a copy of {text}", edits, Answer.CORRECT, 0.93)


def _one_shot(s: Situation) -> Iterator[Draft]:
    """An iterator is empty after the first who went through it: a list is not."""
    near = functions_near(s)
    used = {n.id for f in near for n in ast.walk(f.node) if isinstance(n, ast.Name)}
    for module in s.project.modules.values():
        for name, value in module.constants.items():
            if name in used and is_one_shot(value):
                stepped = any(_steps(f, name) for f in near)
                yield from _cycled(module, value) if stepped else _listed(module, value, name)
    if s.function is None:
        return
    for node in [n for n in visible(s.crash.statement) if isinstance(n, ast.Name)]:
        made = assignments(s.function, node.id)
        uses = [n for n in s.function.own_nodes if isinstance(n, ast.Name) and n.id == node.id]
        uses = [n for n in uses if isinstance(n.ctx, ast.Load)]
        if len(made) == 1 and not made[0].item and is_one_shot(made[0].value) and len(uses) > 1:
            if not _steps(s.function, node.id):
                yield from _listed(s.module, made[0].value, node.id)


def _steps(function: Function, name: str) -> bool:
    return any(
        isinstance(n, ast.Call) and ast.unparse(n.func) == "next" and n.args and ast.unparse(n.args[0]) == name
        for n in function.own_nodes
    )


def _listed(module: Module, value: ast.expr, name: str) -> Iterator[Draft]:
    text = module.text(value)
    inner = text[1:-1] if text.startswith("(") and isinstance(value, ast.GeneratorExp) else text
    code = f"[{inner}]" if isinstance(value, ast.GeneratorExp) else f"list({text})"
    yield Draft(f"Make {name} a list", ((module, Replace(value, code)),), Answer.CORRECT, 0.96)


def _cycled(module: Module, value: ast.expr) -> Iterator[Draft]:
    """Taken one by one, again and again."""
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "iter" and len(value.args) == 1:
        code = f"cycle({module.text(value.args[0])})"
        edits = ((module, Replace(value, code)), (module, AddImport("itertools", "cycle")))
        yield Draft("Begin again after the last", edits, Answer.CORRECT, 0.74)
