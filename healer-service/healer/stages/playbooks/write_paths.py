"""A field that one place brings into form or converts before it keeps it, and another keeps as it comes: so by both."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.stages.playbooks.normalised import Chain, apply, chain_of
from healer.syntax.bindings import assignments
from healer.syntax.edits import Replace
from healer.syntax.expressions import wrap
from healer.syntax.project import Module
from healer.syntax.rewording import exchanged, written
from healer.syntax.situation import Situation

CATEGORIES = ("missing-key", "conversion", "missing-member", "none-dereference", "wrong-type", "missing-attribute")
NAME = "write-paths"
_CONVERTING = ("int", "float", "Decimal", "str", "bool", "fromisoformat", "UUID")


@dataclass(frozen=True, eq=False)
class Kept:
    module: Module
    value: ast.expr
    chain: Chain


def draft(s: Situation) -> Iterator[Draft]:
    yield from _converted(s)
    for key in _keys(s):
        field = _field(key)
        seen = s.seen(key)
        if not field or not isinstance(seen, str):
            continue
        kept = list(_writes(s, field))
        chains = [one.chain for one in kept if one.chain]
        for one in kept if chains else ():
            plain = isinstance(one.value, (ast.Name, ast.Attribute, ast.Subscript)) and not one.chain
            if plain and apply(chains[0], seen) != seen and _takes(s, apply(chains[0], seen)):
                like = next(other for other in kept if other.chain == chains[0])
                bare = _inner(like.value)
                code = wrap(one.module, one.value, written(one.module, exchanged(like.value, bare, one.value)))
                edits = ((one.module, Replace(one.value, code)),)
                summary = f"Keep {field} as {code}, as it is kept elsewhere"
                yield Draft(summary, edits, Answer.CORRECT, 0.97)


def _converted(s: Situation) -> Iterator[Draft]:
    """`Trail(body["name"], float(body["km"]))` in one place and `cls(name, km)` in another."""
    if s.crash.category not in ("wrong-type", "missing-key", "missing-attribute"):
        return
    read = [n for pair in s.crash.pairs[:2] for one in pair for n in ast.walk(one) if isinstance(n, ast.expr)]
    for field in dict.fromkeys(_field(n) for n in read if _field(n)):
        kept = list(_writes(s, field))
        like = next((one.value for one in kept if _conversion(one.value)), None)
        if not isinstance(like, ast.Call):
            continue
        for one in kept:
            if not isinstance(one.value, (ast.Name, ast.Subscript)) or _is_converted_before(one):
                continue
            if not _says(one.module, like.func):
                continue
            code = f"{ast.unparse(like.func)}({one.module.text(one.value)})"
            edits = ((one.module, Replace(one.value, code)),)
            yield Draft(f"Keep {field} as {code}, as it is kept elsewhere", edits, Answer.CORRECT, 0.96)


def _conversion(value: ast.expr) -> bool:
    plain = isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords
    return plain and isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in _CONVERTING


def _is_converted_before(one: Kept) -> bool:
    """A constructor keeps what it is given: who gives it converts."""
    function = one.module.function_of(one.value)
    if not isinstance(one.value, ast.Name) or function is None:
        return False
    if function.name == "__init__":
        return True
    made = assignments(function, one.value.id)
    annotated = next((a.annotation for a in function.params if a.arg == one.value.id), None)
    return annotated is not None or any(_conversion(d.value) for d in made)


def _says(module: Module, name: ast.expr) -> bool:
    root = ast.unparse(name).partition(".")[0]
    return root in ("int", "float", "str", "bool") or root in module.imports


def _keys(s: Situation) -> Iterator[ast.expr]:
    for expression, culprit in s.crash.pairs[:1]:
        key = (
            expression.slice if isinstance(expression, ast.Subscript) and s.crash.category == "missing-key" else culprit
        )
        yield key
        if isinstance(key, ast.Name) and s.function is not None:
            yield from (d.value for d in assignments(s.function, key.id) if not d.item)


def _field(key: ast.expr) -> str:
    if isinstance(key, ast.Attribute):
        return key.attr
    plain = isinstance(key, ast.Subscript) and isinstance(key.slice, ast.Constant) and isinstance(key.slice.value, str)
    return key.slice.value if plain else ""  # type: ignore[attr-defined]


def _writes(s: Situation, field: str) -> Iterator[Kept]:
    for module in s.project.modules.values():
        for node in module.nodes:
            values: list[ast.expr] = []
            if isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                values = [v for k, v in pairs if isinstance(k, ast.Constant) and k.value == field]
            elif isinstance(node, ast.Assign) and _field(node.targets[0]) == field:
                values = [node.value]
            elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2][:1].isupper():
                values = [k.value for k in node.keywords if k.arg == field]
            if isinstance(node, ast.Call):
                values += _given_to_maker(s, module, node, field)
            for value in values:
                yield Kept(module, value, _chain(module, value))


def _given_to_maker(s: Situation, module: Module, call: ast.Call, field: str) -> list[ast.expr]:
    """What a call of a class passes by its place for the field."""
    function = module.function_of(call)
    inside = isinstance(call.func, ast.Name) and call.func.id == "cls" and function is not None and function.owner
    found = (
        (module, function.owner)
        if inside and function is not None and function.owner
        else s.project.find_class(module, call.func)
    )
    if found is None or any(isinstance(a, ast.Starred) for a in call.args):
        return []
    init = next((n for n in found[1].body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
    if init is not None:
        names = [a.arg for a in init.args.args[1:]]
    else:
        names = [ast.unparse(n.target) for n in found[1].body if isinstance(n, ast.AnnAssign)]
    return [value for name, value in zip(names, call.args, strict=False) if name == field]


def _chain(module: Module, value: ast.expr) -> Chain:
    """What was done to the value, where it is kept or where it got its name."""
    function = module.function_of(value)
    if isinstance(value, ast.Name) and function is not None:
        made = assignments(function, value.id)
        return chain_of(made[-1].value) if made else ()
    return chain_of(value)


def _inner(value: ast.expr) -> ast.expr:
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        value = value.func.value
    return value


def _takes(s: Situation, text: str) -> bool:
    """Whether the table that was asked has the text in that form; True when it cannot be told."""
    expression = s.crash.expression
    table = s.seen(expression.value) if isinstance(expression, ast.Subscript) else None
    return text in table if isinstance(table, dict) else True
