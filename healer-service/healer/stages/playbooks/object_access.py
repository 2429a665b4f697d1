"""An object asked as if it were a dict, and an error asked for its text: asked in the way that it understands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import AddImport, Edit, Replace
from healer.syntax.expressions import wrap
from healer.syntax.failing import visible
from healer.syntax.members import find_class, members_of
from healer.syntax.project import Module, same
from healer.syntax.situation import Situation

CATEGORIES = ("missing-attribute", "wrong-type")
NAME = "object-access"
_TEXTS = ("message", "msg", "description", "detail", "reason", "text")


def draft(s: Situation) -> Iterator[Draft]:
    message = s.report.exception.message
    missing = re.search(r"'([\w.]+)' object has no attribute '(\w+)'", message)
    if missing:
        yield from _text_of_error(s, missing.group(2))
        if missing.group(1) == "sqlite3.Row":
            yield from _columns_for(s, missing.group(2))
        yield from _attribute_for_get(s, missing.group(1).rpartition(".")[2], missing.group(2))
        return
    subscripted = re.search(r"'([\w.]+)' object (?:is not subscriptable|does not support item assignment)", message)
    if subscripted:
        yield from _attributes_for(s, subscripted.group(1).rpartition(".")[2])
    elif re.search(r"tuple indices must be integers or slices, not str", message) and _uses(s, "sqlalchemy"):
        yield from _attributes_for(s, "")
    collection = re.search(
        r"(?:object of type|argument of type)? ?'(\w+)'(?: object)? (?:has no len|is not iterable)", message
    )
    if collection:
        yield from _own_items(s, collection.group(1))
    mapped = re.search(
        r"after \*\* must be a mapping, not (\w+)|for \|: 'dict' and '(\w+)'|'(\w+)' object is not a mapping", message
    )
    if mapped:
        yield from _as_dict(s, next(group for group in mapped.groups() if group))


def _uses(s: Situation, package: str) -> bool:
    return any(d.partition(".")[0] == package for m in s.project.modules.values() for d in m.imports.values())


def _attributes(s: Situation, name: str) -> list[ast.Attribute]:
    return [n for n in visible(s.crash.statement) if isinstance(n, ast.Attribute) and n.attr == name]


def _text_of_error(s: Situation, wrong: str) -> Iterator[Draft]:
    """`error.message`, which exceptions do not have."""
    for node in _attributes(s, wrong) if wrong in _TEXTS else ():
        if not isinstance(node.value, ast.Name):
            continue
        name = node.value.id
        around = [a for a in s.module.ancestors(node) if isinstance(a, ast.ExceptHandler) and a.name == name]
        if around:
            # A KeyError's text is the repr of the key.
            of_key = around[0].type is not None and "KeyError" in ast.unparse(around[0].type)
            code = f"{name}.args[0]" if of_key else f"str({name})"
            yield Draft(f"Take the error's text by {code}", _one(s, node, code), Answer.CORRECT, 0.95)


def _columns_for(s: Situation, wrong: str) -> Iterator[Draft]:
    """A database row has items only."""
    quote = '"' if s.module.source.count('"') >= s.module.source.count("'") else "'"
    for node in _attributes(s, wrong):
        call = s.module.parents.get(node)
        called = isinstance(call, ast.Call) and call.func is node
        base = s.module.text(node.value)
        if isinstance(call, ast.Call) and called and wrong == "get" and len(call.args) == 1:
            code = f"{base}[{s.module.text(call.args[0])}]"
            yield Draft("Ask for the column", _one(s, call, code), Answer.CORRECT, 0.93)
        elif called:
            yield Draft("Make the row a dict first", _one(s, node.value, f"dict({base})"), Answer.CORRECT, 0.9)
        else:
            yield Draft("Ask for the column", _one(s, node, f"{base}[{quote}{wrong}{quote}]"), Answer.CORRECT, 0.94)


def _own_items(s: Situation, kind: str) -> Iterator[Draft]:
    """An object that is no collection but has one."""
    found = find_class(s.project, kind)
    held = sorted(_collections(found[1])) if found is not None else []
    if len(held) != 1:
        return
    for _, culprit in s.crash.pairs[:2]:
        code = f"{s.module.text(culprit)}.{held[0]}"
        yield Draft(f"Take its {held[0]}", _one(s, culprit, code), Answer.CORRECT, 0.9)


def _collections(node: ast.ClassDef) -> set[str]:
    found = set()
    for part in ast.walk(node):
        if isinstance(part, ast.AnnAssign):
            head = ast.unparse(part.annotation).partition("[")[0].rpartition(".")[2].lower()
            if head in ("list", "dict", "set", "tuple", "sequence", "deque"):
                found.add(ast.unparse(part.target).removeprefix("self."))
        elif isinstance(part, ast.Assign) and isinstance(part.value, (ast.List, ast.Dict, ast.Set)):
            found |= {t.attr for t in part.targets if isinstance(t, ast.Attribute)}
    return found


def _attributes_for(s: Situation, kind: str) -> Iterator[Draft]:
    """Of an object the attribute of that name, wherever this function asks the same object for items."""
    found = find_class(s.project, kind) if kind else None
    if kind and found is None:
        return
    members = members_of(s.project, *found) if found is not None else None
    for node in visible(s.crash.statement):
        if not isinstance(node, ast.Subscript) or not _names_member(node.slice, members):
            continue
        near = s.function.own_nodes if s.function is not None and isinstance(node.value, ast.Name) else [node]
        alike = [
            n
            for n in near
            if isinstance(n, ast.Subscript) and same(n.value, node.value) and _names_member(n.slice, members)
        ]
        edits = tuple((s.module, Replace(n, f"{s.module.text(n.value)}.{_text(n.slice)}")) for n in alike)
        yield Draft("Ask for the attribute", edits, Answer.CORRECT, 0.94 if members is not None else 0.85)
        return


def _text(key: ast.expr) -> str:
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def _names_member(key: ast.expr, members: set[str] | None) -> bool:
    text = _text(key)
    return text.isidentifier() and (members is None or text in members)


def _attribute_for_get(s: Situation, kind: str, wrong: str) -> Iterator[Draft]:
    """`record.get("city", "")` of an object: its attribute, or the default where it is nothing."""
    found = find_class(s.project, kind)
    if found is None:
        return
    members = members_of(s.project, *found)
    for node in _attributes(s, wrong):
        call = s.module.parents.get(node)
        if not isinstance(call, ast.Call) or call.func is not node:
            continue
        base = s.module.text(node.value)
        if wrong == "get" and call.args and _names_member(call.args[0], None):
            name = _text(call.args[0])
            default = s.module.text(call.args[1]) if len(call.args) > 1 else "None"
            if name in members:
                nullable = _nullable(found[1], name) and default != "None"
                code = wrap(s.module, call, f"{base}.{name} or {default}") if nullable else f"{base}.{name}"
                yield Draft(f"Ask for the attribute {name}", _one(s, call, code), Answer.CORRECT, 0.93)
            else:
                code = f'getattr({base}, "{name}", {default})'
                yield Draft(f"Ask for the attribute {name}", _one(s, call, code), Answer.CORRECT, 0.85)
        elif wrong in ("items", "keys", "values", "copy"):
            yield from _dumped(s, found[1], node.value, 0.88)


def _nullable(node: ast.ClassDef, name: str) -> bool:
    fields = [p for p in node.body if isinstance(p, ast.AnnAssign) and ast.unparse(p.target) == name]
    return any(re.search(r"\bOptional\b|\bNone\b", ast.unparse(f.annotation)) is not None for f in fields)


def _as_dict(s: Situation, kind: str) -> Iterator[Draft]:
    found = find_class(s.project, kind)
    if found is None:
        return
    for node in visible(s.crash.statement):
        values: list[ast.expr] = []
        if isinstance(node, ast.Call):
            values = [k.value for k in node.keywords if k.arg is None]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            values = [node.right]
        elif isinstance(node, ast.Dict):
            values = [v for k, v in zip(node.keys, node.values, strict=True) if k is None]
        for value in values:
            yield from _dumped(s, found[1], value, 0.9)


def _dumped(s: Situation, node: ast.ClassDef, value: ast.expr, fit: float) -> Iterator[Draft]:
    """The object as a dict, in the way of its kind."""
    text = s.module.text(value)
    edits: tuple[tuple[Module, Edit], ...]
    if any("BaseModel" in ast.unparse(b) for b in node.bases):
        old = "model_dump(" not in s.module.source and ".dict(" in s.module.source
        edits = _one(s, value, f"{text}.dict()" if old else f"{text}.model_dump()")
    elif any("dataclass" in ast.unparse(d) for d in node.decorator_list):
        needed = () if "asdict" in s.module.imports else ((s.module, AddImport("dataclasses", "asdict")),)
        edits = (*_one(s, value, f"asdict({text})"), *needed)
    else:
        edits, fit = _one(s, value, f"vars({text})"), fit - 0.15
    yield Draft("Take its fields as a dict", edits, Answer.CORRECT, fit)


def _one(s: Situation, node: ast.expr, code: str) -> tuple[tuple[Module, Edit], ...]:
    return ((s.module, Replace(node, code)),)
