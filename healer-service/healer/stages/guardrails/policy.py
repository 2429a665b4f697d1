"""What a service lets a patch touch, as plain data. It holds no rule."""

from __future__ import annotations

import ast
import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from healer.syntax.parsing import parse

_BROUGHT_ALONG = {  # by a framework that is declared, and documented as a part of it
    "fastapi": ("starlette", "pydantic", "typing_extensions"),
    "flask": ("werkzeug", "jinja2", "markupsafe", "itsdangerous", "click"),
    "pydantic": ("typing_extensions", "annotated_types"),
    "starlette": ("anyio",),
    "jinja2": ("markupsafe",),
}


@dataclass(frozen=True)
class Policy:
    source: tuple[str, ...] = (".",)  # folders or files a patch may touch; "." is all
    max_lines: int = 60
    max_files: int = 3
    failing_values: tuple[str, ...] = ()  # text of the very values the failing request carried
    dependencies: frozenset[str] | None = None  # importable names that the service declares; None: not known
    imported: frozenset[str] = frozenset()  # top-level names that its sources are or import already
    allow_calls: tuple[str, ...] = ()  # dotted patterns that the rules about calls and imports let pass
    allow_files: tuple[str, ...] = ()  # patterns of paths that rules 12, 15, 16 and 34 let pass
    allow_rules: tuple[str, ...] = ()  # names of rules that are off

    def allows_call(self, dotted: str) -> bool:
        return any(fnmatch.fnmatchcase(dotted, pattern) for pattern in self.allow_calls)

    def allows_file(self, path: str) -> bool:
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in self.allow_files)

    def knows_module(self, top: str) -> bool:
        declared = self.dependencies or frozenset()
        if top in declared or top in self.imported:
            return True
        return any(top in parts for name, parts in _BROUGHT_ALONG.items() if name in declared | self.imported)


def modules_of(sources: Mapping[str, str]) -> frozenset[str]:
    """Top-level names that a service's sources (path -> text) are or import: what `Policy.imported` wants."""
    found: set[str] = set()
    for path, text in sources.items():
        found |= own_names(path)
        try:
            tree = parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return frozenset(found)


def own_names(path: str) -> set[str]:
    """The names by which a file, or a folder above it, can be imported."""
    pure = PurePosixPath(path)
    return {pure.stem, *pure.parts[:-1]}
