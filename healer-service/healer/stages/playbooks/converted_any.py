"""A conversion given something that is no text at all, null or a list of the client's JSON: refused like text that
cannot be converted, in one clause for both.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from healer.stages.playbooks.conversion import drafts_for
from healer.stages.playbooks.drafts import BAD_INPUT, Draft, Wish, guard
from healer.syntax.defaults import hints_at_nothing
from healer.syntax.failing import CONVERSIONS, visible
from healer.syntax.nouns import name_as_sent
from healer.syntax.situation import Situation
from healer.syntax.untyped import may_be_any

CATEGORIES = ("none-dereference", "wrong-type", "missing-attribute")
NAME = "conversion"
_ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_OWN = {"replace", "round", "range", "bytes", "chr", "quantize"}


def draft(s: Situation) -> Iterator[Draft]:
    for expression, culprit in s.crash.pairs[:3] or list(_calls(s)):
        if not isinstance(expression, ast.Call) or expression.func is culprit:
            continue
        word = ast.unparse(expression.func).rpartition(".")[2]
        if word in CONVERSIONS and word not in _OWN and may_be_any(s, culprit, s.module, s.function):
            yield from (replace(one, fit=one.fit + 0.05) for one in drafts_for(s, expression, culprit))
            return
    yield from _no_number(s)


def _no_number(s: Situation) -> Iterator[Draft]:
    """null where the client's JSON should hold a number: refused with all else that is none."""
    for expression, culprit in s.crash.pairs[:3]:
        if s.crash.category != "none-dereference" or not isinstance(expression, (ast.BinOp, ast.Compare)):
            continue
        if isinstance(expression, ast.Compare) and not isinstance(expression.ops[0], _ORDERS):
            continue
        if not may_be_any(s, culprit, s.module, s.function) or hints_at_nothing(s.function):
            continue
        if not re.search(r"'(int|float)' and 'NoneType'|'NoneType' and '(int|float)'", s.report.exception.message):
            continue
        for place in s.places(culprit):
            sent = [o.name for o in s.origins_at(place) if o.is_client]
            name = name_as_sent(place.value, sent)
            wish = Wish(BAD_INPUT, name, says=f"{name} must be a number")
            yield from guard(s, place, "not isinstance({0}, (int, float))", wish, 0.92)


def _calls(s: Situation) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Some conversions fail inside, at a method that their argument does not have."""
    for node in visible(s.crash.statement):
        if isinstance(node, ast.Call) and node.args:
            yield node, node.args[0]
