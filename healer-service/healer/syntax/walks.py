"""Walks over syntax trees. They resolve no names."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def statements_in(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from statements_in(getattr(node, name, []))
        for handler in getattr(node, "handlers", []) or getattr(node, "cases", []):
            yield from statements_in(handler.body)


def children(node: ast.AST) -> list[ast.AST]:
    """Without contexts such as Load, which Python shares between nodes."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST) and name != "ctx":
            found.append(value)
    return found


def indexed(tree: ast.Module) -> tuple[dict[ast.AST, ast.AST], list[ast.AST]]:
    """Parents and all nodes in one walk."""
    nodes: list[ast.AST] = [tree]
    parents: dict[ast.AST, ast.AST] = {}
    for node in nodes:  # grows as it goes
        below = children(node)
        parents.update(dict.fromkeys(below, node))
        nodes += below
    return parents, nodes
