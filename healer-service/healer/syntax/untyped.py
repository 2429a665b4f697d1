"""Whether a value may be of any type that JSON has, because nothing has looked at it since it came in. It reads text
only.
"""

from __future__ import annotations

import ast

from healer.syntax.bindings import argument_of, default_of
from healer.syntax.project import Function, Module
from healer.syntax.situation import Situation

_READS = {"json", "get_json", "loads", "load"}
_KEEPS = {"get", "pop", "items", "values", "copy", "setdefault"}
_ANY = {"dict", "list", "Any", "object", "Dict", "List"}


def may_be_any(s: Situation, node: ast.expr, module: Module, function: Function | None, depth: int = 8) -> bool:
    """Followed back through items, names and parameters to JSON that was read as it is."""
    if depth <= 0:
        return False
    if isinstance(node, (ast.Await, ast.Starred)):
        return may_be_any(s, node.value, module, function, depth - 1)
    if isinstance(node, ast.Subscript):
        return may_be_any(s, node.value, module, function, depth - 1)
    if isinstance(node, ast.Attribute):
        return node.attr == "json" and isinstance(node.value, ast.Name) and node.value.id.endswith("request")
    if isinstance(node, ast.BoolOp):
        return any(may_be_any(s, value, module, function, depth - 1) for value in node.values)
    if isinstance(node, ast.Call):
        return _called(s, node, module, function, depth)
    if isinstance(node, ast.Name):
        return _named(s, node, module, function, depth)
    return False


def _called(s: Situation, node: ast.Call, module: Module, function: Function | None, depth: int) -> bool:
    callee = s.project.find_function(module, node.func, function)
    if callee is not None:
        returned = [n.value for n in callee.own_nodes if isinstance(n, ast.Return) and n.value is not None]
        return any(may_be_any(s, value, callee.module, callee, depth - 1) for value in returned)
    if not isinstance(node.func, ast.Attribute):
        return isinstance(node.func, ast.Name) and node.func.id == "loads"
    if node.func.attr in _READS:
        return True
    return node.func.attr in _KEEPS and may_be_any(s, node.func.value, module, function, depth - 1)


def _named(s: Situation, node: ast.Name, module: Module, function: Function | None, depth: int) -> bool:
    made = s.tracer.definitions(node.id, module, function, node)
    if made:
        return any(may_be_any(s, one.value, one.module, one.function, depth - 1) for one in made[:2])
    arg = next((a for a in function.params if a.arg == node.id), None) if function is not None else None
    if arg is None or function is None:
        return False
    if s.refusals.is_route(function):
        if arg.annotation is None:
            default = default_of(function, arg.arg)
            return default is not None and ast.unparse(default).startswith("Body(")
        words = {n.id for n in ast.walk(arg.annotation) if isinstance(n, ast.Name)}
        return bool(words & _ANY) and not words & {"int", "float"}
    for other, call in s.callers(function)[:2]:
        value = argument_of(call, function, node.id)
        outer = other.function_of(call)
        if value is not None and may_be_any(s, value, other, outer, depth - 1):
            return True
    return False
