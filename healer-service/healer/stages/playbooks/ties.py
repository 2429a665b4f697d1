"""Records that are compared because what goes before them in a sort is equal: sorted by what tells them apart."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Edit, Replace
from healer.syntax.project import Module
from healer.syntax.situation import Situation

_SORTS = ("sorted", "min", "max", "sort")


def by_what_differs(s: Situation) -> Iterator[Draft]:
    told = re.search(r"not supported between instances of '(\w+)' and '(\w+)'", s.report.exception.message)
    if told is None or told.group(1) != told.group(2):
        return
    kind = told.group(1)
    if kind != "dict" and not any(kind in m.classes for m in s.project.modules.values()):
        return
    for call in [n for n in ast.walk(s.crash.statement) if isinstance(n, ast.Call)]:
        if ast.unparse(call.func).rpartition(".")[2] not in _SORTS or any(k.arg == "key" for k in call.keywords):
            continue
        for index, (part, fit) in enumerate(_parts(s, kind)):
            key = _key(s, call, part)
            if key:
                text = s.module.text(call)
                code = f"{_closed(text, call)}key={key})"
                edits: tuple[tuple[Module, Edit], ...] = ((s.module, Replace(call, code)),)
                yield Draft(f"Sort equal ones by {part.strip('.[]').strip(chr(34))}", edits, Answer.CORRECT,
                            fit - 0.05 * index)  # fmt: skip


def _closed(text: str, call: ast.Call) -> str:
    """The call up to where another argument goes; a bare generator needs parentheses beside it."""
    inner = text[text.index("(") + 1 : -1].rstrip().rstrip(",")
    if len(call.args) == 1 and isinstance(call.args[0], ast.GeneratorExp) and not call.keywords:
        inner = inner if inner.startswith("(") and inner.endswith(")") and _balanced(inner) else f"({inner})"
    return f"{text[: text.index('(') + 1]}{inner}{', ' if inner else ''}"


def _balanced(text: str) -> bool:
    """Whether the first parenthesis is closed by the last."""
    depth = 0
    for index, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return index == len(text) - 1
    return False


def _parts(s: Situation, kind: str) -> list[tuple[str, float]]:
    """Attributes or keys to sort by: the one that the docstring names, then those of the other sorts."""
    doc = " ".join(f.docstring for f in (s.function, s.route) if f is not None)
    words = re.findall(r"\bby (?:the |their |its )?(\w+)", doc)
    used: Counter[str] = Counter()
    for module in s.project.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.keyword) and node.arg == "key" and isinstance(node.value, ast.Lambda):
                used.update(_named(node.value.body))
    known = _members(s, kind)
    ordered = [w for w in words if w in known] + [w for w, _ in used.most_common() if not known or w in known]
    ordered += [w for w in ("name", "title", "id", "code") if w in known]
    shape = '["{}"]' if kind == "dict" else ".{}"
    return [(shape.format(word), 0.95) for word in dict.fromkeys(ordered)][:3]


def _named(body: ast.expr) -> list[str]:
    found = [n.attr for n in ast.walk(body) if isinstance(n, ast.Attribute)]
    return found + [
        str(n.slice.value) for n in ast.walk(body) if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Constant)
    ]


def _members(s: Situation, kind: str) -> set[str]:
    for module in s.project.modules.values():
        node = module.classes.get(kind)
        if node is not None:
            return {
                n.target.id for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
            } | {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    return set()


def _key(s: Situation, call: ast.Call, part: str) -> str:
    """A lambda for tuples that end in the record, or for the records themselves."""
    source = call.args[0] if call.args else None
    if isinstance(source, ast.Name):
        made = s.tracer.definitions(source.id, s.module, s.function, source)
        source = made[0].value if made else source
    element = source.elt if isinstance(source, (ast.GeneratorExp, ast.ListComp)) else None
    if isinstance(element, ast.Tuple):
        last = len(element.elts) - 1
        first = ", ".join(f"pair[{i}]" for i in range(last))
        return f"lambda pair: ({first}, pair[{last}]{part})"
    return f"lambda item: item{part}" if not isinstance(element, ast.Tuple) and source is not None else ""
