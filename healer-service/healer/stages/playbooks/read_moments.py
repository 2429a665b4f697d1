"""A parser of times that answers them with or without a zone, as they were sent: it gives all of them one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Edit, InsertAfter, ReplaceStatement
from healer.syntax.moments import utc_of
from healer.syntax.project import Function, Module
from healer.syntax.situation import Situation, block_of

_READS = re.compile(r"\b(datetime\.)?(fromisoformat|strptime|isoparse)$|^parse$|parser\.parse$")


def read_in_one_zone(s: Situation) -> Iterator[Draft]:
    """Where something else than the failing function reads what the client sent."""
    for function in s.project.functions:
        if (s.function is not None and function.node is s.function.node) or s.refusals.is_route(function):
            continue
        for node in function.own_nodes:
            if isinstance(node, ast.Return) and _reads(node.value) and s.project.calls_of(function):
                yield from _given_a_zone(s, function, node)


def _reads(value: ast.expr | None) -> bool:
    if not isinstance(value, ast.Call) or not value.args:
        return False
    text = ast.unparse(value.func)
    return _READS.search(text) is not None and "date.fromisoformat" not in text.replace("datetime.fromisoformat", "")


def _given_a_zone(s: Situation, function: Function, returned: ast.Return) -> Iterator[Draft]:
    module = function.module
    zone, imports = utc_of(module)
    name = next((n for n in ("moment", "value", "parsed") if n not in {x.arg for x in function.params}), "moment")
    assert returned.value is not None
    code = f"{name} = {module.text(returned.value)}"
    answer = f"return {name} if {name}.tzinfo else {name}.replace(tzinfo={zone})"
    parent = module.parents.get(returned)
    needs = tuple((module, added) for added in imports)
    edits: tuple[tuple[Module, Edit], ...]
    if isinstance(parent, ast.Try) and parent.body == [returned] and not parent.finalbody:
        block = block_of(module, parent)
        if block is None or block[-1] is not parent:
            return
        edits = ((module, ReplaceStatement(returned, code)), (module, InsertAfter(parent, answer)))
    else:
        edits = ((module, ReplaceStatement(returned, f"{code}\n{answer}")),)
    yield Draft(f"Take times without a zone for UTC in {function.name}", (*edits, *needs), Answer.CONVERT, 0.9)
