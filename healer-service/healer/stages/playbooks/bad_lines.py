"""Whatever fails in one bad item of many: given up as the loop or the helper gives up on other bad items."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.stages.playbooks.bad_items import given_up, prepared_alike
from healer.stages.playbooks.drafts import Draft
from healer.syntax.nouns import name_as_sent, name_of
from healer.syntax.situation import Situation

CATEGORIES = ("decoding", "unpacking", "wrong-type", "missing-key", "none-dereference", "empty-sequence")
NAME = "bad-items"
_SAYING = {
    "decoding": "{} cannot be read",
    "unpacking": "{} does not have the right parts",
    "missing-key": "{} is missing",
    "empty-sequence": "{} has too few parts",
}


def draft(s: Situation) -> Iterator[Draft]:
    yield from prepared_alike(s)
    expression, culprit = s.crash.expression, s.crash.culprit
    if expression is None or culprit is None or s.function is None:
        return
    name = name_as_sent(culprit, [o.name for o in s.origins(culprit) if o.is_client])
    says = _SAYING.get(s.crash.category, "{} is not valid").format(name.replace("_", " "))
    if s.crash.category == "missing-key":
        says = _key_is_missing(expression) or says
    target = _attempted(s, expression)
    if target is not None:
        yield from given_up(s, target, says)


def _key_is_missing(expression: ast.expr) -> str:
    """A key that the code names is missing; one that was sent is unknown. Never the very value of this request."""
    if not isinstance(expression, ast.Subscript):
        return ""
    if isinstance(expression.slice, ast.Constant):
        return f"{expression.slice.value!s} is missing"
    shown = ast.unparse(expression.slice)
    noun = name_of(expression.slice).replace("_", " ")
    return f"unknown {noun}" if set("\"'{}") & set(shown) else f"unknown {noun} {{{shown}}}"


def _attempted(s: Situation, expression: ast.expr) -> ast.expr | None:
    """The expression, or all that an unpacking assigns."""
    statement = s.crash.statement
    if s.crash.category == "unpacking":
        return statement.value if isinstance(statement, ast.Assign) else None
    return expression
