"""Expressions said in other words: under other names, for something else, or the other way round."""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping

from healer.syntax.project import Module, same

_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}


def renamed(node: ast.expr, names: Mapping[str, str]) -> ast.expr:
    fresh = copy.deepcopy(node)
    for one in ast.walk(fresh):
        if isinstance(one, ast.Name) and one.id in names:
            one.id = names[one.id]
    return fresh


def exchanged(node: ast.expr, old: ast.expr, new: ast.expr) -> ast.expr:
    """With `new` wherever `old` stands."""

    class Exchange(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return copy.deepcopy(new) if same(node, old) else self.generic_visit(node)

    changed = Exchange().visit(copy.deepcopy(node))
    assert isinstance(changed, ast.expr)
    return changed


def negated(test: ast.expr) -> ast.expr:
    """The opposite of a condition, as people would write it."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _OPPOSITES:
        return ast.Compare(test.left, [_OPPOSITES[type(test.ops[0])]()], test.comparators)
    return ast.UnaryOp(ast.Not(), test)


def written(module: Module, node: ast.expr) -> str:
    """Source of an expression that stands nowhere yet, with the quotes that the module uses."""
    text = ast.unparse(node)
    plain = '"' not in text and module.source.count('"') > module.source.count("'")
    return text.replace("'", '"') if plain else text
