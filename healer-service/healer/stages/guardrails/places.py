"""Rules 4 and 34 about order and place: work that now comes before its check, and files beside those the code used.

Whether a check itself is weaker is found out in protections.py.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.guards import is_guard, tests_of
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import FunctionNode, Side, Trees
from healer.stages.guardrails.watches import WATCHES

_WRITES = frozenset({"write_text", "write_bytes", "unlink", "rename", "symlink_to", "hardlink_to", "touch"})
_SEARCHES = frozenset({"replace", "split", "startswith", "endswith", "count", "find", "strip", "lstrip", "partition"})
_OF_OS = frozenset({"os.replace", "os.rename", "os.link", "os.symlink", "os.chmod", "os.chown", "os.mkfifo"})


def about_places(trees: Trees) -> Iterator[Finding]:
    if trees.is_test:
        return
    for name, old, new in trees.pairs:
        yield from _before_the_check(trees, name, old, new)
    yield from _upwards(trees)
    yield from _written(trees)


def _before_the_check(trees: Trees, name: str, old: FunctionNode, new: FunctionNode) -> Iterator[Finding]:
    """Statements that a check kept from being run, and no longer does."""
    now = {guard.text: guard for guard in tests_of(trees.after, new) if guard.refusing}
    for guard in tests_of(trees.before, old):
        if not guard.refusing or guard.text not in now or not any(is_guard(guard, watch) for watch in WATCHES):
            continue
        kept = {ast.dump(s) for s in _effects(trees.before, old) if s.lineno > guard.node.lineno}
        there = now[guard.text].node
        for statement in _effects(trees.after, new):
            if statement.lineno < there.lineno and ast.dump(statement) in kept:
                yield finding(4, statement, f"{name} does its work before the check that it may.")
                break


def _effects(side: Side, function: FunctionNode) -> Iterator[ast.stmt]:
    """Statements that call something; of compound ones each by itself."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Expr | ast.Assign | ast.AugAssign | ast.Return):
            continue
        if side.function_of(node) is function and any(isinstance(n, ast.Call) for n in ast.walk(node)):
            yield node


def _upwards(trees: Trees) -> Iterator[Finding]:
    for node in trees.added(ast.Constant):
        if isinstance(node.value, str) and ".." in node.value.replace("\\", "/").split("/"):
            outer = trees.after.parents.get(node)
            if isinstance(outer, ast.BinOp | ast.JoinedStr) or (isinstance(outer, ast.Call) and not _looks(outer)):
                yield finding(4, node, "A path leads out of the folder it was kept in.")


def _looks(call: ast.Call) -> bool:
    """A text is searched for it, or rid of it."""
    return isinstance(call.func, ast.Attribute) and call.func.attr in _SEARCHES


def _written(trees: Trees) -> Iterator[Finding]:
    """Files are written, moved or removed where the module did not do so before."""
    known = {_way(call) for call in trees.before.every if isinstance(call, ast.Call)}
    for call in trees.added(ast.Call):
        way = _way(call)
        if way and way not in known:
            yield finding(34, call, f"A file can be overwritten or moved ({way}).")


def _way(call: ast.Call) -> str:
    """As "write_text" or "open for writing"; "" for what writes nothing."""
    name = ast.unparse(call.func)
    if name in _OF_OS:
        return name
    if isinstance(call.func, ast.Attribute) and call.func.attr in _WRITES:
        return call.func.attr
    if name.rpartition(".")[2] != "open":
        return ""
    modes = [*call.args[:2], *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    texts = [mode.value for mode in modes if isinstance(mode, ast.Constant) and isinstance(mode.value, str)]
    writing = any(0 < len(text) <= 4 and set(text) <= set("rwaxbt+") and set(text) & set("wax+") for text in texts)
    return "open for writing" if writing else ""
