"""Rules about what must still be there: routes, public signatures, real function bodies.

It does not look at values.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.policy import Trees

_ROUTING = ("get", "post", "put", "patch", "delete", "route", "api_route", "websocket", "head", "options")
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def about_shape(trees: Trees) -> Iterator[Finding]:
    before, after = dict(_functions(trees.before)), dict(_functions(trees.after))
    for name, old in before.items():
        new = after.get(name)
        if new is None:
            if not _is_private(name) or _routes(old):
                yield Finding("public-removed", 37, "", 0, f"{name} is gone.")
            continue
        yield from _about_function(name, old, new, trees.after)
    yield from _about_names(trees)


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, FunctionNode]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield prefix + node.name, node
            yield from _functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, (ast.If, ast.Try, ast.With)):
            yield from _functions(node, prefix)


def _is_private(name: str) -> bool:
    return any(part.startswith("_") and not part.endswith("__") for part in name.split(".")) or name.count(".") > 1


def _routes(node: FunctionNode) -> list[str]:
    found = []
    for decorator in node.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(call, ast.Attribute) and call.attr in _ROUTING:
            found.append(ast.unparse(decorator))
    return found


def _about_function(name: str, old: FunctionNode, new: FunctionNode, after: ast.Module) -> Iterator[Finding]:
    if _routes(old) != _routes(new):
        yield Finding("route-changed", 37, "", new.lineno, f"The route of {name} is changed.")
    elif [ast.dump(d) for d in old.decorator_list] != [ast.dump(d) for d in new.decorator_list] and old.decorator_list:
        yield Finding("decorator-changed", 37, "", new.lineno, f"A decorator of {name} is removed or changed.")
    if not _compatible(old.args, new.args) or not (type(old) is type(new) or _awaited_by_all(old, new, after)):
        yield Finding("signature-changed", 37, "", new.lineno, f"The signature of {name} is changed.")
    if _is_stub(new) and not _is_stub(old):
        yield Finding("stub", 38, "", new.lineno, f"{name} no longer does anything.")


def _awaited_by_all(old: FunctionNode, new: FunctionNode, after: ast.Module) -> bool:
    """A plain function became async: frameworks await request handlers, and every call of a helper must be awaited."""
    if not isinstance(new, ast.AsyncFunctionDef):
        return False
    named = [n for n in ast.walk(after) if _last_name(n) == new.name and isinstance(getattr(n, "ctx", None), ast.Load)]
    awaited = {n.value.func for n in ast.walk(after) if isinstance(n, ast.Await) and isinstance(n.value, ast.Call)}
    return all(node in awaited for node in named) and bool(named or _routes(old))


def _last_name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _compatible(old: ast.arguments, new: ast.arguments) -> bool:
    """Unchanged, or with more parameters at the end that have defaults."""
    if ast.dump(old) == ast.dump(new):
        return True
    names = [arg.arg for arg in [*old.posonlyargs, *old.args]]
    fresh = [arg.arg for arg in [*new.posonlyargs, *new.args]]
    if fresh[: len(names)] != names or len(new.defaults) < len(old.defaults) + len(fresh) - len(names):
        return False
    keyword_only = {arg.arg for arg in old.kwonlyargs}
    if not keyword_only <= {arg.arg for arg in new.kwonlyargs} or (old.vararg is None) != (new.vararg is None):
        return False
    required = [
        a.arg for a, d in zip(new.kwonlyargs, new.kw_defaults, strict=True) if d is None and a.arg not in keyword_only
    ]
    return (
        not required
        and (old.kwarg is None) == (new.kwarg is None)
        and _as_wide(_annotations(old), _annotations(new, set(names) | keyword_only))
    )


def _as_wide(old: dict[str, str], new: dict[str, str]) -> bool:
    """The same, or None allowed as well."""
    return old.keys() == new.keys() and all(new[n] in (a, f"{a} | None", f"Optional[{a}]") for n, a in old.items())


def _annotations(args: ast.arguments, only: set[str] | None = None) -> dict[str, str]:
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    return {a.arg: ast.unparse(a.annotation) if a.annotation else "" for a in every if only is None or a.arg in only}


def _is_stub(node: FunctionNode) -> bool:
    body = [s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if not body:
        return True
    first = body[0]
    if isinstance(first, ast.Pass) or (isinstance(first, ast.Raise) and "NotImplementedError" in ast.unparse(first)):
        return True
    return isinstance(first, ast.Return) and (
        first.value is None or not any(isinstance(n, (ast.Name, ast.Call)) for n in ast.walk(first.value))
    )


def _about_names(trees: Trees) -> Iterator[Finding]:
    """Classes and module constants that others import."""
    gone = sorted(_public(trees.before) - _public(trees.after))
    for name in gone:
        yield Finding("public-removed", 37, "", 0, f"{name} is gone.")


def _public(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {t.id for t in targets if isinstance(t, ast.Name)}
    return {name for name in names if not name.startswith("_")}
