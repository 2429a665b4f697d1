"""What is at stake where a function is changed: named parts of a risk, read from its code and its callers."""

from __future__ import annotations

import ast
import re

from healer.syntax.project import Function, Project

_SENSITIVE = re.compile(r"auth|token|permission|password|secret|login|session|signature|admin", re.I)
_MONEY = re.compile(r"price|amount|total|payment|refund|invoice|balance|cents|charge|tax|discount", re.I)
_WRITES = re.compile(r"\.(commit|add|delete|save|execute|insert|update)\(|\]\s*=[^=]|\bdel ")


def stakes(project: Project, function: Function) -> dict[str, float]:
    """Name -> what it adds, between 0 and 1."""
    parts = {}
    text = ast.unparse(function.node)
    if _SENSITIVE.search(function.name) or _SENSITIVE.search(function.module.path):
        parts["authentication"] = 0.3
    if _MONEY.search(text):
        parts["money"] = 0.15
    if _WRITES.search(text):
        parts["data is written"] = 0.1
    callers = len(project.calls_of(function))
    if callers > 1:
        parts["a helper with several callers"] = min(0.05 * callers, 0.2)
    return parts
