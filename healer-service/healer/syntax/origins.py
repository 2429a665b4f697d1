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
from healer.syntax.project import COMPREHENSIONS, Function, Module, Project
from healer.syntax.refusals import Refusals
from healer.syntax.routes import route_path

CLIENT = frozenset({"path", "query", "header", "cookie", "form", "body", "raw"})
REQUEST_PARTS = {
    "args": "query",
    "query_params": "query",
    "values": "query",
    "query_string": "query",
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
}
MARKERS = {"Query": "query", "Header": "header", "Cookie": "cookie", "Form": "form", "Body": "body", "Path": "path"}
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
        self, node: ast.expr, module: Module, function: Function | None, depth: int = 8, at: ast.AST | None = None
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
        path = route_path(function)
        annotation = ast.unparse(arg.annotation) if arg.annotation is not None else ""
        default = default_of(function, name)
        marker = f"{annotation} {ast.unparse(default) if default is not None else ''}"
        if path is not None and function.owner is None:
            if f"{{{name}}}" in path or f"{{{name}:" in path or f":{name}>" in path or f"<{name}>" in path:
                return frozenset({Origin("path", name)})
            kind = next((kind for word, kind in MARKERS.items() if f"{word}(" in marker), None)
            if kind is not None:
                return frozenset({Origin(kind, name)})
            if "Depends(" in marker:
                return self._dependency(function, arg, default, depth)
            if annotation.rpartition(".")[2] in ("Request", "HTTPConnection") or name in (
                "request",
                "scope",
                "receive",
            ):
                return frozenset({Origin("raw", name)})
            if arg.annotation is not None and self.is_model(function.module, arg.annotation):
                return frozenset({Origin("body", name)})
            if self.refusals.framework == "flask":
                return frozenset({Origin("path", name)})
            return frozenset({Origin("query", name)})
        return self._argument(name, function, depth) or frozenset({Origin("unknown", name)})

    def _dependency(self, function: Function, arg: ast.arg, default: ast.expr | None, depth: int) -> frozenset[Origin]:
        places = [node for node in (arg.annotation, default) if node is not None]
        calls = [c for place in places for c in ast.walk(place) if isinstance(c, ast.Call)]
        for call in calls:
            if ast.unparse(call.func).endswith("Depends") and call.args:
                target = self.project.find_function(function.module, call.args[0])
                if target is not None:
                    return self._returned(target, depth)
        return frozenset({Origin("unknown", arg.arg)})

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
        found = self.project.find_class(module, annotation)
        if found is None:
            return False
        bases = [ast.unparse(base) for base in found[1].bases]
        return any(
            b.endswith("BaseModel") or b.endswith("Schema") or self.is_model(found[0], ast.parse(b, mode="eval").body)
            for b in bases
            if b != found[1].name
        )

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
        return frozenset(_part(o, node.attr) for o in self.origins(node.value, module, function, depth - 1, at))

    def _item(
        self, base: ast.expr, key: ast.expr, module: Module, function: Function | None, depth: int, at: ast.AST
    ) -> frozenset[Origin]:
        text = ast.unparse(base)
        name = str(key.value) if isinstance(key, ast.Constant) else ""
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
        if module.imports.get(root, root).partition(".")[0] in NETWORK_ROOTS:
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
            found |= self.origins(node.value, target.module, target, depth - 2)
        return frozenset(found)


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
