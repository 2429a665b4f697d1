"""Which functions answer requests, and under which path. It knows the ways of common frameworks, not what they do."""

from __future__ import annotations

import ast

from healer.syntax.project import Function

ROUTE_WORDS = {"get", "post", "put", "patch", "delete", "route", "api_route", "head", "options", "websocket"}


def route_path(function: Function) -> str | None:
    """The path template of a request handler: from its decorator, or from a Route(…) that names it; None for
    others.
    """
    for decorator in function.node.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute):
            first = decorator.args[0] if decorator.args else next((k.value for k in decorator.keywords), None)
            if decorator.func.attr in ROUTE_WORDS and isinstance(first, ast.Constant) and isinstance(first.value, str):
                return first.value
    for node in function.module.nodes:
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            word = ast.unparse(node.func).rpartition(".")[2]
            named = [a for a in [*node.args[1:], *(k.value for k in node.keywords)] if isinstance(a, ast.Name)]
            if word in ("Route", "add_route", "add_api_route", "add_url_rule", "APIRoute"):
                if any(a.id == function.name for a in named) and isinstance(node.args[0].value, str):
                    return node.args[0].value
    names = [arg.arg for arg in function.params]
    return "" if names[:1] == ["scope"] and isinstance(function.node, ast.AsyncFunctionDef) else None
