"""Which names a module has at its top, which of them a function uses, and which it uses that exist nowhere.

It does not resolve attributes.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator

from healer.syntax.project import FunctionNode, Module, Project
from healer.syntax.walks import children

_ALWAYS = frozenset(dir(builtins)) | {
    *("__name__", "__file__", "__doc__", "__package__", "__spec__", "__loader__", "__path__", "__annotations__"),
    *("__class__", "__module__", "__qualname__"),
}
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def top_level(tree: ast.Module) -> Iterator[ast.AST]:
    """Nodes that run when the module is imported: not those in functions, and not what only a type checker reads."""
    todo: list[ast.AST] = list(reversed(tree.body))
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, _SCOPES):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            todo.extend(node.orelse)
            continue
        todo.extend(reversed(children(node)))


def top_names(module: Module) -> set[str]:
    """Those that a module binds; "*" stands for what a star import brings."""
    found: set[str] = set()
    for node in top_level(module.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {bound_by(alias, isinstance(node, ast.Import)) for alias in node.names}
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            found.add(node.rest)
    for inner in module.nodes:
        if isinstance(inner, ast.Global):
            found |= set(inner.names)
    return found


def bound_by(alias: ast.alias, plain: bool) -> str:
    """The name that an import gives to the module; `plain` for `import a.b`, which binds a."""
    return alias.asname or (alias.name.partition(".")[0] if plain else alias.name)


def imported_at_top(module: Module) -> dict[str, str]:
    """Name -> dotted name of what it stands for, without the imports inside functions."""
    names = {
        bound_by(alias, isinstance(node, ast.Import))
        for node in top_level(module.tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    return {name: dotted for name, dotted in module.imports.items() if name in names}


def globals_used(source: str, name: str, line: int) -> set[str]:
    """What the function at a line takes from its module, or from nowhere. Empty when the text is no Python."""
    try:
        table = symtable.symtable(source, "<module>", "exec")
    except (SyntaxError, ValueError):
        return set()
    found = _function_table(table, name, line)
    return set(_globals(found)) if found is not None else set()


def _function_table(table: symtable.SymbolTable, name: str, line: int) -> symtable.SymbolTable | None:
    todo = [table]
    while todo:
        one = todo.pop()
        if str(one.get_type()).rpartition(".")[2].lower() == "function" and one.get_name() == name:
            if one.get_lineno() == line:
                return one
        todo += one.get_children()
    return None


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        if symbol.is_global() and symbol.is_referenced():
            yield symbol.get_name()
    for child in table.get_children():
        yield from _globals(child)


def used_in_body(node: FunctionNode) -> set[str]:
    """Names that the body reads and does not bind; what only the header uses is not among them."""
    names = [n for statement in node.body for n in ast.walk(statement) if isinstance(n, ast.Name)]
    bound = {n.id for n in names if not isinstance(n.ctx, ast.Load)}
    return {n.id for n in names} - bound - {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}


def known_names(project: Project, module: Module) -> set[str] | None:
    """What a function of the module need not bind itself; None when a star import brings what cannot be listed."""
    names = top_names(module) | _ALWAYS
    for node in top_level(module.tree):
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            origin = project.module_named(module.absolute(node))
            brought = top_names(origin) if origin is not None else {"*"}
            if "*" in brought:
                return None
            names |= brought
    return names


def importing(project: Project, module: Module) -> set[str]:
    """Paths of the modules that are imported when this one is, itself included."""
    seen: set[str] = set()
    todo = [module]
    while todo:
        one = todo.pop()
        if one.path in seen:
            continue
        seen.add(one.path)
        for dotted in _imported_modules(one):
            found = project.module_named(dotted)
            if found is not None:
                todo.append(found)
    return seen


def _imported_modules(module: Module) -> Iterator[str]:
    for node in top_level(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.absolute(node)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
