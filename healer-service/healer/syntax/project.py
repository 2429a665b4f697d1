"""The service's modules as syntax trees, with names, calls and parents resolved.

It does not judge the code or change it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import PurePosixPath

from healer.syntax.parsing import parse
from healer.syntax.registrations import branched_to, registered_elsewhere
from healer.syntax.walks import children, indexed, statements_in

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, eq=False)
class Function:
    module: Module
    node: FunctionNode
    owner: ast.ClassDef | None

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def params(self) -> list[ast.arg]:
        args = self.node.args
        return [*args.posonlyargs, *args.args, *args.kwonlyargs]

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.node) or ""

    @cached_property
    def statements(self) -> list[ast.stmt]:
        """Every statement of this function, in order of the text, without those of functions inside it."""
        return list(statements_in(self.node.body))

    @cached_property
    def own_nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the body, without the bodies of functions and classes defined inside."""
        todo: list[ast.AST] = list(reversed(self.node.body))
        found = []
        while todo:
            node = todo.pop()
            found.append(node)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                continue
            todo.extend(reversed(children(node)))
        return tuple(found)


@dataclass(frozen=True, eq=False)
class Module:
    path: str
    source: str
    tree: ast.Module
    parents: Mapping[ast.AST, ast.AST] = field(repr=False)
    nodes: Sequence[ast.AST] = field(repr=False)  # all of the tree, in the order of ast.walk
    registered: Mapping[str, str] = field(default_factory=dict, repr=False)  # what other modules route a path to

    @cached_property
    def name(self) -> str:
        parts = list(PurePosixPath(self.path).with_suffix("").parts)
        return ".".join(parts[:-1] if parts and parts[-1] == "__init__" else parts)

    @cached_property
    def functions(self) -> list[Function]:
        found = []
        for node in self.nodes:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                parent = self.parents.get(node)
                found.append(Function(self, node, parent if isinstance(parent, ast.ClassDef) else None))
        return found

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        return {node.name: node for node in self.nodes if isinstance(node, ast.ClassDef)}

    @cached_property
    def imports(self) -> dict[str, str]:
        """Name in this module -> dotted name of what it stands for."""
        names = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    names[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom):
                base = self.absolute(node)
                for alias in node.names:
                    names[alias.asname or alias.name] = f"{base}.{alias.name}" if base else alias.name
        return names

    def absolute(self, node: ast.ImportFrom) -> str:
        """The dotted name of what `from … import` takes from, seen from this module."""
        if not node.level:
            return node.module or ""
        package = PurePosixPath(self.path).parent.parts
        above = package[: len(package) - (node.level - 1)]
        return ".".join([*above, *([node.module] if node.module else [])])

    @cached_property
    def constants(self) -> dict[str, ast.expr]:
        """Names assigned at the top of the module -> the expression assigned last."""
        found: dict[str, ast.expr] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        found[target.id] = node.value
                    elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                        pairs = zip(target.elts, node.value.elts, strict=False)
                        found.update({t.id: v for t, v in pairs if isinstance(t, ast.Name)})
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
                found[node.target.id] = node.value
        return found

    @cached_property
    def _lines(self) -> list[bytes]:
        return [line.encode() for line in self.source.splitlines(keepends=True)]

    def text(self, node: ast.AST) -> str:
        """The node's own source. ast.get_source_segment splits the whole source at every call."""
        first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0) or 0
        start, end = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 0) or 0
        if not 0 < first <= last <= len(self._lines):
            return ast.unparse(node)
        if first == last:
            return self._lines[first - 1][start:end].decode()
        inner = self._lines[first : last - 1]
        return b"".join([self._lines[first - 1][start:], *inner, self._lines[last - 1][:end]]).decode()

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        current = self.parents.get(node)
        while current is not None:
            yield current
            current = self.parents.get(current)

    def statement_of(self, node: ast.AST) -> ast.stmt:
        if isinstance(node, ast.stmt):
            return node
        return next(a for a in self.ancestors(node) if isinstance(a, ast.stmt))

    @cached_property
    def _function_by_node(self) -> dict[ast.AST, Function]:
        return {function.node: function for function in self.functions}

    def function_of(self, node: ast.AST) -> Function | None:
        current: ast.AST | None = node
        while current is not None and not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef)):
            current = self.parents.get(current)
        return self._function_by_node.get(current) if current is not None else None

    def function_at(self, line: int) -> Function | None:
        inside = [f for f in self.functions if f.node.lineno <= line <= (f.node.end_lineno or 0)]
        return max(inside, key=lambda f: f.node.lineno, default=None)


@lru_cache(maxsize=256)
def parse_module(path: str, source: str) -> Module | None:
    """None when the text is no Python."""
    try:
        tree = parse(source)
    except (SyntaxError, ValueError):
        return None
    return Module(path, source, tree, *indexed(tree))


def is_test_file(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return (
        any(part in ("tests", "test", "migrations", "alembic", ".venv", "venv") for part in parts[:-1])
        or parts[-1].startswith("test_")
        or parts[-1] in ("conftest.py", "setup.py")
    )


class Project:
    """The modules of a service without its tests."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        parsed = (parse_module(path, text) for path, text in sources.items() if not is_test_file(path))
        self._calls: dict[ast.AST, list[tuple[Module, ast.Call]]] = {}
        self.modules: dict[str, Module] = {module.path: module for module in parsed if module is not None}
        for path, named in self._registrations().items():
            self.modules[path] = replace(self.modules[path], registered=named)

    def _registrations(self) -> dict[str, dict[str, str]]:
        """Path of a module -> its functions and classes that other modules make answer requests, with their paths."""
        found: dict[str, dict[str, str]] = {}
        for module in self.modules.values():
            branched = branched_to(module.nodes, module.parents, module.imports)
            for text, path in {**branched, **registered_elsewhere(module.nodes)}.items():
                head, _, last = text.rpartition(".")
                dotted = module.imports.get(head) if head else module.imports.get(text, "").rpartition(".")[0]
                target = self.module_named(dotted) if dotted else None
                if target is not None and target is not module:
                    name = last if head else module.imports[text].rpartition(".")[2]
                    found.setdefault(target.path, {}).setdefault(name, path)
        return found

    def module_named(self, dotted: str) -> Module | None:
        path = self._paths.get(dotted)
        return self.modules[path] if path is not None else None

    @cached_property
    def _paths(self) -> dict[str, str]:
        """By the full name, and by its ends where packages lie in a folder; a full name goes before an end."""
        found: dict[str, str] = {}
        for path, module in self.modules.items():
            found.setdefault(module.name, path)
        for path, module in self.modules.items():
            rest = module.name
            while "." in rest:
                rest = rest.partition(".")[2]
                found.setdefault(rest, path)
        return found

    @cached_property
    def functions(self) -> list[Function]:
        return [function for module in self.modules.values() for function in module.functions]

    def find_function(self, module: Module, callee: ast.expr, within: Function | None = None) -> Function | None:
        """The function of the service that an expression in call position names, as far as the text tells."""
        if isinstance(callee, ast.Name):
            return self._named(module, callee.id)
        if not isinstance(callee, ast.Attribute):
            return None
        if isinstance(callee.value, ast.Name):
            base = callee.value.id
            if base in ("self", "cls") and within is not None and within.owner is not None:
                return self._method(module, within.owner, callee.attr)
            target = self.module_named(module.imports.get(base, "")) if base in module.imports else None
            if target is not None:
                return self._named(target, callee.attr)
        # An object whose class the text does not tell: the method's name is evidence enough when it is the only one.
        named = [f for f in self.functions if f.owner is not None and f.name == callee.attr]
        return named[0] if len(named) == 1 and not hasattr(dict, callee.attr) else None

    def _named(self, module: Module, name: str) -> Function | None:
        own = [f for f in module.functions if f.name == name and f.owner is None]
        if own:
            return own[-1]
        dotted = module.imports.get(name, "")
        target = self.module_named(dotted.rpartition(".")[0]) if "." in dotted else None
        if target is None or target is module:
            return None
        return self._named(target, dotted.rpartition(".")[2])

    def _method(self, module: Module, owner: ast.ClassDef, name: str) -> Function | None:
        for function in module.functions:
            if function.owner is owner and function.name == name:
                return function
        for base in owner.bases:
            found = self.find_class(module, base)
            if found is not None and found[1] is not owner:
                return self._method(found[0], found[1], name)
        return None

    def find_class(self, module: Module, name: ast.expr | str) -> tuple[Module, ast.ClassDef] | None:
        text = name if isinstance(name, str) else ast.unparse(name)
        head, _, last = text.rpartition(".")
        if not head and text in module.classes:
            return module, module.classes[text]
        dotted = module.imports.get(text, "") if not head else f"{module.imports.get(head, head)}.{last}"
        target = self.module_named(dotted.rpartition(".")[0]) if "." in dotted else None
        if target is None or target is module:
            return None
        return self.find_class(target, dotted.rpartition(".")[2])

    def calls_of(self, function: Function) -> list[tuple[Module, ast.Call]]:
        if function.node not in self._calls:
            self._calls[function.node] = self._find_calls(function)
        return self._calls[function.node]

    def _find_calls(self, function: Function) -> list[tuple[Module, ast.Call]]:
        return [
            (module, node)
            for module, node in self._calls_by_name.get(function.name, [])
            if self.find_function(module, node.func, module.function_of(node)) is function
        ]

    @cached_property
    def _calls_by_name(self) -> dict[str, list[tuple[Module, ast.Call]]]:
        found: dict[str, list[tuple[Module, ast.Call]]] = {}
        for module in self.modules.values():
            for node in module.nodes:
                if isinstance(node, ast.Call):
                    called = node.func
                    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                    found.setdefault(name, []).append((module, node))
        return found

    def constant(self, module: Module, name: str) -> tuple[Module, ast.expr] | None:
        """The top-level assignment a name leads to, through imports."""
        if name in module.constants:
            return module, module.constants[name]
        dotted = module.imports.get(name, "")
        target = self.module_named(dotted.rpartition(".")[0]) if "." in dotted else None
        return self.constant(target, dotted.rpartition(".")[2]) if target not in (None, module) and target else None


def same(one: ast.AST | None, other: ast.AST | None) -> bool:
    """Equal as source, whatever the layout or context."""
    return one is not None and other is not None and ast.unparse(one) == ast.unparse(other)


def names_in(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
