"""What one place writes as None where there is nothing, read where there is nothing: reading mirrors the writing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Edit, Replace
from healer.syntax.project import Module
from healer.syntax.situation import Situation

CATEGORIES = ("none-dereference", "wrong-type", "conversion")
NAME = "mirrored"
_INVERSE = {
    "loads": ("dumps",),
    "fromisoformat": ("isoformat", "str"),
    "strptime": ("strftime",),
    "fromtimestamp": ("timestamp",),
    "Decimal": ("str",),
    "UUID": ("str",),
    "Path": ("str",),
    "b64decode": ("b64encode", "decode"),
}


def draft(s: Situation) -> Iterator[Draft]:
    for expression, culprit in s.crash.pairs[:2]:
        if not isinstance(expression, ast.Call) or (
            s.crash.category != "none-dereference" and s.seen(culprit) is not None
        ):
            continue
        if not isinstance(culprit, (ast.Name, ast.Attribute, ast.Subscript)):
            continue
        inverse = _INVERSE.get(_word(expression), ())
        test = _written(s, inverse, _key(culprit)) if inverse else None
        if test is None:
            continue
        text = s.module.text(culprit)
        asked = f"{text} is not None" if isinstance(test, ast.Compare) else text
        code = f"{s.module.text(expression)} if {asked} else None"
        if isinstance(s.module.parents.get(expression), (ast.Attribute, ast.Subscript, ast.BinOp, ast.Compare)):
            continue
        edits: tuple[tuple[Module, Edit], ...] = ((s.module, Replace(expression, code)),)
        yield Draft(f"Read None where {text} was written as None", edits, Answer.NATURAL_VALUE, 0.93)


def _written(s: Situation, inverse: tuple[str, ...], key: str) -> ast.expr | None:
    """The test of `dumps(x) if x else None`: of the same name, or the only place that writes such a value."""
    found: list[ast.IfExp] = []
    plain = 0
    for module in s.project.modules.values():
        for node in module.nodes:
            if not isinstance(node, ast.Call) or _word(node) not in inverse:
                continue
            parent = module.parents.get(node)
            if isinstance(parent, ast.IfExp) and parent.body is node and ast.unparse(parent.orelse) == "None":
                found.append(parent)
            else:
                plain += 1
    named = [one for one in found if key and key in {_key(n) for n in ast.walk(one.test)}]
    if named:
        return named[0].test
    return found[0].test if len(found) == 1 and not plain and not key else None


def _word(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _key(node: ast.AST) -> str:
    if isinstance(node, ast.Subscript):
        return node.slice.value if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str) else ""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
