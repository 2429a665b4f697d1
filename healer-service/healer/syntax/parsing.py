"""Source text to a syntax tree, one at a time in the whole process.

Up to 3.11 CPython counts the depth of the tree it builds in one place for all threads: two that parse at once can fail
with "SystemError: AST constructor recursion depth mismatch" (python/cpython#106905, seen here with two heals at work).
"""

from __future__ import annotations

import ast
import threading
from typing import Literal, overload

_ONE_AT_A_TIME = threading.Lock()


@overload
def parse(source: str) -> ast.Module: ...
@overload
def parse(source: str, mode: Literal["eval"]) -> ast.Expression: ...
def parse(source: str, mode: str = "exec") -> ast.AST:
    """As ast.parse. Raises SyntaxError, ValueError, RecursionError or MemoryError for source that is none."""
    with _ONE_AT_A_TIME:
        return ast.parse(source, mode=mode)


def literal(text: str) -> object:
    """As ast.literal_eval, with the same errors as `parse`."""
    return ast.literal_eval(parse(text.lstrip(" \t"), "eval"))
