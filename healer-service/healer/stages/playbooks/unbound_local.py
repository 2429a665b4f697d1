"""A local name used on a path that never gave it a value: a value before the branches, or a refusal where no
branch fits.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import BAD_INPUT, NOT_FOUND, Draft, Wish, answer_of
from healer.syntax.edits import AddElse, InsertBefore
from healer.syntax.nouns import singular
from healer.syntax.project import Function, names_in
from healer.syntax.situation import Situation, block_of, out_of_elif
from healer.syntax.wording import refuse

CATEGORIES = ("unbound-local",)
NAME = "unbound-local"


def draft(s: Situation) -> Iterator[Draft]:
    quoted = re.search(r"variable '(\w+)'", s.report.exception.message)
    if quoted is None or s.function is None:
        return
    name = quoted.group(1)
    setter = _first_setting(s.function, name)
    if setter is None:
        return
    outer = _outermost(s, setter)
    if isinstance(outer, ast.If) and not _has_else(outer):
        yield from _else_refuses(s, s.function, outer)
    yield from _initialised(s, s.function, outer, name)


def _first_setting(function: Function, name: str) -> ast.stmt | None:
    for statement in function.statements:
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, (ast.AnnAssign, ast.AugAssign, ast.For)):
            targets = [statement.target]
        if any(isinstance(n, ast.Name) and n.id == name for t in targets for n in ast.walk(t)):
            return statement
    return None


def _outermost(s: Situation, setter: ast.stmt) -> ast.stmt:
    """The branch or loop around the assignment that stands beside the line that crashed."""
    use = [s.crash.statement, *s.module.ancestors(s.crash.statement)]
    current: ast.AST = setter
    while s.module.parents.get(current) not in use:
        parent = s.module.parents.get(current)
        if parent is None or parent is (s.function.node if s.function is not None else None):
            break
        current = parent
    statement = current if isinstance(current, ast.stmt) else setter
    if isinstance(setter, ast.AugAssign) and block_of(s.module, setter) is not None:
        loop = next((a for a in s.module.ancestors(setter) if isinstance(a, (ast.For, ast.While))), None)
        return loop or statement
    return out_of_elif(s.module, statement)


def _has_else(node: ast.If) -> bool:
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        node = node.orelse[0]
    return bool(node.orelse)


def _else_refuses(s: Situation, function: Function, outer: ast.If) -> Iterator[Draft]:
    """An if chain over what the client sent that has no branch for anything else."""
    asked = [n for n in ast.walk(outer.test) if isinstance(n, (ast.Name, ast.Attribute, ast.Subscript))]
    origins = [(n, o) for n in asked for o in s.tracer.origins(n, s.module, function, at=outer) if o.is_client]
    if not origins:
        return
    chained = bool(outer.orelse)
    node, origin = origins[0]
    noun = singular(ast.unparse(node).rpartition(".")[2] if not isinstance(node, ast.Subscript) else origin.name)
    kind = NOT_FOUND if origin.kind == "path" and not chained else BAD_INPUT
    for wording in refuse(s.refusals, function, Wish(kind, noun, ast.unparse(node))):
        edits = ((s.module, AddElse(outer, f"{wording.code}\n")), *((s.module, a) for a in wording.imports))
        fit = (0.86 if chained else 0.66) + 0.5 * (wording.fit - 0.85)
        yield Draft(f"Refuse with {wording.status} where no branch fits", edits, answer_of(wording.status), fit)


def _initialised(s: Situation, function: Function, outer: ast.stmt, name: str) -> Iterator[Draft]:
    """The natural value before the branches."""
    values = _natural_values(s, function, name)
    loop = isinstance(outer, (ast.For, ast.While, ast.AsyncFor))
    fit = 0.82 if loop else 0.74
    for index, value in enumerate(values[:3]):
        edits = ((s.module, InsertBefore(outer, f"{name} = {value}\n")),)
        yield Draft(f"Begin with {name} = {value}", edits, Answer.NATURAL_VALUE, fit - 0.07 * index)


def _natural_values(s: Situation, function: Function, name: str) -> list[str]:
    found: list[str] = []
    for statement in function.statements:
        if isinstance(statement, ast.AugAssign) and ast.unparse(statement.target) == name:
            found.append('""' if _is_text(statement.value) else "[]" if isinstance(statement.value, ast.List) else "0")
        elif isinstance(statement, ast.Assign) and name in {ast.unparse(t) for t in statement.targets}:
            found += _like(s, statement.value)
    if any(isinstance(n, ast.Name) and n.id == name and _is_compared_to_none(s, n) for n in ast.walk(function.node)):
        found.insert(0, "None")
    return list(dict.fromkeys([*found, "None"]))


def _is_compared_to_none(s: Situation, node: ast.AST) -> bool:
    parent = s.module.parents.get(node)
    return isinstance(parent, ast.Compare) and "None" in ast.unparse(parent)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _like(s: Situation, value: ast.expr) -> list[str]:
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
        decimal = "Decimal" in s.module.imports and "Decimal(" in s.module.source
        return ['Decimal("0")', "0"] if decimal and "Decimal" in "".join(s.crash.names.values()) else ["0"]
    if isinstance(value, ast.Call):
        word = ast.unparse(value.func).rpartition(".")[2]
        return {
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
        }.get(word, [])
    return []


__all__ = ["CATEGORIES", "NAME", "draft", "names_in"]
