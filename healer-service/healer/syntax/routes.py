"""Which functions answer requests, and under which path. It knows the ways of common frameworks, not what they do."""

from __future__ import annotations

import ast
from functools import lru_cache

from healer.syntax.project import Function, Module
from healer.syntax.registrations import ROUTE_WORDS, branched_to, registered_by_decorator, registered_elsewhere

__all__ = ["ROUTE_WORDS", "is_view_method", "route_path", "stands_around"]

_VIEWS = ("View", "Endpoint", "Resource")
_AROUND = ("middleware", "before_request", "before_app_request", "before_first_request")


@lru_cache(maxsize=4096)
def route_path(function: Function) -> str | None:
    """The path template of a request handler: from its decorator, from a Route(…) or routing table that names it, or
    from a test of the path; "" for what answers whatever the path is; None for others.
    """
    by_decorator = registered_by_decorator(function.node)
    if by_decorator is not None:
        return by_decorator or "/"
    named = _named_in(function.module)
    if function.owner is None:
        found = named.get(function.name)
    elif is_view_method(function):
        found = named.get(function.owner.name, "/")
    else:
        found = named.get(f"self.{function.name}")
    if found is not None:
        return found
    names = [arg.arg for arg in function.params]
    takes_all = names[:1] == ["scope"] and isinstance(function.node, ast.AsyncFunctionDef)
    return "" if takes_all or stands_around(function) else None


def is_view_method(function: Function) -> bool:
    """`get`, `post`, … of a class that answers requests, as MethodView and HTTPEndpoint do."""
    if function.owner is None or function.name not in ROUTE_WORDS:
        return False
    return any(ast.unparse(base).rpartition(".")[2].endswith(_VIEWS) for base in function.owner.bases)


def stands_around(function: Function) -> bool:
    """A middleware or a hook before every request: what it returns is the answer."""
    names = [arg.arg for arg in function.params]
    if "call_next" in names:
        return True
    texts = [ast.unparse(d.func if isinstance(d, ast.Call) else d) for d in function.node.decorator_list]
    return any(text.rpartition(".")[2] in _AROUND for text in texts)


@lru_cache(maxsize=256)
def _named_in(module: Module) -> dict[str, str]:
    """By the name that the module itself, or a module that imports it, gives what answers."""
    branched = branched_to(module.nodes, module.parents, module.imports)
    return {**branched, **module.registered, **registered_elsewhere(module.nodes)}
