"""Rule 37: what others rely on must still be there: routes, public names and their signatures."""

from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import FunctionNode, Side, Trees

_ROUTING = (
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "route",
    "api_route",
    "websocket",
    "head",
    "options",
    "websocket_route",
)
_REGISTERS = re.compile(
    r"(^|\.)(add_url_rule|add_api_route|add_route|add_websocket_route|include_router|"
    r"register_blueprint|mount|Route|WebSocketRoute|Mount|APIRouter|Blueprint|re_path|"
    r"add_resource|before_request|after_request|teardown_\w+|add_event_handler)$"
)


def about_shape(trees: Trees) -> Iterator[Finding]:
    for name, old in trees.before.functions.items():
        if name not in trees.after.functions and (not _is_private(name) or _routes(old)):
            yield finding(37, 0, f"{name} is gone.")
    for name, old, new in trees.pairs:
        yield from _about_function(name, old, new, trees.after.tree)
    yield from _about_names(trees)
    yield from _registrations(trees)
    yield from _replaced(trees)


def _is_private(name: str) -> bool:
    return any(part.startswith("_") and not part.endswith("__") for part in name.split(".")) or name.count(".") > 1


def _routes(node: FunctionNode) -> list[str]:
    found = []
    for decorator in node.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(call, ast.Attribute) and call.attr in _ROUTING:
            found.append(ast.unparse(decorator))
    return found


def _about_function(name: str, old: FunctionNode, new: FunctionNode, after: ast.Module) -> Iterator[Finding]:
    if _routes(old) != _routes(_without_new_checks(old, new)):
        yield finding(37, new, f"The route of {name} is changed.")
    elif not _contains(
        [ast.dump(d) for d in _without_new_checks(old, new).decorator_list], [ast.dump(d) for d in old.decorator_list]
    ):
        yield finding(37, new, f"A decorator of {name} is removed or changed.")
    if not _compatible(old.args, new.args) or not (type(old) is type(new) or _awaited_by_all(old, new, after)):
        yield finding(37, new, f"The signature of {name} is changed.")


def _without_new_checks(old: FunctionNode, new: FunctionNode) -> FunctionNode:
    """A route may come to ask for more: `dependencies=` where there was none."""
    if "dependencies=" in "".join(map(ast.unparse, old.decorator_list)):
        return new
    bare = copy.copy(new)
    bare.decorator_list = [_bare(decorator) for decorator in new.decorator_list]
    return bare


def _bare(decorator: ast.expr) -> ast.expr:
    if not isinstance(decorator, ast.Call):
        return decorator
    return ast.Call(decorator.func, decorator.args, [k for k in decorator.keywords if k.arg != "dependencies"])


def _contains(longer: list[str], shorter: list[str]) -> bool:
    """Whether the second stands in the first, in its order."""
    rest = iter(longer)
    return all(any(item == other for other in rest) for item in shorter)


def _awaited_by_all(old: FunctionNode, new: FunctionNode, after: ast.Module) -> bool:
    """A plain function became async: frameworks await request handlers, and every call of a helper must be awaited."""
    if not isinstance(new, ast.AsyncFunctionDef):
        return False
    named = [n for n in ast.walk(after) if _last_name(n) == new.name and isinstance(getattr(n, "ctx", None), ast.Load)]
    awaited = {n.value.func for n in ast.walk(after) if isinstance(n, ast.Await) and isinstance(n.value, ast.Call)}
    return all(node in awaited for node in named) and bool(named or _routes(old))


def _last_name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _compatible(old: ast.arguments, new: ast.arguments) -> bool:
    """Unchanged, or with more parameters at the end that have defaults."""
    if ast.dump(old) == ast.dump(new):
        return True
    names = [arg.arg for arg in [*old.posonlyargs, *old.args]]
    fresh = [arg.arg for arg in [*new.posonlyargs, *new.args]]
    if fresh[: len(names)] != names or len(new.defaults) < len(old.defaults) + len(fresh) - len(names):
        return False
    keyword_only = {arg.arg for arg in old.kwonlyargs}
    if not keyword_only <= {arg.arg for arg in new.kwonlyargs} or (old.vararg is None) != (new.vararg is None):
        return False
    required = [
        a.arg for a, d in zip(new.kwonlyargs, new.kw_defaults, strict=True) if d is None and a.arg not in keyword_only
    ]
    return (
        not required
        and (old.kwarg is None) == (new.kwarg is None)
        and _as_wide(_annotations(old), _annotations(new, set(names) | keyword_only))
    )


def _as_wide(old: dict[str, str], new: dict[str, str]) -> bool:
    """The same, None allowed as well, or a type where there was none."""
    return old.keys() == new.keys() and all(
        _kinds(a) <= _kinds(new[n])
        or new[n].startswith(f"Annotated[{a},")
        or new[n] in (a, f"{a} | None", f"Optional[{a}]")
        or not a
        for n, a in old.items()
    )


def _kinds(annotation: str) -> set[str]:
    """The parts of a union, without what they hold."""
    while (shorter := re.sub(r"\[[^\[\]]*\]", "", annotation)) != annotation:
        annotation = shorter
    return {part.strip() for part in annotation.split("|")}


def _annotations(args: ast.arguments, only: set[str] | None = None) -> dict[str, str]:
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    return {a.arg: ast.unparse(a.annotation) if a.annotation else "" for a in every if only is None or a.arg in only}


def _about_names(trees: Trees) -> Iterator[Finding]:
    """Classes, their fields and bases, and module constants that others import."""
    before, after = set(_public(trees.before.tree)), {*_public(trees.after.tree), *_of_instances(trees.after)}
    for name in sorted(before - after):
        unused = name in trees.before.read and name not in trees.after.read  # its only use went with it
        if name not in trees.after.functions and not unused:
            yield finding(37, 0, f"{name} is gone.")
    heads = {n.name: n for n in trees.after.nodes if isinstance(n, ast.ClassDef)}
    for node in trees.before.nodes:
        if isinstance(node, ast.ClassDef) and node.name in heads and not node.name.startswith("_"):
            kept = [ast.unparse(base) for base in heads[node.name].bases]
            given = [ast.unparse(base) for base in node.bases]
            if not _contains(kept, [base for base in given if not kept or base not in ("Exception", "object")]):
                yield finding(37, heads[node.name], f"A base of {node.name} is gone.")
    exported = [
        {
            c.value
            for n in side.tree.body
            if isinstance(n, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and "__all__" in ast.unparse(n)
            for c in ast.walk(n)
            if isinstance(c, ast.Constant)
        }
        for side in (trees.before, trees.after)
    ]
    if exported[0] - exported[1]:
        yield finding(37, 0, f"{sorted(map(str, exported[0] - exported[1]))[0]} is no longer exported.")


def _public(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
            yield from (f"{node.name}.{name}" for name in _assigned(node.body))
        else:
            yield from _assigned([node])


def _of_instances(side: Side) -> Iterator[str]:
    """`Cart.lines` that each cart has for itself: `self.lines = …` in its __init__."""
    for name, function in side.functions.items():
        if name.endswith(".__init__"):
            for node in ast.walk(function):
                if (
                    isinstance(node, ast.Attribute)
                    and isinstance(node.ctx, ast.Store)
                    and ast.unparse(node.value) == "self"
                ):
                    yield f"{name.removesuffix('.__init__')}.{node.attr}"


def _assigned(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (t.id for t in targets if isinstance(t, ast.Name) and not t.id.startswith("_"))


def _registrations(trees: Trees) -> Iterator[Finding]:
    """Routes that are added by a call."""
    now = Counter(ast.dump(n) for n in trees.after.nodes if isinstance(n, ast.Call))
    for call in trees.removed(ast.Call):
        if _REGISTERS.search(ast.unparse(call.func)) and not now[ast.dump(call)]:
            yield finding(37, 0, f"A route or its registration is gone or changed: {ast.unparse(call)[:80]}.")


def _replaced(trees: Trees) -> Iterator[Finding]:
    """A public function or class that is defined, and later given to its name anew."""
    known = Counter(_definitions(trees.before))
    for name, count in Counter(_definitions(trees.after)).items():
        if count > 1 and count > known[name] and known[name] and not name.startswith("_"):
            yield finding(
                37, trees.after.functions.get(name, 0), f"{name} is defined once more, in place of the first."
            )
    gone = [t for n in trees.after.changed if isinstance(n, ast.Delete) for t in n.targets]
    for target in gone:
        yield finding(37, target, f"{ast.unparse(target)} is deleted.")


def _definitions(side: Side) -> Iterator[str]:
    functions = {n.name for n in side.tree.body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    for node in side.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            overload = any("overload" in ast.unparse(d) or ".setter" in ast.unparse(d) for d in node.decorator_list)
            yield from () if overload else (node.name,)
        elif isinstance(node, ast.Assign):
            yield from (t.id for t in node.targets if isinstance(t, ast.Name) and t.id in functions)
