"""Which branch of a condition may be entered with a value that is None. It changes nothing."""

from __future__ import annotations

import ast

from healer.syntax.project import Module, same
from healer.syntax.situation import block_of


def passing(module: Module, condition: ast.expr, value: ast.expr) -> str:
    """How `value` is asked for before a condition so that None never comes to the branch that uses it: "is not None
    and", or "is None or" where the other branch does.
    """
    inner: ast.expr = condition
    turned = False
    for ancestor in module.ancestors(condition):
        if isinstance(ancestor, ast.UnaryOp) and isinstance(ancestor.op, ast.Not):
            turned = not turned
        elif isinstance(ancestor, ast.IfExp) and ancestor.test is inner:
            there, missing = _uses([ancestor.body], value), _uses([ancestor.orelse], value)
            return _said(there, missing, turned)
        elif isinstance(ancestor, ast.If) and ancestor.test is inner:
            after: list[ast.stmt] = list(ancestor.orelse)
            if not after and isinstance(ancestor.body[-1], (ast.Return, ast.Raise, ast.Continue)):
                block = block_of(module, ancestor) or [ancestor]
                after = block[block.index(ancestor) + 1 :]
            return _said(_uses(ancestor.body, value), _uses(after, value), turned)
        elif not isinstance(ancestor, ast.BoolOp):
            break
        assert isinstance(ancestor, ast.expr)
        inner = ancestor
    return "is not None and"


def _said(there: bool, missing: bool, turned: bool) -> str:
    there, missing = (missing, there) if turned else (there, missing)
    return "is None or" if missing and not there else "is not None and"


def _uses(nodes: list[ast.stmt] | list[ast.expr], value: ast.expr) -> bool:
    """Whether attributes or items of the value are read."""
    return any(
        isinstance(n, (ast.Attribute, ast.Subscript)) and same(n.value, value) for node in nodes for n in ast.walk(node)
    )
