"""Whether one condition holds wherever another did: what makes a check weaker is decided here, by its parts.

It compares text in a normal form and proves nothing; what it cannot see to be as strong counts as weaker.
"""

from __future__ import annotations

import ast
from typing import Any

from healer.stages.guardrails.names import Names
from healer.syntax.parsing import parse

_PLAIN = frozenset({"strip", "encode", "decode", "lower", "casefold", "upper"})
_CASTS = frozenset({"str", "int", "bool"})


def normal(node: ast.expr, names: Names | None = None, depth: int = 2) -> str:
    """Text of an expression; the ways to look something up, and what stands for a missing value, make no difference."""
    return ast.unparse(_plain(node, names, depth))


def _plain(node: ast.expr, names: Names | None, depth: int) -> ast.expr:
    plain = _Plain(names, depth).visit(parse(ast.unparse(node), "eval").body)
    assert isinstance(plain, ast.expr)
    return plain


class _Plain(ast.NodeTransformer):
    def __init__(self, names: Names | None, depth: int) -> None:
        self._names = names
        self._depth = depth

    def visit_Await(self, node: ast.Await) -> Any:
        return self.visit(node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> Any:
        return self.visit(node.value)

    def visit_Name(self, node: ast.Name) -> Any:
        if self._names is None or not self._depth or self._names.is_parameter(node.id):
            return node
        given = self._names.assigned(node.id)
        if len(given) == 1 and isinstance(given[0], (ast.Subscript, ast.Attribute, ast.Call, ast.Await)):
            return _plain(given[0], self._names, self._depth - 1)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        return _lookup(self.visit(node.value), ast.Constant(node.attr))

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        if isinstance(node.slice, ast.Constant):
            return _lookup(self.visit(node.value), node.slice)
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        if isinstance(node.op, ast.Or) and len(node.values) == 2 and _is_empty(node.values[1]):
            return self.visit(node.values[0])
        return self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        return self.visit(node.body) if _is_empty(node.orelse) else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> Any:
        func, given = node.func, node.args
        if isinstance(func, ast.Attribute) and func.attr in _PLAIN:
            return self.visit(func.value)
        if isinstance(func, ast.Attribute) and func.attr == "get" and given and _is_empty_or_none(given[1:]):
            return _lookup(self.visit(func.value), self.visit(given[0]))
        if isinstance(func, ast.Name) and func.id in _CASTS and len(given) == 1:
            return self.visit(given[0])
        if isinstance(func, ast.Name) and func.id == "getattr" and len(given) > 1 and _is_empty_or_none(given[2:]):
            if isinstance(given[1], ast.Constant) and isinstance(given[1].value, str):
                return ast.Attribute(self.visit(given[0]), given[1].value, ast.Load())
        return self.generic_visit(node)


def _lookup(value: ast.expr, key: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("look", ast.Load()), [value, key], [])


def _is_empty(node: ast.expr) -> bool:
    return ast.unparse(node) in ("{}", "[]", "()", "''", "b''", "0", "None", "False", "dict()", "list()", "set()")


def _is_empty_or_none(nodes: list[ast.expr]) -> bool:
    return not nodes or _is_empty(nodes[0])


Parts = frozenset[frozenset[str]]


def alternatives(test: ast.expr, names: Names | None = None) -> Parts:
    """A condition as alternatives of parts that must all hold."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and isinstance(test.operand, ast.BoolOp):
        inner = test.operand
        op: ast.boolop = ast.And() if isinstance(inner.op, ast.Or) else ast.Or()
        return alternatives(ast.BoolOp(op, [ast.UnaryOp(ast.Not(), value) for value in inner.values]), names)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return frozenset(part for value in test.values for part in alternatives(value, names))
    if isinstance(test, ast.BoolOp):
        found: Parts = frozenset({frozenset()})
        for value in test.values:
            more = alternatives(value, names)
            found = frozenset(one | other for one in found for other in more) if len(found) * len(more) < 65 else found
        return found
    return frozenset({frozenset({normal(test, names)})})


def without_presence(parts: Parts) -> Parts:
    """The same without `x is not None` where x is asked about anyway."""
    return frozenset(frozenset(one for one in part if not _is_presence(one, part - {one})) or part for part in parts)


def _is_presence(one: str, others: frozenset[str]) -> bool:
    subject = one.removesuffix(" is not None")
    return subject != one and any(subject in other for other in others)


def covers(wide: Parts, narrow: Parts) -> bool:
    """Whether the first holds wherever the second does."""
    return all(any(part <= other for part in wide) for other in narrow)
