"""A value JSON cannot express in an answer: given as text, number or list, as the neighbours do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.stages.playbooks.finite import where_made
from healer.stages.playbooks.serialised_records import as_keys, of_class
from healer.syntax.edits import AddImport, Replace
from healer.syntax.expressions import wrap
from healer.syntax.project import Function, Module
from healer.syntax.situation import Situation

CATEGORIES = ("unserialisable",)
NAME = "unserialisable"
_AS = {
    "set": ("sorted({})", r"set|tags|names|ids|roles|members|seen"),
    "frozenset": ("sorted({})", r"set|tags|names|ids|roles|members|seen"),
    "datetime": ("{}.isoformat()", r"_at$|^at$|date|time|when|since|until|due|created|updated|expires|start|end|seen"),
    "date": ("{}.isoformat()", r"date|day|when|since|until|due|born|start|end|_on$"),
    "time": ("{}.isoformat()", r"time|at$|opens|closes|start|end"),
    "timedelta": ("{}.total_seconds()", r"age|duration|elapsed|length|left|uptime|seconds"),
    "Decimal": ("str({})", r"price|amount|total|cost|sum|balance|rate|tax|fee"),
    "UUID": ("str({})", r"id$|uuid|token|ref"),
    "Path": ("str({})", r"path|file|dir"),
    "PosixPath": ("str({})", r"path|file|dir"),
    "bytes": ("{}.decode()", r"data|body|raw|content"),
    "Enum": ("{}.value", r"status|state|kind|type"),
    "generator": ("list({})", r"."),
    "map": ("list({})", r"."),
    "filter": ("list({})", r"."),
    "dict_keys": ("list({})", r"."),
    "dict_values": ("list({})", r"."),
    "deque": ("list({})", r"."),
}
_MAKERS = {
    "datetime": r"datetime(\.(now|utcnow|fromisoformat|strptime|combine|fromtimestamp|today))?$|^(utc)?now$",
    "date": r"(^|\.)date(\.(today|fromisoformat))?$|\.date$",
    "time": r"(^|\.)time(\.fromisoformat)?$",
    "timedelta": r"timedelta$",
    "Decimal": r"(^|\.)Decimal$|\.quantize$",
    "UUID": r"uuid[145]$|(^|\.)UUID$",
    "set": r"^(set|frozenset)$|\.(union|intersection|difference)$",
    "frozenset": r"^frozenset$",
    "bytes": r"\.(encode|digest)$|b64encode$|^bytes$|token_bytes$",
    "map": r"^map$",
    "filter": r"^filter$",
    "dict_keys": r"\.keys$",
    "dict_values": r"\.values$",
    "deque": r"deque$",
}
_TYPES: dict[str, type] = {
    "datetime": datetime,
    "date": date,
    "Decimal": Decimal,
    "set": set,
    "bytes": bytes,
    "UUID": UUID,
}
_ENCODING = ("json.dumps", "dumps")


def draft(s: Situation) -> Iterator[Draft]:
    message = s.report.exception.message
    if re.search(r"Out of range float|not JSON compliant", message):
        yield from where_made(s, 0.84)
        return
    told = re.search(r"[Oo]bject of type (\w+) is not JSON|of type (\w+) is not serializable", message)
    if told is None:
        yield from as_keys(s)
        return
    kind = told.group(1) or told.group(2)
    shape, likely = _AS.get(kind, ("", ""))
    if not shape:
        yield from of_class(s, kind)
        yield from _in_encoder(s, kind)
        return
    if kind == "Decimal" and re.search(r"float\(\w*(price|total|amount|cost)", s.module.source):
        shape = "float({})"
    for module, value, key in _values(s):
        certain = _certain(s, module, value, kind)
        if certain is False or (certain is None and not isinstance(value, (ast.Name, ast.Attribute, ast.Subscript))):
            continue
        word = module.text(value).rpartition(".")[2].strip("[]'\"")
        fit = 0.9 if certain else 0.72 if re.search(likely, word, re.I) or re.search(likely, key, re.I) else 0.4
        if certain and not _on_stack(s, module, value) and _used_otherwise(s, key, kind):
            fit = 0.5
        code = shape.format(_operand(module, value, shape))
        edits = ((module, Replace(value, wrap(module, value, code))),)
        yield Draft(f"Answer {code}", edits, Answer.CONVERT, fit)
    yield from _in_encoder(s, kind)


def _operand(module: Module, value: ast.expr, shape: str) -> str:
    plain = isinstance(value, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)) or not shape.startswith("{}")
    return module.text(value) if plain else f"({module.text(value)})"


def _certain(s: Situation, module: Module, value: ast.expr, kind: str) -> bool | None:
    """Whether it is of that kind; None when neither its text nor its value tells."""
    if isinstance(value, (ast.Set, ast.SetComp)):
        return kind in ("set", "frozenset")
    if isinstance(value, ast.GeneratorExp):
        return kind == "generator"
    if isinstance(value, ast.Call):
        pattern = _MAKERS.get(kind)
        return pattern is not None and re.search(pattern, ast.unparse(value.func)) is not None
    if isinstance(value, ast.BinOp):
        return any(_certain(s, module, side, kind) for side in (value.left, value.right)) or None
    shown = s.crash.names.get(module.text(value), "") if module is s.module else ""
    if shown.startswith((f"{kind}(", f"datetime.{kind}(")):
        return True
    if kind in ("set", "frozenset") and re.match(r"\{[^:]*\}$|(frozen)?set\(", shown):
        return True
    if kind == "bytes" and re.match(r"b['\"]", shown):
        return True
    return None if not shown or shown.startswith("<") else False


def _on_stack(s: Situation, module: Module, value: ast.expr) -> bool:
    function = module.function_of(value)
    return function is not None and any(
        f.file == module.path and function.node.lineno <= f.line <= (function.node.end_lineno or 0)
        for f in s.report.app_frames
    )


def _used_otherwise(s: Situation, key: str, kind: str) -> bool:
    """Whether other code takes the stored value for what it is now: its methods, comparisons and arithmetic."""
    for module in s.project.modules.values():
        for node in module.nodes:
            named = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value == key
            named = named or (isinstance(node, ast.Attribute) and node.attr == key)
            if not named or not isinstance(getattr(node, "ctx", None), ast.Load):
                continue
            parent = module.parents.get(node)
            if isinstance(parent, ast.Attribute) and not hasattr(_TYPES.get(kind, object), parent.attr):
                continue
            if isinstance(parent, (ast.Attribute, ast.BinOp, ast.Compare, ast.Lambda, ast.For)):
                return True
    return False


def _in_encoder(s: Situation, kind: str) -> Iterator[Draft]:
    """At the call that makes JSON of the whole answer."""
    as_iso = kind in ("datetime", "date", "time")
    for call in [n for n in ast.walk(s.crash.statement) if isinstance(n, ast.Call)]:
        name = ast.unparse(call.func)
        if name in _ENCODING and not any(k.arg == "default" for k in call.keywords):
            text = s.module.text(call)[:-1]
            if as_iso or kind in ("set", "frozenset"):
                code = "lambda value: value.isoformat()" if as_iso else "sorted"
                edits = ((s.module, Replace(call, f"{text}, default={code})")),)
                yield Draft("Give what JSON cannot express as the neighbours do", edits, Answer.CONVERT, 0.6)
            edits = ((s.module, Replace(call, f"{text}, default=str)")),)
            yield Draft("Give what JSON cannot express as text", edits, Answer.CONVERT, 0.55)
        elif name.endswith("JSONResponse") and s.refusals.framework == "fastapi" and kind != "bytes":
            content = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "content"), None)
            if content is not None and "jsonable_encoder" not in ast.unparse(content):
                needs = (
                    ()
                    if "jsonable_encoder" in s.module.imports
                    else (AddImport("fastapi.encoders", "jsonable_encoder"),)
                )
                wrapped = f"jsonable_encoder({s.module.text(content)})"
                yield Draft(
                    "Encode the answer as FastAPI does",
                    ((s.module, Replace(content, wrapped)), *((s.module, n) for n in needs)),
                    Answer.CONVERT,
                    0.66,
                )


def _values(s: Situation) -> Iterator[tuple[Module, ast.expr, str]]:
    """Values of dicts with their keys: in the functions on the stack, in those that they call, and where the service
    stores what it answers.
    """
    seen: set[int] = set()
    for module, node in [*_reached(s), *((m, m.tree) for m in s.project.modules.values())]:
        for part in ast.walk(node):
            for key, value in _pairs(part):
                for choice in _choices(value):
                    if id(choice) not in seen:
                        seen.add(id(choice))
                        yield module, choice, key


def _reached(s: Situation) -> Iterator[tuple[Module, ast.AST]]:
    for frame in reversed(s.report.app_frames):
        module = s.project.modules.get(frame.file)
        function: Function | None = module.function_at(frame.line) if module is not None else None
        if module is None or function is None:
            continue
        yield module, function.node
        for call in [n for n in function.own_nodes if isinstance(n, ast.Call)]:
            callee = s.project.find_function(module, call.func, function)
            if callee is not None:
                yield callee.module, callee.node


def _pairs(part: ast.AST) -> list[tuple[str, ast.expr]]:
    if isinstance(part, ast.Dict):
        return [
            (str(k.value) if isinstance(k, ast.Constant) else "", v)
            for k, v in zip(part.keys, part.values, strict=True)
            if k is not None
        ]
    if isinstance(part, ast.keyword) and part.arg is not None:
        return [(part.arg, part.value)]
    if isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Subscript):
        key = part.targets[0].slice
        return [(str(key.value), part.value)] if isinstance(key, ast.Constant) else []
    return []


def _choices(value: ast.expr) -> list[ast.expr]:
    """The values an expression may have, through `x if … else y`."""
    if isinstance(value, ast.IfExp):
        return [*_choices(value.body), *_choices(value.orelse)]
    taken = (ast.Name, ast.Attribute, ast.Subscript, ast.Set, ast.SetComp, ast.Call, ast.BinOp, ast.GeneratorExp)
    return [value] if isinstance(value, taken) else []
