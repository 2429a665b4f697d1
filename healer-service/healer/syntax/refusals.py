"""How a service says no: its statements that answer 4xx, and new ones in their style.

It does not decide when to refuse.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from http import HTTPStatus

from healer.syntax.edits import AddImport
from healer.syntax.project import Function, Module, Project, names_in
from healer.syntax.routes import route_path

WERKZEUG = {
    "BadRequest": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "Conflict": 409,
    "Gone": 410,
    "UnprocessableEntity": 422,
    "HTTPNotFound": 404,
    "HTTPBadRequest": 400,
}
STATUS_NAMES = {status.name: int(status) for status in HTTPStatus} | {"UNPROCESSABLE_CONTENT": 422}


@dataclass(frozen=True, eq=False)
class Refusal:
    module: Module
    function: Function | None
    node: ast.stmt
    status: int | None
    status_node: ast.expr | None
    message: ast.expr | None
    test: ast.expr | None  # of the if that leads to it
    handler: ast.ExceptHandler | None  # the except clause that leads to it

    @property
    def returns(self) -> bool:
        return isinstance(self.node, ast.Return)

    @property
    def words(self) -> str:
        """The message with a mark where values go."""
        if isinstance(self.message, ast.Constant):
            return str(self.message.value)
        if isinstance(self.message, ast.JoinedStr):
            return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in self.message.values)
        return ""


@dataclass(frozen=True)
class Wording:
    """A refusal as text, ready to be put somewhere."""

    code: str
    status: int
    imports: tuple[AddImport, ...]
    fit: float
    returns: bool = False
    like: Refusal | None = field(default=None, compare=False)


class Refusals:
    """All refusals of a project."""

    def __init__(self, project: Project, framework: str | None = None) -> None:
        self.project = project
        self._framework = framework

    @cached_property
    def all(self) -> list[Refusal]:
        return [refusal for module in self.project.modules.values() for refusal in self._in_module(module)]

    @cached_property
    def framework(self) -> str:
        if self._framework in ("fastapi", "flask", "starlette"):
            return self._framework
        roots = {dotted.partition(".")[0] for m in self.project.modules.values() for dotted in m.imports.values()}
        return next((name for name in ("fastapi", "flask", "starlette", "quart") if name in roots), "asgi")

    def _in_module(self, module: Module) -> Iterator[Refusal]:
        for node in module.nodes:
            if not isinstance(node, (ast.Raise, ast.Return, ast.Expr)):
                continue
            found = self.read(module, node)
            if found is not None:
                yield found

    def read(self, module: Module, node: ast.stmt) -> Refusal | None:
        """The refusal a statement is, if it is one."""
        value = node.exc if isinstance(node, ast.Raise) else getattr(node, "value", None)
        if value is None:
            return None
        status_node = _status_node(value)
        status = _status_of(status_node)
        if isinstance(node, ast.Raise):
            named = value.func if isinstance(value, ast.Call) else value
            if status is None:
                status = self.class_status(module, named)
                status_node = None
            if status is None:
                return None
        elif isinstance(node, ast.Expr):
            if status is None or not (isinstance(value, ast.Call) and self._never_returns(module, value)):
                return None
        elif status is None:
            return None
        if not 400 <= status < 500:
            return None
        test, handler = _leading(module, node)
        function = module.function_of(node)
        message = _message_of(value) or _passed_on(value, handler)
        return Refusal(module, function, node, status, status_node, message, test, handler)

    def _never_returns(self, module: Module, call: ast.Call) -> bool:
        if (isinstance(call.func, ast.Name) and call.func.id == "abort") or ast.unparse(call.func).endswith(".abort"):
            return True
        function = self.project.find_function(module, call.func)
        return function is not None and isinstance(function.node.body[-1], ast.Raise)

    def class_status(self, module: Module, name: ast.expr) -> int | None:
        """The status that raising this class ends in; None when nothing answers for it with one fixed 4xx."""
        text = ast.unparse(name).rpartition(".")[2]
        found = self.project.find_class(module, name)
        if found is None:
            return WERKZEUG.get(text)
        return self._own_status(*found) or self._handled_status(*found)

    def _own_status(self, module: Module, node: ast.ClassDef) -> int | None:
        for statement in ast.walk(node):
            if isinstance(statement, (ast.Assign, ast.AnnAssign)):
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                wanted = any("status" in ast.unparse(t) or ast.unparse(t).endswith("code") for t in targets)
                status = _status_of(statement.value) if wanted else None
                if status is not None:
                    return status
            if isinstance(statement, ast.Call) and ast.unparse(statement.func) == "super().__init__":
                status = _status_of(_status_node(statement))
                if status is not None:
                    return status
        for base in node.bases:
            found = self.project.find_class(module, base)
            status = self._own_status(*found) if found is not None and found[1] is not node else None
            status = status or WERKZEUG.get(ast.unparse(base).rpartition(".")[2])
            if status is not None:
                return status
        return None

    def _handled_status(self, module: Module, node: ast.ClassDef) -> int | None:
        names = [node.name, *self._base_names(module, node)]
        for name in names:
            if name in self._handlers:
                return self._handlers[name]
        return None

    def _base_names(self, module: Module, node: ast.ClassDef) -> list[str]:
        names = []
        for base in node.bases:
            names.append(ast.unparse(base).rpartition(".")[2])
            found = self.project.find_class(module, base)
            if found is not None and found[1] is not node:
                names.extend(self._base_names(*found))
        return names

    @cached_property
    def _handlers(self) -> dict[str, int]:
        """Exception class -> status its registered handler answers, where that is one fixed number."""
        found: dict[str, int] = {}
        for module in self.project.modules.values():
            for function in module.functions:
                for decorator in function.node.decorator_list:
                    if isinstance(decorator, ast.Call) and decorator.args:
                        word = ast.unparse(decorator.func).rpartition(".")[2]
                        if word in ("errorhandler", "exception_handler", "app_errorhandler"):
                            self._add_handler(found, decorator.args[0], function)
            for node in module.nodes:
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) >= 2:
                    if node.func.attr in ("add_exception_handler", "register_error_handler"):
                        self._add_handler(found, node.args[0], self.project.find_function(module, node.args[1]))
                elif isinstance(node, ast.keyword) and node.arg == "exception_handlers":
                    pairs = node.value if isinstance(node.value, ast.Dict) else None
                    for key, value in zip(pairs.keys, pairs.values, strict=True) if pairs else ():
                        if key is not None:
                            self._add_handler(found, key, self.project.find_function(module, value))
        return found

    def _add_handler(self, found: dict[str, int], name: ast.expr, function: Function | None) -> None:
        if function is None:
            return
        statuses = {
            status
            for node in function.own_nodes
            if isinstance(node, ast.Return) and node.value is not None
            for status in [_status_of(_status_node(node.value))]
            if status is not None
        }
        if len(statuses) == 1:
            found[ast.unparse(name).rpartition(".")[2]] = statuses.pop()

    def is_route(self, function: Function) -> bool:
        return route_path(function) is not None


def _status_of(node: ast.expr | None) -> int | None:
    if isinstance(node, ast.Constant) and type(node.value) is int and 100 <= node.value < 600:
        return node.value
    if isinstance(node, ast.Attribute):
        match = re.fullmatch(r"HTTP_(\d{3})_\w+", node.attr)
        return int(match.group(1)) if match else STATUS_NAMES.get(node.attr)
    return None


def _status_node(value: ast.expr) -> ast.expr | None:
    """The part of an answer that is its status: `…, 404`, `status_code=404`, `abort(404)`, `problem("…", 404)`."""
    if isinstance(value, ast.Await):
        value = value.value
    if isinstance(value, ast.Tuple):
        return next((item for item in value.elts if _is_refusing(item)), None)
    if isinstance(value, ast.Call):
        for keyword in value.keywords:
            if keyword.arg in ("status_code", "status", "code", "http_status") and _status_of(keyword.value):
                return keyword.value
        return next((item for item in value.args if _is_refusing(item)), None)
    return None


def _is_refusing(node: ast.expr) -> bool:
    status = _status_of(node)
    return status is not None and 400 <= status < 600


def _message_of(value: ast.expr) -> ast.expr | None:
    """The text a person reads: of all strings the last with a blank in it, or an f-string, or the last one."""
    found: list[ast.expr] = []

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            found.append(node)
            return
        if isinstance(node, ast.Dict):
            for item in node.values:
                visit(item)
            return
        if isinstance(node, ast.keyword) and node.arg in ("media_type", "mimetype", "content_type", "headers"):
            return
        if isinstance(node, ast.Subscript):
            return
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(value)
    phrases = [n for n in found if isinstance(n, ast.JoinedStr) or " " in str(getattr(n, "value", ""))]
    return (phrases or found)[-1] if found else None


def _passed_on(value: ast.expr, handler: ast.ExceptHandler | None) -> ast.expr | None:
    """The caught exception's own text, `str(error)`, stands for a message."""
    if handler is None or handler.name is None:
        return None
    calls = [n for n in ast.walk(value) if isinstance(n, ast.Call) and ast.unparse(n) == f"str({handler.name})"]
    names = [n for n in ast.walk(value) if isinstance(n, ast.Name) and n.id == handler.name]
    return next(iter([*calls, *names]), None)


def local_names(refusal: Refusal) -> frozenset[str]:
    return _local_names(refusal.function) if refusal.function is not None else frozenset()


@lru_cache(maxsize=1024)
def _local_names(function: Function) -> frozenset[str]:
    """Variables of a function: parameters, assigned names, names of caught exceptions."""
    names = {arg.arg for arg in function.params}
    for node in function.own_nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
    return frozenset(names)


def _leading(module: Module, node: ast.stmt) -> tuple[ast.expr | None, ast.ExceptHandler | None]:
    parent = module.parents.get(node)
    if isinstance(parent, ast.If) and node in parent.body:
        return parent.test, None
    if isinstance(parent, ast.ExceptHandler):
        return None, parent
    return None, None


def reachable(refusal: Refusal, target: Module, project: Project) -> tuple[AddImport, ...] | None:
    """Imports that `target` needs to use the refusal's names; None when that would be a circle or cannot be told."""
    skip = {name for part in (refusal.message, refusal.status_node) if part is not None for name in names_in(part)}
    needed: list[AddImport] = []
    for name in sorted(names_in(refusal.node) - skip - local_names(refusal)):
        if name in target.imports or name in target.classes or name in target.constants:
            continue
        if any(f.name == name for f in target.functions):
            continue
        dotted = refusal.module.imports.get(name)
        if dotted is None and (name in refusal.module.classes or project.find_function(refusal.module, ast.Name(name))):
            dotted = f"{refusal.module.name}.{name}"
        if dotted is None:
            if hasattr(builtins, name):
                continue
            return None
        owner = project.module_named(dotted.rpartition(".")[0])
        if owner is not None and _imports(owner, target, project, set()):
            return None
        needed.append(AddImport(dotted.rpartition(".")[0], dotted.rpartition(".")[2]))
    return tuple(needed)


def _imports(module: Module, target: Module, project: Project, seen: set[str]) -> bool:
    if module is target:
        return True
    seen.add(module.path)
    for dotted in module.imports.values():
        for name in (dotted, dotted.rpartition(".")[0]):
            other = project.module_named(name)
            if other is not None and other.path not in seen and _imports(other, target, project, seen):
                return True
    return False
