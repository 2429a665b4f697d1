"""What request handlers are given: by the framework, by annotations, or by the service's own dispatcher.

It tells kinds of values; it follows none.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache

from healer.model import Frame
from healer.syntax.bindings import argument_of, assignments, default_of
from healer.syntax.parsing import parse
from healer.syntax.project import Function, Module, Project

MARKERS = {
    "Query": "query",
    "Header": "header",
    "Cookie": "cookie",
    "Form": "form",
    "File": "form",
    "Body": "body",
    "Path": "path",
}
_TYPED = {"UploadFile": "form", "dict": "body", "Dict": "body", "list": "body", "List": "body", "WebSocket": "raw"}
_GIVEN = {"BackgroundTasks", "Response", "Session", "AsyncSession", "Connection"}


def declared_kind(project: Project, module: Module, arg: ast.arg, default: ast.expr | None) -> str:
    """The part of the request that a parameter's annotation or default names; "" when they name none."""
    module, annotation = unaliased(project, module, arg.annotation)
    for part in (annotation, default):
        for node in ast.walk(part) if part is not None else ():
            if isinstance(node, ast.Call):
                kind = MARKERS.get(ast.unparse(node.func).rpartition(".")[2])
                if kind is not None:
                    return kind
    if annotation is None:
        return ""
    names = [n for n in ast.walk(annotation) if isinstance(n, (ast.Name, ast.Attribute))]
    words = [ast.unparse(n).rpartition(".")[2] for n in names]
    if any(word in ("Request", "HTTPConnection") for word in words):
        return "raw"
    if any(is_model(project, module, n) for n in names):
        return "body"
    if any(word in _GIVEN for word in words):
        return "unknown"
    return next((_TYPED[word] for word in words if word in _TYPED), "")


def is_model(project: Project, module: Module, annotation: ast.expr) -> bool:
    """A class of the service that the framework fills from the body."""
    found = project.find_class(module, annotation)
    if found is None:
        return False
    if any(ast.unparse(d).partition("(")[0].rpartition(".")[2] == "dataclass" for d in found[1].decorator_list):
        return True
    return any(
        ast.unparse(base).rpartition(".")[2] in ("BaseModel", "Schema", "TypedDict")
        or (ast.unparse(base) != found[1].name and is_model(project, found[0], base))
        for base in found[1].bases
    )


def unaliased(project: Project, module: Module, annotation: ast.expr | None) -> tuple[Module, ast.expr | None]:
    """`CurrentUser` is what `CurrentUser = Annotated[User, Depends(current_user)]` says, in the module that says it."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = parse(annotation.value, "eval").body
        except SyntaxError:
            return module, None
    if isinstance(annotation, ast.Name):
        constant = project.constant(module, annotation.id)
        if constant is not None and "Annotated[" in ast.unparse(constant[1]):
            return constant
    return module, annotation


def dependency_of(
    project: Project, module: Module, annotation: ast.expr | None, default: ast.expr | None
) -> tuple[Module, ast.expr] | None:
    """What `Depends(…)` names, and the module that says so; a bare `Depends()` names the annotated class."""
    told_in, annotation = unaliased(project, module, annotation)
    for where, part in ((module, default), (told_in, annotation)):
        for node in ast.walk(part) if part is not None else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("Depends", "Security"):
                if node.args:
                    return where, node.args[0]
                given = annotation.slice if isinstance(annotation, ast.Subscript) else annotation
                given = given.elts[0] if isinstance(given, ast.Tuple) else given
                return (told_in, given) if given is not None else None
    return None


def is_dependency(project: Project, function: Function) -> bool:
    """Whether `Depends(…)` of the service names the function, or the class that it makes."""
    if function.owner is None:
        return (function.module.path, function.name) in _dependencies(project)
    made = function.name in ("__init__", "__call__")
    return made and (function.module.path, function.owner.name) in _dependencies(project)


@lru_cache(maxsize=4)
def _dependencies(project: Project) -> frozenset[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for module in project.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.arg) and node.annotation is not None:
                told = dependency_of(project, module, node.annotation, None)
            elif isinstance(node, ast.Call) and node.args:
                told = dependency_of(project, module, None, node)
            else:
                continue
            target = _depended_on(project, *told) if told is not None else None
            if target is not None:
                found.add(target)
    return frozenset(found)


def _depended_on(project: Project, module: Module, named: ast.expr) -> tuple[str, str] | None:
    """Module and name of the function or class, also of the object that a constant holds."""
    function, owner = project.find_function(module, named), project.find_class(module, named)
    if function is not None:
        return function.module.path, function.name
    if owner is None and isinstance(named, ast.Name):
        made = project.constant(module, named.id)
        called = made[1].func if made is not None and isinstance(made[1], ast.Call) else None
        owner = project.find_class(made[0], called) if made is not None and called is not None else None
    return (owner[0].path, owner[1].name) if owner is not None else None


def given_by_dispatcher(
    project: Project, function: Function, name: str, frames: Sequence[Frame] = ()
) -> list[tuple[Module, ast.expr]]:
    """What the service's own dispatcher passes for a parameter of a handler, where it calls it by another name:
    `handler(query, body, *match.groups())`.
    """
    calls = _dispatches(project)
    on_stack = [
        (m, c) for m, c in calls if any(f.file == m.path and c.lineno <= f.line <= (c.end_lineno or 0) for f in frames)
    ]
    found = []
    for module, call in on_stack or calls:
        value = _passed(call, function, name)
        if value is not None:
            found.append((module, value))
    return found


def _passed(call: ast.Call, function: Function, name: str) -> ast.expr | None:
    names = [arg.arg for arg in function.params if arg.arg not in ("self", "cls")]
    starred = next((i for i, a in enumerate(call.args) if isinstance(a, ast.Starred)), None)
    doubled = next((k.value for k in call.keywords if k.arg is None), None)
    required = len(names) - len(function.node.args.defaults)
    if starred is None and doubled is None and not required <= len(call.args) + len(call.keywords) <= len(names):
        return None
    if starred is not None and name in names and names.index(name) >= starred:
        spread = call.args[starred]
        return spread.value if isinstance(spread, ast.Starred) else None
    value = argument_of(call, function, name)
    return doubled if value is None or value is default_of(function, name) else value


@lru_cache(maxsize=4)
def _dispatches(project: Project) -> list[tuple[Module, ast.Call]]:
    """Calls of something that a variable, an item of a table or an attribute of a route holds."""
    found = []
    for module in project.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.Call) and (node.args or node.keywords) and _is_held(project, module, node):
                found.append((module, node))
    return found


def _is_held(project: Project, module: Module, call: ast.Call) -> bool:
    function = module.function_of(call)
    if function is None or _passes_all_on(function, call):
        return False
    called = call.func
    if isinstance(called, ast.Name):
        bound = any(arg.arg == called.id for arg in function.params) or bool(assignments(function, called.id))
        return bound and project.find_function(module, called) is None
    if isinstance(called, ast.Subscript):
        return True
    return isinstance(called, ast.Attribute) and called.attr in (
        "handler",
        "endpoint",
        "func",
        "fn",
        "view",
        "callback",
    )


def _passes_all_on(function: Function, call: ast.Call) -> bool:
    """The wrapper inside a decorator: `fn(*args, **kwargs)`."""
    own = {a.arg for a in (function.node.args.vararg, function.node.args.kwarg) if a is not None}
    spread = [a.value for a in call.args if isinstance(a, ast.Starred)]
    spread += [k.value for k in call.keywords if k.arg is None]
    return any(isinstance(value, ast.Name) and value.id in own for value in spread)
