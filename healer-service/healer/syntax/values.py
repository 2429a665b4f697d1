"""What a value was when it crashed, read from the bounded repr texts of a report.

It never evaluates anything from the report.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass

from healer.syntax.parsing import parse

_OPAQUE = re.compile(r"<[^<>]*>")


class Unknown:
    """The text does not tell."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Shown:
    """An object whose repr looks like a constructor call: `Item(id=3, owner=None)`."""

    type: str
    attributes: Mapping[str, object]


def read(text: str) -> object:
    """The value behind a repr: a constant, list, tuple, set, dict or Shown; UNKNOWN for what is cut off or opaque."""
    cleaned = _OPAQUE.sub("__opaque__", text.strip())
    try:
        node = parse(cleaned, "eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return UNKNOWN
    return _build(node)


def _build(node: ast.expr) -> object:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.List):
        return [_build(item) for item in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_build(item) for item in node.elts)
    if isinstance(node, ast.Dict):
        keys = [UNKNOWN if key is None else _build(key) for key in node.keys]
        try:
            return dict(zip(keys, (_build(value) for value in node.values), strict=True))
        except TypeError:
            return UNKNOWN
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _build(node.operand)
        return -value if isinstance(value, (int, float)) else UNKNOWN
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        if name in ("set", "frozenset", "dict", "list") and not node.args:
            return {"set": set(), "frozenset": frozenset(), "dict": {}, "list": []}[name]
        if name in ("defaultdict", "Counter", "OrderedDict", "ImmutableMultiDict", "deque") and node.args:
            return _build(node.args[-1])
        return Shown(name, {k.arg: _build(k.value) for k in node.keywords if k.arg})
    return UNKNOWN


def evaluate(node: ast.expr, names: Mapping[str, str], constants: Mapping[str, ast.expr] | None = None) -> object:
    """The value of a side-effect-free expression, from reprs of locals and literal module constants; else UNKNOWN."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        if node.id in names:
            return read(names[node.id])
        if constants and node.id in constants:
            return _build(constants[node.id])
        return UNKNOWN
    if isinstance(node, ast.Attribute):
        base = evaluate(node.value, names, constants)
        return base.attributes.get(node.attr, UNKNOWN) if isinstance(base, Shown) else UNKNOWN
    if isinstance(node, ast.Subscript):
        return _item(evaluate(node.value, names, constants), evaluate(node.slice, names, constants))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        base = evaluate(node.func.value, names, constants)
        key = evaluate(node.args[0], names, constants)
        default = evaluate(node.args[1], names, constants) if len(node.args) > 1 else None
        return base.get(key, default) if isinstance(base, dict) and _plain(key) and UNKNOWN not in base else UNKNOWN
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len" and node.args:
        value = evaluate(node.args[0], names, constants)
        return len(value) if isinstance(value, (str, list, tuple, dict, set)) else UNKNOWN
    return UNKNOWN


def _plain(value: object) -> bool:
    return isinstance(value, (str, int, float, bool)) or value is None


def _item(base: object, key: object) -> object:
    if isinstance(base, dict) and _plain(key):
        return base.get(key, UNKNOWN)
    if isinstance(base, (list, tuple)) and isinstance(key, int) and -len(base) <= key < len(base):
        return base[key]
    return UNKNOWN


def type_name(value: object) -> str:
    """As Python's own messages name it; "" when unknown."""
    if isinstance(value, Unknown):
        return ""
    if isinstance(value, Shown):
        return value.type.rpartition(".")[2]
    return type(value).__name__
