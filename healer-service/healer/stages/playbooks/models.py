"""A model made of what the service itself holds, which does not allow for it: the field may be empty, or the value is
converted. What the client sent is refused elsewhere.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Edit, Replace, ReplaceStatement
from healer.syntax.project import Module
from healer.syntax.situation import Situation

_COMPLAINT = re.compile(r"^(\w+)[\w.]*\n  .*?\[type=(\w+), input_value=.*?, input_type=(\w+)\]", re.M)
_CONVERTED = {"string_type": "str({})", "int_from_float": "int({})"}


@dataclass(frozen=True)
class Complaint:
    field: str
    type: str
    given: str


def complaints(s: Situation) -> list[Complaint]:
    """Of pydantic's ValidationError, one for each field."""
    if s.report.exception.type != "ValidationError":
        return []
    return [Complaint(*found) for found in _COMPLAINT.findall(s.report.exception.message)]


def allowed(s: Situation) -> Iterator[Draft]:
    model = re.search(r"validation errors? for (\w+)", s.report.exception.message)
    found = complaints(s)
    if model is None or not found or _is_sent(s, model.group(1), found[0].field):
        return
    owner = next((m for m in s.project.modules.values() if model.group(1) in m.classes), None)
    if owner is None:
        return
    edits: list[tuple[Module, Edit]] = []
    for one in found:
        declared = _declared(owner, model.group(1), one.field)
        passed = _passed(s, model.group(1), one.field)
        if (one.given == "NoneType" or one.type == "missing") and declared is not None:
            edits.append((owner, ReplaceStatement(declared, _optional(owner, declared))))
        elif one.type in _CONVERTED and passed is not None:
            edits.append((s.module, Replace(passed, _CONVERTED[one.type].format(s.module.text(passed)))))
        else:
            return
    names = ", ".join(one.field for one in found)
    yield Draft(f"Allow for {names} of {model.group(1)} as it is stored", tuple(edits), Answer.NATURAL_VALUE, 0.95)


def _calls(s: Situation, model: str) -> list[ast.Call]:
    calls = [n for n in ast.walk(s.crash.statement) if isinstance(n, ast.Call)]
    return [
        c for c in calls if re.search(rf"\b{model}(\.model_validate|\.parse_obj|\.from_orm)?$", ast.unparse(c.func))
    ]


def _is_sent(s: Situation, model: str, field: str) -> bool:
    """Whether the value of the field is the client's."""
    for call in _calls(s, model):
        named = [k.value for k in call.keywords if k.arg == field]
        whole = [k.value for k in call.keywords if k.arg is None] + call.args
        if any(o.is_client for value in named or whole for o in s.origins(value)):
            return True
    return False


def _passed(s: Situation, model: str, field: str) -> ast.expr | None:
    return next((k.value for call in _calls(s, model) for k in call.keywords if k.arg == field), None)


def _declared(module: Module, model: str, field: str) -> ast.AnnAssign | None:
    for node in module.classes[model].body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == field:
            return node
    for base in module.classes[model].bases:
        name = ast.unparse(base)
        if name in module.classes and name != model and (found := _declared(module, name, field)) is not None:
            return found
    return None


def _optional(module: Module, declared: ast.AnnAssign) -> str:
    annotation = module.text(declared.annotation)
    spelt = f"Optional[{annotation}]" if "Optional" in module.imports else f"{annotation} | None"
    default = module.text(declared.value) if declared.value is not None else "None"
    return f"{module.text(declared.target)}: {spelt} = {default}"
