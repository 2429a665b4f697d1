"""Source as the model sees it: whole lines, the crash marked, in a fence that it cannot close.

It changes no code; what is cut off says so.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache

from healer.syntax.project import Function, FunctionNode, Module

MARK = "# <-- crashed here"
LONGEST_FUNCTION = 120  # lines
_WHOLE = 40  # lines up to which a function that is not asked about is shown whole
_BEFORE, _AFTER = 12, 8  # lines around the crash in a longer one
_WIDEST = 200  # characters of a line that is not to be rewritten
_CONTROL_TOKEN = re.compile(r"<[|｜][^<>\s]{1,60}?[|｜]>")


def holds_control_token(text: str) -> bool:
    """Whether a chat's template would take a part of the text for one of its own tokens."""
    return _CONTROL_TOKEN.search(text) is not None


def fenced(code: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}python\n{code}\n{fence}"


def length(function: Function) -> int:
    return _last(function.node) - _first(function.node) + 1


def whole(function: Function, crashed_at: int = 0) -> list[str]:
    """The function with its decorators, under the heads of the classes and functions around it, as they stand."""
    return [*_heads(function), *_body_lines(function, crashed_at)]


def around(function: Function, line: int, *, crashed: bool) -> list[str]:
    """As `whole`; of a long function the head and what stands around the line."""
    lines = _body_lines(function, line if crashed else 0)
    if len(lines) > _WHOLE:
        first = _first(function.node)
        head = _head_end(function.node) - first + 1
        middle = max(line - first, head + _BEFORE)
        start, end = middle - _BEFORE, min(middle + _AFTER, len(lines))
        gap = " " * (function.node.col_offset + 4) + "# …"
        lines = [
            *lines[:head],
            *([gap] if start > head else []),
            *lines[start:end],
            *([gap] if end < len(lines) else []),
        ]
    return [narrow(line) for line in [*_heads(function), *lines]]


def statement_lines(module: Module, node: ast.stmt, most: int = 8) -> list[str]:
    """A definition, clipped; of a class the fields and, where it has none, its __init__."""
    last = _last(node)
    if isinstance(node, ast.ClassDef):
        fields: list[ast.stmt] = [s for s in node.body if isinstance(s, (ast.AnnAssign, ast.Assign))]
        methods = [s for s in node.body if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef))]
        shown = fields or [m for m in methods if m.name == "__init__"]
        last = _last(shown[-1]) if shown and methods else last
    lines = _lines(module.source)[_first(node) - 1 : last]
    cut = len(lines) > most or last < _last(node)
    gap = " " * (node.col_offset + 4) + "# …"
    return [*(narrow(line) for line in lines[:most]), *([gap] if cut else [])]


def narrow(line: str) -> str:
    """Of a line that is not to be rewritten its beginning."""
    return line if len(line) <= _WIDEST else line[:_WIDEST] + "  # … cut off"


def _heads(function: Function) -> list[str]:
    heads: list[str] = []
    lines = _lines(function.module.source)
    for ancestor in function.module.ancestors(function.node):
        if isinstance(ancestor, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            heads[:0] = [line for line in lines[ancestor.lineno - 1 : _head_end(ancestor)] if line.strip()]
    return heads


def _body_lines(function: Function, crashed_at: int) -> list[str]:
    first = _first(function.node)
    lines = _lines(function.module.source)[first - 1 : _last(function.node)]
    line = _markable(function, crashed_at, lines) if crashed_at else 0
    if line:
        lines[line - first] = f"{lines[line - first].rstrip()}  {MARK}"
    return lines


def _markable(function: Function, line: int, lines: list[str]) -> int:
    """The first line from the crash to its statement's end that takes a comment: not inside a string, not continued."""
    inside = [s for s in function.statements if s.lineno <= line <= _last(s)]
    if not inside:
        return 0
    statement = max(inside, key=lambda s: (s.lineno, s.col_offset))
    below = [s.lineno for s in function.statements if line < s.lineno <= _last(statement)]
    end = min([_last(statement), *(number - 1 for number in below)])
    texts = [n for n in ast.walk(statement) if isinstance(n, (ast.JoinedStr, ast.Constant))]
    for number in range(line, end + 1):
        in_text = any(text.lineno <= number < (text.end_lineno or 0) for text in texts)
        if not in_text and not lines[number - _first(function.node)].rstrip().endswith("\\"):
            return number
    return 0


def _first(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _last(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _head_end(node: FunctionNode | ast.ClassDef) -> int:
    """The last line before the body, or of a body on the same line."""
    return max(_first(node.body[0]) - 1, node.lineno)


@lru_cache(maxsize=64)
def _split(source: str) -> tuple[str, ...]:
    return tuple(source.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def _lines(source: str) -> list[str]:
    """As the parser counts them; str.splitlines would also cut at form feeds and Unicode separators."""
    return list(_split(source))
