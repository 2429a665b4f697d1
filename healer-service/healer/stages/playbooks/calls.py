"""A method that is not called, a value that is: the call added, taken away or turned into what was meant."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.stages.playbooks.hidden_names import renamed_local
from healer.syntax.edits import Edit, Replace
from healer.syntax.expressions import wrap
from healer.syntax.failing import visible
from healer.syntax.members import is_property
from healer.syntax.project import Function, Module, same
from healer.syntax.situation import Situation

CATEGORIES = ("signature", "wrong-type", "missing-attribute", "unserialisable")
NAME = "calls"
_UNCALLED = re.compile(r"'(builtin_function_or_method|method|function)'|type (method|function)\b")
_NO_ARGUMENTS = {
    *("lower", "upper", "strip", "lstrip", "rstrip", "title", "split", "splitlines", "items", "keys", "values", "copy"),
    *("isdigit", "isoformat", "date", "time", "today", "now", "utcnow", "timestamp", "total_seconds", "model_dump"),
    *("get_json", "to_dict", "fetchone", "fetchall", "first", "all", "count", "scalar", "read", "decode", "encode"),
}
_ASYNC = ("json", "body", "form")


def draft(s: Situation) -> Iterator[Draft]:
    message = s.report.exception.message
    wrong = re.search(r"'([\w.]+)' object is not callable", message)
    if wrong:
        yield from _called(s, wrong.group(1).rpartition(".")[2])
    elif _UNCALLED.search(message):
        yield from _uncalled(s)


def _called(s: Situation, kind: str) -> Iterator[Draft]:
    calls = [n for n in visible(s.crash.statement) if isinstance(n, ast.Call)]
    if kind == "module":
        for call in calls:
            yield from _of_module(s, call.func) if isinstance(call.func, ast.Name) else ()
        return
    if kind in ("dict", "list", "tuple", "defaultdict", "Row"):
        yield from _looked_up(s, calls)
    for rank, call in enumerate(calls):
        if not call.args and not call.keywords and isinstance(call.func, ast.Attribute):
            fit = (0.94 if _is_value(s, call.func.attr) else 0.8) - 0.05 * rank
            edits = _one(s, call, s.module.text(call.func))
            yield Draft(f"Do not call {call.func.attr}, which is a value", edits, Answer.CORRECT, fit)
        elif isinstance(call.func, ast.Name) and s.function is not None:
            drafted = renamed_local(s, s.function, call.func.id)
            if drafted is not None:
                yield drafted


def _looked_up(s: Situation, calls: list[ast.Call]) -> Iterator[Draft]:
    """Round brackets where square ones were meant, at all places of the line that take the same for a function."""
    for rank, call in enumerate(calls):
        alike = [c for c in calls if same(c.func, call.func) and len(c.args) == 1 and not c.keywords]
        inside = [n for c in alike for n in ast.walk(c) if n is not c and n in alike]
        if alike[:1] != [call] or inside:
            continue
        edits: tuple[tuple[Module, Edit], ...] = tuple(
            (s.module, Replace(c, f"{s.module.text(c.func)}[{s.module.text(c.args[0])}]")) for c in alike
        )
        yield Draft("Look it up instead of calling it", edits, Answer.CORRECT, 0.92 - 0.05 * rank)


def _is_value(s: Situation, name: str) -> bool:
    """A property, or a field that no method shares its name with."""
    methods = [f for f in s.project.functions if f.owner is not None and f.name == name]
    if methods:
        return any(is_property(f) for f in methods)
    return not hasattr(str, name) and not hasattr(dict, name)


def _of_module(s: Situation, name: ast.Name) -> Iterator[Draft]:
    """The class or function that a module holds under its own name."""
    dotted = s.module.imports.get(name.id, "")
    own = s.project.module_named(dotted)
    last = dotted.rpartition(".")[2]
    if own is not None:
        known = {*own.classes, *(f.name for f in own.functions if f.owner is None)}
        wanted = [n for n in known if n.replace("_", "").lower() == last.replace("_", "").lower()]
    else:
        there = dotted in sys.stdlib_module_names and hasattr(importlib.import_module(dotted), last)
        wanted = [last] if there else []
    for one in wanted:
        yield Draft(f"Call {last}.{one}", _one(s, name, f"{name.id}.{one}"), Answer.CORRECT, 0.93)


def _uncalled(s: Situation) -> Iterator[Draft]:
    rank = 0
    for node in _mentioned(s):
        parent = s.module.parents.get(node)
        if isinstance(parent, ast.Call) and (parent.func is node or node in parent.args):
            continue
        known = _functions_named(s, node)
        if not (known or _is_known_method(node)) or any(_required(f) for f in known):
            continue
        if any(is_property(f) for f in known):
            continue
        text = f"{s.module.text(node)}()"
        asks_request = isinstance(node, ast.Attribute) and node.attr in _ASYNC and not known
        if asks_request and s.function is not None and isinstance(s.function.node, ast.AsyncFunctionDef):
            text = wrap(s.module, node, f"await {text}")
        yield Draft(f"Call {ast.unparse(node)}", _one(s, node, text), Answer.CORRECT, 0.93 - 0.04 * rank)
        rank += 1


def _mentioned(s: Situation) -> list[ast.expr]:
    """Names and attributes of the line, and of what its names were given."""
    found = [n for n in visible(s.crash.statement) if isinstance(n, (ast.Attribute, ast.Name))]
    for name in [n for n in found if isinstance(n, ast.Name)]:
        for one in s.tracer.definitions(name.id, s.module, s.function, name) if s.function is not None else []:
            found += [n for n in ast.walk(one.value) if isinstance(n, ast.Attribute)]
    return [n for n in found if isinstance(n.ctx, ast.Load)]


def _functions_named(s: Situation, node: ast.expr) -> list[Function]:
    if isinstance(node, ast.Name):
        found = s.project.find_function(s.module, node)
        return [found] if found is not None else []
    assert isinstance(node, ast.Attribute)
    return [f for f in s.project.functions if f.owner is not None and f.name == node.attr]


def _is_known_method(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and (node.attr in _NO_ARGUMENTS or node.attr in _ASYNC)


def _required(function: Function) -> bool:
    """Whether it needs arguments besides the object itself."""
    args = function.node.args
    names = [*args.posonlyargs, *args.args]
    names = names[1:] if function.owner is not None else names
    return len(names) > len(args.defaults) or any(d is None for d in args.kw_defaults)


def _one(s: Situation, node: ast.expr, code: str) -> tuple[tuple[Module, Edit], ...]:
    return ((s.module, Replace(node, code)),)
