"""What a variable should begin with: the natural nothing of the kind that other statements give it."""

from __future__ import annotations

import ast

from healer.syntax.project import Function

_MADE_BY = {
    "round": ["0"],
    "int": ["0"],
    "len": ["0"],
    "sum": ["0"],
    "float": ["0.0"],
    "str": ['""'],
    "list": ["[]"],
    "sorted": ["[]"],
    "dict": ["{}"],
    "set": ["set()"],
    "Decimal": ['Decimal("0")'],
    "loads": ["{}"],
    "json": ["{}"],
}


def natural_like(function: Function, name: str) -> list[str]:
    """Source of values, likeliest first; empty where the assignments do not tell. `name` may be `self.total`."""
    found: list[str] = []
    for statement in function.statements:
        if isinstance(statement, ast.AugAssign) and ast.unparse(statement.target) == name:
            found.append('""' if _is_text(statement.value) else "[]" if isinstance(statement.value, ast.List) else "0")
            continue
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and isinstance(value, ast.expr):
            if name in {ast.unparse(target) for target in targets if target is not None}:
                found += _like(function, value)
    return list(dict.fromkeys(found))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _like(function: Function, value: ast.expr) -> list[str]:
    if isinstance(value, ast.Constant):
        if isinstance(value.value, bool):
            return [str(not value.value)]
        return {int: ["0"], float: ["0.0"], str: ['""']}.get(type(value.value), [])
    if isinstance(value, (ast.List, ast.ListComp)):
        return ["[]"]
    if isinstance(value, (ast.Dict, ast.DictComp)):
        return ["{}"]
    if _is_text(value):
        return ['""']
    if isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Mult, ast.Div, ast.Sub, ast.FloorDiv)):
        decimal = "Decimal" in function.module.imports and "Decimal" in ast.unparse(function.node)
        return ['Decimal("0")', "0"] if decimal else ["0"]
    if isinstance(value, ast.Call):
        return _MADE_BY.get(ast.unparse(value.func).rpartition(".")[2], [])
    return []
