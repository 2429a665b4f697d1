"""What another caller of the same function refuses before it calls: refused before this call, too."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.stages.playbooks.drafts import Draft, answer_of
from healer.syntax.bindings import argument_of
from healer.syntax.edits import InsertBefore
from healer.syntax.project import Function, Module, names_in
from healer.syntax.refusals import Refusal, reachable
from healer.syntax.situation import Situation

CATEGORIES = ("unbound-local", "zero-division", "conversion", "empty-sequence", "recursion")
NAME = "callers-check"


def draft(s: Situation) -> Iterator[Draft]:
    for function in _on_stack(s):
        calls = s.project.calls_of(function)
        here = s.callers(function)[:1]
        for module, call in here:
            outer = module.function_of(call)
            others = [(m, c) for m, c in calls if c is not call]
            if outer is None or any(isinstance(n, ast.Starred) for n in call.args):
                continue
            for other_module, other in others:
                yield from _checked_there(s, function, (module, outer, call), (other_module, other))


def _on_stack(s: Situation) -> list[Function]:
    found: list[Function] = []
    for frame in reversed(s.report.app_frames):
        module = s.project.modules.get(frame.file)
        function = module.function_at(frame.line) if module is not None else None
        if function is not None and function.node not in [f.node for f in found]:
            found.append(function)
    return found


def _checked_there(
    s: Situation, function: Function, here: tuple[Module, Function, ast.Call], there: tuple[Module, ast.Call]
) -> Iterator[Draft]:
    module, outer, call = here
    other_module, other = there
    owner = other_module.function_of(other)
    if owner is None or owner.node is outer.node:
        return
    renamed = _names(function, other, call, module)
    for refusal in s.refusals.all:
        test = refusal.test
        before = refusal.function is not None and refusal.function.node is owner.node
        if test is None or not before or refusal.node.lineno > other.lineno or not names_in(test) & set(renamed):
            continue
        known = {*other_module.constants, *renamed}
        if not names_in(test) <= known or refusal.returns or reachable(refusal, module, s.project) is None:
            continue
        if other_module is not module and names_in(test) - set(renamed):
            continue
        if _says(outer, test):
            continue
        asked = _renamed(other_module.text(test), renamed)
        # Of the refusal only the values shown are renamed, not its words.
        said = re.sub(r"\{[^{}]*\}", lambda m: _renamed(m.group(), renamed), other_module.text(refusal.node))
        code = f"if {asked}:\n    {said}\n"
        yield _draft(s, module, outer, call, refusal, owner, code)


def _renamed(text: str, names: dict[str, str]) -> str:
    pattern = r"(?<![\w.\"'])(" + "|".join(map(re.escape, names)) + r")\b(?!\s*=[^=])"
    return re.sub(pattern, lambda m: names[m.group(1)], text)


def _draft(
    s: Situation, module: Module, outer: Function, call: ast.Call, refusal: Refusal, owner: Function, code: str
) -> Draft:
    imports = reachable(refusal, module, s.project) or ()
    edits = ((module, InsertBefore(module.statement_of(call), code)), *((module, added) for added in imports))
    summary = f"Refuse with {refusal.status} before the call, as {owner.name} does"
    return Draft(summary, edits, answer_of(refusal.status or 400), 0.95)


def _names(function: Function, other: ast.Call, call: ast.Call, module: Module) -> dict[str, str]:
    """Names that the other caller passes -> what this one passes in their place."""
    found = {}
    for arg in function.params:
        there, given = argument_of(other, function, arg.arg), argument_of(call, function, arg.arg)
        if isinstance(there, ast.Name) and isinstance(given, (ast.Name, ast.Attribute)):
            found[there.id] = module.text(given)
    return found


def _says(outer: Function, test: ast.expr) -> bool:
    return any(isinstance(n, ast.If) and ast.unparse(n.test) == ast.unparse(test) for n in outer.own_nodes)
