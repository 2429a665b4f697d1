"""Days, points in time and texts that meet where one of them was meant: brought to the kind of the other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import AddImport, Edit, Replace
from healer.syntax.expressions import wrap
from healer.syntax.project import Module
from healer.syntax.situation import Situation
from healer.syntax.values import type_name

_METHODS = {
    "strftime", "isoformat", "timestamp", "astimezone", "weekday", "isoweekday", "isocalendar", "date", "time",
    "year", "month", "day", "hour", "minute", "second", "tzinfo", "utcoffset", "toordinal",
}  # fmt: skip
_STORED = ("record", "state", "table", "row", "unknown")
_OF_TIMES = {"timestamp", "astimezone", "date", "time", "hour", "minute", "second", "tzinfo", "utcoffset"}


def same_kind(s: Situation) -> Iterator[Draft]:
    """`can't compare datetime.datetime to datetime.date` and the arithmetic of the two."""
    message = s.report.exception.message
    if not re.search(
        r"can't compare datetime\.(datetime|date) to datetime\.(date|datetime)|'datetime\.date(time)?' and "
        r"'datetime\.date(time)?'|descriptor '(date|datetime)'",
        message,
    ):
        return
    for sides in _sides(s.crash.statement):
        for side in sides:
            fit = {True: 0.93, None: 0.62, False: 0.0}[_is_time(s, side)]
            if fit and not isinstance(side, ast.Constant):
                edits: tuple[tuple[Module, Edit], ...] = ((s.module, Replace(side, f"{_atom(s.module, side)}.date()")),)
                yield Draft("Compare days with days", edits, Answer.CONVERT, fit)


def _is_time(s: Situation, node: ast.expr) -> bool | None:
    """Whether it is a datetime; None when the text does not tell."""
    known = type_name(s.seen(node))
    if known in ("datetime", "date"):
        return known == "datetime"
    value: ast.expr = node
    if isinstance(node, ast.Name):
        made = s.tracer.definitions(node.id, s.module, s.function, node)
        value = made[0].value if made and not made[0].item else node
    if isinstance(value, ast.Call):
        text = ast.unparse(value.func)
        if text.endswith((".date", "date.today", "date.fromisoformat")) and "datetime.fromisoformat" not in text:
            return False
        if re.search(r"datetime\.(now|utcnow|fromisoformat|strptime|combine|today|fromtimestamp)$", text):
            return True
    return None


def _atom(module: Module, node: ast.expr) -> str:
    text = module.text(node)
    return text if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)) else f"({text})"


def read_from_text(s: Situation) -> Iterator[Draft]:
    """A stored text asked for what a date can do: read as one first, as it was written."""
    found = re.search(r"'str' object has no attribute '(\w+)'", s.report.exception.message)
    if found is None or found.group(1) not in _METHODS:
        return
    for _, culprit in s.crash.pairs[:3]:
        if any(o.is_client for o in s.origins(culprit)):
            continue
        seen = s.seen(culprit)
        kind = "datetime" if found.group(1) in _OF_TIMES or not _is_day(seen) else "date"
        name, imports = _known(s.module, kind)
        code = f"{name}.fromisoformat({s.module.text(culprit)})"
        edits: tuple[tuple[Module, Edit], ...] = (
            (s.module, Replace(culprit, wrap(s.module, culprit, code))),
            *((s.module, added) for added in imports),
        )
        yield Draft(f"Read {s.module.text(culprit)} as a {kind} first", edits, Answer.CONVERT, 0.96)


def _sides(statement: ast.stmt) -> Iterator[list[ast.expr]]:
    """What is compared with each other, or taken from each other."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            yield [node.left, node.comparators[0]]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
            yield [node.left, node.right]


def read_to_compare(s: Situation) -> Iterator[Draft]:
    """`'>=' not supported between instances of 'str' and 'datetime.date'`: the stored text is read as what it meets."""
    found = re.search(r"'(str|datetime\.date|datetime\.datetime)' and '(str|datetime\.date|datetime\.datetime)'",
                      s.report.exception.message)  # fmt: skip
    if found is None or found.group(1) == found.group(2) or "str" not in found.groups():
        return
    kind = next(g for g in found.groups() if g != "str").rpartition(".")[2]
    for sides in _sides(s.crash.statement):
        texts = [side for side in sides if type_name(s.seen(side)) == "str"] or sides[found.group(1) != "str" :][:1]
        for side in texts:
            if any(o.is_client for o in s.origins(side)) and not any(o.kind in _STORED for o in s.origins(side)):
                continue
            name, imports = _known(s.module, kind)
            edits: tuple[tuple[Module, Edit], ...] = (
                (s.module, Replace(side, f"{name}.fromisoformat({s.module.text(side)})")),
                *((s.module, added) for added in imports),
            )
            yield Draft(f"Read {s.module.text(side)} as a {kind} first", edits, Answer.CONVERT, 0.94)


def _is_day(seen: object) -> bool:
    return isinstance(seen, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", seen) is not None


def _known(module: Module, kind: str) -> tuple[str, tuple[AddImport, ...]]:
    for name, dotted in module.imports.items():
        if dotted == f"datetime.{kind}":
            return name, ()
        if dotted == "datetime":
            return f"{name}.{kind}", ()
    return kind, (AddImport("datetime", kind),)
