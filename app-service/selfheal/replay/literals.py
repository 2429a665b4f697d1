"""Reads a value back from the text that a report shows of it: Python literals, and what `values` writes for decimals,
moments and UUIDs.

It calls nothing but those few types; a text it does not know is refused, never guessed at.
"""

from __future__ import annotations

import ast
import datetime
import decimal
import uuid
from collections.abc import Callable
from typing import Any

_SHOWN = 80
_CALLS: dict[str, Callable[..., Any]] = {
    "Decimal": decimal.Decimal,
    "decimal.Decimal": decimal.Decimal,
    "datetime.datetime": datetime.datetime,
    "datetime.date": datetime.date,
    "datetime.time": datetime.time,
    "datetime.timedelta": datetime.timedelta,
    "UUID": uuid.UUID,
    "uuid.UUID": uuid.UUID,
}


class Unreadable(Exception):
    """The text is none of these; it says where."""


def read_literal(text: str) -> Any:
    """Raises Unreadable."""
    try:
        return _value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, TypeError, ArithmeticError, RecursionError, MemoryError) as error:
        raise Unreadable(f"{text[:_SHOWN]!r} is no Python literal ({type(error).__name__})") from error


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.List):
        return [_value(item) for item in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(item) for item in node.elts)
    if isinstance(node, ast.Set):
        return {_value(item) for item in node.elts}
    if isinstance(node, ast.Dict):
        # A key that is missing unpacks another dict: no literal.
        return {
            _value(key) if key else ast.literal_eval(node): _value(item) for key, item in zip(node.keys, node.values)
        }
    if isinstance(node, ast.Call) and ast.unparse(node.func) in _CALLS:
        # `**x` has no name; none of the types takes an argument called None.
        named = {str(keyword.arg): _value(keyword.value) for keyword in node.keywords}
        return _CALLS[ast.unparse(node.func)](*map(_value, node.args), **named)
    if isinstance(node, ast.Attribute) and ast.unparse(node) == "datetime.timezone.utc":
        return datetime.timezone.utc
    return ast.literal_eval(node)
