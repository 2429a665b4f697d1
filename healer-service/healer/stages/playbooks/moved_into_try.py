"""A statement that takes text apart right beside the try that answers for its parts: moved into it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Edit, InsertAfter, InsertBefore, Removed
from healer.syntax.project import Module, names_in
from healer.syntax.situation import Situation, block_of
from healer.syntax.statuses import caught_by

CATEGORIES = ("unpacking", "conversion", "decoding", "wrong-type", "missing-key", "empty-sequence")
NAME = "moved-into-try"
_ENDS = (ast.Raise, ast.Return, ast.Continue, ast.Break)


def draft(s: Situation) -> Iterator[Draft]:
    statement, block = s.crash.statement, block_of(s.module, s.crash.statement)
    if block is None or not isinstance(statement, (ast.Assign, ast.AnnAssign)) or statement not in block:
        return
    index = block.index(statement)
    code = f"{s.module.text(statement)}\n"
    stored = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    after = block[index + 1] if index + 1 < len(block) else None
    if isinstance(after, ast.Try) and _answers_for(s, after, stored) and any(names_in(n) & stored for n in after.body):
        edits: tuple[tuple[Module, Edit], ...] = (
            (s.module, Removed(statement)),
            (s.module, InsertBefore(after.body[0], code)),
        )
        yield Draft("Move it into the try that follows", edits, Answer.CORRECT, 0.96)
    before = block[index - 1] if index else None
    if not isinstance(before, ast.Try) or before.orelse or before.finalbody or not _answers_for(s, before, stored):
        return
    shared = {name for one in before.body for name in names_in(one)} & _read(statement)
    if shared and not _names_a_part(before):
        edits = ((s.module, Removed(statement)), (s.module, InsertAfter(before.body[-1], code)))
        yield Draft("Move it into the try before it", edits, Answer.CORRECT, 0.93)


def _answers_for(s: Situation, node: ast.Try, stored: set[str]) -> bool:
    """Whether a handler takes this very error, ends there, and needs nothing that the statement would have stored."""
    for handler in node.handlers:
        caught = caught_by(handler)
        if any(s.report.exception.is_a(name) for name in caught) and not caught & {"Exception", "BaseException"}:
            needed = {name for one in handler.body for name in names_in(one)}
            return isinstance(handler.body[-1], _ENDS) and not needed & stored
    return False


def _read(statement: ast.stmt) -> set[str]:
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _names_a_part(node: ast.Try) -> bool:
    """Whether its handlers speak of one thing that the body makes: another one would be told wrong."""
    stored = {
        n.id.lower()
        for one in node.body
        for n in ast.walk(one)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    said = [
        n.value.lower()
        for handler in node.handlers
        for n in ast.walk(handler)
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    ]
    return any(name in text for name in stored for text in said)
