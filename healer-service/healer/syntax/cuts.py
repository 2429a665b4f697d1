"""The parts of a source that edits touch, each some whole statements of its top level: LibCST needs a tenth of a second
for a module of 300 lines, and a patch touches one function of it.

It changes nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from healer.syntax.parsing import parse


@dataclass(frozen=True)
class Cut:
    """Lines of a source, counted from 0; `last` is not in it."""

    first: int
    last: int

    def joined(self, other: Cut) -> Cut:
        return Cut(min(self.first, other.first), max(self.last, other.last))

    def meets(self, other: Cut) -> bool:
        return self.first < other.last and other.first < self.last


def lines_of(source: str) -> list[str]:
    """As Python counts them; str.splitlines would also cut at form feeds and Unicode separators."""
    parts = source.split("\n")
    return [*(part + "\n" for part in parts[:-1]), *([parts[-1]] if parts[-1] else [])]


@lru_cache(maxsize=64)
def _statements(source: str) -> tuple[tuple[Cut, bool], ...]:
    """Each statement of the top level with the lines above it that are its own, and whether it is an import."""
    found: list[tuple[Cut, bool]] = []
    end = 0
    for node in parse(source).body:
        last = node.end_lineno or node.lineno
        imports = isinstance(node, (ast.Import, ast.ImportFrom))
        if node.lineno <= end and found:  # after a semicolon
            found[-1] = (Cut(found[-1][0].first, last), found[-1][1] or imports)
        else:
            found.append((Cut(end, last), imports))
        end = last
    return tuple(found)


def cut_around(source: str, node: ast.stmt | ast.expr) -> Cut | None:
    """What must be read to change a node. A statement of the top level takes the one before it along, because comments
    at the start of a text belong to no statement.
    """
    statements = [cut for cut, _ in _statements(source)]
    for index, cut in enumerate(statements):
        if cut.first < node.lineno <= cut.last:
            return cut.joined(statements[index - 1]) if index and node.col_offset == 0 else cut
    return None


def head_of(source: str) -> Cut:
    """Down to the last import, or the first statement where there is none."""
    statements = _statements(source)
    imports = [cut for cut, is_import in statements if is_import]
    return Cut(0, (imports[-1:] or [statements[0][0]])[0].last) if statements else Cut(0, 0)


def apart(cuts: Sequence[Cut]) -> list[Cut]:
    """Those that meet joined, the last in the text first."""
    found: list[Cut] = []
    for cut in sorted(cuts, key=lambda c: c.first):
        if found and found[-1].meets(cut):
            found[-1] = found[-1].joined(cut)
        else:
            found.append(cut)
    return found[::-1]
