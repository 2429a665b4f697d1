"""Points in time that meet with and without a zone: which of them to bring to the other's kind, and in whose
style.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from healer.syntax.edits import AddImport
from healer.syntax.project import Module
from healer.syntax.situation import Place, Situation
from healer.syntax.values import Shown


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
    spot: ast.stmt | None = None  # before which a corrected copy may get a name
    sisters: tuple[str, ...] = ()  # further expressions to correct alike; `?` at the end of one that may be None


def moments(s: Situation) -> Iterator[Moment]:
    seen: set[str] = set()
    for expression, culprit in s.crash.pairs:
        if isinstance(culprit, ast.Constant) or not isinstance(expression, (ast.BinOp, ast.Compare)):
            continue
        for place in s.places(culprit):
            if place.text in seen or isinstance(place.value, ast.BinOp):
                continue
            seen.add(place.text)
            yield from _corrections(s, place)


def _corrections(s: Situation, place: Place) -> Iterator[Moment]:
    module, value, text = place.module, place.value, place.text
    zone, imports = utc_of(module)
    strips = "replace(tzinfo=None)" in "".join(m.source for m in s.project.modules.values())
    if isinstance(value, ast.Call):
        yield from _now(module, value, zone, imports, strips)
        return
    client = any(o.is_client for o in s.origins_at(place))
    known = _carries_zone(s, value) if place.depth == 0 else None
    # What was sent is brought into form where it comes in, and every later use has it in form.
    base = 0.84 + 0.04 * place.depth if client else 0.72 - 0.04 * place.depth
    made = Moment(module, value, place.statement, text, "", True, imports, "", base)
    if known is not True:
        code = f"{text}.replace(tzinfo={zone})"
        summary = f"Take {text} for UTC when it names no zone"
        one = replace(made, code=code, summary=summary, fit=base - 0.12 * strips)
        yield from _as_received(s, place, one) if client else (_where_used(one),)
    if known is not False:
        code = f"{text}.astimezone({zone}).replace(tzinfo=None)"
        if strips and "astimezone" not in "".join(m.source for m in s.project.modules.values()):
            code, imports = f"{text}.replace(tzinfo=None)", ()
        summary = f"Bring {text} to UTC without a zone, as the stored ones are"
        kept = "utcnow" in "".join(m.source for m in s.project.modules.values())
        fit = base - 0.04 + 0.08 * (strips or kept)
        one = replace(made, code=code, aware=False, imports=imports, summary=summary, fit=fit)
        yield from _as_received(s, place, one) if client else (_where_used(one),)


def _where_used(one: Moment) -> Moment:
    if isinstance(one.value, ast.Name):
        return one
    test = f"{one.name}.tzinfo"
    code = f"{one.name} if {test} else {one.code}" if one.aware else f"{one.code} if {test} else {one.name}"
    return replace(one, code=code, statement=None, spot=one.statement)


def _as_received(s: Situation, place: Place, one: Moment) -> Iterator[Moment]:
    """A field of what was sent, with its sisters: each may lack its zone, and all their uses see the change."""
    if isinstance(place.value, ast.Attribute) and isinstance(place.value.value, ast.Name):
        yield replace(one, sisters=tuple(_sisters(s, place)))
        yield replace(_where_used(one), fit=one.fit - 0.06)
    else:
        yield _where_used(one)


def _sisters(s: Situation, place: Place) -> Iterator[str]:
    """Other points in time of the same model that the function uses."""
    assert isinstance(place.value, ast.Attribute) and isinstance(place.value.value, ast.Name)
    owner = place.value.value.id
    annotation = next((a.annotation for a in place.function.params if a.arg == owner), None)
    found = s.project.find_class(place.module, annotation) if annotation is not None else None
    used = {n.attr for n in place.function.own_nodes if isinstance(n, ast.Attribute)}
    for node in found[1].body if found is not None else ():
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name, kind = node.target.id, ast.unparse(node.annotation)
            if re.search(r"\bdatetime$|\bdatetime \||\[(\w+\.)?datetime\]", kind) and name in used:
                if name != place.value.attr:
                    yield f"{owner}.{name}" + ("?" if "None" in kind or "Optional" in kind else "")


def _now(module: Module, value: ast.Call, zone: str, imports: tuple[AddImport, ...], strips: bool) -> Iterator[Moment]:
    """The standard library's own now(); what a helper answers is the helper's matter."""
    if not isinstance(value.func, ast.Attribute) or value.func.attr not in ("now", "utcnow", "today") or value.args:
        return
    base = module.text(value.func.value)
    root = base.partition(".")[0]
    if module.imports.get(root, "") not in ("datetime", "datetime.datetime"):
        return
    summary, text = "Take the time now with its zone", module.text(value)
    yield Moment(module, value, None, text, f"{base}.now({zone})", True, imports, summary, 0.72 - 0.1 * strips)


def utc_of(module: Module) -> tuple[str, tuple[AddImport, ...]]:
    known = {dotted: name for name, dotted in module.imports.items()}
    if "datetime.UTC" in known:
        return known["datetime.UTC"], ()
    if "datetime.timezone" in known:
        return f"{known['datetime.timezone']}.utc", ()
    if "datetime" in known:
        return f"{known['datetime']}.timezone.utc", ()
    return "timezone.utc", (AddImport("datetime", "timezone"),)


def _carries_zone(s: Situation, value: ast.expr) -> bool | None:
    shown = s.seen(value)
    if isinstance(shown, Shown) and shown.type.rpartition(".")[2] == "datetime":
        return "tzinfo" in shown.attributes
    return None
