"""Where a value came from: followed back through assignments, calls, returns and parameters. It reads text only."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from healer.model import Frame
from healer.syntax.bindings import (
    Definition,
    argument_of,
    assignments,
    comprehension_source,
    default_of,
    same_function,
)
from healer.syntax.dispatch import declared_kind, dependency_of, given_by_dispatcher, is_dependency, is_model
from healer.syntax.objects import attribute_values, class_of, constructions, stands_for_request
from healer.syntax.project import COMPREHENSIONS, Function, Module, Project
from healer.syntax.refusals import Refusals
from healer.syntax.routes import route_path

CLIENT = frozenset({"path", "query", "header", "cookie", "form", "body", "raw"})
REQUEST_PARTS = {
    "args": "query",
    "query_params": "query",
    "values": "query",
    "query_string": "query",
    "query": "query",
    "headers": "header",
    "cookies": "cookie",
    "form": "form",
    "json": "body",
    "get_json": "body",
    "path_params": "path",
    "view_args": "path",
    "data": "raw",
    "get_data": "raw",
    "body": "raw",
    "files": "form",
    "stream": "raw",
    "url": "path",
    "path": "path",
    "authorization": "header",
    "app": "state",
    "state": "unknown",
}
ROW_METHODS = {"first", "one_or_none", "scalar", "scalar_one_or_none", "fetchone", "one", "scalars", "fetchall", "all"}
ROW_METHODS |= {"get_one", "scalar_one"}
NETWORK_ROOTS = {"requests", "httpx", "urllib", "aiohttp", "socket", "redis", "boto3"}


@dataclass(frozen=True)
class Origin:
    """`kind` is one of CLIENT, or table, state, record, row, env, external, literal, local, unknown."""

    kind: str
    name: str = ""

    @property
    def is_client(self) -> bool:
        return self.kind in CLIENT


class Tracer:
    def __init__(self, project: Project, refusals: Refusals, frames: Sequence[Frame] = ()) -> None:
        self.project, self.refusals, self.frames = project, refusals, frames

    def definitions(self, name: str, module: Module, function: Function | None, before: ast.AST) -> list[Definition]:
        """What may have given `name` its value where `before` stands, the latest first."""
        inner = comprehension_source(name, module, before)
        if inner is not None:
            return [Definition(module, function, inner, module.statement_of(before), True)]
        if function is None:
            return []
        line = getattr(before, "lineno", 10**9)
        found = [d for d in assignments(function, name) if getattr(d.statement, "lineno", 0) <= line]
        found = [d for d in found if d.statement is not module.statement_of(before) or d.item]
        return sorted(found, key=lambda d: -getattr(d.statement, "lineno", 0))

    def origins(
        self, node: ast.expr, module: Module, function: Function | None, depth: int = 16, at: ast.AST | None = None
    ) -> frozenset[Origin]:
        if depth <= 0:
            return frozenset({Origin("unknown")})
        at = at if at is not None else node
        if isinstance(node, ast.Constant):
            return frozenset()
        if isinstance(node, ast.Name):
            return self._name(node.id, module, function, depth, at)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, module, function, depth, at)
        if isinstance(node, ast.Subscript):
            return self._item(node.value, node.slice, module, function, depth, at)
        if isinstance(node, ast.Await):
            return self.origins(node.value, module, function, depth, at)
        if isinstance(node, ast.Call):
            return self._call(node, module, function, depth, at)
        parts = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        if isinstance(node, ast.IfExp):
            parts = [node.body, node.orelse]  # what decides between values is no part of them
        if isinstance(node, COMPREHENSIONS):
            parts = [generator.iter for generator in node.generators]
        return self._union(parts, module, function, depth, at)

    def _union(
        self, parts: Sequence[ast.expr], module: Module, function: Function | None, depth: int, at: ast.AST
    ) -> frozenset[Origin]:
        found: set[Origin] = set()
        for part in parts:
            found |= self.origins(part, module, function, depth - 1, at)
        return frozenset(found)

    def _name(self, name: str, module: Module, function: Function | None, depth: int, at: ast.AST) -> frozenset[Origin]:
        defined = self.definitions(name, module, function, at)
        found: set[Origin] = set()
        for one in defined:
            inside = self.origins(one.value, one.module, one.function, depth - 1, one.statement)
            found |= {
                Origin("record", o.name) if one.item and o.kind in ("state", "table", "row") else o for o in inside
            }
        if defined and function is not None and all(_begins_empty(d.value) for d in defined):
            for put in _put_into(function, name):
                found |= self.origins(put, module, function, depth - 2, put)
        if function is not None and any(arg.arg == name for arg in function.params):
            if not defined or not any(d.statement in function.node.body for d in defined):
                found |= self._parameter(name, function, depth)
        elif not defined:
            constant = self.project.constant(module, name)
            if constant is not None:
                found.add(Origin(self.constant_kind(*constant, name), name))
            elif name == "request":
                found.add(Origin("raw", "request"))
            elif function is not None and (outer := module.function_of(module.parents[function.node])) is not None:
                return self._name(name, module, outer, depth - 1, function.node)
            else:
                found.add(Origin("unknown", name))
        return frozenset(found)

    def constant_kind(self, module: Module, value: ast.expr, name: str) -> str:
        """table: filled where it is defined and never changed; state: grows while the service runs; literal."""
        if isinstance(value, ast.Constant):
            return "literal"
        if "environ" in ast.unparse(value) or "getenv" in ast.unparse(value):
            return "env"
        return "state" if name in _mutated(self.project) else "table"

    def _parameter(self, name: str, function: Function, depth: int) -> frozenset[Origin]:
        arg = next(a for a in function.params if a.arg == name)
        if name == "self" and function.owner is not None:
            return frozenset({Origin("unknown", name)})
        path = route_path(function)
        if path is None and not is_dependency(self.project, function):
            return self._argument(name, function, depth) or frozenset({Origin("unknown", name)})
        default = default_of(function, name)
        if any(mark in (path or "") for mark in (f"{{{name}}}", f"{{{name}:", f":{name}>", f"<{name}>")):
            return frozenset({Origin("path", name)})
        if dependency_of(self.project, function.module, arg.annotation, default) is not None:
            return self._dependency(function, arg, default, depth)
        kind = declared_kind(self.project, function.module, arg, default)
        if kind or name in ("request", "scope", "receive"):
            return frozenset({Origin(kind or "raw", name)})
        if self.refusals.framework == "fastapi":
            return frozenset({Origin(self._unmarked(name, function), name)})
        return (
            self._argument(name, function, depth)
            or self._dispatched(name, function, depth)
            or frozenset({Origin("path" if self.refusals.framework == "flask" else "query", name)})
        )

    def _unmarked(self, name: str, function: Function) -> str:
        """A dependency's parameter is one of the path when the routes have it there."""
        if route_path(function) is not None:
            return "query"
        paths = [path for f in self.project.functions if (path := route_path(f))]
        return "path" if any(f"{{{name}}}" in path or f"{{{name}:" in path for path in paths) else "query"

    def _dispatched(self, name: str, function: Function, depth: int) -> frozenset[Origin]:
        found: set[Origin] = set()
        for module, value in given_by_dispatcher(self.project, function, name, self.frames):
            found |= self.origins(value, module, module.function_of(value), depth - 1)
        return frozenset(found)

    def _dependency(self, function: Function, arg: ast.arg, default: ast.expr | None, depth: int) -> frozenset[Origin]:
        named = dependency_of(self.project, function.module, arg.annotation, default)
        target = self.project.find_function(*named) if named is not None else None
        if target is not None:
            return self._returned(target, depth)
        made = named is not None and self.project.find_class(*named) is not None
        return frozenset({Origin("query" if made else "unknown", arg.arg)})

    def _argument(self, name: str, function: Function, depth: int) -> frozenset[Origin]:
        """Through the call that stands on the stack, else through every call in the project."""
        calls = [(m, c) for m, c in self.project.calls_of(function) if not same_function(m.function_of(c), function)]
        on_stack = [
            (m, c)
            for m, c in calls
            if any(f.file == m.path and c.lineno <= f.line <= (c.end_lineno or c.lineno) for f in self.frames)
        ]
        found: set[Origin] = set()
        for module, call in on_stack or calls[:6]:
            value = argument_of(call, function, name)
            if value is not None:
                found |= self.origins(value, module, module.function_of(call), depth - 1)
        return frozenset(found)

    def is_model(self, module: Module, annotation: ast.expr) -> bool:
        return is_model(self.project, module, annotation)

    def _attribute(
        self, node: ast.Attribute, module: Module, function: Function | None, depth: int, at: ast.AST
    ) -> frozenset[Origin]:
        if isinstance(node.value, ast.Name) and (node.value.id == "request" or node.value.id.endswith("request")):
            return frozenset({Origin(REQUEST_PARTS.get(node.attr, "raw"), node.attr)})
        if ast.unparse(node).startswith("os.environ"):
            return frozenset({Origin("env")})
        if isinstance(node.value, ast.Name) and node.value.id in module.imports:
            constant = self.project.module_named(module.imports[node.value.id])
            if constant is not None and node.attr in constant.constants:
                return frozenset(
                    {Origin(self.constant_kind(constant, constant.constants[node.attr], node.attr), node.attr)}
                )
        held = self.origins(node.value, module, function, depth - 1, at)
        if all(o.kind in ("raw", "unknown") for o in held):
            own = self._own_attribute(node, module, function, depth, at)
            if own:
                return own
        return frozenset(_part(o, node.attr) for o in held)

    def _own_attribute(
        self, node: ast.Attribute, module: Module, function: Function | None, depth: int, at: ast.AST
    ) -> frozenset[Origin]:
        """Of an object of the service's own: what its class, or who makes it, gives the attribute."""
        made = self.definitions(node.value.id, module, function, at) if isinstance(node.value, ast.Name) else []
        known = class_of(self.project, node.value, module, function, made)
        if known is None:
            return frozenset()
        found: set[Origin] = set()
        for owner, within, value in attribute_values(self.project, *known, node.attr)[:4]:
            if isinstance(value, (ast.Dict, ast.List, ast.Set)) or _begins_empty(value):
                found.add(Origin("state" if node.attr in _mutated(self.project) else "table", node.attr))
            elif isinstance(value, ast.Name) and within is not None and within.name == "__init__":
                found |= self._made_with(value.id, within, known, depth)
            else:
                found |= self.origins(value, owner, within, depth - 1)
        if not stands_for_request(known[1]):
            return frozenset(Origin("record", node.attr) if o.is_client else o for o in found)
        return frozenset(found)

    def _made_with(
        self, name: str, init: Function, known: tuple[Module, ast.ClassDef], depth: int
    ) -> frozenset[Origin]:
        """What the constructor's callers pass."""
        if is_dependency(self.project, init):
            return self._parameter(name, init, depth)
        found: set[Origin] = set()
        for module, call in constructions(self.project, *known)[:4]:
            value = argument_of(call, init, name)
            if value is not None:
                found |= self.origins(value, module, module.function_of(call), depth - 1)
        return frozenset(found)

    def _item(
        self, base: ast.expr, key: ast.expr, module: Module, function: Function | None, depth: int, at: ast.AST
    ) -> frozenset[Origin]:
        text = ast.unparse(base)
        name = _text(key.value) if isinstance(key, ast.Constant) else ""
        if text == "scope":
            part = {"path": "path", "headers": "header", "query_string": "query", "path_params": "path"}.get(
                name, "raw"
            )
            return frozenset({Origin(part, name)})
        return frozenset(_part(o, name) for o in self.origins(base, module, function, depth - 1, at))

    def _call(
        self, node: ast.Call, module: Module, function: Function | None, depth: int, at: ast.AST
    ) -> frozenset[Origin]:
        root = ast.unparse(node.func).partition(".")[0].partition("(")[0]
        dotted = module.imports.get(root, root)
        if dotted.partition(".")[0] in NETWORK_ROOTS and not f"{dotted}.".startswith("urllib.parse."):
            return frozenset({Origin("external", root)})
        if root == "receive":
            return frozenset({Origin("raw", "body")})
        target = self.project.find_function(module, node.func, function)
        if target is not None:
            return self._returned(target, depth, (node, module, function))
        if isinstance(node.func, ast.Attribute):
            method = node.func.attr
            if method in REQUEST_PARTS and ast.unparse(node.func.value).endswith("request"):
                return frozenset({Origin(REQUEST_PARTS[method], "")})
            if method in ROW_METHODS or (method == "get" and "session" in ast.unparse(node.func.value).lower()):
                return frozenset({Origin("row", "")})
            if method in ("get", "pop", "getlist", "setdefault") and node.args:
                return self._item(node.func.value, node.args[0], module, function, depth, at)
            if method in ("match", "fullmatch", "search") and node.args:
                searched = node.args[1:] if ast.unparse(node.func.value) == "re" else node.args
                return self._union(searched[:1], module, function, depth, at)
            own = self.origins(node.func.value, module, function, depth - 1, at)
            if own and not all(o.kind == "unknown" for o in own):
                return own
        values = [*node.args, *(k.value for k in node.keywords)]
        return self._union([v.value if isinstance(v, ast.Starred) else v for v in values], module, function, depth, at)

    def _returned(
        self, target: Function, depth: int, call: tuple[ast.Call, Module, Function | None] | None = None
    ) -> frozenset[Origin]:
        found: set[Origin] = set()
        names = {arg.arg for arg in target.params}
        for node in target.own_nodes:
            if not isinstance(node, (ast.Return, ast.Yield)) or node.value is None:
                continue
            if call is not None and isinstance(node.value, ast.Name) and node.value.id in names:
                value = argument_of(call[0], target, node.value.id)
                if value is not None:
                    found |= self.origins(value, call[1], call[2], depth - 2)
                    continue
            more = self.origins(node.value, target.module, target, depth - 2)
            told = _told_key(node.value, target, call[0]) if call is not None else ""
            found |= {_part(o, told) for o in more} if told else more
        return frozenset(found)


def _begins_empty(value: ast.expr) -> bool:
    if isinstance(value, (ast.List, ast.Dict)):
        return not (value.elts if isinstance(value, ast.List) else value.keys)
    called = isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2]
    return called in ("dict", "list", "set", "Counter", "defaultdict", "deque", "OrderedDict")


@lru_cache(maxsize=256)
def _put_into(function: Function, name: str) -> tuple[ast.expr, ...]:
    """Keys and values that the function puts into a collection of its own."""
    found: list[ast.expr] = []
    for node in function.own_nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == name:
            found.append(node.slice)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            if node.func.attr in ("append", "add", "setdefault") and ast.unparse(node.func.value) == name:
                found.append(node.args[0])
    return tuple(found[:4])


def _told_key(returned: ast.expr, target: Function, call: ast.Call) -> str:
    """Of `field(body, "name")`, which answers `body[key]`: name."""
    key = returned.slice if isinstance(returned, ast.Subscript) else None
    if key is None and isinstance(returned, ast.Call) and ast.unparse(returned.func).endswith(".get"):
        key = returned.args[0] if returned.args else None
    if not isinstance(key, ast.Name) or key.id not in {arg.arg for arg in target.params}:
        return ""
    passed = argument_of(call, target, key.id)
    return _text(passed.value) if isinstance(passed, ast.Constant) else ""


def _text(key: object) -> str:
    """Names of headers are bytes in plain ASGI."""
    return key.decode("latin-1") if isinstance(key, bytes) else str(key)


def _part(origin: Origin, name: str) -> Origin:
    if origin.is_client:
        return Origin(origin.kind if origin.kind != "raw" else "raw", name or origin.name)
    return Origin("record", name) if origin.kind in ("state", "table", "row", "record") else origin


@lru_cache(maxsize=4)
def _mutated(project: Project) -> frozenset[str]:
    changing = {
        "append",
        "add",
        "update",
        "setdefault",
        "pop",
        "popitem",
        "clear",
        "extend",
        "insert",
        "remove",
        "discard",
    }
    found: set[str] = set()
    for module in project.modules.values():
        for node in module.nodes:
            target: ast.expr | None = None
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
                target = node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in changing:
                target = node.func.value
            while isinstance(target, (ast.Subscript, ast.Call)):
                target = target.value if isinstance(target, ast.Subscript) else target.func
            if isinstance(target, ast.Attribute):
                found.add(target.attr)
            elif isinstance(target, ast.Name):
                found.add(target.id)
    return frozenset(found)
