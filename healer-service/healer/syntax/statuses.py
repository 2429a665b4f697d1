"""Numbers and words of statements that refuse: which part of an answer is its status, which its message. It knows no
project.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from http import HTTPStatus

from healer.syntax.bindings import default_of
from healer.syntax.project import Function, Module

WERKZEUG = {
    "BadRequest": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "Conflict": 409,
    "Gone": 410,
    "UnprocessableEntity": 422,
    "HTTPNotFound": 404,
    "HTTPBadRequest": 400,
}
STATUS_NAMES = {status.name: int(status) for status in HTTPStatus} | {"UNPROCESSABLE_CONTENT": 422}


def default_status(function: Function) -> int | None:
    """The 4xx that a parameter for the status has when nothing is passed."""
    for arg in function.params:
        if arg.arg in ("status", "code", "status_code", "http_status"):
            status = status_of(default_of(function, arg.arg))
            return status if status is not None and 400 <= status < 500 else None
    return None


def status_of(node: ast.expr | None) -> int | None:
    if isinstance(node, ast.Constant) and type(node.value) is int and 100 <= node.value < 600:
        return node.value
    if isinstance(node, ast.Attribute):
        match = re.fullmatch(r"HTTP_(\d{3})_\w+", node.attr)
        return int(match.group(1)) if match else STATUS_NAMES.get(node.attr)
    return None


def status_part(value: ast.expr) -> ast.expr | None:
    """The part of an answer that is its status: `…, 404`, `status_code=404`, `abort(404)`, `problem("…", 404)`."""
    if isinstance(value, ast.Await):
        value = value.value
    if isinstance(value, ast.Tuple):
        return next((item for item in value.elts if is_refusing(item)), None)
    if isinstance(value, ast.Call):
        for keyword in value.keywords:
            if keyword.arg in ("status_code", "status", "code", "http_status") and status_of(keyword.value):
                return keyword.value
        if isinstance(value.func, ast.Call):
            return status_part(value.func)
        return next((item for item in value.args if is_refusing(item)), None)
    return None


def is_refusing(node: ast.expr) -> bool:
    status = status_of(node)
    return status is not None and 400 <= status < 600


def message_of(value: ast.expr) -> ast.expr | None:
    """The text a person reads: of all strings the last with a blank in it, or an f-string, or the last one."""
    found: list[ast.expr] = []

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            found.append(node)
            return
        if isinstance(node, ast.Dict):
            for item in node.values:
                visit(item)
            return
        if isinstance(node, ast.keyword) and node.arg in ("media_type", "mimetype", "content_type", "headers"):
            return
        if isinstance(node, ast.Subscript):
            return
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(value)
    phrases = [n for n in found if isinstance(n, ast.JoinedStr) or " " in str(getattr(n, "value", ""))]
    return (phrases or found)[-1] if found else None


def passed_on(value: ast.expr, handler: ast.ExceptHandler | None) -> ast.expr | None:
    """The caught exception's own text, `str(error)`, stands for a message."""
    if handler is None or handler.name is None:
        return None
    calls = [n for n in ast.walk(value) if isinstance(n, ast.Call) and ast.unparse(n) == f"str({handler.name})"]
    names = [n for n in ast.walk(value) if isinstance(n, ast.Name) and n.id == handler.name]
    return next(iter([*calls, *names]), None)


def assigned(statement: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Each name with its value, also of `status, kind = 404, "missing"`."""
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        yield statement.target, statement.value
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
                yield from zip(target.elts, statement.value.elts, strict=False)
            else:
                yield target, statement.value


def answered_by(statement: ast.stmt) -> int | None:
    """The refusal that a statement returns or sends, by the number in it."""
    value = statement.value if isinstance(statement, (ast.Return, ast.Expr)) else None
    status = status_of(status_part(value)) if value is not None else None
    return status if status is not None and 400 <= status < 500 else None


def is_sent(module: Module, node: ast.Expr) -> bool:
    """`await respond(send, 404, …)` with a bare return after it."""
    block = next((b for b in _blocks(module.parents.get(node)) if node in b), [])
    after = block[block.index(node) + 1 :] if node in block else []
    ends = bool(after) and isinstance(after[0], ast.Return) and after[0].value is None
    return isinstance(node.value, ast.Await) and ends


def _blocks(parent: ast.AST | None) -> list[list[ast.stmt]]:
    return [block for name in ("body", "orelse", "finalbody") if isinstance(block := getattr(parent, name, None), list)]


def caught_by(handler: ast.ExceptHandler) -> set[str]:
    """Bare names of the classes that a clause names."""
    if handler.type is None:
        return set()
    parts = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {ast.unparse(part).rpartition(".")[2] for part in parts}
