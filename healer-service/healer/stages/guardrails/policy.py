"""What a service lets a patch touch, and the two trees that the rules compare. It holds no rule."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from healer.model import Change


@dataclass(frozen=True)
class Policy:
    source: tuple[str, ...]  # folders or files a patch may touch; "." is all
    max_lines: int = 60
    max_files: int = 3
    failing_values: tuple[str, ...] = ()  # text of the very values the failing request carried


@dataclass(frozen=True, eq=False)
class Trees:
    change: Change
    before: ast.Module
    after: ast.Module

    @cached_property
    def imports(self) -> dict[str, str]:
        """Name in the new source -> dotted name of what it stands for."""
        names = {}
        for node in ast.walk(self.after):
            if isinstance(node, ast.Import):
                names.update(
                    {
                        (a.asname or a.name.partition(".")[0]): (a.name if a.asname else a.name.partition(".")[0])
                        for a in node.names
                    }
                )
            elif isinstance(node, ast.ImportFrom):
                names.update({(a.asname or a.name): f"{node.module or ''}.{a.name}" for a in node.names})
        return names

    def dotted(self, node: ast.expr) -> str:
        """A name as its import spells it in full: `run` is `subprocess.run`."""
        text = ast.unparse(node)
        head, dot, rest = text.partition(".")
        return f"{self.imports.get(head, head)}{dot}{rest}"


def added(before: ast.AST, after: ast.AST, wanted: Callable[[ast.AST], bool]) -> Iterator[ast.AST]:
    """Nodes that satisfy `wanted` and stand in `after` more often than in `before`, compared as source."""
    left = Counter(ast.dump(node) for node in ast.walk(before) if wanted(node))
    for node in ast.walk(after):
        if wanted(node):
            text = ast.dump(node)
            if left[text] > 0:
                left[text] -= 1
            else:
                yield node
