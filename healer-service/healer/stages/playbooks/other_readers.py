"""A helper that raised, called without a try here and in one elsewhere: goes on here with what others go on with."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Edit, Guarded, InsertBefore, Replace
from healer.syntax.examples import Handled, handlers_around
from healer.syntax.expressions import fresh_name, in_lazy_part
from healer.syntax.project import Module, names_in, same
from healer.syntax.situation import Situation


def as_other_readers(s: Situation, errors: Sequence[str]) -> Iterator[Draft]:
    """For each call of the service's own functions on the stack, the innermost first."""
    frames = s.report.app_frames
    for outer, inner in reversed(list(pairwise(frames))):
        module = s.project.modules.get(outer.file)
        call = _call_at(module, outer.line, inner.function) if module is not None else None
        if module is not None and call is not None:
            yield from _at_call(s, module, call, errors)


def _call_at(module: Module, line: int, name: str) -> ast.Call | None:
    calls = [n for n in module.nodes if isinstance(n, ast.Call) and n.lineno <= line <= (n.end_lineno or 0)]
    return next((c for c in calls if ast.unparse(c.func).rpartition(".")[2] == name), None)


def _at_call(s: Situation, module: Module, call: ast.Call, errors: Sequence[str]) -> Iterator[Draft]:
    function, statement = module.function_of(call), module.statement_of(call)
    name = ast.unparse(call.func).rpartition(".")[2]
    known = [(one, _value(one)) for one in handlers_around(s, name) if one.call is not call and _names(one, errors)]
    very = [(one, value) for one, value in known if _asks_alike(one.call, call)]
    values = {ast.unparse(value) for _, value in very or known if value is not None}
    if function is None or len(values) != 1 or in_lazy_part(module, call):
        return
    value, one = next(iter(values)), (very or known)[0][0]
    head = f"except {ast.unparse(one.handler.type)}:" if one.handler.type is not None else "except OSError:"
    edits: tuple[tuple[Module, Edit], ...]
    if isinstance(statement, ast.Assign) and statement.value is call and isinstance(statement.targets[0], ast.Name):
        edits = ((module, Guarded(statement, f"{head}\n    {statement.targets[0].id} = {value}\n")),)
    else:
        fresh = fresh_name(call, function)
        code = f"try:\n    {fresh} = {module.text(call)}\n{head}\n    {fresh} = {value}\n"
        edits = ((module, InsertBefore(statement, code)), (module, Replace(call, fresh)))
    where = one.function.name if one.function is not None else one.module.name
    fit = 0.95 if very else 0.84
    yield Draft(f"Go on with {value} where {name} fails, as {where} does", edits, Answer.NATURAL_VALUE, fit)


def _names(one: Handled, errors: Sequence[str]) -> bool:
    return one.handler.type is not None and bool(names_in(one.handler.type) & set(errors))


def _asks_alike(one: ast.Call, other: ast.Call) -> bool:
    return len(one.args) == len(other.args) and all(same(a, b) for a, b in zip(one.args, other.args, strict=True))


def _value(one: Handled) -> ast.expr | None:
    """What the handler goes on with: a literal."""
    body = one.handler.body
    value = body[0].value if len(body) == 1 and isinstance(body[0], (ast.Assign, ast.Return)) else None
    if value is None or one.refusal is not None:
        return None
    return None if any(isinstance(n, (ast.Name, ast.Call, ast.Attribute)) for n in ast.walk(value)) else value
