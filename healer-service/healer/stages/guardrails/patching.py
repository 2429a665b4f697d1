"""Rules 30 and 35: code that changes other code from outside, behaves otherwise under test, or blinds the healer."""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import Side, Trees

_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_")) - {
    "copyright",
    "credits",
    "license",
    "help",
}
_MEANT_TO_BE_SET = re.compile(r"(flask|werkzeug\.local|starlette_context|quart|bottle|cherrypy|contextvars)\..*")
_TEST_WORDS = re.compile(r"\b(PYTEST_\w+|pytest|_pytest|py\.test|TESTING|COVERAGE_\w+|GITHUB_ACTIONS)\b")
_CLIENT = re.compile(r"selfheal|sentry_sdk|\bhealer\b", re.IGNORECASE)
_HOOKS = re.compile(r"pytest_\w+|__pytest\w*")


def about_patching(trees: Trees) -> Iterator[Finding]:
    yield from _client(trees)
    if trees.is_test:
        yield from _in_tests(trees)
        return
    yield from _assigned(trees)
    yield from _shadowed(trees)
    yield from _knows_the_test(trees)


def _assigned(trees: Trees) -> Iterator[Finding]:
    side = trees.after
    for node in trees.added(ast.Attribute, ast.Subscript):
        if isinstance(node.ctx, ast.Load):
            continue
        root = _root(node)
        base = ast.unparse(node.value)
        if isinstance(node, ast.Attribute) and node.attr in (
            "__class__",
            "__dict__",
            "__bases__",
            "__code__",
            "__defaults__",
            "__call__",
            "__wrapped__",
        ):
            yield finding(30, node, f"The object {base} is changed from outside ({node.attr}).")
        elif isinstance(node, ast.Attribute) and root is not None and side.names.imports(root) and root != "self":
            meanings = side.names.meanings(node.value)
            if not any(_MEANT_TO_BE_SET.fullmatch(name) for name in meanings) and not _is_bound_locally(
                side, node, root
            ):
                yield finding(30, node, f"{base} is changed from outside ({node.attr}).")
        elif (
            isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and _is_type_here(side, node.value.id)
        ):
            yield finding(30, node, f"{base} is changed from outside ({node.attr}).")
        elif re.search(
            (
                r"__builtins__|sys\.modules|__dict__|dependency_overrides|_overrides\b|view_functions|"
                r"user_middleware|exception_handlers|\.routes$|url_map"
            ),
            base,
        ):
            yield finding(30, node, f"{base} is changed from outside.")
    for call in trees.added(ast.Call):
        name = ast.unparse(call.func)
        if re.search(
            (
                r"(user_middleware|dependency_overrides|view_functions|middleware_stack|"
                r"before_request_funcs|\.routes|exception_handlers)\b.*\.(clear|pop|remove|update|insert|"
                r"append|setdefault)$"
            ),
            name,
        ):
            yield finding(30, call, f"{name} changes the application from outside.")


def _root(node: ast.expr) -> str | None:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _is_bound_locally(side: Side, node: ast.AST, name: str) -> bool:
    """A parameter or a variable of the function may have the name of an import."""
    function = side.function_of(node)
    if function is None:
        return False
    args = function.args
    bound = {arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)}
    inner = any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store) for n in ast.walk(function))
    return name in bound or inner


def _is_type_here(side: Side, name: str) -> bool:
    """A class or function of the module itself, which is changed after it was made."""
    return any(
        isinstance(n, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and n.name == name for n in side.tree.body
    )


def _shadowed(trees: Trees) -> Iterator[Finding]:
    known = {name for name, _ in _global_names(trees.before)}
    for name, node in _global_names(trees.after):
        if name in _BUILTINS and name not in known:
            yield finding(30, node, f"The builtin {name} gets another meaning in the whole module.")
    for statement in trees.added(ast.Global):
        for name in statement.names:
            if name in trees.after.functions or trees.after.names.imports(name):
                yield finding(30, statement, f"{name} gets another meaning in the whole module.")
    for node in trees.added(ast.FunctionDef, ast.AsyncFunctionDef):
        if node.name in ("__eq__", "__bool__", "__contains__", "__getattr__", "__getattribute__", "__missing__"):
            body = [s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
            if (
                len(body) == 1
                and isinstance(body[0], ast.Return)
                and (body[0].value is None or isinstance(body[0].value, ast.Constant))
            ):
                yield finding(30, node, f"{node.name} answers the same whatever it is asked.")


def _global_names(side: Side) -> Iterator[tuple[str, ast.AST]]:
    for statement in side.tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield statement.name, statement
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname, statement) for alias in statement.names if alias.asname)
        else:
            stores = (n for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
            yield from ((n.id, n) for n in stores)


def _knows_the_test(trees: Trees) -> Iterator[Finding]:
    for constant in trees.added(ast.Constant):
        if isinstance(constant.value, str) and _TEST_WORDS.search(constant.value) and len(constant.value) < 60:
            yield finding(30, constant, "The code asks whether it is under test.")
    for node in trees.added(ast.Attribute, ast.Name):
        text = ast.unparse(node)
        if re.search(r"\.testing$|(^|\.)(IS_)?TESTING$|under_test|in_sandbox|running_tests", text) and isinstance(
            node.ctx, ast.Load
        ):
            yield finding(30, node, "The code asks whether it is under test.")
    for test in trees.added(ast.If, ast.IfExp):
        if re.search(
            r"(base_url|host|user-agent|client\.host).*(testserver|testclient|localhost)|testserver|testclient",
            ast.unparse(test.test),
        ):
            yield finding(30, test, "The code asks whether it is under test.")


def _in_tests(trees: Trees) -> Iterator[Finding]:
    """Rule 17 as far as it stands in a test file; rule 30 where a test replaces what it is to test."""
    for node in trees.added(ast.FunctionDef, ast.AsyncFunctionDef):
        if _HOOKS.fullmatch(node.name):
            yield finding(17, node, f"{node.name} changes how tests run.")
        for decorator in node.decorator_list:
            text = ast.unparse(decorator)
            if "fixture" in text and re.search(r"autouse\s*=\s*(?!False)", text):
                yield finding(17, node, "A fixture that every test gets unasked changes how they run.")
    for name in trees.added(ast.Name):
        if name.id in ("pytest_plugins", "collect_ignore", "collect_ignore_glob") and isinstance(name.ctx, ast.Store):
            yield finding(17, name, f"{name.id} changes how tests run.")
    for call in trees.added(ast.Call):
        text = ast.unparse(call.func)
        function = trees.after.function_of(call)
        old = trees.before.functions.get(function.name) if function is not None else None
        if re.search(
            r"monkeypatch\.(setattr|setitem|delattr|syspath)|\bpatch(\.object|\.dict)?$|mock\.patch", text
        ) and (old or function is None):
            yield finding(30, call, "An existing test has what it tests replaced.")


def _client(trees: Trees) -> Iterator[Finding]:
    """Rule 35: any mention of the healer's client that comes, goes, or no longer stands where it stood."""
    before, after = Counter(_mentions(trees.before)), Counter(_mentions(trees.after))
    for _, text in (before - after) + (after - before):
        yield finding(35, 0, f"The healer's client is touched: {text[:80]}.")


def _mentions(side: Side) -> Iterator[tuple[str, str]]:
    """What stands around it, and the first line of the statement."""
    for statement in (n for n in side.nodes if isinstance(n, ast.stmt)):
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            texts = [ast.unparse(part) for part in statement.decorator_list]
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            texts = [ast.unparse(statement)]
        else:
            parts = [child for child in ast.iter_child_nodes(statement) if isinstance(child, (ast.expr, ast.withitem))]
            texts = [ast.unparse(part) for part in parts] + [
                name
                for part in parts
                for n in ast.walk(part)
                if isinstance(n, (ast.Name, ast.Attribute))
                for name in side.names.meanings(n)
            ]
        if any(_CLIENT.search(text) for text in texts):
            around = "/".join(
                type(n).__name__ + (ast.unparse(n.test) if isinstance(n, ast.If) else getattr(n, "name", None) or "")
                for n in side.above(statement)
            )
            yield around, ast.unparse(statement).partition("\n")[0]
