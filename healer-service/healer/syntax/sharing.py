"""What requests share without meaning to: defaults, class attributes, entries of tables, iterators.

It only finds them; whether that made a crash, a run without it tells.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.syntax.bindings import assignments
from healer.syntax.project import Function, Module, Project
from healer.syntax.situation import Situation
from healer.syntax.values import type_name

_CHANGING = {
    *("append", "extend", "insert", "add", "update", "setdefault", "pop", "popitem", "clear", "remove", "discard"),
    *("sort", "reverse", "appendleft", "popleft"),
}
_TAKING = {"pop", "popitem", "remove", "clear", "popleft"}
_ONE_SHOT = {"map", "filter", "zip", "iter", "reversed", "enumerate", "reader", "DictReader", "chain", "islice"}
_OWN_COPIES = ("BaseModel", "Enum", "Base", "Model", "NamedTuple", "TypedDict", "BaseSettings", "Schema")


def functions_near(s: Situation) -> list[Function]:
    """Those on the stack, innermost first, and those that they call."""
    found: list[Function] = []
    for frame in reversed(s.report.app_frames[-12:]):
        module = s.project.modules.get(frame.file)
        function = module.function_at(frame.line) if module is not None else None
        if function is not None:
            found.append(function)
    for function in list(found):
        for node in function.own_nodes:
            if isinstance(node, ast.Call):
                callee = s.project.find_function(function.module, node.func, function)
                found += [callee] if callee is not None else []
    return list({f.node: f for f in found}.values())


def changes_of(function: Function, name: str) -> list[ast.AST]:
    """Where a function changes the thing that a name stands for, or keeps it for longer than the call."""
    if any(isinstance(d.statement, ast.Assign) for d in assignments(function, name)):
        return []
    return [n for n in function.own_nodes if _changes(n, name) or _keeps(n, name)]


def _changes(node: ast.AST, name: str, words: set[str] = _CHANGING) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in words:
        return ast.unparse(node.func.value) == name
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
        return ast.unparse(node.value) == name
    return isinstance(node, ast.AugAssign) and ast.unparse(node.target) == name


def _keeps(node: ast.AST, name: str) -> bool:
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Name) or node.value.id != name:
        return False
    return any(isinstance(t, (ast.Attribute, ast.Subscript)) for t in node.targets)


def shared_in_class(project: Project) -> Iterator[tuple[Module, ast.ClassDef, ast.stmt, str, ast.expr]]:
    """Containers in the bodies of plain classes that methods change through self and none replaces."""
    for module in project.modules.values():
        for node in module.classes.values():
            if any(ast.unparse(b).rpartition(".")[2].endswith(_OWN_COPIES) for b in node.bases) or node.decorator_list:
                continue
            for statement in node.body:
                target, value = _single(statement)
                if value is None or target.isupper():
                    continue
                within = [n for n in ast.walk(node) if n is not statement]
                replaced = any(
                    isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store) and ast.unparse(n) == f"self.{target}"
                    for n in within
                    if not isinstance(module.parents.get(n), ast.AugAssign)
                )
                if not replaced and any(_changes(n, f"self.{target}") for n in within):
                    yield module, node, statement, target, value


def _single(statement: ast.stmt) -> tuple[str, ast.expr | None]:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        return (target.id, statement.value) if isinstance(target, ast.Name) else ("", None)
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id, statement.value
    return "", None


def shared_aliases(s: Situation, function: Function) -> Iterator[tuple[ast.expr, str]]:
    """What a function takes for its own and changes, though a table or a cache keeps it: and what kind it is.

    A table whose entries other code writes is there to be changed, so only what takes away from a fixed one counts.
    """
    names = {n.id for n in function.own_nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for name in sorted(names):
        made = assignments(function, name)
        if len(made) != 1 or made[0].item:
            continue
        value = made[0].value
        whole = isinstance(value, ast.Name)
        words = _CHANGING if whole or _is_cached(s, function, value) else _TAKING
        if not any(_changes(n, name, words) for n in function.own_nodes):
            continue
        held = value.id if isinstance(value, ast.Name) else _table_of(value)
        constant = s.project.constant(function.module, held) if held else None
        fixed = constant is not None and _is_fixed(s.project, constant[1], held)
        if fixed or _is_cached(s, function, value):
            shown = type_name(s.crash.value_of(ast.Name(name, ast.Load()))) if s.function is function else ""
            literal = constant[1] if constant is not None and whole else None
            kind = "list" if shown == "list" or isinstance(literal, ast.List) else shown
            yield value, kind


def _table_of(value: ast.expr) -> str:
    if isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name):
        return value.value.id
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "get":
        return value.func.value.id if isinstance(value.func.value, ast.Name) else ""
    return ""


def _is_fixed(project: Project, value: ast.expr, name: str) -> bool:
    """Filled where it is defined, and written by nobody under its own name."""
    if not isinstance(value, (ast.Dict, ast.List)) or not (
        getattr(value, "keys", None) or getattr(value, "elts", None)
    ):
        return False
    return not any(
        _changes(node, name) or _writes_below(node, name)
        for module in project.modules.values()
        for node in module.nodes
    )


def _writes_below(node: ast.AST, name: str) -> bool:
    """`TABLE[key]["count"] = 3` and `TABLE[key].append(3)`."""
    target: ast.expr | None = None
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
        target = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING:
        target = node.func.value
    return isinstance(target, ast.Subscript) and ast.unparse(target.value) == name


def _is_cached(s: Situation, function: Function, value: ast.expr) -> bool:
    callee = s.project.find_function(function.module, value.func, function) if isinstance(value, ast.Call) else None
    if callee is None:
        return False
    return any(
        "cache" in ast.unparse(d) and "cached_property" not in ast.unparse(d) for d in callee.node.decorator_list
    )


def is_one_shot(value: ast.expr) -> bool:
    """A generator or iterator, which can be gone through once."""
    if isinstance(value, ast.GeneratorExp):
        return True
    return isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in _ONE_SHOT
