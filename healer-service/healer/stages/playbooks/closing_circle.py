"""A request that closes a circle of stored things: refused before it writes, by what already follows the links.

What stands in the records already is the matter of the recursion itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from healer.model import Answer
from healer.stages.playbooks.drafts import CONFLICT, Draft, Wish, reference
from healer.stages.playbooks.visited import answers_collection
from healer.syntax.bindings import argument_of, assignments
from healer.syntax.cycles import Recursion, asked_route
from healer.syntax.edits import AddImport, Edit, InsertBefore
from healer.syntax.nouns import noun_of
from healer.syntax.parsing import parse
from healer.syntax.project import Function, Module, names_in
from healer.syntax.refusals import Refusal
from healer.syntax.situation import Situation
from healer.syntax.wording import refuse


@dataclass(frozen=True, eq=False)
class Link:
    """`folder["parent"] = body.parent` in the request handler."""

    route: Function
    write: ast.stmt
    target: ast.expr  # what the thing is linked to: a key, or several
    own: str  # the key of the thing itself
    known: Refusal | None  # how the handler refuses a link to the thing itself
    several: bool


def of_closing_link(s: Situation, found: Recursion) -> Iterator[Draft]:
    request = s.report.request
    route = asked_route(s)
    if route is None or request is None or request.method not in ("POST", "PUT", "PATCH"):
        return
    link = _link(s, found, route)
    if link is None:
        return
    for code, imports in _tests(s, found, link):
        for refusal, extra, status in _refusals(s, link):
            text = code.replace("<refusal>", refusal)
            edits: tuple[tuple[Module, Edit], ...] = (
                (route.module, InsertBefore(link.write, text)),
                *((route.module, added) for added in (*imports, *extra)),
            )
            yield Draft(
                f"Refuse a link that leads back with {status}, before it is written", edits, Answer.REFUSE, 0.97
            )


def _link(s: Situation, found: Recursion, route: Function) -> Link | None:
    followed = {n.attr for f in found.functions for n in ast.walk(f.node) if isinstance(n, ast.Attribute)}
    followed |= {
        str(n.slice.value)
        for f in found.functions
        for n in ast.walk(f.node)
        if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Constant)
    }
    followed |= {
        n.value.id
        for f in found.functions
        for n in ast.walk(f.node)
        if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name)
    }
    for write in route.statements:
        if not isinstance(write, ast.Assign) or _name_of(write.targets[0]) not in followed:
            continue
        sent = [
            n
            for n in ast.walk(write.value)
            if isinstance(n, (ast.Name, ast.Attribute))
            and any(o.is_client for o in s.tracer.origins(n, route.module, route, at=write))
        ]
        if not sent:
            continue
        target = sent[0]
        known, own = _self_check(s, route, target)
        own = own or _own_key(route, write.targets[0])
        if own:
            return Link(route, write, target, own, known, _is_several(route, target))
    return None


def _name_of(target: ast.expr) -> str:
    if isinstance(target, ast.Attribute):
        return target.attr
    if not isinstance(target, ast.Subscript):
        return ""
    if isinstance(target.slice, ast.Constant):
        return str(target.slice.value)
    return target.value.id if isinstance(target.value, ast.Name) else ""


def _self_check(s: Situation, route: Function, target: ast.expr) -> tuple[Refusal | None, str]:
    """`if folder_id == body.parent: refuse`, or `in` for several."""
    wanted = ast.unparse(target)
    for refusal in s.refusals.all:
        test = refusal.test
        if refusal.function is None or refusal.function.node is not route.node or not isinstance(test, ast.Compare):
            continue
        sides = [ast.unparse(test.left), ast.unparse(test.comparators[0])]
        if wanted in sides and isinstance(test.ops[0], (ast.In, ast.Eq)) and len(test.ops) == 1:
            other = sides[1 - sides.index(wanted)]
            if not isinstance(parse(other, "eval").body, ast.Constant):
                return refusal, other
    return None, ""


def _own_key(route: Function, written: ast.expr) -> str:
    """Of `FOLDERS[folder_id]["parent"]` folder_id."""
    if isinstance(written, ast.Subscript) and isinstance(written.slice, ast.Name):
        return written.slice.id
    base = written.value if isinstance(written, (ast.Attribute, ast.Subscript)) else written
    if isinstance(base, ast.Name):
        made = assignments(route, base.id)
        base = made[0].value if len(made) == 1 else base
    if isinstance(base, ast.Subscript) and isinstance(base.slice, ast.Name):
        return base.slice.id
    if isinstance(base, ast.Call) and base.args and isinstance(base.args[-1], ast.Name):
        return base.args[-1].id
    return ""


def _is_several(route: Function, target: ast.expr) -> bool:
    text = ast.unparse(target)
    loops = [n.iter for n in ast.walk(route.node) if isinstance(n, (ast.For, ast.comprehension))]
    return any(ast.unparse(one) == text for one in loops) or f"isinstance({text}, list)" in ast.unparse(route.node)


def _tests(s: Situation, found: Recursion, link: Link) -> Iterator[tuple[str, tuple[AddImport, ...]]]:
    """Code that ends in `<refusal>` where the link would lead back, and what it needs imported."""
    text = link.route.module.text(link.target)
    walking = found.functions[0]
    if answers_collection(walking) and found.entry is not None and found.walker != "self":
        module, _, call = found.entry
        said = reference(s, link.route.module, walking.module, walking.name)
        given = [_passed(call, walking, a.arg, found.walker) for a in walking.params]
        usable = {*link.route.module.imports, *link.route.module.constants, "one"}
        fits = module is link.route.module or all(v is None or names_in(v) <= usable for v in given)
        if said is not None and fits and None not in given:
            one = "one" if link.several else text
            pairs = zip(walking.params, given, strict=True)
            arguments = [one if a.arg == found.walker else ast.unparse(v) for a, v in pairs if v is not None]
            reached = f"{said[0]}({', '.join(arguments)})"
            test = f"any({link.own} in {reached} for one in {text})"
            if not link.several:
                test = f"{text} is not None and {link.own} in [{text}, *{reached}]"
            yield f"if {test}:\n    <refusal>\n", said[1]
    step = _next_key(found)
    if step and not link.several:
        follow = step.replace("<key>", "ancestor")
        yield (
            f"ancestor = {text}\nwhile ancestor is not None and ancestor != {link.own}:\n    ancestor = {follow}\n"
            f"if ancestor is not None:\n    <refusal>\n",
            (),
        )


def _passed(call: ast.Call, function: Function, name: str, walker: str) -> ast.expr | None:
    return ast.Name("one", ast.Load()) if name == walker else argument_of(call, function, name)


def _next_key(found: Recursion) -> str:
    """How the recursion gets from a key to the next one, with a mark for the key."""
    walking = found.functions[0]
    own = [step for step in found.steps if step.callee is walking and step.caller is walking]
    if found.key != found.walker or len(own) != 1:
        return ""
    value = argument_of(own[0].call, walking, found.walker)
    if isinstance(value, ast.Name):
        made = assignments(walking, value.id)
        value = made[0].value if len(made) == 1 and not made[0].item else None
    if not isinstance(value, (ast.Subscript, ast.Attribute, ast.Call)):
        return ""
    text = walking.module.text(value)
    locals_used = names_in(value) - {found.walker} - {*walking.module.constants, *walking.module.imports}
    return text.replace(f"[{found.walker}]", "[<key>]") if not locals_used and f"[{found.walker}]" in text else ""


def _refusals(s: Situation, link: Link) -> Iterator[tuple[str, tuple[AddImport, ...], int]]:
    if link.known is not None:
        yield link.route.module.text(link.known.node), (), link.known.status or 409
        return
    noun = noun_of(link.own, link.target)
    for wording in refuse(s.refusals, link.route, Wish(CONFLICT, noun, says=f"{noun} would lead back to itself"), 1):
        yield wording.code, wording.imports, wording.status
