"""A field of the request that another route brings into form and refuses where it is wrong, and this one takes as it
is: taken in here as there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft, answer_of
from healer.stages.playbooks.normalised import chain_of
from healer.syntax.bindings import assignments
from healer.syntax.edits import Edit, InsertAfter, InsertBefore, Replace
from healer.syntax.project import Function, Module, names_in, same
from healer.syntax.refusals import Refusal
from healer.syntax.rewording import exchanged, written
from healer.syntax.situation import Situation, anchor
from healer.syntax.wording import usable

CATEGORIES = (
    *("none-dereference", "missing-key", "empty-sequence", "wrong-type", "missing-attribute", "zero-division"),
    *("conversion", "unpacking", "missing-member", "raised-on-purpose", "integrity", "recursion", "other"),
)
NAME = "taken-in"


@dataclass(frozen=True, eq=False)
class Custom:
    """How another route takes the field in: the refusal, what it looks at, and what it makes of the field first."""

    refusal: Refusal
    subject: ast.expr
    made: ast.expr | None  # `rack.zone.strip().upper()`
    field: ast.expr  # `rack.zone`


def draft(s: Situation) -> Iterator[Draft]:
    for function in dict.fromkeys(f for f in (s.function, s.route) if f is not None):
        for name, uses in _fields(s, function).items():
            if not _matters(s, name) or _is_guarded(s, function, uses[0]):
                continue
            for custom in _customs(s, function, name)[:1]:
                yield from _as_there(s, function, uses, custom)


def _fields(s: Situation, function: Function) -> dict[str, list[ast.expr]]:
    """What the function reads of the request, by the field's name."""
    found: dict[str, list[ast.expr]] = {}
    for node in sorted(function.own_nodes, key=lambda n: (getattr(n, "lineno", 0), getattr(n, "col_offset", 0))):
        name = field_name(node)
        if (
            name
            and isinstance(node, ast.expr)
            and any(o.is_client for o in s.tracer.origins(node, function.module, function))
        ):
            found.setdefault(name, []).append(node)
    return found


def field_name(node: ast.AST) -> str:
    """The field that `body.zone`, `body["zone"]` and `body.get("zone", …)` read; a request's own parts are none."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name):
        return node.attr if node.value.id != "request" else ""
    key: ast.expr | None = None
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_source(node.value):
        key = node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        key = node.args[0] if _is_source(node.func.value) else None
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def _is_source(node: ast.expr) -> bool:
    return isinstance(node, (ast.Name, ast.Attribute)) or "request" in ast.unparse(node)


def _matters(s: Situation, name: str) -> bool:
    """Whether what was bad on the line that crashed goes by the field's name, or came from it."""
    said = re.compile(rf"\b{re.escape(name)}\b")
    for expression, culprit in s.crash.pairs[:1]:
        keyed = s.crash.category == "missing-key" and isinstance(expression, ast.Subscript)
        bad = expression.slice if keyed and isinstance(expression, ast.Subscript) else culprit
        return said.search(ast.unparse(bad)) is not None or any(o.name == name for o in s.origins(bad) if o.is_client)
    return said.search(s.module.text(s.crash.statement).partition(":\n")[0]) is not None


def _is_guarded(s: Situation, function: Function, use: ast.expr) -> bool:
    kept = _kept_in(function, use)
    subjects = [use] if kept is None else [use, ast.Name(kept)]
    return any(
        r.test is not None and any(same(n, one) for n in ast.walk(r.test) for one in subjects)
        for r in s.refusals.all
        if r.function is not None and r.function.node is function.node
    )


def _kept_in(function: Function, use: ast.expr) -> str | None:
    """The name that the field itself is given: `zone = body["zone"]`."""
    parent = function.module.parents.get(use)
    if isinstance(parent, ast.Assign) and parent.value is use and isinstance(parent.targets[0], ast.Name):
        return parent.targets[0].id
    return None


def _customs(s: Situation, function: Function, name: str) -> list[Custom]:
    found: list[Custom] = []
    for refusal in s.refusals.all:
        if refusal.test is None or refusal.function is None or refusal.function.node is function.node:
            continue
        for node in ast.walk(refusal.test):
            if not isinstance(node, ast.expr):
                continue
            if field_name(node) == name:
                found.append(Custom(refusal, node, None, node))
            elif isinstance(node, ast.Name):
                made = assignments(refusal.function, node.id)
                fields = [n for n in ast.walk(made[0].value) if field_name(n) == name] if len(made) == 1 else []
                if len(fields) == 1 and isinstance(fields[0], ast.expr):
                    normalised = made[0].value if chain_of(made[0].value) else None
                    if normalised is not None or made[0].value is fields[0]:
                        found.append(Custom(refusal, node, normalised, fields[0]))
    asks_client = [
        c for c in found if any(o.is_client for o in s.tracer.origins(c.field, c.refusal.module, c.refusal.function))
    ]
    return [c for c in asks_client if _is_plain(s, function, c)]


def _is_plain(s: Situation, function: Function, custom: Custom) -> bool:
    """Whether its test and message are about the field and what this module knows, and nothing else."""
    module = function.module
    known = {*module.constants, *module.imports, *(f.name for f in module.functions), "len", "isinstance", "str", "int"}
    known |= {"float", "any", "all", "bool", "list", "dict", "set", "min", "max", "abs", "round", "range"}
    shown = [n for n in (custom.refusal.test, custom.refusal.message) if n is not None]
    own = names_in(custom.field) | names_in(custom.subject)
    bound = {n.id for part in shown for n in ast.walk(part) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return all(names_in(part) <= known | own | bound for part in shown)


def _as_there(s: Situation, function: Function, uses: list[ast.expr], custom: Custom) -> Iterator[Draft]:
    module, first, refusal = function.module, uses[0], custom.refusal
    imports = next((found for r, found in usable(s.refusals, function) if r is refusal), None)
    assert refusal.test is not None and refusal.function is not None
    if imports is None:
        return
    kept = _kept_in(function, first)
    name = kept or (custom.subject.id if isinstance(custom.subject, ast.Name) and custom.made is not None else "")
    subject: ast.expr = ast.Name(name) if name else first
    test = written(module, exchanged(exchanged(refusal.test, custom.subject, subject), custom.field, subject))
    code = _refusal_code(module, custom, subject, first)
    guard = f"if {test}:\n    {code}\n"
    edits: list[tuple[Module, Edit]] = [(module, added) for added in imports]
    fresh = written(module, exchanged(custom.made, custom.field, first)) if custom.made is not None else ""
    if kept is not None:
        edits.append((module, InsertAfter(module.statement_of(first), guard)))
        edits += [(module, Replace(first, fresh))] if fresh else []
    else:
        spot, uses = _spot(function, uses)
        first = uses[0]
        edits.append((module, InsertBefore(spot, f"{name} = {fresh}\n{guard}" if fresh else guard)))
        edits += [(module, Replace(one, name)) for one in uses if same(one, first)] if fresh else []
    summary = f"Take {ast.unparse(first)} in as {refusal.function.name} does, which refuses with {refusal.status}"
    answer = Answer.CORRECT if fresh else answer_of(refusal.status or 400)
    yield Draft(summary, tuple(edits), answer, 1.0 if fresh else 0.96)


def _spot(function: Function, uses: list[ast.expr]) -> tuple[ast.stmt, list[ast.expr]]:
    """Where the guard goes, and the uses after it: into the branch that asks whether the field was given at all."""
    module, first = function.module, uses[0]
    for ancestor in module.ancestors(first):
        if isinstance(ancestor, ast.If) and any(n is first for n in ast.walk(ancestor.test)):
            inside = [u for u in uses if any(n is u for one in ancestor.body for n in ast.walk(one))]
            return (ancestor.body[0], inside) if inside else (ancestor, uses)
    statement = module.statement_of(first)
    name = field_name(first)
    for ancestor in module.ancestors(statement):
        if isinstance(ancestor, ast.If) and re.search(rf"\b{name}\b", ast.unparse(ancestor.test)):
            return statement, uses
    return anchor(module, function, statement, names_in(first)), uses


def _refusal_code(module: Module, custom: Custom, subject: ast.expr, field: ast.expr) -> str:
    text = custom.refusal.text
    there = custom.refusal.module
    for old, new in ((custom.field, field), (custom.subject, subject)):
        text = text.replace(there.text(old), written(module, new)) if not isinstance(old, ast.Name) else text
    if isinstance(custom.subject, ast.Name) and isinstance(subject, ast.Name):
        text = (
            re.sub(rf"\b{custom.subject.id}\b(?=[^\"']*[}}\)])", subject.id, text)
            if custom.subject.id != subject.id
            else text
        )
    return text
