"""Which plain value is given to which name, wherever it stands: as argument, key, attribute or name.

What is read of the environment counts as what it is where the environment says nothing.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator

from healer.stages.guardrails.names import HOLE
from healer.stages.guardrails.trees import Side

UNKNOWN = object()
_READS = re.compile(r"(^|\.)(environ\.get|getenv|(env|config|settings)(\.\w+)?)$", re.IGNORECASE)
_METHODS = frozenset({"lower", "upper", "strip", "casefold", "title", "isdigit"})
_ASKS: dict[type[ast.cmpop], Callable[[object, object], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}


def off(value: object) -> bool:
    return value is False or value in (0, "0", "false", "False", "off", "no")


def given(side: Side) -> Iterator[tuple[str, ast.expr]]:
    """Everything in the changed statements that is given something by name."""
    for node in side.nodes:
        if isinstance(node, ast.keyword) and node.arg:
            yield node.arg, node.value
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                yield last_name(target), node.value
        elif isinstance(node, ast.NamedExpr):
            yield node.target.id, node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) == 2:
            if node.func.attr in ("setdefault", "append", "add", "set", "__setitem__") and isinstance(
                node.args[0], ast.Constant
            ):
                yield str(node.args[0].value), node.args[1]


def given_values(side: Side) -> Iterator[tuple[str, object, ast.AST]]:
    """The same where the value, or one in a list of them, can be told."""
    for name, node in given(side):
        for part in node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else [node]:
            value = value_of(side, part)
            if value is UNKNOWN:
                value = default_of(side, part)
                value = UNKNOWN if value is None else value
            if value is not UNKNOWN:
                yield name, value, node


def last_name(target: ast.expr) -> str:
    if isinstance(target, ast.Subscript):
        return str(target.slice.value) if isinstance(target.slice, ast.Constant) else ""
    return target.attr if isinstance(target, ast.Attribute) else target.id if isinstance(target, ast.Name) else ""


def value_of(side: Side, node: ast.expr, depth: int = 2) -> object:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = value_of(side, node.operand, depth)
        return UNKNOWN if inner is UNKNOWN else not inner
    if isinstance(node, ast.Compare) and len(node.comparators) == 1 and isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
        left, right = value_of(side, node.left, depth), value_of(side, node.comparators[0], depth)
        if left is not UNKNOWN and right is not UNKNOWN:
            return (left == right) == isinstance(node.ops[0], ast.Eq)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "bool":
        return bool(value_of(side, node.args[0], depth)) if node.args else False
    if isinstance(node, ast.Name) and depth:
        assigned = side.names.assigned(node.id)
        return value_of(side, assigned[0], depth - 1) if len(assigned) == 1 else UNKNOWN
    text = side.names.text(node)
    return UNKNOWN if text is None or HOLE in text else text


def default_of(side: Side, node: ast.expr, depth: int = 4) -> object:
    """What an expression is worth where the environment, or the configuration, does not name what it reads."""
    if isinstance(node, ast.Constant):
        return node.value
    if not depth:
        return UNKNOWN
    if isinstance(node, ast.Call):
        return _default_of_call(side, node, depth - 1)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = default_of(side, node.operand, depth - 1)
        return UNKNOWN if inner is UNKNOWN else not inner
    if isinstance(node, ast.BoolOp):
        return _first_that_decides(side, node, depth - 1)
    if isinstance(node, ast.IfExp):
        test = default_of(side, node.test, depth - 1)
        return UNKNOWN if test is UNKNOWN else default_of(side, node.body if test else node.orelse, depth - 1)
    if isinstance(node, ast.Compare) and len(node.comparators) == 1:
        return _answered(side, node, depth - 1)
    if isinstance(node, ast.Name):
        assigned = side.names.assigned(node.id)
        return default_of(side, assigned[0], depth - 1) if len(assigned) == 1 else UNKNOWN
    return UNKNOWN


def _default_of_call(side: Side, call: ast.Call, depth: int) -> object:
    name = ast.unparse(call.func)
    if _READS.search(name) and call.args:
        fallback = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "default")]
        return default_of(side, fallback[0], depth) if fallback else None
    if isinstance(call.func, ast.Attribute) and call.func.attr in _METHODS and not call.args:
        text = default_of(side, call.func.value, depth)
        return getattr(text, call.func.attr)() if isinstance(text, str) else UNKNOWN
    if name in ("bool", "int", "str") and len(call.args) == 1:
        inner = default_of(side, call.args[0], depth)
        if name == "int" and isinstance(inner, str):
            return int(inner) if re.fullmatch(r"-?\d{1,9}", inner) else UNKNOWN
        return bool(inner) if name == "bool" and inner is not UNKNOWN else inner
    return UNKNOWN


def _first_that_decides(side: Side, node: ast.BoolOp, depth: int) -> object:
    value: object = UNKNOWN
    for part in node.values:
        value = default_of(side, part, depth)
        if value is UNKNOWN or bool(value) == isinstance(node.op, ast.Or):
            return value
    return value


def _answered(side: Side, node: ast.Compare, depth: int) -> object:
    left, op, other = default_of(side, node.left, depth), node.ops[0], node.comparators[0]
    if left is UNKNOWN:
        return UNKNOWN
    if isinstance(op, (ast.In, ast.NotIn)) and isinstance(other, (ast.Tuple, ast.List, ast.Set)):
        there = [default_of(side, item, depth) for item in other.elts]
        return UNKNOWN if UNKNOWN in there else (left in there) == isinstance(op, ast.In)
    right = default_of(side, other, depth)
    return _ASKS[type(op)](left, right) if right is not UNKNOWN and type(op) in _ASKS else UNKNOWN
