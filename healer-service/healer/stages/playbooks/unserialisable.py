"""A value JSON cannot express in an answer: given as text, number or list, as the neighbours do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Replace
from healer.syntax.project import Module
from healer.syntax.situation import Situation

CATEGORIES = ("unserialisable",)
NAME = "unserialisable"
_AS = {
    "set": ("sorted({})", r"set|tags|names|ids|roles"),
    "frozenset": ("sorted({})", r"set|tags|names|ids|roles"),
    "datetime": ("{}.isoformat()", r"_at$|date|time|when|since|until|due|created|updated|expires|start|end"),
    "date": ("{}.isoformat()", r"date|day|when|since|until|due|born|start|end|_on$"),
    "Decimal": ("str({})", r"price|amount|total|cost|sum|balance|rate|tax"),
    "UUID": ("str({})", r"id$|uuid|token|ref"),
    "bytes": ("{}.decode()", r"data|body|raw|content"),
    "Enum": ("{}.value", r"status|state|kind|type"),
}


def draft(s: Situation) -> Iterator[Draft]:
    told = re.search(
        r"[Oo]bject of type (\w+) is not JSON|of type (\w+) is not serializable", s.report.exception.message
    )
    if told is None:
        return
    kind = told.group(1) or told.group(2)
    shape, likely = _AS.get(kind, ("", ""))
    if not shape:
        return
    if kind == "Decimal" and re.search(r"float\(\w*(price|total|amount|cost)", s.module.source):
        shape = "float({})"
    for module, value in _values(s):
        text = module.text(value)
        name = text.rpartition(".")[2].strip("[]'\"")
        shown = s.crash.names.get(text, "")
        literal = isinstance(value, (ast.Set, ast.SetComp)) or (
            isinstance(value, ast.Call) and ast.unparse(value.func) == kind
        )
        if isinstance(value, (ast.Set, ast.SetComp, ast.Call)) and not (literal and kind in ("set", "frozenset")):
            continue
        certain = (
            literal
            or shown.startswith((f"{kind}(", f"datetime.{kind}("))
            or (kind == "set" and re.match(r"\{[^:]*\}$|set\(", shown))
        )
        fit = 0.9 if certain else 0.72 if re.search(likely, name, re.I) else 0.4
        edits = ((module, Replace(value, shape.format(text))),)
        yield Draft(f"Answer {shape.format(text)}", edits, Answer.CONVERT, fit)
    for call in [n for n in ast.walk(s.crash.statement) if isinstance(n, ast.Call)]:
        if ast.unparse(call.func) in ("json.dumps", "dumps") and not any(k.arg == "default" for k in call.keywords):
            edits = ((s.module, Replace(call, f"{s.module.text(call)[:-1]}, default=str)")),)
            yield Draft("Give what JSON cannot express as text", edits, Answer.CONVERT, 0.55)


def _values(s: Situation) -> Iterator[tuple[Module, ast.expr]]:
    """Values of the dicts on the stack: in the crashing statement, in what its names were given, in the
    functions it calls.
    """
    nodes: list[tuple[Module, ast.AST]] = []
    for frame in reversed(s.report.app_frames):
        module = s.project.modules.get(frame.file)
        function = module.function_at(frame.line) if module is not None else None
        if module is None or function is None:
            continue
        nodes.append((module, function.node))
        for call in [n for n in function.own_nodes if isinstance(n, ast.Call)]:
            callee = s.project.find_function(module, call.func, function)
            if callee is not None:
                nodes.append((callee.module, callee.node))
    for module, node in nodes:
        for part in ast.walk(node):
            values = (
                part.values if isinstance(part, ast.Dict) else [part.value] if isinstance(part, ast.keyword) else []
            )
            yield from ((module, choice) for value in values for choice in _choices(value))


def _choices(value: ast.expr) -> list[ast.expr]:
    """The values an expression may have, through `x if … else y`."""
    if isinstance(value, ast.IfExp):
        return [*_choices(value.body), *_choices(value.orelse)]
    return (
        [value] if isinstance(value, (ast.Name, ast.Attribute, ast.Subscript, ast.Set, ast.SetComp, ast.Call)) else []
    )
