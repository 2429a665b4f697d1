"""A None that a function of the service answers because it falls off its end: what it should answer there, as its
docstring says it or as the one entry that is left of the table its answers are looked up in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.bindings import assignments
from healer.syntax.edits import InsertAfter
from healer.syntax.failing import visible
from healer.syntax.project import Function
from healer.syntax.situation import Situation
from healer.syntax.values import UNKNOWN

CATEGORIES = ("none-dereference", "missing-key", "wrong-type", "unpacking", "unserialisable", "conversion")
NAME = "fallen-off"
_LITERAL = r"""(?P<value>"[^"]*"|'[^']*'|``[^`]+``|`[^`]+`|-?\d+(?:\.\d+)?%?)"""
_REST = (
    r"(?:everything|anything|everyone|anyone|all|any|every)(?: \w+)? (?:else|other\w*|heavier|lighter|larger|bigger|"
    r"longer|shorter|above|beyond|below|more|higher|lower|older|younger)|everything|the rest|the others|"
    r"(?:above|beyond|over|after|below|under) (?:that|them|those)|otherwise|else|any other\b|others?"
)
_VALUE_FIRST = re.compile(rf"{_LITERAL},? (?:(?:for|from|when|if|in) )?(?:{_REST})\b", re.I)
_REST_FIRST = re.compile(rf"\b(?:{_REST})\b[^.,;\"'`\d]{{0,24}}?[ :]{_LITERAL}", re.I)


def draft(s: Situation) -> Iterator[Draft]:
    for callee in dict.fromkeys(_callees(s)):
        made = _made_for_nothing(callee)
        if made:
            edits = ((callee.module, InsertAfter(callee.node.body[-1], f"return {made}\n")),)
            yield Draft(f"Answer the {made} that {callee.name} makes", edits, Answer.CORRECT, 0.98)
        answers = _answers(callee)
        if not answers:
            continue
        said = _said(callee, answers) or _left_in_table(s, callee, answers)
        if said:
            edits = ((callee.module, InsertAfter(callee.node.body[-1], f"return {said}\n")),)
            yield Draft(f"Answer {said} for the rest in {callee.name}", edits, Answer.NATURAL_VALUE, 0.95)


def _callees(s: Situation) -> Iterator[Function]:
    """Functions whose answer the line that crashed uses, right away or under a name, and that was None."""
    if s.function is None:
        return
    for node in visible(s.crash.statement):
        calls = [node] if isinstance(node, ast.Call) else []
        if isinstance(node, ast.Name) and s.crash.value_of(node) in (None, UNKNOWN):
            calls = [d.value for d in assignments(s.function, node.id) if isinstance(d.value, ast.Call)]
        for call in calls:
            callee = s.project.find_function(s.module, call.func, s.function)
            if callee is not None:
                yield callee


def _made_for_nothing(callee: Function) -> str:
    """The one local that a function without any answer fills at its top level, and nothing in it passes on."""
    nodes = callee.own_nodes
    if any(isinstance(n, (ast.Return, ast.Yield, ast.YieldFrom)) and getattr(n, "value", None) for n in nodes):
        return ""
    names = []
    for statement in callee.node.body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and isinstance(target, ast.Name):
            names.append(target.id)
    passed = {
        n.id
        for call in nodes
        if isinstance(call, ast.Call)
        for part in [*call.args, *(k.value for k in call.keywords)]
        for n in ast.walk(part)
        if isinstance(n, ast.Name)
    }
    stored = {
        ast.unparse(n.value)
        for n in nodes
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], (ast.Subscript, ast.Attribute))
    }
    last = callee.node.body[-1]
    left = [n for n in dict.fromkeys(names) if n not in passed and n not in stored]
    written = {n.id for n in ast.walk(last) if isinstance(n, ast.Name)}
    left = [n for n in left if n in written or len(left) == 1]
    return left[-1] if left and len(set(left)) == 1 else ""


def _answers(callee: Function) -> list[str | int | float]:
    """The constants that it answers, when those are all it answers and its end is open."""
    declared = ast.unparse(callee.node.returns) if callee.node.returns is not None else ""
    if "None" in declared or "Optional" in declared or re.search(r"\b[Nn]one\b", callee.docstring):
        return []
    last = callee.node.body[-1]
    if not isinstance(last, (ast.If, ast.For, ast.Match)) or _always_ends(last):
        return []
    returned = [n.value for n in callee.own_nodes if isinstance(n, ast.Return)]
    values = [v.value for v in returned if isinstance(v, ast.Constant) and isinstance(v.value, (str, int, float))]
    return values if len(values) == len(returned) else []


def _always_ends(node: ast.stmt) -> bool:
    """Whether every branch answers."""
    if not isinstance(node, ast.If):
        return False
    ends = [node.body[-1], *(node.orelse[-1:])]
    return bool(node.orelse) and all(isinstance(n, (ast.Return, ast.Raise)) or _always_ends(n) for n in ends)


def _said(callee: Function, answers: list[str | int | float]) -> str:
    text = " ".join(callee.docstring.split())
    for pattern in (_VALUE_FIRST, _REST_FIRST):
        found = pattern.search(text)
        if found is None:
            continue
        value = found.group("value").strip("`")
        plain = value.strip("\"'")
        wanted = {type(a) for a in answers}
        if wanted == {str}:
            return f'"{plain}"'
        if value[:1] not in "\"'" and not value.endswith("%") and wanted <= {int, float}:
            return value
    return ""


def _left_in_table(s: Situation, callee: Function, answers: list[str | int | float]) -> str:
    """The one key that is left of the table whose other keys are what it answers."""
    expression = s.crash.expression
    if not isinstance(expression, ast.Subscript) or s.crash.category != "missing-key":
        return ""
    found = s.project.constant(s.module, expression.value.id) if isinstance(expression.value, ast.Name) else None
    if found is None or not isinstance(found[1], ast.Dict):
        return ""
    keys = [k.value for k in found[1].keys if isinstance(k, ast.Constant)]
    left = [k for k in keys if k not in answers]
    inside = all(a in keys for a in answers)
    return f'"{left[0]}"' if inside and len(left) == 1 and isinstance(left[0], str) and len(answers) > 1 else ""
