"""An attribute that a class of the service does not have under that name: the nearest one it has."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Replace
from healer.syntax.situation import Situation

CATEGORIES = ("missing-attribute",)
NAME = "misspelt-attribute"


def draft(s: Situation) -> Iterator[Draft]:
    told = re.search(r"'(\w+)' object has no attribute '(\w+)'", s.report.exception.message)
    module_told = re.search(r"module '([\w.]+)' has no attribute '(\w+)'", s.report.exception.message)
    if told:
        known, wrong = sorted(_attributes(s, told.group(1))), told.group(2)
    elif module_told:
        owner = s.project.module_named(module_told.group(1))
        known = [*owner.constants, *owner.classes, *(f.name for f in owner.functions)] if owner is not None else []
        wrong = module_told.group(2)
    else:
        return
    for rank, other in enumerate(difflib.get_close_matches(wrong, known, 2, 0.6)):
        for expression, _ in s.crash.pairs[:2]:
            if isinstance(expression, ast.Attribute):
                edits = ((s.module, Replace(expression, f"{s.module.text(expression.value)}.{other}")),)
                yield Draft(f"Write .{other} for .{wrong}", edits, Answer.CORRECT, 0.9 - 0.1 * rank)


def _attributes(s: Situation, name: str) -> set[str]:
    builtin = {"dict": dict, "list": list, "str": str, "set": set, "tuple": tuple, "int": int}.get(name)
    if builtin is not None:
        return {n for n in dir(builtin) if not n.startswith("_")}
    found: set[str] = set()
    for module in s.project.modules.values():
        node = module.classes.get(name)
        for part in ast.walk(node) if node is not None else ():
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                found.add(part.target.id)
            elif isinstance(part, ast.Assign):
                found |= {t.id for t in part.targets if isinstance(t, ast.Name)}
            elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.add(part.name)
            elif (
                isinstance(part, ast.Attribute)
                and isinstance(part.ctx, ast.Store)
                and ast.unparse(part.value) == "self"
            ):
                found.add(part.attr)
    return {n for n in found if not n.startswith("__")}
