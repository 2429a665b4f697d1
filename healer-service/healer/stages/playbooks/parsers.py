"""A conversion that the service has a guarded way for already: its own helper, or the framework's typed getter that the
code next to it uses.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft, reference
from healer.syntax.edits import Edit, Replace
from healer.syntax.project import Function, Module
from healer.syntax.situation import Situation

_TELLING = ("name", "field", "label", "what", "param", "key", "argument")


def as_parsed_elsewhere(s: Situation, call: ast.Call) -> Iterator[Draft]:
    yield from _typed_getter(s, call)
    if not isinstance(call.func, (ast.Name, ast.Attribute)) or len(call.args) != 1:
        return
    for helper in s.project.functions:
        if helper.owner is None and not s.refusals.is_route(helper) and helper.node is not _node(s.function):
            yield from _by_helper(s, call, helper)


def _node(function: Function | None) -> ast.AST | None:
    return function.node if function is not None else None


def _typed_getter(s: Situation, call: ast.Call) -> Iterator[Draft]:
    """`int(request.args.get("size", 5))` where others say `request.args.get("page", 1, type=int)`."""
    inner = call.args[0] if len(call.args) == 1 else None
    if not _is_get(inner) or not isinstance(call.func, ast.Name):
        return
    assert isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute)
    holder = ast.unparse(inner.func.value)
    if not any(
        isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        and n.func.attr == "get"
        and ast.unparse(n.func.value) == holder
        and any(k.arg == "type" for k in n.keywords)
        for n in s.module.nodes
    ):
        return
    if len(inner.args) < 2 and not any(k.arg == "default" for k in inner.keywords):
        return
    parts = [s.module.text(a) for a in (*inner.args, *inner.keywords)]
    code = f"{s.module.text(inner.func)}({', '.join([*parts, f'type={call.func.id}'])})"
    edits: tuple[tuple[Module, Edit], ...] = ((s.module, Replace(call, code)),)
    yield Draft("Read it as the parameters next to it are read", edits, Answer.NATURAL_VALUE, 0.97)


def _is_get(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"


def _by_helper(s: Situation, call: ast.Call, helper: Function) -> Iterator[Draft]:
    """A function that makes the same conversion in a try whose handler refuses."""
    guarded = _guarded(s, helper, ast.unparse(call.func))
    if guarded is None:
        return
    arguments = _arguments(s, call.args[0], helper, guarded)
    named = reference(s, s.module, helper.module, helper.name)
    if arguments is None or named is None:
        return
    edits: tuple[tuple[Module, Edit], ...] = (
        (s.module, Replace(call, f"{named[0]}({', '.join(arguments)})")),
        *((s.module, added) for added in named[1]),
    )
    yield Draft(f"Convert with {helper.name}, as other code does", edits, Answer.REFUSE, 0.96)


def _guarded(s: Situation, helper: Function, word: str) -> ast.expr | None:
    """What the helper converts, where it refuses what cannot be."""
    for node in helper.own_nodes:
        if not isinstance(node, ast.Try):
            continue
        if not any(r.node in h.body for r in s.refusals.all for h in node.handlers):
            continue
        for inner in [n for part in node.body for n in ast.walk(part)]:
            if isinstance(inner, ast.Call) and ast.unparse(inner.func) == word and len(inner.args) == 1:
                return inner.args[0]
    return None


def _arguments(s: Situation, value: ast.expr, helper: Function, converted: ast.expr) -> list[str] | None:
    """How to call the helper for this value; None when a parameter of it cannot be told."""
    params = [a.arg for a in helper.params]
    if isinstance(converted, ast.Name) and converted.id in params:
        told = _key(value)
        found = []
        for param in params[: len(params) - len(helper.node.args.defaults)]:
            if param == converted.id:
                found.append(s.module.text(value))
            elif param in _TELLING:
                found.append(f'"{told or _word(value)}"')
            else:
                return None
        return found
    if not isinstance(converted, ast.Name) or not _is_get(value):
        return None
    made = s.tracer.definitions(converted.id, helper.module, helper, converted)
    assert isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)
    for one in made:
        if _is_get(one.value) and isinstance(one.value, ast.Call) and isinstance(one.value.func, ast.Attribute):
            key = one.value.args[0] if one.value.args else None
            same = ast.unparse(one.value.func.value) == ast.unparse(value.func.value)
            required = len(params) - len(helper.node.args.defaults)
            if same and isinstance(key, ast.Name) and params[:1] == [key.id] and required <= len(value.args):
                if len(value.args) <= 1 or (len(params) > 1 and params[1] in ("default", "fallback", "otherwise")):
                    return [s.module.text(a) for a in value.args]
    return None


def _key(value: ast.expr) -> str:
    """The client's name for it: of `data["km"]` and `args.get("km")` km."""
    key: ast.expr | None = None
    if isinstance(value, ast.Subscript):
        key = value.slice
    elif isinstance(value, ast.Call) and value.args:
        key = value.args[0]
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def _word(value: ast.expr) -> str:
    return value.id if isinstance(value, ast.Name) else value.attr if isinstance(value, ast.Attribute) else "value"
