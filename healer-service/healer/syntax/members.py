"""What classes of the service have: attributes, properties, methods; and which class stands behind a name.

It knows the text and the reprs of a report, not the running objects.
"""

from __future__ import annotations

import ast
import re

from healer.syntax.bindings import assignments
from healer.syntax.project import Function, Module, Project
from healer.syntax.situation import Situation


def members_of(project: Project, module: Module, node: ast.ClassDef, depth: int = 5) -> set[str]:
    """Names that an object of the class has, inherited ones included."""
    found: set[str] = set()
    for part in node.body:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            found.add(part.target.id)
        elif isinstance(part, ast.Assign):
            found |= {t.id for t in part.targets if isinstance(t, ast.Name)}
        elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.add(part.name)
            found |= _set_on_self(part)
    for base in node.bases if depth else ():
        inherited = project.find_class(module, base)
        if inherited is not None and inherited[1] is not node:
            found |= members_of(project, *inherited, depth - 1)
    return {name for name in found if not name.startswith("__")}


def _set_on_self(method: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    return {
        n.attr
        for n in ast.walk(method)
        if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store) and ast.unparse(n.value) == "self"
    }


def find_class(project: Project, name: str) -> tuple[Module, ast.ClassDef] | None:
    """The class of that name, where only one module has one."""
    found = [(m, m.classes[name]) for m in project.modules.values() if name in m.classes]
    return found[0] if len(found) == 1 else None


def class_in_repr(text: str) -> str:
    """Of `<app.Tank object at …>` and `Tank(size=3)` Tank; "" for other texts."""
    shown = re.match(r"<?([A-Za-z_][\w.]*)(?: object at |\()", text)
    return shown.group(1).rpartition(".")[2] if shown is not None else ""


def class_behind(s: Situation, variable: str) -> tuple[Module, ast.ClassDef] | None:
    """The class of what a variable of the crashing function holds."""
    name = class_in_repr(s.crash.names.get(variable, ""))
    found = find_class(s.project, name) if name else None
    if found is not None:
        return found
    if s.function is None:
        return None
    annotation = next((a.annotation for a in s.function.params if a.arg == variable), None)
    if annotation is not None and (named := s.project.find_class(s.module, annotation)) is not None:
        return named
    for one in assignments(s.function, variable):
        if isinstance(one.value, ast.Call) and not one.item:
            made = s.project.find_class(one.module, one.value.func)
            if made is not None:
                return made
    return None


def member(project: Project, module: Module, node: ast.ClassDef, name: str) -> Function | None:
    """The method or property of that name, inherited ones included."""
    for function in module.functions:
        if function.owner is node and function.name == name:
            return function
    for base in node.bases:
        found = project.find_class(module, base)
        if found is not None and found[1] is not node:
            return member(project, *found, name)
    return None


def is_property(function: Function) -> bool:
    names = {ast.unparse(d).rpartition(".")[2] for d in function.node.decorator_list}
    return bool(names & {"property", "cached_property", "computed_field", "hybrid_property"})
