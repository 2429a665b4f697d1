"""Rules 4, 5, 28 and 40 (and the strength of secrets, 25): what protects must still be there, and be as strong.

It knows protection by its words: a check, a decorator, a dependency, a constant, a call. What a patch adds is free.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.conditions import normal
from healer.stages.guardrails.guards import around, changed_subjects, denies, is_guard, tests_of, weakened
from healer.stages.guardrails.narrowing import about_atoms, about_columns
from healer.stages.guardrails.rules import finding, words
from healer.stages.guardrails.strength import is_only_raised, is_raised
from healer.stages.guardrails.trees import FunctionNode, Trees
from healer.stages.guardrails.watches import WATCHES, Watch, pattern_of

_INJECTED = re.compile(r"\b(Depends|Security)\b")
_OF_DATA = words(
    "split get strip encode decode startswith endswith removeprefix removesuffix lower upper items"
    " values keys append add format partition replace join pop index count copy isoformat"
)
_TEXTS = (
    (
        5,
        pattern_of(r"x-frame-options|content-security-policy|strict-transport|x-content-type|referrer-policy|nosniff"),
        "A header",
    ),
    (
        28,
        pattern_of(r"^\W*(\*{3,}|x{3,}|redacted|filtered|masked|hidden|removed)\W*$"),
        "What stands for a hidden value",
    ),
)
_OPENING = re.compile(
    r"exempt|allow_any|AllowAny|public|anonymous|skip_auth|no_auth|insecure|unprotected", re.IGNORECASE
)


def about_protections(trees: Trees) -> Iterator[Finding]:
    if trees.is_test:
        return
    for watch in WATCHES:
        yield from _calls(trees, watch)
        yield from _constants(trees, watch)
        yield from _bases(trees, watch)
        for name, old, new in trees.pairs:
            yield from _decorators(name, old, new, watch)
        yield from about_atoms(trees, watch)
    yield from _marks(trees)
    yield from about_columns(trees)
    for name, old, new in trees.pairs:
        yield from _injected(name, old, new)
        yield from _defaults(name, old, new)
        known, there = list(tests_of(trees.before, old)), list(tests_of(trees.after, new))
        for node in changed_subjects(old, new, [g for g in known if is_guard(g, WATCHES[0])]):
            yield finding(4, node, f"What a permission check in {name} looks at is given to it anew.")
        for watch in WATCHES:
            yield from weakened(trees, name, watch, [g for g in known if is_guard(g, watch)], there)


def _calls(trees: Trees, watch: Watch) -> Iterator[Finding]:
    now = [node for node in trees.after.nodes if isinstance(node, ast.Call)]
    left = list(now)
    for node in (n for n in trees.before.nodes if isinstance(n, ast.Call)):
        called = _name(node.func)
        if not _is_watched_call(node, called, watch):
            continue
        same = [
            n
            for n in left
            if _name(n.func) == called or (n.func.__class__ is ast.Name and called.endswith(ast.unparse(n.func)))
        ]
        match = next((n for n in same if ast.dump(n) == ast.dump(node)), None) or next(
            (n for n in same if not watch.arguments or _keeps(trees, node, n) or is_only_raised(node, n)), None
        )
        if match is None:
            weaker = "is gone" if not same else "is given something else"
            yield finding(watch.number, same[0] if same else 0, f"A {watch.what} {weaker}: {called[:60]}.")
            continue
        left.remove(match)
        if watch.arguments and _is_less_sure(trees, node, match):
            yield finding(watch.number, match, f"A {watch.what} no longer applies always: {called[:60]}.")


def _name(func: ast.expr) -> str:
    """A dotted name without what earlier calls in it were given."""
    text = ast.unparse(func)
    while (shorter := re.sub(r"\([^()]*\)", "", text)) != text:
        text = shorter
    return text


def _is_less_sure(trees: Trees, old: ast.Call, new: ast.Call) -> bool:
    """Whether more must hold before the call is reached, or there is a new way out before it."""
    places = []
    for side, node in ((trees.before, old), (trees.after, new)):
        function = side.function_of(node)
        if function is None:
            places.append((set(around(side, node, side.tree)), 0))
            continue
        returns = [n for n in ast.walk(function) if isinstance(n, ast.Return) and n.lineno < node.lineno]
        places.append((set(around(side, node, function)), sum(not denies(n) for n in returns)))
    (before, exits_before), (after, exits_after) = places
    return not after <= before or exits_after > exits_before


def _is_watched_call(node: ast.Call, called: str, watch: Watch) -> bool:
    if watch.calls.search(called) and called.rpartition(".")[2] not in _OF_DATA:
        return True
    if called.rpartition(".")[2] not in ("add_middleware", "Middleware"):
        return False
    return watch.number == 5 or watch.calls.search(ast.unparse(node)) is not None


def _keeps(trees: Trees, old: ast.Call, new: ast.Call) -> bool:
    if normal(old, trees.before.names) == normal(new, trees.after.names):
        return True
    return _said(old) <= _said(new) and len(new.args) + len(new.keywords) >= len(old.args) + len(old.keywords)


def _said(node: ast.Call) -> Counter[str]:
    inside = [n for part in [*node.args, *node.keywords] for n in ast.walk(part)]
    names = [n.id for n in inside if isinstance(n, ast.Name)]
    attributes = [n.attr for n in inside if isinstance(n, ast.Attribute) and n.attr not in ("get", "encode", "strip")]
    return Counter([*names, *attributes, *(repr(n.value) for n in inside if isinstance(n, ast.Constant))])


def _constants(trees: Trees, watch: Watch) -> Iterator[Finding]:
    before, after = _settings(trees.before.tree), _settings(trees.after.tree)
    for name, value in before.items():
        if not watch.words.search(name) or name not in after or ast.dump(after[name]) == ast.dump(value):
            continue
        more = watch.number == 28 and _texts_in(value) < _texts_in(after[name])  # is hidden
        if not more and not (watch.number == 25 and is_raised(value, after[name])):
            yield finding(watch.number, after[name], f"A setting of the {watch.what} is changed: {name}.")


def _texts_in(value: ast.expr) -> set[object]:
    return {node.value for node in ast.walk(value) if isinstance(node, ast.Constant)}


def _settings(tree: ast.Module) -> dict[str, ast.expr]:
    """Constants of the module and of its classes, and what is set by key or attribute at the top."""
    found: dict[str, ast.expr] = {}
    bodies = [("", tree.body), *((n.name + ".", n.body) for n in tree.body if isinstance(n, ast.ClassDef))]
    for prefix, body in bodies:
        for statement in body:
            if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                found.update({prefix + ast.unparse(target): statement.value for target in targets})
    return found


def _bases(trees: Trees, watch: Watch) -> Iterator[Finding]:
    new = {n.name: n for n in trees.after.nodes if isinstance(n, ast.ClassDef)}
    for node in trees.before.nodes:
        if isinstance(node, ast.ClassDef) and node.name in new:
            kept = {ast.unparse(base) for base in new[node.name].bases}
            for base in map(ast.unparse, node.bases):
                if base not in kept and (watch.words.search(base) or watch.calls.search(base)):
                    yield finding(watch.number, new[node.name], f"A {watch.what} is gone: {node.name} was a {base}.")


def _decorators(name: str, old: FunctionNode, new: FunctionNode, watch: Watch) -> Iterator[Finding]:
    before = [ast.unparse(d) for d in old.decorator_list]
    after = [ast.unparse(d) for d in new.decorator_list]
    for text in before:
        watched = watch.calls.search(text) or watch.words.search(text)
        if watched and text not in after:
            yield finding(watch.number, new, f"A {watch.what} of {name} is gone or changed: @{text[:60]}.")
        elif watched and before.index(text) > 0 and after.index(text) == 0:
            yield finding(watch.number, new, f"A {watch.what} of {name} no longer applies: @{text[:60]} stands first.")
    for text in after:
        if text not in before and _OPENING.search(text) and watch.number in (4, 5):
            yield finding(watch.number, new, f"{name} is left out of a protection: @{text[:60]}.")


def _marks(trees: Trees) -> Iterator[Finding]:
    """Texts that protect by standing there, and calls that leave something out of a protection."""
    now = [n.value for n in trees.after.nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    for gone in trees.removed(ast.Constant):
        for number, pattern, what in _TEXTS if isinstance(gone.value, str) else ():
            if pattern.search(str(gone.value)) and gone.value not in now:
                yield finding(number, 0, f"{what} is gone: {str(gone.value)[:40]!r}.")
    for new in trees.added(ast.Constant):
        if isinstance(new.value, str) and re.fullmatch(r"access-control-allow-\w+", new.value, re.IGNORECASE):
            yield finding(5, new, f"Other sites are let in ({new.value}).")
    for call in trees.added(ast.Call):
        if _OPENING.search(ast.unparse(call.func).rpartition(".")[2]):
            yield finding(5, call, f"Something is left out of a protection: {ast.unparse(call)[:60]}.")


def _injected(name: str, old: FunctionNode, new: FunctionNode) -> Iterator[Finding]:
    """What a framework checks before the function is called."""
    left = Counter(_dependencies(new))
    for text in _dependencies(old):
        if left[text] <= 0:
            yield finding(4, new, f"A dependency of {name} is gone or changed: {text[:60]}.")
        left[text] -= 1


def _defaults(name: str, old: FunctionNode, new: FunctionNode) -> Iterator[Finding]:
    """A limit may be the default of a parameter."""
    before, after = _default_of(old), _default_of(new)
    watch = next(watch for watch in WATCHES if watch.number == 5)
    for parameter, text in before.items():
        if after.get(parameter, text) != text and watch.words.search(f"{name} {parameter} {text}"):
            yield finding(5, new, f"A {watch.what} is given another limit: {parameter}={after[parameter][:60]}.")


def _default_of(function: FunctionNode) -> dict[str, str]:
    args = function.args
    plain = [*args.posonlyargs, *args.args]
    found = dict(
        zip([a.arg for a in plain[len(plain) - len(args.defaults) :]], map(ast.unparse, args.defaults), strict=True)
    )
    given = zip(args.kwonlyargs, args.kw_defaults, strict=True)
    return found | {arg.arg: ast.unparse(default) for arg, default in given if default is not None}


def _dependencies(function: FunctionNode) -> list[str]:
    parts: list[ast.AST] = [function.args, *function.decorator_list]
    nodes = [node for part in parts for node in ast.walk(part)]
    return [ast.unparse(n) for n in nodes if isinstance(n, ast.Call) and _INJECTED.search(ast.unparse(n.func))]
