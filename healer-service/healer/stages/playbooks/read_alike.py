"""A field that another way in reads with a helper of the service, read here by a bare conversion: now by it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft, reference
from healer.syntax.edits import Edit, Replace
from healer.syntax.project import Function, Module
from healer.syntax.readings import key_of, readers_of
from healer.syntax.situation import Situation

CATEGORIES = ("conversion",)
NAME = "read-alike"


def draft(s: Situation) -> Iterator[Draft]:
    for _, culprit in s.crash.pairs[:1]:
        key = key_of(culprit)
        whole = _whole(s.module, culprit)
        if not key or whole is None or whole is culprit:
            continue
        for helper in readers_of(s, key):
            named = reference(s, s.module, helper.module, helper.name)
            if named is None or _target(s.module, whole) != key or _is_on_stack(s, helper):
                continue
            edits: tuple[tuple[Module, Edit], ...] = (
                (s.module, Replace(whole, f"{named[0]}({s.module.text(culprit)})")),
                *((s.module, added) for added in named[1]),
            )
            yield Draft(f"Read {key} with {helper.name}, as other code does", edits, Answer.CONVERT, 0.94)


def _whole(module: Module, value: ast.expr) -> ast.expr | None:
    """The largest expression around the value that only converts it or reckons with constants."""
    found: ast.expr = value
    while True:
        parent = module.parents.get(found)
        if isinstance(parent, ast.Call) and found in parent.args and isinstance(parent.func, (ast.Name, ast.Attribute)):
            if not all(one is found or isinstance(one, ast.Constant) for one in parent.args) or parent.keywords:
                return found
            if ast.unparse(parent.func).rpartition(".")[2] not in ("int", "float", "round", "Decimal", "str"):
                return found
        elif isinstance(parent, ast.BinOp):
            other = parent.right if parent.left is found else parent.left
            if not isinstance(other, ast.Constant):
                return found
        else:
            return found
        found = parent


def _target(module: Module, value: ast.expr) -> str:
    """The name under which the value is kept: of an assignment, a keyword or a key; empty for a plain argument."""
    parent = module.parents.get(value)
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1:
        return key_of(parent.targets[0])
    return (parent.arg or "") if isinstance(parent, ast.keyword) else ""


def _is_on_stack(s: Situation, helper: Function) -> bool:
    return s.function is not None and s.function.node is helper.node
