"""How a service says no: its statements that answer 4xx, and new ones in their style.

It does not decide when to refuse.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from healer.syntax.edits import AddImport
from healer.syntax.outermost import outer_clauses, statuses_said
from healer.syntax.project import Function, Module, Project, names_in
from healer.syntax.routes import route_path
from healer.syntax.statuses import (
    WERKZEUG,
    answered_by,
    assigned,
    caught_by,
    default_status,
    is_sent,
    message_of,
    passed_on,
    status_of,
    status_part,
)


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
    carried: str = ""  # the class it raises, where only the callers turn that into an answer
    sends: bool = False  # it answers through a helper, and a bare return follows

    @property
    def returns(self) -> bool:
        return isinstance(self.node, ast.Return) or self.sends

    @property
    def text(self) -> str:
        """Its source as one statement that ends the function."""
        text = self.module.text(self.node)
        return f"return {text}" if self.sends else text

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
        status_node = status_part(value)
        status = status_of(status_node)
        carried, sends = "", isinstance(node, ast.Expr) and is_sent(module, node)
        if status is None and isinstance(value, (ast.Call, ast.Await)):
            status, status_node = self.helper_status(module, value), None
        if isinstance(node, ast.Raise):
            named = value.func if isinstance(value, ast.Call) else value
            if status is None:
                status = self.class_status(module, named)
                status_node = None
            if status is None:
                status = self.caught_status(module, named)
                carried = ast.unparse(named).rpartition(".")[2]
            if status is None:
                return None
        if isinstance(node, ast.Expr) and not sends:
            if not (isinstance(value, ast.Call) and self._never_returns(module, value)):
                return None
        if status is None or not 400 <= status < 500:
            return None
        test, handler = _leading(module, node)
        function = module.function_of(node)
        message = message_of(value) or passed_on(value, handler)
        return Refusal(module, function, node, status, status_node, message, test, handler, carried, sends)

    def _never_returns(self, module: Module, call: ast.Call) -> bool:
        if (isinstance(call.func, ast.Name) and call.func.id == "abort") or ast.unparse(call.func).endswith(".abort"):
            return True
        function = self.project.find_function(module, call.func)
        return function is not None and isinstance(function.node.body[-1], ast.Raise)

    def helper_status(self, module: Module, value: ast.expr) -> int | None:
        """What a helper of the service answers when a call of it names no status: its default, or its only one."""
        call = value.value if isinstance(value, ast.Await) else value
        function = self.project.find_function(module, call.func) if isinstance(call, ast.Call) else None
        if function is None or not isinstance(call, ast.Call) or self.is_route(function):
            return None
        if function.node is getattr(module.function_of(call), "node", None):
            return None
        if function.node not in self._helpers:
            self._helpers[function.node] = None
            self._helpers[function.node] = default_status(function) or self._only_status(function)
        return self._helpers[function.node]

    @cached_property
    def _helpers(self) -> dict[ast.AST, int | None]:
        return {}

    def _only_status(self, function: Function) -> int | None:
        """Of a helper that ends in refusals of one status, whatever it is given: `not_found("room")`, `denied()`."""
        ends = [n for n in function.own_nodes if isinstance(n, (ast.Return, ast.Raise))]
        found = [self.read(function.module, end) for end in ends]
        answers = {refusal.status for refusal in found if refusal is not None and not refusal.carried}
        return answers.pop() if len(answers) == 1 and all(refusal is not None for refusal in found) else None

    def class_status(self, module: Module, name: ast.expr) -> int | None:
        """The status that raising this class ends in; None when nothing answers for it with one fixed 4xx."""
        text = ast.unparse(name).rpartition(".")[2]
        found = self.project.find_class(module, name)
        if found is None:
            return WERKZEUG.get(text) or self._handlers.get(text)
        made = next((f for f in found[0].functions if f.owner is found[1] and f.name == "__init__"), None)
        default = default_status(made) if made is not None else None
        return default or self._own_status(*found) or self._handled_status(*found)

    def _own_status(self, module: Module, node: ast.ClassDef) -> int | None:
        for statement in ast.walk(node):
            for target, value in assigned(statement):
                name = ast.unparse(target)
                status = status_of(value) if "status" in name or name.endswith("code") else None
                if status is not None:
                    return status
            if isinstance(statement, ast.Call) and ast.unparse(statement.func) == "super().__init__":
                status = status_of(status_part(statement))
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

    def caught_status(self, module: Module, name: ast.expr) -> int | None:
        """What the callers answer who catch this class of the service; None when they do not agree."""
        found = self.project.find_class(module, name)
        if found is None:
            return None
        if found[1] not in self._caught:
            self._caught[found[1]] = None
            names = {found[1].name, *self._base_names(*found)} - {"Exception", "BaseException"}
            answers = {
                refusal.status
                for owner, handler in self._clauses
                if caught_by(handler) & names
                for refusal in (self.read(owner, statement) for statement in handler.body)
                if refusal is not None
            }
            self._caught[found[1]] = answers.pop() if len(answers) == 1 else None
        return self._caught[found[1]]

    @cached_property
    def _caught(self) -> dict[ast.ClassDef, int | None]:
        return {}

    @cached_property
    def _clauses(self) -> list[tuple[Module, ast.ExceptHandler]]:
        return [
            (module, node)
            for module in self.project.modules.values()
            for node in module.nodes
            if isinstance(node, ast.ExceptHandler)
        ]

    def is_caught(self, function: Function, name: str, depth: int = 3) -> bool:
        """Whether every call of a function stands where this class, as its callers know it, is turned into an
        answer.
        """
        calls = self.project.calls_of(function)
        return bool(calls) and depth > 0 and all(self._protects(m, call, name, depth) for m, call in calls)

    def _protects(self, module: Module, call: ast.Call, name: str, depth: int) -> bool:
        inner: ast.AST = call
        for ancestor in module.ancestors(call):
            if isinstance(ancestor, ast.Try) and inner in ancestor.body:
                if any(name in caught_by(handler) for handler in ancestor.handlers):
                    return True
            if isinstance(ancestor, (ast.FunctionDef, ast.AsyncFunctionDef)):
                break
            inner = ancestor
        owner = module.function_of(call)
        return owner is not None and not self.is_route(owner) and self.is_caught(owner, name, depth - 1)

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
        for _, clause in outer_clauses(self.project):
            answers = statuses_said(clause) | {
                status for part in clause.body if (status := answered_by(part)) is not None
            }
            if len(answers) == 1:
                found.update({name: answers.copy().pop() for name in caught_by(clause) if name not in found})
        return found

    def _add_handler(self, found: dict[str, int], name: ast.expr, function: Function | None) -> None:
        if function is None:
            return
        statuses = {
            status
            for node in function.own_nodes
            if isinstance(node, ast.Return) and node.value is not None
            for status in [status_of(status_part(node.value))]
            if status is not None
        }
        if len(statuses) == 1:
            found[ast.unparse(name).rpartition(".")[2]] = statuses.pop()

    def is_route(self, function: Function) -> bool:
        return route_path(function) is not None


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
