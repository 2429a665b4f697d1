"""Statements without their function, put where they belong in it. It guesses nothing: two places are as bad as none."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from healer.syntax.alignment import aligned, key, likeness
from healer.syntax.layout import Text, moved
from healer.syntax.merging import without_docstring
from healer.syntax.project import Function

_MOST_UNKNOWN = 2  # statements of a fragment none of which the function has


def placed(target: Function, code: str, statements: Sequence[ast.stmt]) -> str | None:
    """The lines of the function with the statements in them; None when their place is not clear."""
    text = Text(target.module.source, target.node.lineno, target.node.end_lineno)
    places = sorted(_places(target, statements), key=lambda place: -place[0])
    if not places or (len(places) > 1 and places[0][0] == places[1][0]):
        return None
    _, first, last = places[0]
    if not text.owns_lines([first]):
        return None
    fresh = Text(code)
    start, end = fresh.above(statements[0]), fresh.end(statements[-1])[0]
    while fresh.is_blank(start):
        start += 1
    old_prefix, prefix = fresh.prefix_of_line(start), text.prefix_of_line(text.start(first)[0])
    spot = (start, len(old_prefix))
    lines = moved(fresh, spot, (end, len(fresh.lines[end - 1])), old_prefix, prefix)
    above = text.lines[target.node.lineno - 1 : text.start(first)[0] - 1]
    below = text.lines[text.end(last)[0] : target.node.end_lineno]
    return "\n".join([*above, *lines, *below])


def _places(target: Function, statements: Sequence[ast.stmt]) -> Iterator[tuple[int, ast.stmt, ast.stmt]]:
    """How well the statements fit a block, and the first and last statement there that they replace."""
    for block in _blocks(target):
        pairs = aligned(block, statements, key, likeness)
        both = [(old, new) for old, new in pairs if old is not None and new is not None]
        equal = sum(key(old) == key(new) for old, new in both)
        if both and (equal or len(statements) <= _MOST_UNKNOWN):
            yield 2 * equal + len(both), both[0][0], both[-1][0]


def _blocks(target: Function) -> Iterator[list[ast.stmt]]:
    body = without_docstring(target.node)
    if body:
        yield body
    for statement in body:
        for node in ast.walk(statement):
            for field in ("body", "orelse", "finalbody"):
                block = getattr(node, field, None)
                if isinstance(block, list) and block:
                    yield block
