"""How sure the diagnosis is and how much a fix there could break, each a sum of named parts.

Evidence from runs is not its matter.
"""

from __future__ import annotations

from healer.syntax.situation import Situation
from healer.syntax.stakes import stakes
from healer.syntax.values import Unknown


def confidence_parts(s: Situation) -> dict[str, float]:
    """Parts of the confidence; they sum to at most 0.95."""
    crash = s.crash
    parts = {"the crash is in the service's own code": 0.3}
    if crash.expression is not None:
        parts["the failing expression is known"] = 0.2
        if len(crash.pairs) == 1 or not isinstance(s.seen(crash.culprit or crash.expression), Unknown):
            parts["the bad value is pinned down"] = 0.15
        if any(o.kind != "unknown" for o in (s.origins(crash.culprit) if crash.culprit is not None else ())):
            parts["the bad value's origin is known"] = 0.15
    if any(r.module is s.module for r in s.refusals.all):
        parts["the module shows how the service refuses"] = 0.1
    if crash.category not in ("other", "wrong-type", "missing-attribute", "recursion"):
        parts["a common failure with a common fix"] = 0.05
    return parts


def confidence_of(s: Situation) -> float:
    return round(min(sum(confidence_parts(s).values()), 0.95), 2)


def risk_parts(s: Situation) -> dict[str, float]:
    """What a fix at the fault touches; the parts sum to at most 0.95."""
    parts = {"any change": 0.1}
    if s.function is None:
        return parts | {"code outside any function": 0.3}
    return parts | stakes(s.project, s.function)


def risk_of(s: Situation) -> float:
    return round(min(sum(risk_parts(s).values()), 0.95), 2)
