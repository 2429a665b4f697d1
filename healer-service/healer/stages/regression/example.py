"""The test of the repository that a new one follows: the one nearest to the failing request, with its client, the
fixtures it takes and how it signs in.

It reads only.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from healer.model import Request
from healer.stages.regression.identifiers import segments_of
from healer.stages.regression.suite import OwnTests, Use, bindings, bound_to
from healer.syntax.project import Function, Module, names_in

_BASE_URL = re.compile(r"base_url\s*=\s*f?[\"'](?:https?://[^/\"']*)?(/[^\"']*)?[\"']")
_REFUSES_ACCESS = re.compile(r"\b(?:401|403)\b")


@dataclass(frozen=True)
class Example:
    use: Use
    kind: str  # of its client: starlette | httpx | flask
    base: str  # the path that its client puts before each path
    likeness: int  # words of the path that it shares with the failing request
    headers: ast.expr | None  # what gives access, where that is asked for

    @property
    def test(self) -> Function:
        return self.use.test


@dataclass(frozen=True)
class Opening:
    """What a test needs before its first request, in the words of another."""

    parameters: tuple[str, ...]
    before: tuple[str, ...]
    around: str  # the head of a with statement that all that follows stands in; "" without one
    inside: tuple[str, ...]


def find(tests: OwnTests, request: Request, framework: str | None, *, access: bool) -> Example | None:
    """`access`: the request needs a header that was redacted, so a test that signs in is wanted."""
    usable = [use for use in tests.uses if _reachable(use)]
    if not usable:
        return None
    lenders = [use for use in usable if access and use.headers is not None and not _is_about_access(use)]
    lenders = [use for use in lenders if opening(use, needed_by(use)) is not None]
    popular = Counter(ast.unparse(use.client) for use in usable)

    def rank(use: Use) -> tuple[bool, bool, int, bool, bool, int, int]:
        path = _within(request.path, _base(tests, use))
        return (
            not _is_about_access(use),
            use in lenders or not access,
            _shared(path, use.path),
            len(segments_of(path)) == len(segments_of(use.path)),
            use.method == request.method.upper(),
            popular[ast.unparse(use.client)],
            use.call.lineno,
        )

    best = max(usable, key=rank)
    base = _base(tests, best)
    likeness = _shared(_within(request.path, base), best.path)
    return Example(best, tests.kind(best, framework), base, likeness, best.headers if best in lenders else None)


def _base(tests: OwnTests, use: Use) -> str:
    found = _BASE_URL.search(tests.client_source(use))
    return (found.group(1) or "").rstrip("/") if found else ""


def _within(path: str, base: str) -> str:
    return path.removeprefix(base) if path.startswith(f"{base}/") else path


def needed_by(use: Use) -> set[str]:
    """Names that another test needs to send a request in the same way."""
    return {use.root} | (names_in(use.headers) if use.headers is not None else set())


def _is_about_access(use: Use) -> bool:
    return bool(_REFUSES_ACCESS.search(use.module.text(use.test.node)))


def _shared(path: str, other: str) -> int:
    """Words that two paths have in the same places."""
    pairs = zip(segments_of(path), segments_of(other), strict=False)
    return sum(one == two and not one[:1].isdecimal() for one, two in pairs)


def _reachable(use: Use) -> bool:
    """Whether another test can come by the same client."""
    test = use.test
    if isinstance(use.client, ast.Attribute):
        return use.root == "self" and test.owner is not None and isinstance(use.client.value, ast.Name)
    if use.root in {arg.arg for arg in test.params}:
        return use.root not in parametrized(test)
    if bound_to(test, use.root):
        return opening(use, [use.root]) is not None
    return use.root in use.module.constants or use.root in use.module.imports


def parametrized(test: Function) -> set[str]:
    """Names that decorators give values to."""
    names: set[str] = set()
    owned = test.owner.decorator_list if test.owner is not None else []
    for decorator in [*test.node.decorator_list, *owned]:
        if not isinstance(decorator, ast.Call) or not ast.unparse(decorator.func).endswith("parametrize"):
            continue
        first = decorator.args[0] if decorator.args else None
        texts = [node.value for node in ast.walk(first) if isinstance(node, ast.Constant)] if first else []
        names |= {word for text in texts for word in re.findall(r"\w+", str(text))}
    return names


def opening(use: Use, names: Iterable[str]) -> Opening | None:
    """What brings about the names in the use's test; None where that cannot be said in a few plain statements."""
    test, wanted = use.test, set(names)
    around: ast.With | ast.AsyncWith | None = None
    kept: list[ast.stmt] = []
    for statement in reversed([one for one in test.statements if one.lineno <= use.call.lineno]):
        values = [value for name, value in bindings(statement) if name in wanted]
        if not values:
            continue
        if isinstance(statement, (ast.With, ast.AsyncWith)):
            if around is not None:
                return None
            around = statement
        else:
            kept.append(statement)
        wanted |= {name for value in values for name in names_in(value)}
    bound = {name for one in (*kept, *([around] if around is not None else [])) for name, _ in bindings(one)}
    parameters = [arg.arg for arg in test.params if arg.arg in wanted]
    if wanted - bound - set(parameters) - _at_hand(use.module) or wanted & parametrized(test):
        return None
    if any(use.module.parents.get(one) not in (test.node, around) for one in kept):
        return None
    inside = [one for one in kept if around is not None and use.module.parents.get(one) is around]
    return Opening(
        tuple(name for name in parameters if name != "self"),
        tuple(use.module.text(one) for one in reversed(kept) if one not in inside),
        _head(use, around) if around is not None else "",
        tuple(use.module.text(one) for one in reversed(inside)),
    )


def _at_hand(module: Module) -> set[str]:
    """Names that every test of the file may use."""
    made = {function.name for function in module.functions if function.owner is None}
    return made | set(module.imports) | set(module.constants) | set(module.classes) | set(dir(builtins))


def _head(use: Use, node: ast.With | ast.AsyncWith) -> str:
    items = ", ".join(use.module.text(item) for item in node.items if item.optional_vars is not None)
    return f"{'async ' if isinstance(node, ast.AsyncWith) else ''}with {items}:"


def effects(tests: OwnTests, use: Use) -> list[str]:
    """Fixtures that the test takes for what they do: it does not name them again."""
    test = use.test
    named = {node.id for node in test.own_nodes if isinstance(node, ast.Name)}
    return [
        arg.arg
        for arg in test.params
        if arg.arg not in named and arg.arg != "self" and tests.fixture(arg.arg, use.module.path) is not None
    ]
