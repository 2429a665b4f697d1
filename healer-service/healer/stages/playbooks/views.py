"""Sets, views and iterators used like lists: made lists where they are used, or where they come from."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Edit, Replace
from healer.syntax.failing import visible
from healer.syntax.project import Module
from healer.syntax.situation import Situation

CATEGORIES = ("wrong-type", "missing-attribute", "unserialisable")
NAME = "views"
_VIEWS = (
    r"dict_values|dict_keys|dict_items|odict_\w+|map|filter|zip|generator|reversed|enumerate|islice|chain|ScalarResult"
)
_NOT_A_LIST = re.compile(
    rf"'(?P<indexed>{_VIEWS}|set|frozenset)' object is not subscriptable|"
    rf"object of type '(?P<sized>{_VIEWS})' has no len|"
    rf"'(?P<asked>{_VIEWS})' object has no attribute|"
    rf"type (?P<sent>{_VIEWS}) is not JSON|"
    rf"(?P<sliced>sequence index must be integer, not 'slice')|"
    rf"(?:concatenate list \(not \"|for \+: ')(?P<added>{_VIEWS})"
)


def draft(s: Situation) -> Iterator[Draft]:
    message = s.report.exception.message
    told = _NOT_A_LIST.search(message)
    if told is not None:
        kind = next((g for g in told.groups() if g), "")
        yield from _made_list(s, kind, told.lastgroup or "")
    elif "'int' object is not iterable" in message:
        yield from _counted(s)


def _made_list(s: Situation, kind: str, how: str) -> Iterator[Draft]:
    word = "sorted" if kind in ("set", "frozenset") else "list"
    for rank, node in enumerate(_used(s, how)[:3]):
        if isinstance(node, ast.Name) and s.function is not None and word == "list" and how != "sliced":
            made = s.tracer.definitions(node.id, s.module, s.function, node)
            if len(made) == 1 and not made[0].item and isinstance(made[0].value, (ast.Call, ast.GeneratorExp)):
                edits = ((s.module, Replace(made[0].value, _as_list(s, made[0].value, word))),)
                yield Draft(f"Make {node.id} a list", edits, Answer.CORRECT, 0.93 - 0.05 * rank)
                continue
        edits = ((s.module, Replace(node, _as_list(s, node, word))),)
        yield Draft(f"Take it as a {word} of items", edits, Answer.CORRECT, 0.91 - 0.05 * rank)


def _as_list(s: Situation, node: ast.expr, word: str) -> str:
    text = s.module.text(node)
    if isinstance(node, ast.GeneratorExp):
        inner = text[1:-1] if text.startswith("(") else text
        return f"[{inner}]"
    return f"{word}({text})"


def _used(s: Situation, how: str) -> list[ast.expr]:
    nodes = [n for n in visible(s.crash.statement) if isinstance(n, ast.expr)]
    if how in ("indexed", "sliced"):
        wanted = [n for n in nodes if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Load)]
        wanted = [n for n in wanted if how == "indexed" or isinstance(n.slice, ast.Slice)]
        return [n.value for n in wanted if not _has_text_key(n)]
    if how == "sized":
        return [n.args[0] for n in nodes if isinstance(n, ast.Call) and ast.unparse(n.func) == "len" and n.args]
    if how == "asked":
        return [pair[1] for pair in s.crash.pairs]
    if how == "added":
        sums = [n for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Add)]
        calls = [side for n in sums for side in (n.right, n.left) if not isinstance(side, (ast.List, ast.BinOp))]
        return [n for n in calls if not isinstance(n, ast.Call) or ast.unparse(n.func) not in ("list", "sorted")]
    return _sent(s, nodes)


def _sent(s: Situation, nodes: list[ast.expr]) -> list[ast.expr]:
    views = ("map", "filter", "zip", "reversed", "enumerate", "values", "keys", "items")
    return [
        n
        for n in nodes
        if isinstance(n, ast.GeneratorExp)
        or (isinstance(n, ast.Call) and ast.unparse(n.func).rpartition(".")[2] in views)
    ]


def _has_text_key(node: ast.Subscript) -> bool:
    return isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)


def _counted(s: Situation) -> Iterator[Draft]:
    """A loop over a number: over its range."""
    loops: list[ast.expr] = []
    for node in [s.crash.statement, *visible(s.crash.statement)]:
        if isinstance(node, (ast.For, ast.comprehension)):
            loops.append(node.iter)
    for node in loops:
        is_length = isinstance(node, ast.Call) and ast.unparse(node.func) == "len"
        if is_length or isinstance(s.seen(node), int):
            edits: tuple[tuple[Module, Edit], ...] = ((s.module, Replace(node, f"range({s.module.text(node)})")),)
            yield Draft("Count up to it", edits, Answer.CORRECT, 0.94 if is_length else 0.75)
