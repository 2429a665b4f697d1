"""An import that fails where it runs: the name or module has another spelling or another home in the service."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import ReplaceStatement
from healer.syntax.project import Module
from healer.syntax.scopes import top_names
from healer.syntax.situation import Situation

CATEGORIES = ("import-error",)
NAME = "imports"


def draft(s: Situation) -> Iterator[Draft]:
    message, statement = s.report.exception.message, s.crash.statement
    missing_name = re.search(r"cannot import name '(\w+)' from (?:partially initialized module )?'([\w.]+)'", message)
    missing_module = re.search(r"No module named '([\w.]+)'", message)
    if missing_name and isinstance(statement, ast.ImportFrom):
        yield from _other_home(s, statement, missing_name.group(1), missing_name.group(2))
        owner = s.project.module_named(missing_name.group(2))
        known = sorted(top_names(owner)) if owner is not None else []
        for other in difflib.get_close_matches(missing_name.group(1), known, 1, 0.6):
            fresh = _renamed(s, statement, missing_name.group(1), other)
            yield _draft(s, statement, fresh, f"Import {other} for {missing_name.group(1)}", 0.85)
    elif missing_module:
        yield from _other_module(s, statement, missing_module.group(1))
    elif "relative import" in message and isinstance(statement, ast.ImportFrom):
        dotted = s.module.absolute(statement) or (statement.module or "")
        fresh = f"from {dotted} import {', '.join(ast.unparse(alias) for alias in statement.names)}"
        yield _draft(s, statement, fresh, f"Import it from {dotted}", 0.9)


def _draft(s: Situation, statement: ast.stmt, code: str, summary: str, fit: float) -> Draft:
    return Draft(summary, ((s.module, ReplaceStatement(statement, f"{code}\n")),), Answer.CORRECT, fit)


def _homes(s: Situation, name: str) -> list[Module]:
    return [
        module
        for module in s.project.modules.values()
        if module is not s.module
        and (
            name in module.classes
            or name in module.constants
            or any(f.name == name and f.owner is None for f in module.functions)
        )
    ]


def _other_home(s: Situation, statement: ast.ImportFrom, name: str, wrong: str) -> Iterator[Draft]:
    for home in _homes(s, name):
        if home.name == wrong:
            continue
        rest = [alias for alias in statement.names if alias.name != name]
        moved = [alias for alias in statement.names if alias.name == name]
        start = s.module.text(statement).partition(" import ")[0]
        lines = [f"{start} import {', '.join(ast.unparse(a) for a in rest)}"] if rest else []
        lines.append(f"from {home.name} import {', '.join(ast.unparse(a) for a in moved)}")
        yield _draft(s, statement, "\n".join(lines), f"Import {name} from {home.name}, where it is", 0.94)


def _renamed(s: Situation, statement: ast.ImportFrom, wrong: str, other: str) -> str:
    """Under the name that the code uses, unless it gave it one of its own."""
    alias = next((a for a in statement.names if a.name == wrong), None)
    fresh = other if alias is not None and alias.asname else f"{other} as {wrong}"
    return re.sub(rf"\b{wrong}\b", fresh, s.module.text(statement), count=1)


def _other_module(s: Situation, statement: ast.stmt, wrong: str) -> Iterator[Draft]:
    if not isinstance(statement, (ast.Import, ast.ImportFrom)):
        return
    last = wrong.rpartition(".")[2]
    known = {module.name for module in s.project.modules.values() if module.name}
    found = sorted(name for name in known if name.rpartition(".")[2] == last)
    found += [name for name in difflib.get_close_matches(wrong, sorted(known), 1, 0.75) if name not in found]
    for rank, name in enumerate(found[:2]):
        text = s.module.text(statement)
        if isinstance(statement, ast.Import):
            alias = next((a for a in statement.names if a.name == wrong), None)
            bound = "" if alias is None or alias.asname or "." in wrong else f" as {wrong}"
            fresh = re.sub(rf"\b{re.escape(wrong)}\b", f"{name}{bound}", text, count=1)
        else:
            fresh = re.sub(r"from [\w.]+ import", f"from {name} import", text, count=1)
        yield _draft(s, statement, fresh, f"Import it from {name}", 0.92 - 0.1 * rank)
