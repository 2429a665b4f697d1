"""Functions that called each other until the stack was full: which, by which calls, and what they walk along.

It reads both ends of the stack and the text; it proposes nothing.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass

from healer.syntax.bindings import argument_of
from healer.syntax.members import class_in_repr, find_class, members_of
from healer.syntax.project import Function, Module
from healer.syntax.routes import route_path
from healer.syntax.situation import Situation
from healer.syntax.values import UNKNOWN, Unknown, read

_IDENTITIES = ("id", "slug", "key", "code", "name", "uid", "number", "sku")
_REPEATED = 3  # a function that stands so often on the shown part of the stack is part of the circle


@dataclass(frozen=True, eq=False)
class Step:
    """A call from one function of the circle to another."""

    caller: Function
    callee: Function
    call: ast.Call


@dataclass(frozen=True, eq=False)
class Recursion:
    functions: tuple[Function, ...]  # the one that walks first
    steps: tuple[Step, ...]
    entry: tuple[Module, Function, ast.Call] | None  # the first call from outside
    walker: str  # the parameter that changes from call to call; "self" for methods of the things walked along
    shown: tuple[object, ...]  # what it was, oldest first, as far as the report tells
    key: str  # source of what tells one thing from another, such as `node["id"]`
    repeats: bool | None  # whether the walk came back to where it was; None when the report does not tell


def recursion_of(s: Situation) -> Recursion | None:
    functions = _circle(s)
    if not functions:
        return None
    nodes = {f.node: f for f in functions}
    steps = tuple(
        Step(f, callee, call)
        for f in functions
        for call in ast.walk(f.node)
        if isinstance(call, ast.Call) and (callee := _callee(s, f, call, functions)) is not None
    )
    if not steps:
        return Recursion(tuple(functions), (), None, "", (), "", None)
    found = next(((f, w) for f in functions if (w := _walker(f, steps))), None)
    walking, walker = found if found is not None else (functions[0], "")
    ordered = (walking, *(f for f in functions if f is not walking))
    frames = [fr for fr in s.report.app_frames if _function_at(s, fr.file, fr.line) is nodes[walking.node]]
    texts = [fr.locals[walker] for fr in frames if walker in fr.locals]
    shown = tuple(read(text) for text in texts)
    key = _key(s, walker, texts, shown) if walker else ""
    return Recursion(ordered, steps, _entry(s, functions), walker, shown, key, _repeats(key, walker, shown, texts))


def _circle(s: Situation) -> list[Function]:
    counts: Counter[ast.AST] = Counter()
    by_node: dict[ast.AST, Function] = {}
    for frame in s.report.app_frames:
        function = _function_at(s, frame.file, frame.line)
        if function is not None:
            by_node.setdefault(function.node, function)
            counts[function.node] += 1
    return [by_node[node] for node, count in counts.most_common() if count >= _REPEATED]


def _function_at(s: Situation, file: str, line: int) -> Function | None:
    module = s.project.modules.get(file)
    return module.function_at(line) if module is not None else None


def _callee(s: Situation, caller: Function, call: ast.Call, circle: list[Function]) -> Function | None:
    found = s.project.find_function(caller.module, call.func, caller)
    for function in circle:
        if found is not None and found.node is function.node:
            return function
        if isinstance(call.func, ast.Attribute) and function.owner is not None and call.func.attr == function.name:
            is_super = ast.unparse(call.func.value) == "super()"
            if not is_super and (found is None or found.name == function.name):
                return function
    return None


def _walker(function: Function, steps: tuple[Step, ...]) -> str:
    """What differs between a call and the next: a parameter, or the object whose method it is."""
    own = [step for step in steps if step.callee is function]
    for arg in function.params:
        if arg.arg in ("self", "cls"):
            continue
        for step in own:
            value = argument_of(step.call, function, arg.arg)
            if value is not None and ast.unparse(value) != arg.arg:
                return arg.arg
    receivers = {ast.unparse(step.call.func.value) for step in own if isinstance(step.call.func, ast.Attribute)}
    return "self" if function.owner is not None and receivers - {"self", "super()"} else ""


def _key(s: Situation, walker: str, texts: list[str], shown: tuple[object, ...]) -> str:
    value = next((v for v in shown if not isinstance(v, Unknown)), UNKNOWN)
    if isinstance(value, (str, int, tuple)):
        return walker
    if isinstance(value, dict):
        field = next((f for f in _IDENTITIES if f in value), "")
        return f'{walker}["{field}"]' if field else f"id({walker})"
    name = next((n for n in map(class_in_repr, texts) if n), "")
    found = find_class(s.project, name) if name else None
    members = members_of(s.project, *found) if found is not None else set()
    field = next((f for f in _IDENTITIES if f in members), "")
    return f"{walker}.{field}" if field else f"id({walker})"


def _repeats(key: str, walker: str, shown: tuple[object, ...], texts: list[str]) -> bool | None:
    last = list(shown[-20:])
    if key.startswith("id(") or not last:
        return None
    if key == walker:
        keys = last if not any(isinstance(v, Unknown) for v in last) else []
    else:
        field = key[len(walker) :].strip('."[]')
        keys = [found.group(1) for text in texts[-20:] if (found := re.search(rf"\b{field}'?[=:] ?([^,)}}]+)", text))]
    known = [repr(one) for one in keys]
    return len(set(known)) < len(known) if len(known) == len(last) else None


def _entry(s: Situation, circle: list[Function]) -> tuple[Module, Function, ast.Call] | None:
    inside = {f.node for f in circle}
    before: tuple[Module, Function, int] | None = None
    for frame in s.report.app_frames:
        function = _function_at(s, frame.file, frame.line)
        if function is not None and function.node in inside:
            break
        if function is not None:
            before = (function.module, function, frame.line)
    if before is None:
        return _asked_for(s, circle)
    module, function, line = before
    calls = [n for n in ast.walk(function.node) if isinstance(n, ast.Call) and n.lineno <= line <= (n.end_lineno or 0)]
    found = next((c for c in calls if _callee(s, function, c, circle) is not None), None)
    return (module, function, found) if found is not None else None


def _asked_for(s: Situation, circle: list[Function]) -> tuple[Module, Function, ast.Call] | None:
    """The call from outside, where the part of the stack that held it was cut away: the request tells which."""
    inside = {f.node for f in circle}
    found = []
    for function in circle:
        for module, call in s.project.calls_of(function):
            owner = module.function_of(call)
            if owner is not None and owner.node not in inside:
                found.append((module, owner, call))
    path = s.report.request.path.partition("?")[0] if s.report.request is not None else ""
    asked = [one for one in found if _answers(one[1], path)]
    return asked[0] if asked else found[0] if len(found) == 1 else None


def asked_route(s: Situation) -> Function | None:
    """The request handler: on the stack, or the one for the request's path where that part of the stack is cut away."""
    if s.route is not None or s.report.request is None:
        return s.route
    path, method = s.report.request.path.partition("?")[0], s.report.request.method
    found = [f for f in s.project.functions if route_path(f) and _answers(f, path)]
    named = [f for f in found if any(method in ast.unparse(d).upper() for d in f.node.decorator_list)]
    return next(iter(named or found), None)


def _answers(function: Function, path: str) -> bool:
    template = route_path(function)
    if template is None:
        return False
    parts = re.split(r"\{[^}]*\}|<[^>]*>", template)
    return re.search("[^/]+".join(re.escape(part) for part in parts) + r"/?$", path) is not None
