"""The call that a report describes: the function at fault with the arguments its frames show.

For a crash that no request shows: a job, a request that was not recorded whole. It calls nothing.
"""

from __future__ import annotations

import ast
import re

from healer.model import Call, Frame, Report
from healer.syntax.parsing import parse
from healer.syntax.project import Function, Project

# Values that a report shows as calls and the sandbox makes again; everything else must be a literal.
_MADE = re.compile(r"(?:datetime\.)?(?:datetime|date|timedelta)|Decimal|UUID")
_REDACTED, _CUT = "[redacted]", "…"


def call_of(report: Report, project: Project) -> Call | None:
    """The innermost call whose arguments can all be had; None where there is none."""
    for frame in reversed(report.app_frames):
        module = project.modules.get(frame.file)
        function = module.function_at(frame.line) if module is not None else None
        if function is None or function.name != frame.function.rpartition(".")[2] or not _is_reachable(function):
            continue
        arguments = _arguments(function, frame)
        if arguments is not None:
            owner = f"{function.owner.name}." if function.owner is not None else ""
            return Call(frame.file, owner + function.name, arguments)
    return None


def _is_reachable(function: Function) -> bool:
    """By its qualified name, from the module: not a function made inside another."""
    holder = function.owner or function.module.tree
    return function.node in holder.body and (function.owner is None or function.owner in function.module.tree.body)


def _arguments(function: Function, frame: Frame) -> dict[str, str] | None:
    """What the frame holds under the names of the parameters; a function may have changed them since it was called."""
    args = function.node.args
    if args.vararg is not None or args.kwarg is not None:
        return None
    found = {}
    for parameter in (*args.posonlyargs, *args.args, *args.kwonlyargs):
        name = parameter.arg
        if name == "cls" and any(ast.unparse(d) == "classmethod" for d in function.node.decorator_list):
            continue
        text = frame.locals.get(name)
        if text is None or not _readable(text) or _is_rebound(function, name):
            return None
        found[name] = text
    return found


def _is_rebound(function: Function, name: str) -> bool:
    stored = (n for n in ast.walk(function.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return any(node.id == name for node in stored)


def _readable(text: str) -> bool:
    if _REDACTED in text or _CUT in text:
        return False
    try:
        node = parse(text.strip(), "eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return _is_literal(node, 0)


def _is_literal(node: ast.expr, depth: int) -> bool:
    if depth > 20:
        return False
    if isinstance(node, ast.Constant):
        return node.value is not Ellipsis
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub | ast.UAdd) and isinstance(node.operand, ast.Constant)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return all(_is_literal(item, depth + 1) for item in node.elts)
    if isinstance(node, ast.Dict):
        return all(key is not None and _is_literal(key, depth + 1) for key in node.keys) and all(
            _is_literal(value, depth + 1) for value in node.values
        )
    if isinstance(node, ast.Call) and not node.keywords:
        return bool(_MADE.fullmatch(ast.unparse(node.func))) and all(_is_literal(a, depth + 1) for a in node.args)
    return False
