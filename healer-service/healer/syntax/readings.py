"""Whether a value has one reading only: other code that takes such text in another form, or that goes on without a bad
item, speaks against refusing it. It proposes nothing.
"""

from __future__ import annotations

import ast
import re

from healer.syntax.project import COMPREHENSIONS, Function, Module
from healer.syntax.situation import Situation

_LENIENT = {"replace", "lower", "upper", "casefold", "partition", "rpartition", "removesuffix", "removeprefix"}
_LENIENT |= {"rstrip", "lstrip", "title"}
_GOING_ON = re.compile(r"error|reject|skip|fail|invalid|warning|problem|ignored|unread|bad(?!_?request)", re.I)
_TAKING_APART = {"split", "rsplit", "partition", "rpartition"}


def readers_of(s: Situation, key: str) -> list[Function]:
    """Helpers of the service that other code reads a field of this name with, and that bring its text into form."""
    found: list[Function] = []
    for module in s.project.modules.values():
        for node in module.nodes:
            if not isinstance(node, ast.Call) or len(node.args) != 1 or key_of(node.args[0]) != key:
                continue
            helper = s.project.find_function(module, node.func, module.function_of(node))
            if helper is not None and helper not in found and _brings_into_form(helper):
                found.append(helper)
    return found


def _brings_into_form(helper: Function) -> bool:
    params = {a.arg for a in helper.params}
    return len(params) == 1 and any(
        isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        and n.func.attr in _LENIENT
        and key_of(_innermost(n.func.value)) in params
        for n in helper.own_nodes
    )


def has_one_reading(s: Situation, value: ast.expr) -> bool:
    """Grounds to refuse text that the client sent: nothing in view takes it, or leaves it out and goes on."""
    return not (_is_taken_otherwise(s, value) or is_one_of_many_left_out(s))


def is_one_of_many_left_out(s: Situation) -> bool:
    """The failure is in a loop of a function that has a name for what went wrong with single items."""
    for frame in s.report.app_frames:
        module = s.project.modules.get(frame.file)
        function = module.function_at(frame.line) if module is not None else None
        if module is None or function is None or not _in_loop(module, function, frame.line):
            continue
        names = {n.id for n in function.own_nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        keys = {str(k.value) for n in function.own_nodes if isinstance(n, ast.Dict) for k in n.keys
                if isinstance(k, ast.Constant)}  # fmt: skip
        if any(_GOING_ON.search(word) for word in names | keys) or _GOING_ON.search(function.docstring):
            return True
    return False


def _in_loop(module: Module, function: Function, line: int) -> bool:
    for node in function.own_nodes:
        if isinstance(node, (ast.For, ast.AsyncFor)) and node.body[0].lineno <= line <= (node.end_lineno or 0):
            return True
        if isinstance(node, COMPREHENSIONS) and node.lineno <= line <= (node.end_lineno or 0):
            return True
    return False


def _is_taken_otherwise(s: Situation, value: ast.expr) -> bool:
    """Other code changes or takes apart a value of this name before it uses it."""
    names = {key for n in ast.walk(value) if (key := key_of(n))}
    names |= {o.name for o in s.origins(value) if o.is_client and o.name}
    names -= {"body", "data", "request", "args", "query_params", "form", "json", "text", "value", "raw", "self", "s"}
    own = s.function.node if s.function is not None else None
    if any(helper.node is not own for name in names for helper in readers_of(s, name)):
        return True
    failing = {id(n) for n in ast.walk(s.crash.statement)}
    for module in s.project.modules.values():
        for node in module.nodes:
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or id(node) in failing:
                continue
            if node.func.attr not in _LENIENT | _TAKING_APART or module.statement_of(node) is s.crash.statement:
                continue
            if node.func.attr in _TAKING_APART and not _takes_other_form(s, node):
                continue
            if key_of(_innermost(node.func.value)) in names and not _is_before(s, module, node):
                return True
    return False


def _takes_other_form(s: Situation, node: ast.Call) -> bool:
    """Unlike the failing split: at another separator, or only once."""
    mine = [n for n in ast.walk(s.crash.statement) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    mine = [n for n in mine if isinstance(n.func, ast.Attribute) and n.func.attr in _TAKING_APART]
    return bool(mine) and all(ast.dump(n) != ast.dump(node) for n in mine)


def _is_before(s: Situation, module: Module, node: ast.Call) -> bool:
    """What was done to the value on its way to the failure."""
    return any(
        f.file == module.path and (own := module.function_at(f.line)) is not None and module.function_of(node) is own
        and node.lineno <= f.line
        for f in s.report.app_frames
    )  # fmt: skip


def _innermost(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in (
        *_LENIENT, "strip"
    ):  # fmt: skip
        node = node.func.value
    return node


def key_of(node: ast.AST) -> str:
    if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).endswith(".get"):
        first = node.args[0]
        return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
    if isinstance(node, ast.Subscript):
        return node.slice.value if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str) else ""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
