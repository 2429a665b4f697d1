"""Points in time that meet with and without a zone: which of them to bring to the other's kind, and in whose
style.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from healer.syntax.edits import AddImport
from healer.syntax.project import Module
from healer.syntax.situation import Situation


@dataclass(frozen=True, eq=False)
class Moment:
    module: Module
    value: ast.expr
    statement: ast.stmt | None  # where a correction of the name may stand
    name: str
    code: str  # expression of the corrected value
    aware: bool  # corrected to carry a zone
    imports: tuple[AddImport, ...]
    summary: str
    fit: float


def moments(s: Situation) -> Iterator[Moment]:
    seen: set[str] = set()
    for expression, culprit in s.crash.pairs:
        if isinstance(culprit, ast.Constant) or not isinstance(expression, (ast.BinOp, ast.Compare)):
            continue
        for place in s.places(culprit):
            if place.text in seen or isinstance(place.value, ast.BinOp):
                continue
            seen.add(place.text)
            yield from _corrections(s, place.module, place.value, place.statement, place.depth)


def _corrections(s: Situation, module: Module, value: ast.expr, statement: ast.stmt, depth: int) -> Iterator[Moment]:
    text = module.text(value)
    zone, imports = _utc(module)
    strips = "replace(tzinfo=None)" in "".join(m.source for m in s.project.modules.values())
    now = _is_now(value)
    if now:
        if "utcnow" in text or not any(ast.unparse(a) for a in getattr(value, "args", [])):
            code = f"{text.partition('.')[0] if text.startswith('datetime.datetime') else 'datetime'}"
            code = f"{'datetime.datetime' if text.startswith('datetime.datetime') else code}.now({zone})"
            yield Moment(
                module, value, None, text, code, True, imports, "Take the time now with its zone", 0.72 - 0.1 * strips
            )
        return
    client = any(o.is_client for o in s.tracer.origins(value, module, s.function, at=statement))
    known = _carries_zone(s, value) if depth == 0 else None
    base = 0.78 + (0.08 if client else -0.06) - 0.04 * depth
    if known is not True:
        code = f"{text}.replace(tzinfo={zone})"
        code = code if isinstance(value, ast.Name) else f"{text} if {text}.tzinfo else {code}"
        yield Moment(
            module,
            value,
            statement,
            text,
            code,
            True,
            imports,
            f"Take {text} for UTC when it names no zone",
            base - 0.12 * strips,
        )
    if known is not False:
        code = f"{text}.astimezone({zone}).replace(tzinfo=None)"
        if strips and "astimezone" not in "".join(m.source for m in s.project.modules.values()):
            code, imports = f"{text}.replace(tzinfo=None)", ()
        shown = code if isinstance(value, ast.Name) else f"{code} if {text}.tzinfo else {text}"
        yield Moment(
            module,
            value,
            statement,
            text,
            shown,
            False,
            imports,
            f"Bring {text} to UTC without a zone, as the stored ones are",
            base - 0.04 + 0.08 * strips,
        )


def _utc(module: Module) -> tuple[str, tuple[AddImport, ...]]:
    if "UTC" in module.imports:
        return "UTC", ()
    if module.imports.get("datetime") == "datetime":
        return "datetime.timezone.utc", ()
    return "timezone.utc", () if "timezone" in module.imports else (AddImport("datetime", "timezone"),)


def _is_now(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in ("now", "utcnow", "today")


def _carries_zone(s: Situation, value: ast.expr) -> bool | None:
    shown = s.crash.names.get(value.id, "") if isinstance(value, ast.Name) else ""
    return "tzinfo=" in shown if shown.startswith("datetime.datetime(") else None
