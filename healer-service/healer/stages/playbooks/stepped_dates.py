"""A date stepped past the end of its year, month or day: the step carries over, and a day that a month lacks becomes
its last. What the client sent was in range, so nothing is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.calendar import Assembly, Step, assembly
from healer.syntax.edits import AddImport, Edit, InsertBefore, Replace
from healer.syntax.expressions import in_lazy_part, wrap
from healer.syntax.project import Module
from healer.syntax.situation import Situation

_UNITS = {"day": "days", "hour": "hours", "minute": "minutes", "second": "seconds"}


def carried(s: Situation, call: ast.expr) -> tuple[bool, list[Draft]]:
    """Whether the failure is one of a stepped date, and what mends it."""
    found = assembly(s, call)
    if found is None:
        return False, []
    if "month" in found.steps:
        return True, list(_month(s, found))
    if "year" in found.steps or (found.wrong == "day" and "day" not in found.steps):
        return True, list(_last_day(s, found))
    return True, list(_elapsed(s, found)) if len(found.steps) == 1 else []


def _month(s: Situation, found: Assembly) -> Iterator[Draft]:
    year, month = _months_on(s, found)
    day = found.parts.get("day")
    if isinstance(day, ast.Constant) and isinstance(day.value, int) and day.value <= 28:
        edits = _edited(s, found, {"year": year, "month": month})
    elif in_lazy_part(s.module, found.call) or s.function is None:
        return
    else:
        years, months = _fresh(s, "year"), _fresh(s, "month")
        calendar, imports = _calendar(s.module)
        end = f"min({found.text('day', s)}, {calendar}.monthrange({years}, {months})[1])"
        before = InsertBefore(s.crash.statement, f"{years} = {year}\n{months} = {month}\n")
        fresh = _edited(s, found, {"year": years, "month": months, "day": end})
        edits = ((s.module, before), *fresh, *((s.module, one) for one in imports))
    yield Draft("Carry a month past the year's end into the next year", edits, Answer.CORRECT, 0.93)


def _months_on(s: Situation, found: Assembly) -> tuple[str, str]:
    """Year and month after the step, in arithmetic of months that count from 0."""
    step, year = found.steps["month"], found.text("year", s)
    base = s.module.text(step.base)
    if step.by is not None and not isinstance(step.base, (ast.Name, ast.Attribute, ast.Constant)):
        base = f"({base})"
    from_zero = f"({base}{_less_one(s, step)})"
    if from_zero == f"({base})":
        return f"{year} + {base} // 12", f"{base} % 12 + 1"
    return f"{year} + {from_zero} // 12", f"{from_zero} % 12 + 1"


def _less_one(s: Situation, step: Step) -> str:
    if step.by is None:
        return " - 1"
    if isinstance(step.by, ast.Constant) and isinstance(step.by.value, int):
        moved = (step.by.value if step.sign == "+" else -step.by.value) - 1
        return "" if moved == 0 else f" {'+' if moved > 0 else '-'} {abs(moved)}"
    by = s.module.text(step.by)
    return f" {step.sign} {by if isinstance(step.by, (ast.Name, ast.Attribute)) else f'({by})'} - 1"


def _last_day(s: Situation, found: Assembly) -> Iterator[Draft]:
    """A day that the month of that year lacks."""
    calendar, imports = _calendar(s.module)
    day = found.text("day", s)
    end = f"{calendar}.monthrange({found.text('year', s)}, {found.text('month', s)})[1]"
    end = end if day == "31" else f"min({day}, {end})"
    edits = (*_edited(s, found, {"day": end}), *((s.module, one) for one in imports))
    yield Draft("Take a month's last day where it lacks the day", edits, Answer.CORRECT, 0.92)


def _elapsed(s: Situation, found: Assembly) -> Iterator[Draft]:
    """A step of a day or less is time that goes by."""
    part, step = next(iter(found.steps.items()))
    if part not in _UNITS or step.by is None:
        return
    own = found.moment and set(found.parts) == {part} and s.module.text(step.base) == f"{found.moment}.{part}"
    timedelta, imports = _timedelta(s.module)
    start = found.moment if own else _rewritten(s, found, {part: s.module.text(step.base)})
    code = f"{start} {step.sign} {timedelta}({_UNITS[part]}={s.module.text(step.by)})"
    edits = (
        (s.module, Replace(found.call, wrap(s.module, found.call, code))),
        *((s.module, one) for one in imports),
    )
    yield Draft(f"Let {_UNITS[part]} go by instead of counting one up", edits, Answer.CORRECT, 0.93)


def _edited(s: Situation, found: Assembly, fresh: dict[str, str]) -> tuple[tuple[Module, Edit], ...]:
    return ((s.module, Replace(found.call, _rewritten(s, found, fresh))),)


def _rewritten(s: Situation, found: Assembly, fresh: dict[str, str]) -> str:
    """The call with other parts; replace() gets those that it did not have as well."""
    swapped = {id(node): fresh[part] for part, node in found.parts.items() if part in fresh}
    values = [swapped.get(id(a), s.module.text(a)) for a in found.call.args]
    keywords = [f"{k.arg}={swapped.get(id(k.value), s.module.text(k.value))}" for k in found.call.keywords]
    added = [f"{part}={code}" for part, code in fresh.items() if part not in found.parts]
    order = {"year": 0, "month": 1, "day": 2}
    named = sorted([*keywords, *added], key=lambda text: order.get(text.partition("=")[0], 3))
    return f"{s.module.text(found.call.func)}({', '.join([*values, *named])})"


def _fresh(s: Situation, name: str) -> str:
    taken = {n.id for n in s.module.nodes if isinstance(n, ast.Name)}
    taken |= {a.arg for a in s.function.params} if s.function is not None else set()
    return name if name not in taken else f"target_{name}"


def _calendar(module: Module) -> tuple[str, tuple[AddImport, ...]]:
    known = next((name for name, dotted in module.imports.items() if dotted == "calendar"), "")
    return known or "calendar", () if known else (AddImport("", "calendar"),)


def _timedelta(module: Module) -> tuple[str, tuple[AddImport, ...]]:
    for name, dotted in module.imports.items():
        if dotted == "datetime.timedelta":
            return name, ()
        if dotted == "datetime":
            return f"{name}.timedelta", ()
    return "timedelta", (AddImport("datetime", "timedelta"),)
