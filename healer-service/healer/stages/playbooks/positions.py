"""Text from the client used as a position in a list: made a number where it is used, refused where it is none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import BAD_INPUT, Draft, Wish, chained
from healer.syntax.edits import Edit, InsertBefore, Replace
from healer.syntax.nouns import name_as_sent
from healer.syntax.project import Module
from healer.syntax.situation import Situation, anchor
from healer.syntax.values import UNKNOWN
from healer.syntax.wording import refuse


def as_position(s: Situation) -> Iterator[Draft]:
    if s.function is None or not re.search(
        r"(list|tuple) indices must be integers.*not str", s.report.exception.message
    ):
        return
    for expression, held in s.crash.pairs[:3]:
        if not isinstance(expression, ast.Subscript) or isinstance(expression.slice, (ast.Constant, ast.JoinedStr)):
            continue
        seen = s.seen(held)
        if seen is not UNKNOWN and not isinstance(seen, (list, tuple)):
            continue
        key = expression.slice
        sent = [o for o in s.origins(key) if o.is_client]
        if not sent or not isinstance(key, (ast.Name, ast.Attribute, ast.Subscript)):
            continue
        yield from _converted(s, key, name_as_sent(key, [o.name for o in sent]))


def _converted(s: Situation, key: ast.expr, name: str) -> Iterator[Draft]:
    assert s.function is not None
    module, text = s.module, s.module.text(key)
    for handled in [a for a in module.ancestors(key) if isinstance(a, ast.Try)]:
        for handler in handled.handlers:
            if handler.type is None or not any(r.node in handler.body for r in s.refusals.all):
                continue
            known = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
            words = [ast.unparse(k) for k in known]
            if "IndexError" in words or "ValueError" in words:
                wider = words if "ValueError" in words else [*words, "ValueError"]
                code = f"({', '.join(wider)})" if len(wider) > 1 else wider[0]
                fixed: tuple[tuple[Module, Edit], ...] = (
                    (module, Replace(key, f"int({text})")),
                    (module, Replace(handler.type, code)),
                )
                yield Draft(
                    f"Make {name} a number, and refuse what is none as other positions are", fixed, Answer.CORRECT, 0.97
                )
    if not isinstance(key, ast.Name):
        return
    spot = anchor(module, s.function, s.crash.statement, {key.id})
    for wording in refuse(s.refusals, s.function, Wish(BAD_INPUT, name, says=f"{name} must be a whole number"), 2):
        refusal = chained(s, wording.code)
        code = f"try:\n    {key.id} = int({key.id})\nexcept ValueError:\n    {refusal}\n"
        edits = ((module, InsertBefore(spot, code)), *((module, a) for a in wording.imports))
        yield Draft(f"Make {name} a number, or refuse with {wording.status}", edits, Answer.CORRECT, 0.9)
