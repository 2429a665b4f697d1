"""What a refusal is about, told by its status and by what its test looks at. It words none."""

from __future__ import annotations

import ast
import re

from healer.syntax.bindings import assignments
from healer.syntax.project import Function
from healer.syntax.refusals import Refusal
from healer.syntax.routes import route_path

NOT_FOUND, BAD_INPUT, UNAUTHORISED, CONFLICT = "not_found", "bad_input", "unauthorised", "conflict"
_BY_STATUS = {404: NOT_FOUND, 410: NOT_FOUND, 401: UNAUTHORISED, 403: UNAUTHORISED, 409: CONFLICT, 423: CONFLICT}
STATE_STATUSES = (409, 400, 422, 412, 423)
"""What services answer where the state of what they hold forbids a request."""


def kind_of(refusal: Refusal) -> str:
    """400 and 422 may mean the input or the state: the first looks at what was sent, the second at what is stored."""
    known = _BY_STATUS.get(refusal.status or 0)
    if known is not None:
        return known
    if refusal.handler is not None:
        caught = ast.unparse(refusal.handler.type) if refusal.handler.type is not None else ""
        return CONFLICT if "Integrity" in caught else BAD_INPUT
    if refusal.test is not None and refusal.function is not None and _looks_at_state(refusal.test, refusal.function):
        return CONFLICT
    return BAD_INPUT


def _looks_at_state(test: ast.expr, function: Function) -> bool:
    params = {arg.arg for arg in function.params}
    for node in ast.walk(test):
        if not isinstance(node, (ast.Attribute, ast.Subscript)):
            continue
        root = root_of(node)
        if root is None or root.id in ("request", "self", "cls"):
            continue
        if root.id in params:
            if route_path(function) is None and isinstance(node, ast.Attribute) and not _is_method(node):
                return True
        elif any(isinstance(d.value, (ast.Call, ast.Await)) for d in assignments(function, root.id)):
            if not any(_is_sent(d.value) for d in assignments(function, root.id)):
                return not _is_method(node)
    return False


def _is_sent(value: ast.expr) -> bool:
    """Read from the request itself, as `request.get_json()` is."""
    text = ast.unparse(value)
    return re.search(r"\brequest\.(get_json|json|form|args|values|data|query_params|headers)\b", text) is not None


def _is_method(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and hasattr(str, node.attr)


def root_of(node: ast.expr) -> ast.Name | None:
    """The name an attribute or item hangs from."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node if isinstance(node, ast.Name) else None
