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


def indexed(tree: ast.Module) -> tuple[dict[ast.AST, ast.AST], list[ast.AST]]:
    """Parents and all nodes in one walk. Contexts such as Load are left out: Python shares them between nodes."""
    nodes: list[ast.AST] = [tree]
    parents: dict[ast.AST, ast.AST] = {}
    for node in nodes:  # grows as it goes
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                for item in value:
                    if isinstance(item, ast.AST):
                        parents[item] = node
                        nodes.append(item)
            elif isinstance(value, ast.AST) and name != "ctx":
                parents[value] = node
                nodes.append(value)
    return parents, nodes
