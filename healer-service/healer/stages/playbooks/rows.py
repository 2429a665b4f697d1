"""The database found no row, or would not take one: not found, conflict, or bad input in the service's own words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.stages.playbooks.drafts import BAD_INPUT, CONFLICT, NOT_FOUND, Draft, Wish, answer_of, chained
from healer.stages.playbooks.handlers import widened
from healer.syntax.edits import AddImport, Guarded, InsertAfter, Replace
from healer.syntax.nouns import singular
from healer.syntax.situation import Situation
from healer.syntax.wording import refuse

CATEGORIES = ("missing-row", "integrity")
NAME = "rows"
_SOFT = {"one": "one_or_none", "scalar_one": "scalar_one_or_none"}


def draft(s: Situation) -> Iterator[Draft]:
    if s.crash.category == "integrity":
        yield from _constraint(s)
        return
    yield from widened(s, s.report.exception.type)
    statement = s.crash.statement
    if s.function is None:
        return
    calls = [
        n
        for n in ast.walk(statement)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in _SOFT
    ]
    for call in calls[:1]:
        assert isinstance(call.func, ast.Attribute)
        if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
            continue
        name = statement.targets[0].id
        fresh = f"{s.module.text(call.func.value)}.{_SOFT[call.func.attr]}()"
        for wording in refuse(s.refusals, s.function, Wish(NOT_FOUND, singular(name))):
            guard = InsertAfter(statement, f"if {name} is None:\n    {wording.code}\n")
            edits = ((s.module, Replace(call, fresh)), (s.module, guard), *((s.module, a) for a in wording.imports))
            yield Draft(
                f"Refuse with {wording.status} when there is no row", edits, answer_of(wording.status), wording.fit
            )


def _constraint(s: Situation) -> Iterator[Draft]:
    message = s.report.exception.message
    yield from widened(s, "IntegrityError")
    statement = s.crash.statement
    if s.function is None or not isinstance(statement, (ast.Expr, ast.Assign, ast.Return)):
        return
    column = re.search(r"(?:UNIQUE|NOT NULL) constraint failed: \w+\.(\w+)", message)
    table = re.search(r"constraint failed: (\w+)\.", message)
    noun = singular(table.group(1)) if table else "entry"
    if "UNIQUE" in message.upper() or "duplicate" in message.lower():
        wish = Wish(CONFLICT, noun, says=f"{column.group(1) if column else noun} is already taken")
    elif "FOREIGN KEY" in message.upper():
        wish = Wish(BAD_INPUT, noun, says="it refers to something that does not exist")
    else:
        wish = Wish(BAD_INPUT, noun, says=f"{column.group(1) if column else noun} is required")
    source = "sqlite3" if "sqlite3" in s.report.exception.module else "sqlalchemy.exc"
    known = "sqlite3.IntegrityError" if source == "sqlite3" and "sqlite3" in s.module.imports else "IntegrityError"
    needs = () if "." in known or "IntegrityError" in s.module.imports else (AddImport(source, "IntegrityError"),)
    session = re.search(r"(\w+(?:\.\w+)*)\.(?:commit|flush|execute|add)\(", s.module.text(statement))
    undo = f"    {session.group(1)}.rollback()\n" if session else ""
    for wording in refuse(s.refusals, s.function, wish):
        handler = f"except {known}:\n{undo}    {chained(s, wording.code)}\n"
        edits = ((s.module, Guarded(statement, handler)), *((s.module, a) for a in (*wording.imports, *needs)))
        yield Draft(
            f"Refuse with {wording.status} when the database does", edits, answer_of(wording.status), wording.fit - 0.04
        )
