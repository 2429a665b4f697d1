"""A file the client asked for that is not there: not found. A file of the deployment is no matter of code."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.stages.playbooks.drafts import NOT_FOUND, Draft, Wish, answer_of, caught, chained
from healer.stages.playbooks.handlers import widened
from healer.stages.playbooks.other_readers import as_other_readers
from healer.syntax.edits import Guarded
from healer.syntax.nouns import singular
from healer.syntax.situation import Situation
from healer.syntax.wording import refuse

CATEGORIES = ("missing-file",)
NAME = "missing-file"


def draft(s: Situation) -> Iterator[Draft]:
    yield from widened(s, "FileNotFoundError")
    yield from as_other_readers(s, ("FileNotFoundError", "OSError"))
    statement = s.crash.statement
    if s.function is None:
        return
    head = statement.items[0].context_expr if isinstance(statement, ast.With) else statement
    values = [n for n in ast.walk(head) if isinstance(n, ast.Name)]
    client = [o for n in values for o in s.origins(n) if o.is_client]
    if not client:
        return
    wish = Wish(NOT_FOUND, singular(client[0].name or "file"))
    if not isinstance(statement, ast.With):
        yield from caught(s, s.module, s.function, statement, "FileNotFoundError", wish, 0.84)
        return
    for wording in refuse(s.refusals, s.function, wish):
        handler = f"except FileNotFoundError:\n    {chained(s, wording.code)}\n"
        edits = ((s.module, Guarded(statement, handler)), *((s.module, a) for a in wording.imports))
        yield Draft(
            f"Refuse with {wording.status} when there is no such file", edits, answer_of(wording.status), wording.fit
        )
