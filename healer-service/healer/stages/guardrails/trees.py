"""A change as two syntax trees and their difference: the statements that are new, and those that are gone.

What a name stands for is found out in names.py; it holds no rule.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, TypeVar, overload

from healer.model import Change
from healer.stages.guardrails.names import Names, given_by

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
A = TypeVar("A", bound=ast.AST)
B = TypeVar("B", bound=ast.AST)
C = TypeVar("C", bound=ast.AST)
D = TypeVar("D", bound=ast.AST)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two trees, with the statements of it that the other does not have word for word."""

    tree: ast.Module
    changed: tuple[ast.stmt, ...]

    @cached_property
    def names(self) -> Names:
        return Names(self.every)

    @cached_property
    def every(self) -> tuple[ast.AST, ...]:
        """All nodes of the tree, outer before inner."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the changed statements."""
        return tuple(node for statement in self.changed for node in ast.walk(statement))

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in self.every for child in ast.iter_child_nodes(node)}

    @cached_property
    def functions(self) -> dict[str, FunctionNode]:
        """By qualified name; of two with one name the last, which is the one that counts."""
        return dict(_functions(self.tree, ""))

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, innermost first."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    @cached_property
    def read(self) -> frozenset[str]:
        """Names that are read anywhere."""
        return frozenset(n.id for n in self.every if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))

    def function_of(self, node: ast.AST) -> FunctionNode | None:
        return next((outer for outer in self.above(node) if isinstance(outer, _FUNCTIONS)), None)

    def given_in(self, function: FunctionNode | None, name: str) -> list[ast.expr]:
        """What a function gives to a name."""
        return self._given.get((function, name), [])

    @cached_property
    def _given(self) -> dict[tuple[FunctionNode | None, str], list[ast.expr]]:
        found: dict[tuple[FunctionNode | None, str], list[ast.expr]] = {}
        for function in (node for node in self.every if isinstance(node, _FUNCTIONS)):
            for node in ast.walk(function):
                for name, value in given_by(node):
                    found.setdefault((function, name), []).append(value)
        return found

    @cached_property
    def _names_of(self) -> dict[FunctionNode, str]:
        return {function: name for name, function in self.functions.items()}

    def name_of(self, function: FunctionNode) -> str:
        return self._names_of.get(function, function.name)


@dataclass(frozen=True, eq=False)
class Trees:
    change: Change
    before: Side
    after: Side

    @classmethod
    def of(cls, change: Change, before: ast.Module, after: ast.Module) -> Trees:
        old, new = _pieces(before, change.before), _pieces(after, change.after)
        old_texts, new_texts = Counter(text for text, _ in old), Counter(text for text, _ in new)
        return cls(
            change,
            Side(before, tuple(_left_over(old, new_texts))),
            Side(after, tuple(_left_over(new, old_texts))),
        )

    @property
    def is_test(self) -> bool:
        return is_test(PurePosixPath(self.change.file))

    @overload
    def added(self, one: type[A], /) -> list[A]: ...
    @overload
    def added(self, one: type[A], two: type[B], /) -> list[A | B]: ...
    @overload
    def added(self, one: type[A], two: type[B], three: type[C], /) -> list[A | B | C]: ...
    @overload
    def added(self, one: type[A], two: type[B], three: type[C], four: type[D], /) -> list[A | B | C | D]: ...
    @overload
    def added(self, *kinds: type[ast.AST]) -> list[ast.AST]: ...
    def added(self, *kinds: type[Any]) -> list[Any]:
        """Nodes of the new source that stand there more often than before, compared as source."""
        return [node for node in self._added if isinstance(node, kinds)]

    def removed(self, kind: type[A]) -> list[A]:
        return [node for node in self._removed if isinstance(node, kind)]

    @cached_property
    def _added(self) -> list[ast.AST]:
        return _more(self.after.nodes, self.before.nodes)

    @cached_property
    def _removed(self) -> list[ast.AST]:
        return _more(self.before.nodes, self.after.nodes)

    @cached_property
    def pairs(self) -> tuple[tuple[str, FunctionNode, FunctionNode], ...]:
        """The functions that are in both and not the same: name, before, after."""
        changed = set(self.after.nodes) | set(self.before.nodes)
        both = [(n, f, self.after.functions[n]) for n, f in self.before.functions.items() if n in self.after.functions]
        return tuple((n, old, new) for n, old, new in both if old in changed or new in changed)


def is_test(path: PurePosixPath) -> bool:
    return (
        bool({"tests", "test"} & set(path.parts[:-1])) or path.name.startswith("test_") or path.stem.endswith("_test")
    )


_COMPARED = (ast.expr, ast.stmt, ast.ExceptHandler, ast.pattern)


def _more(these: tuple[ast.AST, ...], those: tuple[ast.AST, ...]) -> list[ast.AST]:
    left = Counter(ast.dump(node) for node in those if isinstance(node, _COMPARED))
    found: list[ast.AST] = []
    for node in these:
        if isinstance(node, _COMPARED):
            text = ast.dump(node)
            if left[text] > 0:
                left[text] -= 1
            else:
                found.append(node)
    return found


def _pieces(tree: ast.Module, text: str) -> list[tuple[str, ast.stmt]]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return list(_pieces_of(tree.body, lines))


def _pieces_of(body: list[ast.stmt], lines: list[str]) -> Iterator[tuple[str, ast.stmt]]:
    """Statements with their text; of a class its methods and fields one by one, and its head."""
    for statement in body:
        decorators = statement.decorator_list if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)) else []
        first = min([statement.lineno, *(d.lineno for d in decorators)])
        last = statement.end_lineno or statement.lineno
        if isinstance(statement, ast.ClassDef):
            inside = statement.body[0]
            inner = inside.decorator_list if isinstance(inside, (*_FUNCTIONS, ast.ClassDef)) else []
            last = min([inside.lineno, *(d.lineno for d in inner)]) - 1
            head = ast.ClassDef(statement.name, statement.bases, statement.keywords, [], statement.decorator_list)
            yield "\n".join(lines[first - 1 : max(last, first)]), ast.copy_location(head, statement)
            yield from _pieces_of(statement.body, lines)
        else:
            yield "\n".join(lines[first - 1 : last]), statement


def _left_over(pieces: list[tuple[str, ast.stmt]], others: Counter[str]) -> Iterator[ast.stmt]:
    left = Counter(others)
    for text, statement in pieces:
        if left[text] > 0:
            left[text] -= 1
        else:
            yield statement


def _functions(tree: ast.AST, prefix: str) -> Iterator[tuple[str, FunctionNode]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, _FUNCTIONS):
            yield prefix + node.name, node
            yield from _functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.AsyncWith, ast.ExceptHandler)):
            yield from _functions(node, prefix)
