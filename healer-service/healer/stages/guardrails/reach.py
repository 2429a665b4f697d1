"""Rules about what code may reach: calls, names and imports that a repair of a web service never needs to add.

Any mention counts, not only a call, so another name, a default or a decorator hides nothing. What was there may stay.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.dangers import EXCEPTION, PATTERNS, broken_by
from healer.stages.guardrails.policy import Policy, own_names
from healer.stages.guardrails.rules import finding, words
from healer.stages.guardrails.trees import Side, Trees

_MODULES = (
    "os sys builtins importlib subprocess shutil socket pickle marshal ctypes code types runpy signal atexit gc inspect"
)
_VALUES = frozenset(_MODULES.split())  # modules that are used by their names' parts only, never handed around
_SAFE_LOADERS = frozenset({"yaml.SafeLoader", "yaml.CSafeLoader"})
_CLIENT_METHODS = words("get post put patch delete head options request send open urlopen fetch stream connect")
_URL = re.compile(r"\b(https?|ftp|wss?|ldaps?|gopher|smtp|tcp|udp)://", re.IGNORECASE)
_QUIET = frozenset({"timeout", "headers"})


def about_reach(trees: Trees, policy: Policy) -> Iterator[Finding]:
    seen: set[tuple[int, int]] = set()
    for found in (*_mentions(trees, policy), *_imports(trees, policy), *_addresses(trees, policy)):
        if (found.number, found.line) not in seen:
            seen.add((found.number, found.line))
            yield found


def _mentions(trees: Trees, policy: Policy) -> Iterator[Finding]:
    kept = {id(node) for node in _reworded(trees)}
    for node in trees.added(ast.Name, ast.Attribute, ast.Call):
        if id(node) in kept or _is_inner(trees.after, node):
            continue
        expression = node.func if isinstance(node, ast.Call) else node
        if isinstance(node, ast.Call) and _loads_safely(trees.after, node):
            continue
        for name in sorted(trees.after.names.meanings(expression)):
            if policy.allows_call(name) or _is_own(trees.after, expression, name):
                continue
            for number, reason in broken_by(name):
                if not (trees.is_test and number in (8, 29, 30)):
                    yield finding(number, node, f"{reason} ({ast.unparse(expression)[:60]})")
            if name in _VALUES and not isinstance(node, ast.Call):
                yield finding(6, node, f"The module {name} is handed on as a value.")


def _is_inner(side: Side, node: ast.AST) -> bool:
    """Part of a longer dotted name, or the name in a call: the whole is looked at instead."""
    parent = side.parents.get(node)
    if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
        return True
    if isinstance(node, ast.Call):
        return False
    return isinstance(parent, ast.Attribute) or (isinstance(parent, ast.Call) and parent.func is node)


def _is_own(side: Side, expression: ast.expr, name: str) -> bool:
    """A builtin's name that the module gives to a function of its own."""
    return isinstance(expression, ast.Name) and name == expression.id and name in side.functions


def _loads_safely(side: Side, node: ast.Call) -> bool:
    loaders = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "Loader")]
    return any(side.names.meanings(loader) & _SAFE_LOADERS for loader in loaders)


def _reworded(trees: Trees) -> Iterator[ast.AST]:
    """Calls that were there and now pass the same names and texts in other words, as `.get` in place of brackets."""
    old = [(trees.before.names.meanings(n.func), _words(n)) for n in trees.removed(ast.Call)]
    for node in trees.added(ast.Call):
        meanings, words = trees.after.names.meanings(node.func), _words(node)
        match = next((pair for pair in old if pair[0] == meanings and words <= pair[1] | _QUIET), None)
        if match is not None:
            old.remove(match)
            yield node
            yield from (n for n in ast.walk(node.func) if n is not node)


def _words(node: ast.Call) -> frozenset[str]:
    """Names and texts that a call is made of; a header or a bound that is written out tells nothing."""
    quiet = [
        k for k in node.keywords if k.arg in _QUIET and not any(isinstance(n, ast.Name) for n in ast.walk(k.value))
    ]
    parts = [node.func, *node.args, *(keyword for keyword in node.keywords if keyword not in quiet)]
    inside = [n for part in parts for n in ast.walk(part)]
    names = {n.id for n in inside if isinstance(n, ast.Name)}
    texts = {n.value for n in inside if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return frozenset(names | texts | {k.arg or "**" for k in node.keywords})


def _imports(trees: Trees, policy: Policy) -> Iterator[Finding]:
    before = {name for name, _ in _imported(trees.before)}
    for name, node in _imported(trees.after):
        if name in before or policy.allows_call(name):
            continue
        shown = name.removesuffix(".*")
        if name.endswith(".*"):
            yield finding(11, node, f"A star import does not show what it brings ({shown}).")
            for number, pattern, reason in PATTERNS:
                if any(
                    pattern.fullmatch(f"{shown}.{part}") for part in ("system", "rmtree", "load", "exit", "sleep", "x")
                ):
                    yield finding(number, node, f"{reason} (import {shown})")
        parts = name.split(".")
        reached = {found for end in range(1, len(parts) + 1) for found in broken_by(".".join(parts[:end]))}
        for number, reason in () if EXCEPTION.search(name) else reached:
            if not (trees.is_test and number in (8, 30)):
                yield finding(number, node, f"{reason} (import {shown})")
        if not _is_known(parts[0], trees, policy):
            yield finding(11, node, f"{parts[0]} is neither the standard library nor a declared dependency.")


def _is_known(top: str, trees: Trees, policy: Policy) -> bool:
    if not top or top in sys.stdlib_module_names or policy.knows_module(top):
        return True
    if top in own_names(trees.change.file) or (trees.is_test and top == "pytest"):
        return True
    return any(name.partition(".")[0] == top for name, _ in _imported(trees.before))


def _imported(side: Side) -> list[tuple[str, ast.AST]]:
    """Dotted names with their statements; a relative one begins with a dot."""
    found: list[tuple[str, ast.AST]] = []
    for node in side.every:
        if isinstance(node, ast.Import):
            found += [(alias.name, node) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(f"{'.' * node.level}{node.module or ''}.{alias.name}", node) for alias in node.names]
    return found


def _addresses(trees: Trees, policy: Policy) -> Iterator[Finding]:
    """A method of some client with an address written into the call."""
    for node in trees.added(ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in _CLIENT_METHODS and not trees.is_test:
            if policy.allows_call(ast.unparse(node.func)):
                continue
            texts = [trees.after.names.template(part) or "" for part in [*node.args, *(k.value for k in node.keywords)]]
            if any(_URL.search(text) for text in texts):
                yield finding(8, node, "Something outside can be reached.")
