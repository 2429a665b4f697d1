"""What gives names their values: assignments, loops, unpacking, comprehensions, arguments.

It follows one step only.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache

from healer.syntax.project import COMPREHENSIONS, Function, Module


@dataclass(frozen=True, eq=False)
class Definition:
    """An expression that gave a name its value, and where."""

    module: Module
    function: Function | None
    value: ast.expr
    statement: ast.AST
    item: bool = False  # the name is one item of the value: a loop variable or a part of an unpacking


def same_function(one: Function | None, other: Function | None) -> bool:
    return one is not None and other is not None and one.node is other.node


def default_of(function: Function, name: str) -> ast.expr | None:
    args = function.node.args
    positional = [*args.posonlyargs, *args.args]
    for arg, default in zip(reversed(positional), reversed(args.defaults), strict=False):
        if arg.arg == name:
            return default
    for arg, value in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        if arg.arg == name:
            return value
    return None


def argument_of(call: ast.Call, function: Function, name: str) -> ast.expr | None:
    """What a call passes for a parameter; its default when it passes nothing."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    names = [arg.arg for arg in function.params]
    if function.owner is not None and names[:1] in (["self"], ["cls"]):
        names = names[1:]
    if name in names and names.index(name) < len(call.args):
        return call.args[names.index(name)]
    return default_of(function, name)


def comprehension_source(name: str, module: Module, node: ast.AST) -> ast.expr | None:
    for ancestor in [node, *module.ancestors(node)]:
        if isinstance(ancestor, COMPREHENSIONS):
            for generator in ancestor.generators:
                if any(isinstance(t, ast.Name) and t.id == name for t in ast.walk(generator.target)):
                    return generator.iter
        if isinstance(ancestor, ast.stmt):
            return None
    return None


def assignments(function: Function, name: str) -> list[Definition]:
    return _assigned(function).get(name, [])


@lru_cache(maxsize=1024)
def _assigned(function: Function) -> dict[str, list[Definition]]:
    found: dict[str, list[Definition]] = {}
    for node in function.own_nodes:
        pairs: list[tuple[ast.expr, ast.expr, bool]] = []
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs += [(t, v, False) for t, v in zip(target.elts, node.value.elts, strict=False)]
                else:
                    pairs.append((target, node.value, isinstance(target, (ast.Tuple, ast.List))))
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)) and node.value is not None:
            pairs.append((node.target, node.value, False))
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            pairs.append((node.target, node.iter, True))
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            pairs += [(i.optional_vars, i.context_expr, False) for i in node.items if i.optional_vars is not None]
        elif isinstance(node, ast.Match):
            for name in _captured(node):
                found.setdefault(name, []).append(Definition(function.module, function, node.subject, node, True))
        for target, value, item in pairs:
            statement = node if isinstance(node, ast.stmt) else function.module.statement_of(node)
            for name in _bound_by(target):
                made = Definition(function.module, function, value, statement, item)
                found.setdefault(name, []).append(made)
    return found


def _bound_by(target: ast.expr) -> set[str]:
    """Names that a target binds, also in `index, (key, *rest)`."""
    if isinstance(target, ast.Name):
        return {target.id}
    if isinstance(target, ast.Starred):
        return _bound_by(target.value)
    parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else []
    return {name for part in parts for name in _bound_by(part)}


def _captured(node: ast.Match) -> set[str]:
    """Names that the patterns of a match bind to what they match or to parts of it."""
    parts = [part for case in node.cases for part in ast.walk(case.pattern)]
    return {part.name for part in parts if isinstance(part, (ast.MatchAs, ast.MatchStar)) and part.name is not None}
