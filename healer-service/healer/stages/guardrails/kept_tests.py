"""Rules 18 and 19: existing tests stay, run, and ask for no less. New tests are free."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import FunctionNode, Side, Trees

_SKIPS = re.compile(
    r"(?<![\w.])((pytest|py\.test|mark|pytest\.mark|unittest|case|ut|_pytest\.\w+|"
    r"pt)\.)*(skip|skipif|xfail|skipIf|skipUnless|skipTest|expectedFailure|importorskip|"
    r"SkipTest|exit|filterwarnings|usefixtures_off)\b|\.skipTest\b"
)
_ASSERTS = re.compile(r"(^|\.)(assert\w*|raises|warns|fail|expect\w*|check\w*|verify\w*)$", re.IGNORECASE)


def about_tests(trees: Trees) -> Iterator[Finding]:
    yield from _skipped(trees)
    if not trees.is_test:
        return
    yield from _gone(trees)
    for name, old, new in trees.pairs:
        yield from _weakened(trees, name, old, new)
    yield from _settings(trees)


def _is_named_test(name: str) -> bool:
    return name.rpartition(".")[2].startswith("test")


def _gone(trees: Trees) -> Iterator[Finding]:
    for name in trees.before.functions:
        if _is_named_test(name) and name not in trees.after.functions:
            yield finding(18, 0, f"A test is gone: {name}.")
    classes = [{n.name for n in side.tree.body if isinstance(n, ast.ClassDef)} for side in (trees.before, trees.after)]
    for name in sorted(classes[0] - classes[1]):
        yield finding(18, 0, f"A class of tests is gone: {name}.")
    for side, known in ((trees.after, Counter(_defined(trees.before))),):
        for name, count in Counter(_defined(side)).items():
            if count > 1 and count > known[name] and _is_named_test(name):
                yield finding(18, side.functions[name], f"A test takes the place of another of its name: {name}.")
    reachable = set(_collected(trees.after))
    for name in set(_collected(trees.before)) - reachable:
        if name in trees.after.functions:
            yield finding(18, trees.after.functions[name], f"A test no longer runs: {name}.")


def _defined(side: Side) -> Iterator[str]:
    for node in side.every:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            outer = next(
                (n for n in side.above(node) if isinstance(n, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))),
                None,
            )
            yield f"{outer.name}.{node.name}" if outer is not None else node.name


def _collected(side: Side) -> Iterator[str]:
    """Tests where pytest finds them: at the top, or in a class there."""
    for node in side.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _is_named_test(node.name):
            yield node.name
        elif isinstance(node, ast.ClassDef):
            yield from (
                f"{node.name}.{n.name}"
                for n in node.body
                if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)) and _is_named_test(n.name)
            )


def _skipped(trees: Trees) -> Iterator[Finding]:
    for node in trees.added(ast.Attribute, ast.Name):
        meanings = trees.after.names.meanings(node)
        if any(
            _SKIPS.search(name)
            and ("." in name or name in ("SkipTest",))
            and re.match(r"\??(pytest|py|unittest|_pytest|mark|self)\b", name)
            for name in meanings
        ):
            yield finding(18, node, "A test is skipped or expected to fail.")
    if not trees.is_test:
        return
    for name in trees.added(ast.Name):
        if isinstance(name.ctx, ast.Store) and name.id in ("__test__", "pytestmark"):
            yield finding(18, name, "Tests are left out or marked as a whole.")


def _weakened(trees: Trees, name: str, old: FunctionNode, new: FunctionNode) -> Iterator[Finding]:
    now = Counter(_steps(trees.after, new))
    lost = Counter(_steps(trees.before, old)) - now
    asserting = any(_asserts(node) for node in ast.walk(old))
    if not _is_named_test(name) and not asserting:
        return
    if lost:
        text = next(iter(lost))[1]
        yield finding(19, new, f"{name} asks for less: {text[:80]}.")
    elif [ast.dump(d) for d in old.decorator_list] != [ast.dump(d) for d in new.decorator_list]:
        yield finding(19, new, f"{name} is run otherwise than before.")
    first = next((s for s in new.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))), None)
    returns = [s for s in ast.walk(new) if isinstance(s, (ast.Return, ast.Yield))]
    if len(returns) > sum(isinstance(s, (ast.Return, ast.Yield)) for s in ast.walk(old)) or (
        isinstance(first, (ast.Return, ast.Pass)) and _is_named_test(name)
    ):
        yield finding(19, new, f"{name} ends before it asks everything.")


def _asserts(node: ast.AST) -> bool:
    return isinstance(node, ast.Assert) or (
        isinstance(node, ast.Call) and _ASSERTS.search(ast.unparse(node.func)) is not None
    )


def _steps(side: Side, function: FunctionNode) -> Iterator[tuple[str, str]]:
    """Each plain statement with what stands around it; what a test sends counts as much as what it asks."""
    for node in ast.walk(function):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue
            around = "/".join(_named(outer) for outer in side.above(node) if outer is not function)
            yield around, ast.unparse(node)


def _named(node: ast.AST) -> str:
    heads = [ast.unparse(part) for part in ast.iter_child_nodes(node) if isinstance(part, (ast.expr, ast.withitem))]
    return type(node).__name__ + (
        " ".join(heads) if isinstance(node, (ast.With, ast.AsyncWith, ast.If, ast.For, ast.Try)) else ""
    )


def _settings(trees: Trees) -> Iterator[Finding]:
    """What the tests of a file expect may stand above them."""
    before = {ast.unparse(t): n for n in trees.before.changed if isinstance(n, ast.Assign) for t in n.targets}
    for node in trees.after.changed:
        if isinstance(node, ast.Assign):
            for target in map(ast.unparse, node.targets):
                if target in before:
                    yield finding(19, node, f"What the tests use is changed: {target}.")
