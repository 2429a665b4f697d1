"""Puts a rewritten function into its module: only what differs changes, and what it needs is imported or refused.

It does not judge whether the rewrite is right.
"""

from __future__ import annotations

import ast
import difflib
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from healer.model import Change, Rewrite, UnusableAnswer
from healer.syntax.edits import AddImport, apply
from healer.syntax.merging import has_docstring, merged, without_docstring
from healer.syntax.parsing import parse
from healer.syntax.project import Function, FunctionNode, Module, Project
from healer.syntax.scopes import (
    bound_by,
    globals_used,
    imported_at_top,
    importing,
    known_names,
    top_level,
    top_names,
    used_in_body,
)
from healer.syntax.walks import statements_in

_PLAIN = frozenset(
    ("bool", "bytes", "date", "datetime", "Decimal", "dict", "float", "int", "list", "set", "str", "tuple")
)
_NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)


@dataclass(frozen=True)
class _Import:
    """One name that an import statement of the answer binds. `origin` is "" for a plain import."""

    origin: str
    name: str
    alias: str
    dotted: str  # what it stands for, without leading dots
    bound: str

    def __str__(self) -> str:
        return f"from {self.origin} import {self.name}" if self.origin else f"import {self.name}"

    @property
    def edit(self) -> AddImport:
        return AddImport(self.origin, self.name, self.alias)


def splice(project: Project, target: Function, rewrite: Rewrite, allowed: frozenset[str]) -> tuple[Change, ...]:
    """One change of the target's file. `allowed` are the packages that may be imported beside those the service imports
    already and the standard library.
    """
    try:
        return (_Splice(project, target, allowed).change(rewrite),)
    except RecursionError:
        raise UnusableAnswer("its code is nested too deeply") from None


class _Splice:
    def __init__(self, project: Project, target: Function, allowed: frozenset[str]) -> None:
        self._project, self._target, self._module = project, target, target.module
        self._top = top_names(self._module)
        self._imported = imported_at_top(self._module)
        self._known = known_names(project, self._module)
        self._roots = {*allowed, *sys.stdlib_module_names}
        for module in project.modules.values():
            self._roots |= {dotted.partition(".")[0] for dotted in module.imports.values()}
            self._roots.add(module.name.partition(".")[0])

    def change(self, rewrite: Rewrite) -> Change:
        before = self._module.source
        source = _plain_ends(before)
        new = _function_in(rewrite.function)
        if any(isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)) and n.name == new.name for n in _inside(new)):
            if not any(getattr(n, "name", "") == self._target.name for n in _inside(self._target.node)):
                raise UnusableAnswer(f"it defines `{new.name}` inside `{new.name}`")
        wanted = [*self._of_lines(rewrite.imports), *self._hoisted(new)]
        wanted = self._needed(wanted, new)
        if not without_docstring(new):
            raise UnusableAnswer("its function has no body")
        after = self._put(source, rewrite.function, new)
        declared = {name for n in _inside(new) if isinstance(n, ast.Global) for name in n.names}
        fresh = self._unbound(after) - {one.bound for one in wanted} - declared
        if after == source and not wanted:
            raise UnusableAnswer("it changes nothing")
        promise = _promise(self._target.node)
        if promise and _gives_none(new) and not _gives_none(self._target.node):
            raise UnusableAnswer(f"it returns None where `{self._target.name}` promises `{promise}`")
        known = self._unbound(source)
        for name in sorted(fresh):
            found = self._import_for(name, new)
            if found is not None:
                wanted.append(found)
            elif name not in known:
                raise UnusableAnswer(f"it uses `{name}`, which does not exist here")
        return Change(self._module.path, before, _like(before, self._checked(self._with_imports(after, wanted))))

    # The body

    def _put(self, source: str, code: str, new: FunctionNode) -> str:
        """The source with the new body; the tree proves that the text says what the answer says."""
        old = self._target.node
        if list(map(ast.dump, without_docstring(old))) == list(map(ast.dump, without_docstring(new))):
            return source
        try:
            after = merged(source, old, code, new)
            found = _at(parse(after), old)
        except (*_NOT_PYTHON, KeyError, IndexError):
            raise UnusableAnswer("its code cannot be put in the function's place") from None
        wanted = [*(old.body[:1] if has_docstring(old) else []), *without_docstring(new)]
        if found is None or list(map(ast.dump, found.body)) != list(map(ast.dump, wanted)):
            raise UnusableAnswer("its code cannot be put in the function's place")
        return after

    def _checked(self, after: str) -> str:
        try:
            compile(after, self._module.path, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise UnusableAnswer(f"it does not compile where it stands: {error.msg}") from None
        except (ValueError, RecursionError, MemoryError):
            raise UnusableAnswer("it does not compile where it stands") from None
        return after

    # Imports

    def _of_lines(self, lines: Iterable[str]) -> Iterator[_Import]:
        for line in lines:
            try:
                statements = parse(line).body
            except _NOT_PYTHON:
                raise UnusableAnswer(f"its import `{line}` is not valid Python") from None
            for statement in statements:
                if isinstance(statement, (ast.Import, ast.ImportFrom)):
                    yield from self._of_statement(statement)

    def _of_statement(self, node: ast.Import | ast.ImportFrom) -> Iterator[_Import]:
        for alias in node.names:
            name, said = alias.name, alias.asname or ""
            if isinstance(node, ast.Import):
                yield _Import("", name, said, name if said else name.partition(".")[0], bound_by(alias, True))
            elif node.module != "__future__":
                base = self._module.absolute(node)
                dotted = f"{base}.{name}" if base else name
                yield _Import("." * node.level + (node.module or ""), name, said, dotted, bound_by(alias, False))

    def _hoisted(self, new: FunctionNode) -> Iterator[_Import]:
        """Takes the imports out that the function did not have; those that would disturb the module stay inside."""
        old = {ast.dump(n) for n in ast.walk(self._target.node) if isinstance(n, (ast.Import, ast.ImportFrom))}
        for parent in [new, *_inside(new)]:
            for field in ("body", "orelse", "finalbody"):
                block = getattr(parent, field, None)
                if not isinstance(block, list):
                    continue
                for statement in [s for s in block if isinstance(s, (ast.Import, ast.ImportFrom))]:
                    if ast.dump(statement) in old or len(block) == 1:
                        continue
                    wanted = list(self._of_statement(statement))
                    if all(self._may_hoist(one) for one in wanted):
                        block.remove(statement)
                        yield from wanted

    def _may_hoist(self, one: _Import) -> bool:
        return not self._clashes(one) and not self._circular(one)

    def _needed(self, wanted: Sequence[_Import], new: FunctionNode) -> list[_Import]:
        """Those the function uses and the module lacks; refuses what may not be imported."""
        inner = [
            one
            for node in _inside(new)
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for one in self._of_statement(node)
        ]
        used = used_in_body(new)
        found: dict[str, _Import] = {}
        for one in wanted:
            if one.name == "*":
                if not self._has_star(one):
                    raise UnusableAnswer(f"`{one}` does not say what it imports")
                continue
            if one.bound not in used:
                continue
            if self._has(one) or self._has_its_own(one):
                continue
            if self._clashes(one):
                raise UnusableAnswer(f"`{one}` gives `{one.bound}` another meaning than the module does")
            self._permit(one)
            if self._circular(one):
                raise UnusableAnswer(f"`{one}` would be a circular import")
            found[one.bound] = one
        for one in inner:
            self._permit(one)
        return list(found.values())

    def _has(self, one: _Import) -> bool:
        if not one.origin and not one.alias and "." in one.name:
            plain = (n for n in top_level(self._module.tree) if isinstance(n, ast.Import))
            return any(alias.name == one.name and not alias.asname for node in plain for alias in node.names)
        return self._imported.get(one.bound) == one.dotted

    def _has_star(self, one: _Import) -> bool:
        stars = (n for n in top_level(self._module.tree) if isinstance(n, ast.ImportFrom) and n.names[0].name == "*")
        return any(self._module.absolute(node) == one.dotted.removesuffix(".*") for node in stars)

    def _has_its_own(self, one: _Import) -> bool:
        """The module defines the name, or takes the same one from elsewhere."""
        if one.bound not in self._top:
            return False
        known = self._imported.get(one.bound)
        if known is None:
            return True
        return bool(one.origin) and "." in known and known.rpartition(".")[2] == one.name

    def _clashes(self, one: _Import) -> bool:
        known = self._imported.get(one.bound)
        if one.bound not in self._top or known == one.dotted:
            return False
        return known is not None or not one.origin

    def _permit(self, one: _Import) -> None:
        base = one.dotted if not one.origin else one.dotted.rpartition(".")[0]
        root = base.partition(".")[0]
        if root not in self._roots:
            raise UnusableAnswer(f"it imports `{base}`, which the service does not depend on")
        own = [module.name for module in self._project.modules.values() if f"{module.name}.".startswith(f"{root}.")]
        if own and not any(f"{name}.".startswith(f"{base}.") for name in own):
            raise UnusableAnswer(f"it imports `{base}`, which does not exist here")
        if not one.origin:
            return
        module = self._project.module_named(base)
        if module is None or self._project.module_named(one.dotted) is not None:
            return
        names = top_names(module)
        if one.name not in names and "*" not in names:
            raise UnusableAnswer(f"it imports `{one.name}` from `{base}`, which has no such name")

    def _circular(self, one: _Import) -> bool:
        names = (one.dotted, one.dotted.rpartition(".")[0])
        origins = [found for found in map(self._project.module_named, names) if found is not None]
        return any(self._module.path in importing(self._project, origin) for origin in origins)

    def _with_imports(self, source: str, wanted: Sequence[_Import]) -> str:
        if not wanted:
            return source
        changed = apply(source, [one.edit for one in wanted])
        if changed is None:
            raise UnusableAnswer(f"`{wanted[0]}` cannot be added to the module")
        return changed

    # Names that nothing binds

    def _unbound(self, source: str) -> set[str]:
        """What the function uses in this version of the source and nothing binds."""
        node = self._target.node
        return globals_used(source, node.name, node.lineno) - self._known if self._known is not None else set()

    def _import_for(self, name: str, new: FunctionNode) -> _Import | None:
        """How other modules of the service import the very name, or the one module that defines it."""
        every = [imported_at_top(module) for module in self._project.modules.values()]
        imported = {names[name] for names in every if name in names}
        if len(imported) == 1:
            return self._same_import(name)
        if not imported:
            if name in sys.stdlib_module_names and _is_module(name, new):
                return _Import("", name, "", name, name)
            return self._defined_elsewhere(name)
        return None

    def _same_import(self, name: str) -> _Import | None:
        for module in self._project.modules.values():
            for node in top_level(module.tree):
                if not isinstance(node, (ast.Import, ast.ImportFrom)):
                    continue
                for alias in node.names:
                    if bound_by(alias, isinstance(node, ast.Import)) != name:
                        continue
                    if isinstance(node, ast.Import):
                        dotted = alias.name if alias.asname else name
                        return self._unless_circular(_Import("", alias.name, alias.asname or "", dotted, name))
                    base = module.absolute(node)
                    beside = PurePosixPath(module.path).parent == PurePosixPath(self._module.path).parent
                    origin = "." * node.level + (node.module or "") if beside else base
                    found = _Import(origin, alias.name, alias.asname or "", f"{base}.{alias.name}", name)
                    return self._unless_circular(found)
        return None

    def _defined_elsewhere(self, name: str) -> _Import | None:
        owners = [
            module
            for module in self._project.modules.values()
            if module is not self._module and name in top_names(module) and name not in imported_at_top(module)
        ]
        if len(owners) != 1:
            return None
        base = self._spelling(owners[0])
        return self._unless_circular(_Import(base, name, "", f"{base}.{name}", name))

    def _spelling(self, owner: Module) -> str:
        """As the service itself names the module where it imports from it."""
        for module in self._project.modules.values():
            for node in top_level(module.tree):
                if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                    if self._project.module_named(node.module) is owner:
                        return node.module
        return owner.name

    def _unless_circular(self, one: _Import) -> _Import:
        if self._circular(one):
            raise UnusableAnswer(f"it uses `{one.bound}`, and `{one}` would be a circular import")
        return one


def _gives_none(node: FunctionNode) -> bool:
    """Whether a return statement of its own gives None in so many words."""
    returned = [statement.value for statement in statements_in(node.body) if isinstance(statement, ast.Return)]
    return any(value is None or (isinstance(value, ast.Constant) and value.value is None) for value in returned)


def _promise(node: FunctionNode) -> str:
    """What it says it returns, where that is a plain type that None is none of; "" otherwise."""
    returned = node.returns
    named = returned.value if isinstance(returned, ast.Subscript) else returned
    plain = isinstance(named, ast.Name) and named.id in _PLAIN
    return ast.unparse(returned) if returned is not None and plain else ""


def _function_in(code: str) -> FunctionNode:
    try:
        body = parse(code).body
    except _NOT_PYTHON:
        raise UnusableAnswer("it is not valid Python") from None
    if len(body) != 1 or not isinstance(body[0], (ast.FunctionDef, ast.AsyncFunctionDef)):
        raise UnusableAnswer("it is not one function")
    return body[0]


def _inside(node: ast.AST) -> list[ast.AST]:
    return list(ast.walk(node))[1:]


def _at(tree: ast.Module, old: FunctionNode) -> FunctionNode | None:
    """The function that stands where the old one stood."""
    spot = (old.lineno, old.col_offset)
    return next(
        (
            node
            for node in ast.walk(tree)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (node.lineno, node.col_offset) == spot
        ),
        None,
    )


def _is_module(name: str, new: FunctionNode) -> bool:
    """Whether each use of the name is `name.attribute`."""
    uses = [n for n in ast.walk(new) if isinstance(n, ast.Name) and n.id == name]
    dotted = [n.value for n in ast.walk(new) if isinstance(n, ast.Attribute)]
    return bool(uses) and all(any(use is value for value in dotted) for use in uses)


def _plain_ends(source: str) -> str:
    text = source.replace("\r\n", "\n")
    return text if text.endswith("\n") else text + "\n"


def _like(before: str, after: str) -> str:
    """With the line ends of the source before."""
    if not before.endswith("\n"):
        after = after.removesuffix("\n")
    if "\r\n" not in before:
        return after
    old, new = before.split("\n"), after.split("\n")
    ends = "\r" if before.count("\r\n") * 2 > before.count("\n") else ""
    found = [line + ends for line in new[:-1]] + new[-1:]
    matcher = difflib.SequenceMatcher(None, [line.removesuffix("\r") for line in old], new, autojunk=False)
    for start, new_start, size in matcher.get_matching_blocks():
        found[new_start : new_start + size] = old[start : start + size]
    return "\n".join(found)
