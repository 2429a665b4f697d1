"""A test that calls one function with the arguments of a report, for a crash that no request shows."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from healer.model import Call, Diagnosis, Exchange
from healer.stages.regression import habits, naming, placing
from healer.stages.regression.composing import Lines
from healer.stages.regression.expectations import is_steady
from healer.stages.regression.habits import Habits
from healer.stages.regression.literals import Group, Page, Piece, Unwritable, around, flat, written
from healer.stages.regression.repository import Repository
from healer.stages.regression.scene import NOTHING, Scene
from healer.stages.regression.sending import Client
from healer.stages.regression.steps import REDACTED
from healer.stages.regression.suite import tests_in
from healer.syntax.parsing import literal
from healer.syntax.project import Function, Module

_MOST_CHARACTERS = 4096
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_SHOWN_FROM = {"fastapi.exceptions": "fastapi", "builtins": ""}


@dataclass(frozen=True)
class Written:
    """The lines of a test, and what its file must import for them."""

    scene: Scene
    name: str
    lines: list[str]
    imports: tuple[tuple[str, str], ...]


def compose(call: Call, last: Exchange, diagnosis: Diagnosis, repository: Repository) -> Written:
    """Raises Unwritable where the function cannot be called in a test."""
    module = repository.module(call.file)
    function = _function(module, call.function) if module is not None else None
    if function is None:
        raise Unwritable("the function cannot be imported")
    dotted = placing.dotted_name(call.file, repository.tests, repository.entry)
    if not _DOTTED.fullmatch(dotted):
        raise Unwritable("the module has no name that can be imported")
    scene = _scene(repository, call.file, dotted)
    page = scene.habits.page
    root = call.function.partition(".")[0]
    source, imports = _reached(scene.module, dotted, root, call.function)
    made = Group(f"{source}(", tuple(_arguments(function, call.arguments, page)), ")")
    if len(flat(made)) > _MOST_CHARACTERS:
        raise Unwritable("the arguments are too large")
    piece: Piece = made
    if isinstance(function.node, ast.AsyncFunctionDef):
        piece, imports = Group("asyncio.run(", (made,), ")"), [*imports, ("", "asyncio")]
    taken = placing.names_taken(scene.module) if scene.module is not None else frozenset[str]()
    name = naming.of_call(call.function, call.arguments, diagnosis, refused=last.exception is not None)
    name = naming.unique(name, taken, camel=scene.habits.camel)
    lines = Lines(scene, "")
    lines.add(f"def {name}(){' -> None' if scene.habits.hints else ''}:")
    lines.indent = page.unit
    if scene.habits.docstrings:
        lines.add(f'"""{naming.sentence(name)}"""')
    if last.exception is not None:
        error, wanted = _error(last.exception.module, last.exception.type)
        imports = [*imports, ("", "pytest"), *wanted]
        lines.add(f"with pytest.raises({error}):")
        lines.indent += page.unit
        lines.add(piece)
    else:
        _assert_value(lines, piece, last.value or "")
    return Written(scene, name, lines.all, tuple(dict.fromkeys(imports)))


def _function(module: Module, qualified: str) -> Function | None:
    """One that is reached from the top of its module without an object."""
    owner, _, name = qualified.rpartition(".")
    for function in module.functions:
        if function.name != name:
            continue
        if not owner and function.owner is None and module.parents.get(function.node) is module.tree:
            return function
        decorators = {ast.unparse(one) for one in function.node.decorator_list}
        if owner and function.owner is not None and function.owner.name == owner:
            return function if decorators & {"staticmethod", "classmethod"} else None
    return None


def _scene(repository: Repository, file: str, dotted: str) -> Scene:
    tests = repository.tests
    word = naming.module_words(file)
    importing = [
        module
        for module in tests.files
        if tests_in(module) and any(name == dotted or name.startswith(f"{dotted}.") for name in module.imports.values())
    ]
    about = placing.file_about(tests, word) or next(iter(importing), None)
    beside = about or next(iter(tests.files), None)
    habit = habits.of(beside, next(iter(tests_in(beside)), None), "") if beside is not None else Habits(Page())
    habit = replace(habit, marks=(), blank_lines=max(habit.blank_lines, 2))
    path = about.path if about is not None else placing.new_file(tests, repository.folders, word)
    return Scene(path, about, None, Client("", "", awaited=False), NOTHING, (), habit)


def _reached(module: Module | None, dotted: str, root: str, qualified: str) -> tuple[str, list[tuple[str, str]]]:
    """The function as the test file calls it, and the import that this needs."""
    there = module.imports if module is not None else {}
    for name, origin in there.items():
        if origin == f"{dotted}.{root}":
            return name + qualified.removeprefix(root), []
        if origin == dotted:
            return f"{name}.{qualified}", []
    if root in there or (module is not None and root in module.constants):
        raise Unwritable("the name of the function means something else in the test file")
    return qualified, [(dotted, root)]


def _arguments(function: Function, given: Mapping[str, str], page: Page) -> list[Piece]:
    values: dict[str, object] = {}
    for name, text in given.items():
        if REDACTED in text:
            raise Unwritable(f"the argument {name!r} holds what was redacted")
        try:
            values[name] = literal(text)
        except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
            raise Unwritable(f"the argument {name!r} is no literal") from None
    node = function.node.args
    positional = [arg.arg for arg in (*node.posonlyargs, *node.args)]
    if function.owner is not None and "classmethod" in {ast.unparse(one) for one in function.node.decorator_list}:
        positional = positional[1:]
    allowed = {*positional, *(arg.arg for arg in node.kwonlyargs)}
    if set(values) - allowed:
        raise Unwritable("an argument has no parameter of its own")
    found: list[Piece] = []
    for name in positional:
        if name not in values:
            break
        found.append(written(values.pop(name), page.quote))
    return [*found, *(around(f"{name}=", written(value, page.quote)) for name, value in values.items())]


def _error(module: str, name: str) -> tuple[str, list[tuple[str, str]]]:
    origin = _SHOWN_FROM.get(module, module)
    if not _DOTTED.fullmatch(name) or "." in name or (origin and not _DOTTED.fullmatch(origin)):
        raise Unwritable("the error has no name that can be imported")
    return name, [(origin, name)] if origin else []


def _assert_value(lines: Lines, piece: Piece, text: str) -> None:
    """The value itself where its text is a literal; else that there is one."""
    try:
        value = literal(text)
        if is_steady(value):
            lines.equal(piece, value)
            return
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError, Unwritable):
        pass
    lines.add(around("assert ", piece, " is not None"))
