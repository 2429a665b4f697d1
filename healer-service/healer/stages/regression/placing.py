"""Puts a test into a file: into the class or at the end of the module that it belongs to, or into a new file.

It only adds; no line that is there is changed, but for an import that takes one more name.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import libcst as cst

from healer.stages.regression.literals import Unwritable
from healer.stages.regression.suite import OwnTests
from healer.syntax.imports import with_import
from healer.syntax.project import Module

_FOLDER = re.compile(r"\w[\w-]*(?:/\w[\w.-]*)*(?:\.py)?/?(?:::.*)?")


def appended(module: Module, lines: Sequence[str], owner: ast.ClassDef | None, blank_lines: int) -> str:
    """The text with the lines at the end of the class or of the module, before what runs the file as a script."""
    text = module.source.replace("\r\n", "\n")
    there = text.split("\n")
    if owner is not None:
        at = owner.end_lineno or len(there)
    else:
        script = next((node for node in module.tree.body if _runs_script(node)), None)
        at = _end_of_code(there, script.lineno - 1 if script is not None else len(there))
    rest = there[at:]
    if owner is None:
        rest = list(itertools.dropwhile(lambda line: not line.strip(), rest))
        rest = [*[""] * blank_lines, *rest] if rest else []
    whole = "\n".join([*there[:at], *[""] * blank_lines, *lines, *rest])
    whole = whole if whole.endswith("\n") else whole + "\n"
    return whole.replace("\n", "\r\n") if "\r\n" in module.source else whole


def _runs_script(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def _end_of_code(lines: Sequence[str], end: int) -> int:
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def with_imports(text: str, wanted: Sequence[tuple[str, str]]) -> str:
    """(module, name) pairs; the module is "" for a plain import. Raises Unwritable where the text cannot be read."""
    for origin, name in wanted:
        try:
            text = with_import(cst.parse_module(text), origin, name).code
        except cst.ParserSyntaxError:
            raise Unwritable("the test file cannot be edited") from None
    return text


def new_file(tests: OwnTests, folders: Sequence[str], word: str, beside: str = "") -> str:
    """The path of a test file that is not there yet, named as the others are. `folders`: what pytest is given, options
    among it."""
    paths = [PurePosixPath(module.path) for module in tests.files]
    ends = sum(path.name.endswith("_test.py") for path in paths) * 2 > len(paths)
    folder = PurePosixPath(beside or _folder(paths, folders))
    taken = {path.name for path in paths}  # pytest wants each name once where folders are no packages
    number, stem = 1, word
    while (name := f"{stem}_test.py" if ends else f"test_{stem}.py") in taken:
        number += 1
        stem = f"{word}_{number}"
    return str(folder / name)


def _folder(paths: Sequence[PurePosixPath], folders: Sequence[str]) -> str:
    named = [PurePosixPath(folder.partition("::")[0]) for folder in folders if _FOLDER.fullmatch(folder)]
    held = [folder for folder in named if any(folder in path.parents for path in paths)]
    if held or named:
        first = (held or named)[0]
        return str(first.parent if first.suffix == ".py" else first)
    return str(paths[0].parent) if paths else "tests"


def file_about(tests: OwnTests, word: str) -> Module | None:
    """The test file that is named after a module."""
    names = {f"test_{word}.py", f"{word}_test.py", f"test_{word}s.py", f"{word}s_test.py"}
    return next((module for module in tests.files if PurePosixPath(module.path).name in names), None)


def names_taken(module: Module) -> frozenset[str]:
    """Names that the file gives to anything but local variables."""
    functions = {function.name for function in module.functions}
    return frozenset(functions | set(module.imports) | set(module.constants) | set(module.classes))


def dotted_name(path: str, tests: OwnTests, entry: str | None) -> str:
    """How a module of the service is imported: by the part of its path that tests and the entry begin names with."""
    parts = list(PurePosixPath(path).with_suffix("").parts)
    parts = parts[:-1] if parts[-1:] == ["__init__"] else parts
    roots = {dotted.partition(".")[0] for module in tests.modules.values() for dotted in module.imports.values()}
    roots |= {(entry or "").partition(":")[0].partition(".")[0]}
    start = next((index for index, part in enumerate(parts) if part in roots), None)
    if start is None:
        start = 1 if len(parts) > 1 and parts[0] == "src" else 0
    return ".".join(parts[start:])
