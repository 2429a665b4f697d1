"""Dates put together from parts of which one was stepped or fixed: `date(y, m + 1, 1)`, `day.replace(day=31)`.

It finds the part that left its range and says nothing of how to mend it.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Literal

from healer.syntax.situation import Situation

PARTS = ("year", "month", "day", "hour", "minute", "second")
_RANGES = {"month": (1, 12), "day": (1, 31), "hour": (0, 23), "minute": (0, 59), "second": (0, 59)}
_MESSAGES = (
    (r"month must be in|bad month", "month"),
    (r"day is out of range|day \S+ must be in|day must be in", "day"),
    (r"hour must be in", "hour"),
    (r"minute must be in", "minute"),
    (r"second must be in", "second"),
)


@dataclass(frozen=True, eq=False)
class Step:
    """`base` moved by `by`, `base + by` or `base - by`; a `by` of None is a base that was moved before."""

    base: ast.expr
    by: ast.expr | None
    sign: Literal["+", "-"] = "+"


@dataclass(frozen=True, eq=False)
class Assembly:
    call: ast.Call
    moment: str  # what replace() is called on; "" for date(…) and datetime(…)
    parts: dict[str, ast.expr]
    wrong: str  # the part that the message names
    steps: dict[str, Step]

    def text(self, part: str, s: Situation) -> str:
        return s.module.text(self.parts[part]) if part in self.parts else f"{self.moment}.{part}"


def assembly(s: Situation, call: ast.expr) -> Assembly | None:
    """None for another call, and where nothing but what the client sent can be wrong."""
    wrong = next((part for pattern, part in _MESSAGES if re.search(pattern, s.report.exception.message)), "")
    if not wrong or not isinstance(call, ast.Call) or s.function is None:
        return None
    word = ast.unparse(call.func).rpartition(".")[2]
    if word == "replace" and isinstance(call.func, ast.Attribute):
        parts = {k.arg: k.value for k in call.keywords if k.arg is not None}
        moment = s.module.text(call.func.value)
        if call.args or not set(parts) <= {*PARTS, "microsecond", "tzinfo", "fold"}:
            return None
    elif word in ("date", "datetime") and not any(isinstance(a, ast.Starred) for a in call.args):
        parts = dict(zip(PARTS, call.args, strict=False)) | {k.arg: k.value for k in call.keywords if k.arg}
        moment = ""
    else:
        return None
    steps = {part: step for part in PARTS if part in parts and (step := _step(s, part, parts[part])) is not None}
    found = Assembly(call, moment, parts, wrong, steps)
    return found if _is_own_fault(s, found) else None


def _step(s: Situation, part: str, node: ast.expr) -> Step | None:
    """Arithmetic on a value that is in range itself."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        base, by = node.left, node.right
        if isinstance(base, ast.Constant) and isinstance(node.op, ast.Add):
            base, by = by, base
        return Step(base, by, "+" if isinstance(node.op, ast.Add) else "-") if _in_range(s, part, base) else None
    if isinstance(node, ast.Name):
        made = s.tracer.definitions(node.id, s.module, s.function, node)
        if made and isinstance(made[0].value, ast.BinOp) and _step(s, part, made[0].value) is not None:
            return Step(node, None)
    return None


def _in_range(s: Situation, part: str, node: ast.expr) -> bool:
    value = s.seen(node)
    low, high = _RANGES.get(part, (1, 9999))
    return not isinstance(value, int) or low <= value <= high


def _is_own_fault(s: Situation, found: Assembly) -> bool:
    if found.wrong != "day" or set(found.steps) - {"day"}:
        return bool(found.steps)
    day = found.parts.get("day")
    if day is None:
        return False
    if isinstance(day, ast.Constant):
        return isinstance(day.value, int) and 28 < day.value <= 31
    return "day" in found.steps or not any(o.is_client for o in s.origins(day))
