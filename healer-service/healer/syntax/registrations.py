"""Where a module says which function answers which path: decorators, routing tables, Route(…) calls, branches.

It reads one tree at a time and resolves no names.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

ROUTE_WORDS = {"get", "post", "put", "patch", "delete", "route", "api_route", "head", "options", "websocket"}
_REGISTERING = {"Route", "WebSocketRoute", "APIRoute", "add_route", "add_api_route", "add_url_rule"}
_PATH = re.compile(r"(?:(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) +)?\^?(?:\(\?:)?(/\S*)")
_PARTS = {"path", "parts", "segments", "pieces", "route", "steps"}
_FRAMEWORKS = {"fastapi", "flask", "starlette", "quart", "django", "aiohttp", "sanic", "litestar", "falcon"}


def registered_by_decorator(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    """`@app.get("/x")` of a framework, `@route("GET", r"/x")` of a router of the service's own."""
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call):
            continue
        given = [*decorator.args, *(k.value for k in decorator.keywords)]
        word = decorator.func.attr if isinstance(decorator.func, ast.Attribute) else ""
        if word in ROUTE_WORDS and given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
            found = _path_in(given[0])
            return given[0].value if found is None else found
        found = next((path for one in given if (path := _path_in(one)) is not None), None)
        if found is not None:
            return found
    return None


def registered_elsewhere(nodes: Sequence[ast.AST]) -> dict[str, str]:
    """Functions and classes that tables and calls of a module name as what answers a path: text of the expression that
    names them -> path.
    """
    found: dict[str, str] = {}
    for node in nodes:
        for target, path in _pairs(node):
            found.setdefault(target, path)
    return found


def _pairs(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Call):
        yield from _in_call(node)
    elif isinstance(node, (ast.Tuple, ast.List)) and isinstance(node.ctx, ast.Load):
        path = next((p for item in node.elts if (p := _path_in(item)) is not None), None)
        yield from ((name, path) for item in node.elts for name in _named(item) if path is not None)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            path = _path_of_key(key) if key is not None else None
            yield from ((name, path) for name in _named(value) if path is not None)
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        path = _path_of_key(node.targets[0].slice)
        yield from ((name, path) for name in _named(node.value) if path is not None)


def _in_call(node: ast.Call) -> Iterator[tuple[str, str]]:
    given = [*node.args, *(k.value for k in node.keywords)]
    if len(given) < 2:
        return
    word = ast.unparse(node.func).rpartition(".")[2]
    if word in ("compile", "match", "fullmatch", "search", "startswith", "replace", "split", "Depends", "sub"):
        return
    path = next((p for one in given if (p := _path_in(one)) is not None), None)
    if path is None and word in _REGISTERING:
        path = next((a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str)), None)
        path = path or "/" if path is not None else None
    if path is not None:
        yield from ((name, path) for one in given for name in _named(one))


def _named(node: ast.expr) -> Iterator[str]:
    """Names and attributes that may stand for a handler, also inside `{"GET": show}` and `View.as_view("x")`."""
    if isinstance(node, (ast.Name, ast.Attribute)):
        yield ast.unparse(node)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _named(value)
    elif isinstance(node, (ast.Tuple, ast.List)):
        for item in node.elts:
            yield from _named(item)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "as_view":
        yield ast.unparse(node.func.value)


def _path_of_key(key: ast.expr) -> str | None:
    if isinstance(key, ast.Tuple):
        return next((p for item in key.elts if (p := _path_in(item)) is not None), None)
    return _path_in(key)


def _path_in(node: ast.expr) -> str | None:
    """The path template a constant is, or that `re.compile(…)` is given."""
    if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in ("re.compile", "compile"):
        node = node.args[0]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        found = _PATH.match(node.value)
        return found.group(1) if found is not None else None
    return None


def branched_to(
    nodes: Sequence[ast.AST], parents: Mapping[ast.AST, ast.AST], imports: Mapping[str, str]
) -> dict[str, str]:
    """Functions that a module without a framework calls in the branches of a test of the path: text of what is called
    -> path.
    """
    if any(dotted.partition(".")[0] in _FRAMEWORKS for dotted in imports.values()):
        return {}
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, (ast.If, ast.match_case)):
            path = _asked_path(node.test) if isinstance(node, ast.If) else _matched_path(node, parents)
            for statement in node.body if path is not None else ():
                value = getattr(statement, "value", None)
                value = value.value if isinstance(value, ast.Await) else value
                if isinstance(value, ast.Call) and _hands_on(value):
                    found.setdefault(ast.unparse(value.func), path or "/")
    return found


def _hands_on(call: ast.Call) -> bool:
    """A refusal is made in such a branch, too: it is given words and a status only."""
    named = isinstance(call.func, (ast.Name, ast.Attribute))
    return named and (not call.args or any(not isinstance(a, (ast.Constant, ast.JoinedStr)) for a in call.args))


def _asked_path(test: ast.expr) -> str | None:
    for node in ast.walk(test):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            path = next((p for side in sides for p in _constants(side)), None)
            if path is not None:
                return path
            if any(_speaks_of_parts(side) for side in sides):
                return "/"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("startswith", "match", "fullmatch") and node.args:
                path = _path_in(node.args[0])
                if path is not None:
                    return path
    return None


def _constants(side: ast.expr) -> Iterator[str]:
    for item in side.elts if isinstance(side, (ast.Tuple, ast.List)) else [side]:
        path = _path_in(item)
        if path is not None:
            yield path


def _speaks_of_parts(side: ast.expr) -> bool:
    return any(isinstance(n, ast.Name) and n.id in _PARTS for n in ast.walk(side))


def _matched_path(case: ast.match_case, parents: Mapping[ast.AST, ast.AST]) -> str | None:
    match = parents.get(case)
    if not isinstance(match, ast.Match) or isinstance(case.pattern, ast.MatchAs):
        return None
    for node in ast.walk(case.pattern):
        if isinstance(node, ast.MatchValue) and (path := _path_in(node.value)) is not None:
            return path
    return "/" if _speaks_of_parts(match.subject) else None
