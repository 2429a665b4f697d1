"""What things are called in messages, from the names the code gives them. It writes no message."""

from __future__ import annotations

import ast
import re

GENERIC = {
    "text",
    "found",
    "row",
    "record",
    "result",
    "res",
    "entry",
    "match",
    "one",
    "hit",
    "value",
    "raw",
    "data",
    "s",
    "x",
    "key",
    "k",
    "v",
    "to",
    "from",
    "target",
    "source",
    "item",
    "arg",
    "param",
    "val",
    "part",
    "args",
    "json",
    "form",
    "body",
    "payload",
    "n",
    "i",
    "of",
    "q",
    "request",
    "params",
    "path",
    "query",
    "id",
    "number",
    "pk",
    "obj",
}


_PLAIN = {
    *("get", "pop", "popleft", "first", "one", "one_or_none", "strip", "split", "lower", "upper", "int", "float"),
    *("str", "next", "scalar", "scalars", "scalar_one", "scalar_one_or_none", "fetchone", "fetchall", "all"),
    *("execute", "filter", "filter_by", "where", "order_by", "limit", "mappings", "tuples", "unique", "options"),
    *("list", "sorted", "reversed", "keys", "values", "items", "copy"),
}
_TRIMMING = {"strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "replace", "partition", "split", "rsplit"}
LOOK_UPS = {"find", "lookup", "fetch", "load", "search", "find_one", "by_id", "select", "query", "resolve"}
"""Names of look-ups that do not say what is looked up: what they are asked with, or asked of, says it."""


def noun_of(*nodes: ast.expr | str | None) -> str:
    """What to call a thing in a message: the first of the names that says something."""
    words = [word for node in nodes if (word := singular(_last_word(node)))]
    return next((word for word in words if word not in GENERIC), words[0] if words else "entry")


def name_of(*nodes: ast.expr | str | None) -> str:
    """The name of an input as the client knows it."""
    words = [word for node in nodes if (word := _last_word(node))]
    return next((word for word in words if word.lower() not in GENERIC), words[0] if words else "value")


def name_as_sent(node: ast.expr, sent: list[str]) -> str:
    """The client's own name for what the code may call otherwise."""
    names = {name for name in sent if name and name.lower() not in GENERIC}
    return names.pop() if len(names) == 1 else name_of(node, *sorted(names))


def _last_word(node: ast.expr | str | None) -> str:
    if node is None or isinstance(node, str):
        return node or ""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        constant = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
        return str(node.slice.value) if constant and isinstance(node.slice, ast.Constant) else _last_word(node.value)
    if isinstance(node, ast.Await):
        return _last_word(node.value)
    if isinstance(node, ast.Call):
        first = node.args[0] if node.args else None
        word = _last_word(node.func)
        if word in _TRIMMING and isinstance(node.func, ast.Attribute):
            return _last_word(node.func.value)
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.isidentifier():
            return first.value
        table = _table_in(first)
        if table:
            return table
        inner = node.func.value if isinstance(node.func, ast.Attribute) else first
        if word in LOOK_UPS and first is not None and singular(_last_word(first)) not in GENERIC:
            return _last_word(first)
        return _last_word(inner) if word in (*_PLAIN, *LOOK_UPS) and isinstance(inner, ast.expr) else word
    return ""


def _table_in(node: ast.AST | None) -> str:
    """The table that an SQL text reads first."""
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    found = re.search(r"\b(?:FROM|INTO|UPDATE)\s+[\"'`\[]?(\w+)", text, re.I)
    return found.group(1) if found and re.match(r"\s*(SELECT|DELETE|UPDATE|INSERT|WITH)\b", text, re.I) else ""


def singular(word: str) -> str:
    word = re.sub(
        r"(_by_\w+|_table|_map|_dict|_list|_store|_index|_id|_code|_name|_key|_slug|_ref)$", "", word.lower().strip("_")
    )
    word = re.sub(r"(?<=\w)_(?:of|for)$", "", word)
    word = re.sub(r"_or_(?:\d{3}|none|raise|fail|error|abort)$", "", word)
    word = re.sub(r"^(all|get|find|load|fetch|lookup|by|parse|read|require|the|must)_", "", word)
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "xes", "ches", "shes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return word.replace("_", " ")


def entity_in(node: ast.AST) -> str:
    """The first class named in a query: of `select(LoanPlan).where(…)` loan plan."""
    names = sorted(
        (n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id[:1].isupper() and not n.id.isupper()),
        key=lambda n: (n.lineno, n.col_offset),
    )
    return singular(re.sub(r"(?<!^)([A-Z])", r"_\1", names[0].id)) if names else ""
