"""A coroutine used without await, or an await of something that is none."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Replace
from healer.syntax.expressions import wrap
from healer.syntax.situation import Situation

CATEGORIES = ("await",)
NAME = "await"
_ASYNC_REQUEST = ("request.json", "request.body", "request.form")


def draft(s: Situation) -> Iterator[Draft]:
    if s.function is None:
        return
    for rank, call in enumerate(_calls(s)[:4]):
        parent = s.module.parents.get(call)
        callee = s.project.find_function(s.module, call.func, s.function)
        is_async = callee is not None and isinstance(callee.node, ast.AsyncFunctionDef)
        is_async = is_async or ast.unparse(call.func) in _ASYNC_REQUEST
        if isinstance(parent, ast.Await) and callee is not None and not is_async:
            edits = ((s.module, Replace(parent, s.module.text(call))),)
            yield Draft(
                f"Do not await {ast.unparse(call.func)}, which is no coroutine",
                edits,
                Answer.CORRECT,
                0.9 - 0.05 * rank,
            )
        elif is_async and not isinstance(parent, ast.Await) and isinstance(s.function.node, ast.AsyncFunctionDef):
            edits = ((s.module, Replace(call, wrap(s.module, call, f"await {s.module.text(call)}"))),)
            yield Draft(f"Await {ast.unparse(call.func)}", edits, Answer.CORRECT, 0.92 - 0.05 * rank)


def _calls(s: Situation) -> list[ast.Call]:
    """Calls of the crashing statement, then of what its names were given."""
    assert s.function is not None
    statement = s.crash.statement
    found = [n for n in ast.walk(statement) if isinstance(n, ast.Call)]
    for name in [n for n in ast.walk(statement) if isinstance(n, ast.Name)]:
        for one in s.tracer.definitions(name.id, s.module, s.function, name):
            found += [n for n in ast.walk(one.value) if isinstance(n, ast.Call) and n not in found]
    return found
