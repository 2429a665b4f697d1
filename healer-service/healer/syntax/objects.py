"""Objects of the service's own classes: what an attribute was given, and by whom. It reads text only."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.syntax.bindings import Definition
from healer.syntax.project import Function, Module, Project

_OF_A_REQUEST = re.compile(r"Request|Query|Params|Context|Ctx|Form|Body|Input|Call$|Args|Filter|Pag")
_RAW = {"scope", "receive", "request", "environ", "query_string", "headers", "query"}
Made = tuple[Module, Function | None, ast.expr]


def attribute_values(project: Project, module: Module, owner: ast.ClassDef, name: str) -> list[Made]:
    """Every value that methods give `self.<name>`, that a property answers, or that the class's body or a dataclass's
    caller gives it.
    """
    found = list(_in_class(module, owner, name))
    if found:
        return found
    for base in owner.bases:
        known = project.find_class(module, base)
        if known is not None and known[1] is not owner:
            found = attribute_values(project, *known, name)
            if found:
                return found
    return list(_passed(project, module, owner, name))


def _in_class(module: Module, owner: ast.ClassDef, name: str) -> Iterator[Made]:
    for function in module.functions:
        if function.owner is not owner:
            continue
        if function.name == name:
            for node in function.own_nodes:
                if isinstance(node, ast.Return) and node.value is not None:
                    yield module, function, node.value
        for node in function.own_nodes:
            targets: list[ast.expr] = node.targets if isinstance(node, ast.Assign) else []
            targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
            for target in targets:
                value = _value_for(target, node, name)
                if value is not None:
                    yield module, function, value
    for statement in owner.body:
        if isinstance(statement, ast.Assign) and any(ast.unparse(t) == name for t in statement.targets):
            yield module, None, statement.value


def _value_for(target: ast.expr, node: ast.AST, name: str) -> ast.expr | None:
    value = getattr(node, "value", None)
    wanted = f"self.{name}"
    if isinstance(target, ast.Tuple) and any(ast.unparse(t) == wanted for t in target.elts):
        if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
            return value.elts[[ast.unparse(t) for t in target.elts].index(wanted)]
        return value if isinstance(value, ast.expr) else None
    return value if isinstance(value, ast.expr) and ast.unparse(target) == wanted else None


def _passed(project: Project, module: Module, owner: ast.ClassDef, name: str) -> Iterator[Made]:
    """What callers give a field of a dataclass or a named tuple."""
    fields = [ast.unparse(s.target) for s in owner.body if isinstance(s, ast.AnnAssign)]
    if name in fields:
        for other, call in constructions(project, module, owner):
            value = next((k.value for k in call.keywords if k.arg == name), None)
            index = fields.index(name)
            if value is None and index < len(call.args):
                value = call.args[index]
            if value is not None:
                yield other, other.function_of(call), value


def stands_for_request(owner: ast.ClassDef) -> bool:
    """Whether objects of the class hold what came with one request, rather than a record that is kept."""
    if _OF_A_REQUEST.search(owner.name):
        return True
    inits = [n for n in owner.body if isinstance(n, ast.FunctionDef) and n.name in ("__init__", "__call__")]
    return any(arg.arg in _RAW for init in inits for arg in init.args.args)


def constructions(project: Project, module: Module, owner: ast.ClassDef) -> list[tuple[Module, ast.Call]]:
    """Calls that make an object of the class."""
    found = []
    for other in project.modules.values():
        for node in other.nodes:
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == owner.name:
                known = project.find_class(other, node.func)
                if known is not None and known[1] is owner:
                    found.append((other, node))
    return found


def class_of(
    project: Project, node: ast.expr, module: Module, function: Function | None, made: list[Definition]
) -> tuple[Module, ast.ClassDef] | None:
    """The class of what an expression holds, told by `self`, an annotation, or the call that made it."""
    if isinstance(node, ast.Await):
        node = node.value
    if isinstance(node, ast.Call):
        return project.find_class(module, node.func)
    if not isinstance(node, ast.Name):
        return None
    if node.id == "self" and function is not None and function.owner is not None:
        return module, function.owner
    for arg in function.params if function is not None else ():
        if arg.arg == node.id and arg.annotation is not None:
            return project.find_class(module, arg.annotation)
    for one in made:
        if not one.item and isinstance(one.value, (ast.Call, ast.Await)):
            value = one.value.value if isinstance(one.value, ast.Await) else one.value
            known = project.find_class(one.module, value.func) if isinstance(value, ast.Call) else None
            if known is not None:
                return known
    constant = project.constant(module, node.id) if function is None or not made else None
    if constant is not None and isinstance(constant[1], ast.Call):
        return project.find_class(constant[0], constant[1].func)
    return None
