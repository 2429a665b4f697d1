"""A conversion refused as other code refuses the same: in a handler's words, or like a record that is not there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.attempts import does_only
from healer.stages.playbooks.drafts import Draft, answer_of, chained
from healer.syntax.edits import Guarded
from healer.syntax.examples import Handled, handlers_around
from healer.syntax.nouns import name_of
from healer.syntax.project import names_in
from healer.syntax.situation import Situation
from healer.syntax.wording import render, usable


def as_sibling(s: Situation, call: ast.Call, name: str, base: float) -> Iterator[Draft]:
    """A handler elsewhere that refuses for the same conversion, in its words."""
    word = ast.unparse(call.func).rpartition(".")[2]
    statement = s.crash.statement
    for handled in handlers_around(s, word):
        refusal = handled.refusal
        if refusal is None or refusal.message is None or handled.handler.type is None or s.function is None:
            continue
        imports = next((needs for one, needs in usable(s.refusals, s.function) if one is refusal), None)
        if imports is None or not isinstance(refusal.message, ast.Constant) or not _comes_alike(s, call, handled):
            continue
        old = name_of(handled.call.args[0]) if handled.call.args else ""
        said = refusal.module.text(refusal.message)
        if old and old not in said:
            old = next((w for w in re.findall(r"\w+", said) if w in ast.unparse(handled.call)), "")
        if not old and name_of(*handled.call.args[:1]) == name_of(*call.args[:1]):
            old = name
        if not old:
            continue
        code = render(refusal, re.sub(rf"\b{re.escape(old)}\b", name, said), None)
        if code is None or not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Return, ast.Expr)):
            continue
        if not does_only(statement, call):
            continue
        handler = f"except {ast.unparse(handled.handler.type)}:\n    {chained(s, code)}\n"
        edits = ((s.module, Guarded(statement, handler)), *((s.module, added) for added in imports))
        where = handled.function.name if handled.function is not None else "other code"
        yield Draft(
            f"Refuse with {refusal.status}, as {where} does", edits, answer_of(refusal.status or 400), base + 0.1
        )


def _comes_alike(s: Situation, call: ast.Call, handled: Handled) -> bool:
    """Whether both values come in the same part of a request."""
    here = {o.kind for o in s.origins(call) if o.is_client}
    there = {o.kind for o in s.tracer.origins(handled.call, handled.module, handled.function) if o.is_client}
    return not here or not there or bool(here & there)


def like_unknown(s: Situation, call: ast.Call, errors: str) -> Iterator[Draft]:
    """A name in the path that cannot be one: answered like one that is not there, where the function says so."""
    assert s.function is not None
    word = ast.unparse(call.func).rpartition(".")[2]
    statement = s.crash.statement
    sent = {o.kind for o in s.origins(call) if o.is_client}
    if word not in ("int", "UUID") or sent != {"path"} or not isinstance(statement, (ast.Assign, ast.Return, ast.Expr)):
        return
    known = {a.arg for a in s.function.params}
    for refusal, imports in usable(s.refusals, s.function):
        own = refusal.function is not None and refusal.function.node is s.function.node
        if refusal.status != 404 or not own or refusal.message is None or not names_in(refusal.message) <= known:
            continue
        code = render(refusal, refusal.module.text(refusal.message), None)
        if code is not None:
            handler = f"except {errors}:\n    {chained(s, code)}\n"
            edits = ((s.module, Guarded(statement, handler)), *((s.module, added) for added in imports))
            yield Draft("Answer 404, as for one that is not there", edits, Answer.NOT_FOUND, 0.93)
            return
