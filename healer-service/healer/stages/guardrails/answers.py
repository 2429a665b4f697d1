"""What an answer amounts to: nothing, whatever it is wrapped in, or a refusal that the client can see."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from healer.stages.guardrails.rules import words
from healer.stages.guardrails.trees import FunctionNode, Side

_EMPTY = words("dict list set tuple str int float bool bytes frozenset Decimal object defaultdict OrderedDict Counter")
_WRAPS = re.compile(r"(jsonify|make_response|render_template|\w*Response|\w*response|dumps|json|ok)$")
_REFUSALS = re.compile(
    r"(abort|flash|redirect|fail\w*|refuse\w*|reject\w*|\w*error\w*|bad_request|not_found|problem\w*|\w*invalid\w*)$",
    re.I,
)
_STATUS_NAMES = re.compile(
    r"HTTP_[45]\d\d|BAD_REQUEST|NOT_FOUND|UNPROCESSABLE|CONFLICT|FORBIDDEN|UNAUTHORIZED|GONE|"
    r"TOO_|NOT_|UNSUPPORTED|SERVICE_UNAVAILABLE|BAD_GATEWAY|GATEWAY_TIMEOUT"
)


def is_nothing(side: Side, value: ast.expr | None, depth: int = 3) -> bool:
    """A constant, an empty collection, or an answer made of nothing else."""
    if value is None or isinstance(value, ast.Constant):
        return True
    if isinstance(value, (ast.List, ast.Tuple, ast.Set)):
        return all(is_nothing(side, item, depth) for item in value.elts)
    if isinstance(value, ast.Dict):
        return all(is_nothing(side, item, depth) for item in value.values)
    if isinstance(value, ast.UnaryOp):
        return is_nothing(side, value.operand, depth)
    if isinstance(value, ast.IfExp):
        return is_nothing(side, value.body, depth) and is_nothing(side, value.orelse, depth)
    if isinstance(value, ast.Name) and _is_of_outer_function(side, value):
        return True
    if isinstance(value, ast.Name) and depth:
        given = side.names.assigned(value.id)
        return len(given) == 1 and not _is_parameter(side, value) and is_nothing(side, given[0], depth - 1)
    if isinstance(value, ast.Call):
        called = ast.unparse(value.func).rpartition(".")[2]
        given = [*value.args, *(keyword.value for keyword in value.keywords)]
        if called in _EMPTY or _WRAPS.search(called):
            return all(is_nothing(side, item, depth) for item in given)
    return False


def _is_of_outer_function(side: Side, name: ast.Name) -> bool:
    """What a decorator was given to answer in place of what it wraps."""
    inner = side.function_of(name)
    if (
        inner is None
        or _takes(inner, name.id)
        or any(isinstance(n, ast.Name) and n.id == name.id and isinstance(n.ctx, ast.Store) for n in ast.walk(inner))
    ):
        return False
    outer = side.function_of(inner)
    while outer is not None:
        if _takes(outer, name.id):
            return True
        outer = side.function_of(outer)
    return False


def _is_parameter(side: Side, name: ast.Name) -> bool:
    function = side.function_of(name)
    return function is not None and _takes(function, name.id)


def _takes(function: FunctionNode, name: str) -> bool:
    args = function.args
    return name in {arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)}


def refuses(body: Sequence[ast.stmt]) -> bool:
    """Whether the statements end in an exception or in an answer that says 4xx or 5xx."""
    leaving: list[ast.stmt] = [s for s in body if isinstance(s, (ast.Raise, ast.Return))]
    return any(refuses_by(statement) for statement in leaving or body[-1:])


def refuses_by(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Raise):
        return True
    if isinstance(statement, ast.If):
        return refuses(statement.body) and bool(statement.orelse) and refuses(statement.orelse)
    value = getattr(statement, "value", None)
    if not isinstance(statement, (ast.Return, ast.Expr)) or value is None:
        return False
    return _says_status(value) or any(
        isinstance(node, ast.Call) and _REFUSALS.match(ast.unparse(node.func).rpartition(".")[2]) is not None
        for node in ast.walk(value)
    )


def _says_status(value: ast.expr) -> bool:
    for node in ast.walk(value):
        if isinstance(node, ast.Constant) and type(node.value) is int and 400 <= node.value < 600:
            return True
        if isinstance(node, ast.Attribute) and _STATUS_NAMES.match(node.attr):
            return True
    return False
