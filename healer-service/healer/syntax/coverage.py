"""Which statements a patch brings, and which of them nothing ran. It runs nothing; the sandbox notes the lines.

By statement and not by line, so that it means the same on every Python and for every layout.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from healer.model import Candidate, Change, Site
from healer.syntax.changes import spans_of
from healer.syntax.parsing import parse

Lines = Mapping[str, Sequence[int]]  # file -> line numbers

_NEVER_RUN = (ast.Global, ast.Nonlocal, ast.Pass)
# Headers without code of their own.
_TRANSPARENT = (ast.Try, ast.TryStar)


@dataclass(frozen=True)
class _Piece:
    """A statement, or the header of a compound one."""

    first: int
    last: int
    function: str


def watched(candidate: Candidate, *ran: Lines) -> dict[str, list[int]]:
    """File -> the lines of the changed statements that did not run yet, to be given to the sandbox."""
    found: dict[str, list[int]] = {}
    for change in candidate.changes:
        lines = sorted({line for piece in _idle(change, ran) for line in range(piece.first, piece.last + 1)})
        if lines:
            found[change.file] = lines
    return found


def not_run(candidate: Candidate, *ran: Lines) -> tuple[Site, ...]:
    """The changed statements of which no line ran in any of the runs."""
    return tuple(
        Site(change.file, piece.first, piece.function, "nothing ran this line")
        for change in candidate.changes
        for piece in _idle(change, ran)
    )


def share(candidate: Candidate, left: Sequence[Site]) -> float:
    """Of the changed statements, how many ran: 0 to 1; 1 where a patch only takes away."""
    total = sum(len(list(_changed(change))) for change in candidate.changes)
    return 1.0 if not total else 1 - len(left) / total


def _idle(change: Change, ran: Sequence[Lines]) -> Iterator[_Piece]:
    seen = {line for lines in ran for line in lines.get(change.file, ())}
    return (piece for piece in _changed(change) if seen.isdisjoint(range(piece.first, piece.last + 1)))


def _changed(change: Change) -> Iterator[_Piece]:
    if not change.file.endswith(".py"):
        return
    try:
        tree = parse(change.after)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    lines = _new_lines(change)
    for piece in _pieces(tree, ""):
        if not lines.isdisjoint(range(piece.first, piece.last + 1)):
            yield piece


def _new_lines(change: Change) -> set[int]:
    return {line for span in spans_of(change) for line in range(span.new_start, span.new_end)}


def _pieces(node: ast.AST, function: str) -> Iterator[_Piece]:
    for child in ast.iter_child_nodes(node):
        inside = function
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inside = f"{function}.{child.name}".lstrip(".")
        if isinstance(child, ast.stmt | ast.ExceptHandler) and not _silent(child):
            yield _Piece(child.lineno, _end_of_header(child), inside)
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from _pieces(child, inside)


def _silent(node: ast.stmt | ast.ExceptHandler) -> bool:
    """What leaves no trace when it is run."""
    if isinstance(node, _NEVER_RUN + _TRANSPARENT):
        return True
    if isinstance(node, ast.AnnAssign) and node.value is None:
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _end_of_header(node: ast.stmt | ast.ExceptHandler) -> int:
    inner = [part for name in ("body", "cases") for part in getattr(node, name, ())]
    if not inner:
        return node.end_lineno or node.lineno
    first = inner[0].pattern.lineno if isinstance(inner[0], ast.match_case) else inner[0].lineno
    return max(node.lineno, first - 1)
