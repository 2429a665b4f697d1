"""Rule 3: code that asks for the very value that failed, or for one so particular that it can only be that.

Words that the source knew before, bounds, and the usual names of nothing are no special cases.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.answers import is_nothing, refuses
from healer.stages.guardrails.policy import Policy
from healer.stages.guardrails.rules import finding, words
from healer.stages.guardrails.trees import Side, Trees

_TRIVIAL = {"", "0", "1", "-1", "None", "True", "False", "0.0", "1.0", "nan", "inf", "-inf", "[]", "{}"}
_USUAL = words(
    "null none nil nan inf infinity true false yes no on off all any asc desc id utf-8 utf8 ascii"
    " latin-1 json csv xml application/json text/plain text/html multipart/form-data charset get post"
    " put patch delete head options utc bearer basic iso http https w/ +00:00 -00:00 asc, z n/a unknown"
    " default"
)
_ROUND = frozenset(
    {
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        9,
        10,
        11,
        12,
        16,
        20,
        23,
        24,
        28,
        29,
        30,
        31,
        32,
        50,
        52,
        53,
        59,
        60,
        64,
        90,
        99,
        100,
        127,
        128,
    }
)
_ROUND |= {255, 256, 360, 365, 366, 1000, 1024, 3600, 4096, 9999, 10_000, 65_535, 65_536, 86_400, 100_000, 1_000_000}
_MATCHERS = words(
    "startswith endswith replace removeprefix removesuffix find index count fullmatch match search sub split partition"
)
_NAMING = re.compile(
    r"(^|_|\b)(id|ids|key|pk|uuid|sku|email|user|username|customer|account|slug|number|no|code|isbn|name|title)s?$",
    re.I,
)
_COUNTING = re.compile(r"status|code|len\(|count|month|day|year|hour|minute|weekday|type|version|argc", re.I)


def about_special_cases(trees: Trees, policy: Policy) -> Iterator[Finding]:
    if trees.is_test:
        return
    failing = {value.strip("'\"") for value in policy.failing_values} - _TRIVIAL
    failing = {value for value in failing if len(value) > 1 or value.isdigit()}
    for node in trees.added(ast.Compare, ast.MatchValue, ast.Dict, ast.Set, ast.Call):
        for constant, other in _decides(trees.after, node):
            value = constant.value
            if isinstance(value, bool):
                continue
            if _is_failing(value, failing, node) or (isinstance(value, bytes) and value.decode("latin-1") in failing):
                yield finding(3, node, f"A special case for the value that failed: {value!r}.")
            elif _is_particular(trees, node, constant, other):
                yield finding(3, node, f"A special case for one value: {value!r}.")


def _is_failing(value: object, failing: set[str], node: ast.AST) -> bool:
    """The value itself in whatever letters, or its beginning or end where a text is searched."""
    text = str(value).casefold()
    known = {one.casefold() for one in failing}
    return text in known or (isinstance(node, ast.Call) and len(text) > 2 and any(text in one for one in known))


def _decides(side: Side, node: ast.AST) -> Iterator[tuple[ast.Constant, str]]:
    """Constants that decide, with what they are compared to; a key on the left of `in` names a field, not a value."""
    if isinstance(node, ast.Compare):
        yield from _compared(side, node)
    elif isinstance(node, ast.MatchValue):
        if isinstance(node.value, ast.Constant):
            match = next((n for n in side.above(node) if isinstance(n, ast.Match)), None)
            yield node.value, ast.unparse(match.subject) if match else ""
    elif isinstance(node, ast.Dict):
        if None in node.keys or _looked_up(side, node):
            yield from ((key, "") for key in node.keys if isinstance(key, ast.Constant))
    elif isinstance(node, ast.Set):
        yield from ((item, "") for item in node.elts if isinstance(item, ast.Constant) and _looked_up(side, node))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MATCHERS:
        yield from ((arg, "") for arg in node.args[:1] if isinstance(arg, ast.Constant))


def _compared(side: Side, node: ast.Compare) -> Iterator[tuple[ast.Constant, str]]:
    parts = [node.left, *node.comparators]
    if not all(isinstance(op, (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)) for op in node.ops):
        return
    if isinstance(node.ops[0], (ast.In, ast.NotIn)):
        parts = list(node.comparators) if not isinstance(node.comparators[0], ast.Constant) else []
    for part in parts:
        others = " ".join(ast.unparse(p) for p in (node.left, *node.comparators) if p is not part)
        for value in _values(side, part):
            yield value, others


def _values(side: Side, part: ast.expr, depth: int = 2) -> Iterator[ast.Constant]:
    if isinstance(part, ast.Constant):
        yield part
    elif isinstance(part, ast.UnaryOp) and isinstance(part.operand, ast.Constant):
        yield part.operand
    elif isinstance(part, (ast.Tuple, ast.List, ast.Set)):
        for item in part.elts:
            yield from _values(side, item, depth)
    elif isinstance(part, ast.Dict):
        for key in part.keys:
            if key is not None:
                yield from _values(side, key, depth)
    elif isinstance(part, ast.Call) and len(part.args) == 1 and not part.keywords:
        yield from _values(side, part.args[0], depth)  # frozenset({…}), UUID("…"), Decimal("…")
    elif isinstance(part, ast.BinOp):
        text = side.names.text(part)
        if text is not None:
            yield ast.copy_location(ast.Constant(text), part)
    elif isinstance(part, ast.Name) and depth:
        for given in side.names.assigned(part.id):
            if any(node is given for node in side.nodes):
                yield from _values(side, given, depth - 1)


def _looked_up(side: Side, node: ast.AST) -> bool:
    """`{…}[x]`, `{…}.get(x)`, `x in {…}`; directly, or by the name that it is given."""
    parent = side.parents.get(node)
    return isinstance(parent, (ast.Subscript, ast.Attribute))


def _is_particular(trees: Trees, node: ast.AST, constant: ast.Constant, other: str) -> bool:
    value = constant.value
    if isinstance(value, (int, float)):
        return _is_particular_number(value, other, trees, node)
    if not isinstance(value, str):
        return False
    text = value.strip()
    if text.lower() in _USUAL or len(text) < 2 or not any(map(str.isalnum, text)):
        return False
    looks_made = any(map(str.isdigit, text)) and any(map(str.islower, text))  # an identifier, not a word
    if not looks_made and _knew(trees, value):
        return False
    if isinstance(node, ast.Call) and not re.search(r"\d{2,}|@", re.sub(r"\\.|\{\d+(,\d*)?\}|\[[^\]]*\]", "", text)):
        return False
    if (
        (re.search(r"\d", text) and not re.fullmatch(r"\d(\.\d)?", text))
        or "@" in text
        or " " in text
        or not text.isascii()
    ):
        return True
    if text[0].isupper() and not text.isupper():
        return True
    return _answers_a_constant(trees.after, node)


def _is_particular_number(value: float, other: str, trees: Trees, node: ast.AST) -> bool:
    if isinstance(node, ast.Call) or value in (0, 1, -1) or _knew(trees, value):
        return False
    if _COUNTING.search(other) and not _NAMING.search(other.replace("status_code", "")):
        return value not in _ROUND and not 100 <= value < 600 and value > 12 and "len(" not in other
    return bool(_NAMING.search(other)) or value not in _ROUND


def _knew(trees: Trees, value: object) -> bool:
    return any(
        isinstance(n, ast.Constant) and n.value == value and type(n.value) is type(value) for n in trees.before.every
    )


def _answers_a_constant(side: Side, node: ast.AST) -> bool:
    """`if name == "word": return {}`: a word of no list that is answered by nothing."""
    parent = side.parents.get(node)
    if isinstance(parent, ast.If) and parent.test is node:
        last = parent.body[-1]
        if isinstance(last, ast.Return):
            return not refuses(parent.body) and last.value is not None and is_nothing(side, last.value)
        return isinstance(last, ast.Assign) and is_nothing(side, last.value)
    return (
        isinstance(parent, ast.match_case)
        and bool(parent.body)
        and isinstance(parent.body[-1], ast.Return)
        and is_nothing(side, parent.body[-1].value)
    )
