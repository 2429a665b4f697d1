"""Text brought into the form that a conversion takes, where the code shows that such text is to be accepted: other code
normalises it so, or the docstring gives examples that the conversion does not take as they are.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Edit, Replace
from healer.syntax.expressions import wrap
from healer.syntax.failing import CONVERSIONS
from healer.syntax.project import Module
from healer.syntax.situation import Situation

Step = tuple[str, tuple[str, ...]]  # a method of text and its arguments
Chain = tuple[Step, ...]
_METHODS = {
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "casefold",
    "title",
    "replace",
    "removeprefix",
    "removesuffix",
}
_USUAL: tuple[Chain, ...] = (
    (("strip", ()),),
    (("lower", ()),),
    (("upper", ()),),
    (("strip", ()), ("lower", ())),
    (("strip", ()), ("upper", ())),
    (("replace", (" ", "")),),
    (("replace", (",", "")),),
    (("replace", (",", ".")),),
    (("replace", ("_", "")),),
    (("replace", (".", "")), ("replace", (",", "."))),
    (("rstrip", ("%",)),),
    (("lstrip", ("#",)),),
    (("lstrip", ("$",)),),
    (("replace", ("/", "-")),),
)
_READERS: dict[str, Any] = {"int": int, "float": float, "Decimal": Decimal, "UUID": UUID}
_DATES: dict[str, Any] = {"date": date, "datetime": datetime, "time": time}


def as_accepted(s: Situation, call: ast.Call, culprit: ast.expr) -> Iterator[Draft]:
    seen = s.seen(culprit)
    if not isinstance(seen, str) or not isinstance(culprit, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)):
        return
    shown = [*((chain, 0.96) for chain in _elsewhere(s, call)), *((chain, 0.95) for chain in _promised(s, call))]
    for chain, fit in shown:
        if _reads(s, call, apply(chain, seen)) and not _reads(s, call, seen):
            edits: tuple[tuple[Module, Edit], ...] = ((s.module, Replace(culprit, as_code(s.module, culprit, chain))),)
            yield Draft(f"Take {s.module.text(culprit)} as it is meant to be written", edits, Answer.CONVERT, fit)
            return


def apply(chain: Chain, text: str) -> str:
    for method, arguments in chain:
        text = getattr(text, method)(*arguments)
    return text


def as_code(module: Module, value: ast.expr, chain: Chain) -> str:
    return wrap(module, value, module.text(value)) + "".join(_code(module, step) for step in chain)


def _code(module: Module, step: Step) -> str:
    quote = '"' if module.source.count('"') >= module.source.count("'") else "'"
    return f".{step[0]}({', '.join(quote + a + quote for a in step[1])})"


def _elsewhere(s: Situation, call: ast.Call) -> Iterator[Chain]:
    """How other places prepare text for the same conversion, and what this function does to other text."""
    word = ast.unparse(call.func).rpartition(".")[2]
    for module in [s.module, *(m for m in s.project.modules.values() if m is not s.module)]:
        for node in module.nodes:
            if isinstance(node, ast.Call) and node is not call and node.args:
                if ast.unparse(node.func).rpartition(".")[2] == word and (chain := chain_of(node.args[0])):
                    yield chain


def chain_of(node: ast.expr) -> Chain:
    """The normalising methods at the end of an expression, in the order they are called."""
    steps: list[Step] = []
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
        texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if len(texts) != len(node.args) or node.keywords:
            break
        steps.insert(0, (node.func.attr, tuple(texts)))
        node = node.func.value
    return tuple(steps)


def _promised(s: Situation, call: ast.Call) -> Iterator[Chain]:
    """What makes the docstring's own examples readable that are not so as they stand."""
    words = [s.function.docstring if s.function is not None else "", s.route.docstring if s.route is not None else ""]
    examples = [text for doc in words for text in re.findall(r"[`\"'“]([^`\"'”\n]{1,30})[`\"'”]", doc)]
    for chain in _USUAL:
        if any(not _reads(s, call, one) and _reads(s, call, apply(chain, one)) for one in examples):
            yield chain
    ignores_case = any(re.search(r"\bcase\b|upper|lower", doc, re.I) for doc in words)
    yield from _USUAL[1:5] if ignores_case else ()


def _reads(s: Situation, call: ast.Call, text: str) -> bool:
    """Whether the conversion takes the text; False for a conversion that is not known here."""
    word = ast.unparse(call.func).rpartition(".")[2]
    found = s.project.find_class(s.module, call.func)
    if found is not None:
        values = [n.value for n in found[1].body if isinstance(n, ast.Assign)]
        return text in [v.value for v in values if isinstance(v, ast.Constant)]
    if word not in CONVERSIONS:
        return False
    try:
        if word in _READERS:
            _READERS[word](text)
        elif word == "fromisoformat" and isinstance(call.func, ast.Attribute):
            _DATES[ast.unparse(call.func.value).rpartition(".")[2]].fromisoformat(text)
        elif word == "strptime" and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
            datetime.strptime(text, str(call.args[1].value))
        else:
            return False
    except (ValueError, InvalidOperation, KeyError):
        return False
    return True
