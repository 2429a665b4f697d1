"""What a function does beyond making a value of what it is given: calls, changes of what others hold, refusals.

Reading, converting, logging and filling a collection of its own are no work.
"""

from __future__ import annotations

import ast

from healer.stages.guardrails.personal import LOGS
from healer.stages.guardrails.rules import words
from healer.stages.guardrails.trees import FunctionNode, Side

_CONVERTS = words(
    "len int float str bool bytes list dict set tuple frozenset sorted reversed sum min max round abs repr any all"
    " isinstance range enumerate zip map filter divmod type hash getattr hasattr format"
)
_READS = words(
    "split rsplit splitlines partition rpartition strip lstrip rstrip lower upper title casefold capitalize encode"
    " decode startswith endswith removeprefix removesuffix replace join format items keys values count index copy"
    " isdigit isdecimal isalpha isalnum isoformat zfill ljust rjust"
)
_FILLS = words("append add extend update insert setdefault")


def works(side: Side, function: FunctionNode, depth: int = 2) -> bool:
    inside = [node for statement in function.body for node in ast.walk(statement)]
    shared = {name for n in inside if isinstance(n, (ast.Global, ast.Nonlocal)) for name in n.names}
    made = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)} - shared
    given = {arg.arg for arg in ast.walk(function.args) if isinstance(arg, ast.arg)}
    for node in inside:
        if isinstance(node, ast.Call):
            helpers = _helpers(side, node) if depth else []
            if any(works(side, one, depth - 1) for one in helpers):
                return True
            if not helpers and _calls_others(node, made - given, made | given):
                return True
        elif _is_work(node, made - given, shared):
            return True
    return False


def _is_work(node: ast.AST, made: set[str], shared: set[str]) -> bool:
    if isinstance(node, (ast.Raise, ast.Await, ast.Yield, ast.YieldFrom)):
        return True
    if isinstance(node, ast.Name):
        return isinstance(node.ctx, ast.Store) and node.id in shared
    if isinstance(node, (ast.Attribute, ast.Subscript)):
        return not isinstance(node.ctx, ast.Load) and _root(node) not in made
    return False


def _helpers(side: Side, call: ast.Call) -> list[FunctionNode]:
    """Functions of the module that a call may be of."""
    name = ast.unparse(call.func)
    if name.startswith(("self.", "cls.")):
        return [f for known, f in side.functions.items() if known.endswith(f".{name.partition('.')[2]}")]
    return [side.functions[name]] if name in side.functions else []


def _calls_others(call: ast.Call, made: set[str], own: set[str]) -> bool:
    name = ast.unparse(call.func)
    last = name.rpartition(".")[2]
    if LOGS.search(name) or last[:1].isupper():
        return False
    if not isinstance(call.func, ast.Attribute):
        return name not in _CONVERTS
    if last == "get":  # of a dictionary, or of a client
        key = call.args[0] if call.args else None
        address = isinstance(key, ast.Constant) and isinstance(key.value, str) and "/" in key.value
        return _root(call.func) not in own or address
    return not (last in _READS or (last in _FILLS and _root(call.func) in made))


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def only_makes(side: Side, function: FunctionNode) -> bool:
    """Whether it answers nothing, or what is written out in it and put together from its parameters."""
    return not works(side, function) and all(_makes(statement) for statement in function.body)


def _makes(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.If):
        return all(_makes(inner) for inner in (*statement.body, *statement.orelse))
    if isinstance(statement, ast.Expr):  # a docstring or a log line, as there is no work
        return isinstance(statement.value, (ast.Constant, ast.Call))
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return statement.value is None or _is_made(statement.value)
    if isinstance(statement, ast.Return):
        return statement.value is None or _is_made(statement.value)
    return isinstance(statement, (ast.Pass, ast.Delete))


def _is_made(value: ast.expr) -> bool:
    if isinstance(value, (ast.Constant, ast.Name, ast.Dict, ast.List, ast.Tuple, ast.Set, ast.JoinedStr)):
        return True
    if isinstance(value, ast.Call):
        return ast.unparse(value.func) in ("dict", "list", "tuple", "set")
    return all(_is_made(part) for part in ast.iter_child_nodes(value) if isinstance(part, ast.expr)) and isinstance(
        value, (ast.IfExp, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare)
    )
