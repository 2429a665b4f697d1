"""The repository's tests as they stand: its fixtures, and each call that a test makes of a client.

It judges none of them and writes nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from healer.syntax.project import Function, Module, parse_module

VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
_SET_UP = ("setUp", "asyncSetUp", "setup_method", "setUpClass", "setup_class", "setup")
_MAKERS = (("AsyncClient(", "httpx"), ("test_client(", "flask"), ("TestClient(", "starlette"))


@dataclass(frozen=True, eq=False)
class Use:
    """A call of a client in a test: `client.get("/orders/7")`."""

    test: Function
    call: ast.Call
    client: ast.expr  # what the method is called on
    method: str
    path: str  # with {} for what is put in at run time
    origin: str  # as "http://test", where the test says it
    awaited: bool

    @property
    def module(self) -> Module:
        return self.test.module

    @property
    def headers(self) -> ast.expr | None:
        return next((keyword.value for keyword in self.call.keywords if keyword.arg == "headers"), None)

    @property
    def root(self) -> str:
        """The name that the client hangs on: "client", or "self" for self.client."""
        node = self.client
        while isinstance(node, ast.Attribute):
            node = node.value
        return node.id if isinstance(node, ast.Name) else ""


@dataclass(frozen=True, eq=False)
class Fixture:
    function: Function
    name: str

    @property
    def folder(self) -> str:
        """Where tests can ask for it; a file's own are for that file."""
        path = PurePosixPath(self.function.module.path)
        return str(path.parent) if self.is_shared else str(path)

    @property
    def is_shared(self) -> bool:
        return PurePosixPath(self.function.module.path).name == "conftest.py"

    @cached_property
    def given(self) -> str:
        """The source of what it gives, with that of the names it consists of."""
        texts: list[str] = []
        for node in self.function.own_nodes:
            if isinstance(node, (ast.Return, ast.Yield)) and node.value is not None:
                texts.append(self.function.module.text(node.value))
                if isinstance(node.value, ast.Name):
                    texts += [self.function.module.text(v) for v in bound_to(self.function, node.value.id)]
        return "\n".join(texts)


class OwnTests:
    """All test files of a repository; files that are no Python are left out."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        parsed = (parse_module(path, text) for path, text in sorted(texts.items()))
        self.modules = {module.path: module for module in parsed if module is not None}

    @cached_property
    def files(self) -> list[Module]:
        return [module for path, module in self.modules.items() if is_test_name(path)]

    @cached_property
    def fixtures(self) -> dict[str, list[Fixture]]:
        found: dict[str, list[Fixture]] = {}
        for module in self.modules.values():
            for function in module.functions:
                name = _fixture_name(function)
                if name:
                    found.setdefault(name, []).append(Fixture(function, name))
        return found

    @cached_property
    def uses(self) -> list[Use]:
        return [use for module in self.files for test in tests_in(module) for use in _uses_in(test)]

    def fixture(self, name: str, path: str) -> Fixture | None:
        """The one that a test in a file is given, the nearest to it."""
        there = [one for one in self.fixtures.get(name, []) if _reaches(one.folder, path)]
        return max(there, key=lambda one: len(one.folder), default=None)

    def kind(self, use: Use, framework: str | None) -> str:
        """How its client is spoken to: starlette | httpx | flask."""
        named = maker_in(self.client_source(use))
        if named:
            return named
        if use.awaited:
            return "httpx"
        return "flask" if framework == "flask" else "starlette"

    def client_source(self, use: Use) -> str:
        """The text of what made the client, as far as it is found."""
        if isinstance(use.client, ast.Attribute):
            owner = use.test.owner
            return "\n".join(_given_to(use.module, owner, use.client.attr)) if owner is not None else ""
        if use.root in {arg.arg for arg in use.test.params}:
            return self._through_fixtures(use.root, use.module.path)
        local = bound_to(use.test, use.root)
        constant = use.module.constants.get(use.root)
        made = local or ([constant] if constant is not None else [])
        return "\n".join(use.module.text(value) for value in made)

    def _through_fixtures(self, name: str, path: str, depth: int = 0) -> str:
        fixture = self.fixture(name, path)
        if fixture is None or depth > 4:
            return ""
        given = fixture.given
        if maker_in(given):
            return given
        asked = [arg.arg for arg in fixture.function.params if re.search(rf"\b{arg.arg}\b", given)]
        found = [self._through_fixtures(one, path, depth + 1) for one in asked]
        return next((text for text in found if text), given)


def maker_in(source: str) -> str:
    """The kind of client that a text makes; "" for none."""
    return next((kind for word, kind in _MAKERS if word in source), "")


def is_test_name(path: str) -> bool:
    name = PurePosixPath(path).name
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))


def tests_in(module: Module) -> list[Function]:
    """Functions and methods that pytest would collect."""
    found = []
    for function in module.functions:
        parent = module.parents.get(function.node)
        top = parent is module.tree or (
            function.owner is not None and module.parents.get(function.owner) is module.tree
        )
        if top and function.name.startswith("test") and not _fixture_name(function):
            found.append(function)
    return found


def bound_to(function: Function, name: str) -> list[ast.expr]:
    """What the function's own assignments and with statements give a name."""
    return [value for statement in function.statements for bound, value in bindings(statement) if bound == name]


def bindings(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Name):
                yield target.id, statement.value
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
        yield statement.target.id, statement.value
    elif isinstance(statement, (ast.With, ast.AsyncWith)):
        for item in statement.items:
            if isinstance(item.optional_vars, ast.Name):
                yield item.optional_vars.id, item.context_expr


def _given_to(module: Module, owner: ast.ClassDef, attribute: str, depth: int = 0) -> list[str]:
    """What a test class or the classes of the file it inherits from give to self.<attribute>."""
    found = []
    for function in module.functions:
        if function.owner is not owner or not (function.name in _SET_UP or _fixture_name(function)):
            continue
        for statement in function.statements:
            targets = statement.targets if isinstance(statement, ast.Assign) else []
            if isinstance(statement, ast.Assign) and any(
                isinstance(target, ast.Attribute) and target.attr == attribute for target in targets
            ):
                found.append(module.text(statement.value))
    for line in owner.body:
        found += [module.text(value) for name, value in bindings(line) if name == attribute]
    for base in owner.bases if depth < 4 else ():
        above = module.classes.get(ast.unparse(base))
        found += _given_to(module, above, attribute, depth + 1) if above is not None else []
    return found


def _fixture_name(function: Function) -> str:
    for decorator in function.node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if ast.unparse(called) not in ("pytest.fixture", "fixture", "pytest_asyncio.fixture"):
            continue
        keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
        named = [k.value.value for k in keywords if k.arg == "name" and isinstance(k.value, ast.Constant)]
        return str(named[0]) if named else function.name
    return ""


def _reaches(folder: str, path: str) -> bool:
    return folder in (".", path) or PurePosixPath(folder) in PurePosixPath(path).parents


def _uses_in(test: Function) -> Iterator[Use]:
    for node in test.own_nodes:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
            continue
        if node.func.attr not in VERBS or not isinstance(node.func.value, (ast.Name, ast.Attribute)):
            continue
        path = _path_text(node.args[0], test.module)
        if not path.startswith(("/", "{}/", "http://", "https://")):
            continue
        awaited = isinstance(test.module.parents.get(node), ast.Await)
        parts = urlsplit(path.removeprefix("{}"))
        origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
        yield Use(test, node, node.func.value, node.func.attr.upper(), parts.path, origin, awaited)


def _path_text(node: ast.expr, module: Module) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_path_text(part, module) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _path_text(node.value, module) or "{}"
    if isinstance(node, ast.Name):
        constant = module.constants.get(node.id)
        return _path_text(constant, module) if isinstance(constant, ast.Constant) else ""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return (_path_text(node.left, module) or "{}") + (_path_text(node.right, module) or "{}")
    return ""
