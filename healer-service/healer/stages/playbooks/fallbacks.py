"""A parameter that may be left out and holds nonsense: its own default, where the docstring says that such a value is
ignored or where other parameters fall back so.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.stages.playbooks.parse_errors import errors_of
from healer.syntax.defaults import promises_refusal
from healer.syntax.edits import Edit, Guarded
from healer.syntax.examples import handlers_around
from healer.syntax.project import Module
from healer.syntax.situation import Situation

_IGNORED = re.compile(
    r"\b(ignored?|falls? back|treated as|counts? as|otherwise|defaults? to|instead|as if|nonsense|"
    r"(invalid|bad|unknown|malformed|unusable|unreadable|other)\b[^.;]{0,40}\b(is|are|means?|gives?|get)\b)",
    re.I,
)


def with_default(s: Situation, call: ast.Call) -> Iterator[Draft]:
    statement = s.crash.statement
    if s.function is None or not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return
    default = _default(call)
    if default is None or promises_refusal(s.function):
        return
    word = ast.unparse(call.func).rpartition(".")[2]
    alike = [h for h in handlers_around(s, word) if h.refusal is None and _falls_back(h.handler)]
    says = any(f is not None and _IGNORED.search(f.docstring) for f in (s.function, s.route))
    if not alike and not says:
        return
    errors, imports = errors_of(s, s.module, call)
    code = f"except {errors}:\n    {s.module.text(statement.targets[0])} = {s.module.text(default)}\n"
    edits: tuple[tuple[Module, Edit], ...] = (
        (s.module, Guarded(statement, code)),
        *((s.module, added) for added in imports),
    )
    yield Draft(f"Take {s.module.text(default)} on {errors}", edits, Answer.NATURAL_VALUE, 0.97 if alike else 0.93)


def _default(call: ast.Call) -> ast.expr | None:
    """Of `int(args.get("page", 1))` the 1, of `int(raw or 1)` also."""
    inner = call.args[0] if len(call.args) == 1 else None
    if isinstance(inner, ast.BoolOp) and isinstance(inner.op, ast.Or):
        return inner.values[-1]
    if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr == "get":
        value = inner.args[1] if len(inner.args) > 1 else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            try:
                return ast.Constant(int(value.value)) if ast.unparse(call.func) == "int" else None
            except ValueError:
                return None
        return value
    return None


def _falls_back(handler: ast.ExceptHandler) -> bool:
    return len(handler.body) == 1 and isinstance(handler.body[0], (ast.Assign, ast.Return))
