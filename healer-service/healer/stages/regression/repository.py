"""What is known of the service's repository: its tests, its own sources, and how it is started. It reads no file."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from healer.stages.regression.suite import OwnTests
from healer.syntax.project import Module, parse_module

_FRAMEWORKS = ("fastapi", "starlette", "flask")
_APPLICATIONS = ("FastAPI", "Starlette", "Flask")


@dataclass(frozen=True)
class Repository:
    tests: OwnTests
    sources: Mapping[str, str]
    folders: tuple[str, ...]  # of the tests
    entry: str | None  # may be a report's word

    @cached_property
    def modules(self) -> list[Module]:
        parsed = (parse_module(path, text) for path, text in self.sources.items())
        return [module for module in parsed if module is not None]

    @cached_property
    def header_words(self) -> frozenset[str]:
        """Names that the service's code may ask a request's headers for, in lower case with hyphens."""
        return frozenset(word for module in self.modules for node in module.nodes for word in _words_of(node))

    @cached_property
    def framework(self) -> str:
        """fastapi | starlette | flask; "" for others."""
        roots = {dotted.partition(".")[0] for module in self.modules for dotted in module.imports.values()}
        return next((name for name in _FRAMEWORKS if name in roots), "")

    @cached_property
    def likely_entry(self) -> str:
        """Where the source makes an application, nearest to the root."""
        for module in sorted(self.modules, key=lambda one: one.path.count("/")):
            for name, value in module.constants.items():
                if isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in _APPLICATIONS:
                    return f"{module.name.removeprefix('src.')}:{name}"
        return ""

    def module(self, path: str) -> Module | None:
        return parse_module(path, self.sources[path]) if path in self.sources else None

    def module_named(self, dotted: str) -> Module | None:
        """The one that is imported by a name; a name from a report leads nowhere else."""
        ends = (f"{dotted.replace('.', '/')}.py", f"{dotted.replace('.', '/')}/__init__.py")
        there = [path for path in self.sources if path in ends or path.endswith(tuple(f"/{end}" for end in ends))]
        return self.module(min(there, key=len)) if there else None


def _words_of(node: ast.AST) -> Iterable[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)) and len(node.value) < 60:
        text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
        yield _hyphened(text).removeprefix("http-")
    elif isinstance(node, ast.Attribute):
        yield _hyphened(node.attr)
    elif isinstance(node, ast.arg):
        yield _hyphened(node.arg)
    elif isinstance(node, ast.Name):
        yield _hyphened(node.id)


def _hyphened(name: str) -> str:
    return name.lower().replace("_", "-")
