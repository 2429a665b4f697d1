"""Drafts that widen an except clause which already refuses, for the error it forgot.

They add no new way to refuse.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from healer.stages.playbooks.drafts import Draft, answer_of
from healer.syntax.edits import AddImport, Replace
from healer.syntax.project import Module
from healer.syntax.situation import Situation

_BROAD = {"Exception", "BaseException"}
_LOOKUPS = {"KeyError", "IndexError", "LookupError", "StopIteration", "FileNotFoundError", "NoResultFound"}
_READING = {"int", "float", "fromisoformat", "strptime", "UUID", "loads"}
Naming = Callable[[Module], tuple[str, tuple[AddImport, ...]]]


def widened(s: Situation, errors: str, naming: Naming | None = None, lookups: bool = True) -> Iterator[Draft]:
    """At the crash and at each call on the stack: a try whose handler refuses, for other errors than this one.

    `naming` says the errors as a module knows them; without `lookups`, clauses that are only about something that is
    not there stay as they are.
    """
    for module, line in _lines(s):
        named, imports = naming(module) if naming is not None else (errors, ())
        for node in module.nodes:
            if not isinstance(node, ast.Try) or not node.body[0].lineno <= line <= (node.body[-1].end_lineno or 0):
                continue
            for handler in node.handlers:
                refusal = next((r for r in s.refusals.all if r.node in handler.body), None)
                if handler.type is None or refusal is None or _catches(handler.type) & _BROAD:
                    continue
                if not lookups and _catches(handler.type) <= _LOOKUPS:
                    continue
                parts = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
                known = [ast.unparse(part) for part in parts]
                wanted = _all_of(node, _split(named))
                fresh = [name for name in wanted if name not in known]
                if not fresh or not _split(named):
                    continue
                code = f"({', '.join([*known, *fresh])})"
                edits = ((module, Replace(handler.type, code)), *((module, added) for added in imports))
                summary = f"Refuse {', '.join(fresh)} like {known[0]}, with {refusal.status}"
                fit = 0.94 if not _catches(handler.type) <= _LOOKUPS else 0.8
                yield Draft(summary, edits, answer_of(refusal.status or 400), fit)


def _all_of(node: ast.Try, errors: list[str]) -> list[str]:
    """ValueError for bytes that are no text, where the same try makes a number or a date of that text."""
    words = {
        ast.unparse(n.func).rpartition(".")[2] for one in node.body for n in ast.walk(one) if isinstance(n, ast.Call)
    }
    if errors == ["UnicodeDecodeError"] and words & _READING:
        return ["ValueError"]
    return errors


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.strip("()").split(",")]


def _catches(node: ast.expr) -> set[str]:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return {ast.unparse(part).rpartition(".")[2] for part in parts}


def _lines(s: Situation) -> Iterator[tuple[Module, int]]:
    for frame in reversed(s.report.app_frames):
        module = s.project.modules.get(frame.file)
        if module is not None:
            yield module, frame.line
