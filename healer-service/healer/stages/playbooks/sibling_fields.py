"""A field that the client left out, read as its siblings, or as the same field elsewhere, are read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Replace
from healer.syntax.project import same
from healer.syntax.situation import Situation


def kept_as_siblings(s: Situation, base: ast.expr, key: ast.Constant) -> Iterator[Draft]:
    """`data.get("name", boat["name"])` beside `data["berth"]`: the default is said of this key."""
    reading = s.module.parents.get(base)
    if s.function is None or not isinstance(reading, ast.Subscript) or not isinstance(key.value, str):
        return
    if not isinstance(reading.ctx, ast.Load):
        return
    for node in s.function.own_nodes:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or len(node.args) != 2:
            continue
        if node.func.attr != "get" or not same(node.func.value, base) or not isinstance(node.args[0], ast.Constant):
            continue
        default = _said_of(s, node.args[1], str(node.args[0].value), key.value)
        if default:
            code = f"{s.module.text(base)}.get({s.module.text(key)}, {default})"
            summary = f"Keep {default} where {key.value} is not sent, as the other fields are kept"
            yield Draft(summary, ((s.module, Replace(reading, code)),), Answer.NATURAL_VALUE, 0.95)
            return


def read_softly(s: Situation, base: ast.expr, key: ast.Constant) -> Iterator[Draft]:
    """`grams_field(data.get("grams"))` elsewhere: the helper sees to what is not there."""
    reading = s.module.parents.get(base)
    call = s.module.parents.get(reading) if reading is not None else None
    if not isinstance(reading, ast.Subscript) or not isinstance(call, ast.Call) or reading not in call.args:
        return
    for module in s.project.modules.values():
        for node in module.nodes:
            if not isinstance(node, ast.Call) or not same(node.func, call.func) or len(node.args) != len(call.args):
                continue
            other = node.args[call.args.index(reading)]
            if isinstance(other, ast.Call) and isinstance(other.func, ast.Attribute) and other.func.attr == "get":
                if len(other.args) == 1 and same(other.args[0], key):
                    code = f"{s.module.text(base)}.get({s.module.text(key)})"
                    summary = f"Read {key.value!s} with get, as other calls of {ast.unparse(call.func)} do"
                    yield Draft(summary, ((s.module, Replace(reading, code)),), Answer.CORRECT, 0.96)
                    return


def _said_of(s: Situation, default: ast.expr, old: str, new: str) -> str:
    """The default with the one field in the place of the other; "" where it does not speak of the field."""
    fields = [
        n
        for n in ast.walk(default)
        if (isinstance(n, ast.Constant) and n.value == old) or (isinstance(n, ast.Attribute) and n.attr == old)
    ]
    if not fields:
        return ""
    return re.sub(rf"(?<=[\"'.]){re.escape(old)}\b", new, s.module.text(default))
