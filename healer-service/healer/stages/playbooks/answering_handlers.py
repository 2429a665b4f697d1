"""An except clause that answers for data nobody can read, and names too few of the errors that reading raises."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import AddImport, Edit, Replace
from healer.syntax.project import Module
from healer.syntax.situation import Situation

CATEGORIES = (
    *("conversion", "decoding", "wrong-type", "missing-key", "empty-sequence", "none-dereference", "unpacking"),
    *("missing-attribute", "zero-division", "missing-file"),
)
NAME = "answering-handlers"
_OF_DATA = {
    *("ValueError", "KeyError", "TypeError", "IndexError", "LookupError", "JSONDecodeError", "InvalidOperation"),
    *("OverflowError", "UnicodeDecodeError", "AttributeError", "ZoneInfoNotFoundError", "BadZipFile", "Error"),
    *("FileNotFoundError", "OSError", "ZeroDivisionError", "BinasciiError", "DecodeError", "ArithmeticError"),
}


def draft(s: Situation) -> Iterator[Draft]:
    for level, frame in enumerate(reversed(s.report.app_frames[-3:])):
        module = s.project.modules.get(frame.file)
        for node in module.nodes if module is not None else ():
            if not isinstance(node, ast.Try) or not node.body[0].lineno <= frame.line <= (
                node.body[-1].end_lineno or 0
            ):
                continue
            for handler in node.handlers:
                if module is not None and _answers(s, node, handler):
                    yield from _widened(s, module, handler, level)


def _answers(s: Situation, attempt: ast.Try, handler: ast.ExceptHandler) -> bool:
    """Whether it is about data, stands around little, and goes on with something instead."""
    if handler.type is None or len(attempt.body) > 3 or any(r.node in handler.body for r in s.refusals.all):
        return False
    if not set(map(_last, _parts(handler.type))) <= _OF_DATA:
        return False
    return isinstance(handler.body[-1], (ast.Return, ast.Continue, ast.Assign)) and len(handler.body) <= 2


def _parts(node: ast.expr) -> list[str]:
    return [ast.unparse(part) for part in (node.elts if isinstance(node, ast.Tuple) else [node])]


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _widened(s: Situation, module: Module, handler: ast.ExceptHandler, level: int) -> Iterator[Draft]:
    error = s.report.exception
    assert handler.type is not None
    known = _parts(handler.type)
    if error.type not in _OF_DATA or error.type in map(_last, known):
        return
    edits: list[tuple[Module, Edit]] = []
    name = error.type
    if not hasattr(builtins, name):
        owner = {"_decimal": "decimal"}.get(error.module, error.module)
        if owner in module.imports.values() and owner in module.imports:
            name = f"{owner}.{name}"
        elif module.imports.get(name) != f"{owner}.{name}":
            edits.append((module, AddImport(owner, name)))
    edits.append((module, Replace(handler.type, f"({', '.join([*known, name])})")))
    wide = len(known) > 1 or s.crash.category == "conversion"
    programming = error.type in ("AttributeError", "TypeError")
    fit = (0.96 if not programming else 0.92 if wide else 0.86) - 0.04 * level
    yield Draft(f"Take {error.type} for unreadable like {known[0]}", tuple(edits), Answer.CORRECT, fit)
