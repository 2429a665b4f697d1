"""An attribute that some objects of its kind lack: not set on this path, not in this class, not on a plain value."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import UNAUTHORISED, Draft, Wish, answer_of
from healer.syntax.defaults import natural
from healer.syntax.edits import Edit, InsertAfter, InsertBefore, Replace
from healer.syntax.expressions import whole_of, wrap
from healer.syntax.failing import visible
from healer.syntax.initial import natural_like
from healer.syntax.members import find_class, member, members_of
from healer.syntax.project import COMPREHENSIONS, Module, names_in
from healer.syntax.refusals import Refusal
from healer.syntax.routes import route_path
from healer.syntax.situation import Situation, anchor
from healer.syntax.wording import refuse

CATEGORIES = ("missing-attribute",)
NAME = "absent-attribute"
_WHO = re.compile(r"user|account|session|tenant|auth|identity|principal|member|customer|login", re.I)


def draft(s: Situation) -> Iterator[Draft]:
    message = s.report.exception.message
    told = re.search(r"'([\w.]+)' object has no attribute '(\w+)'", message)
    wrong = told.group(2) if told else message if message.isidentifier() else ""
    kind = told.group(1).rpartition(".")[2] if told else ""
    for node in [n for n in visible(s.crash.statement) if isinstance(n, ast.Attribute) and n.attr == wrong]:
        found = find_class(s.project, kind) if kind else None
        if kind in ("", "State", "_AppCtxGlobals", "Request"):
            yield from _on_request(s, node)
        elif found is not None:
            yield from _never_set(s, found[0], found[1], wrong)
            yield from _of_a_sibling(s, found[1], node)
        elif kind in ("str", "int", "date"):
            yield from _of_a_plain_value(s, node, kind)


def _on_request(s: Situation, node: ast.Attribute) -> Iterator[Draft]:
    """What a hook puts on the request, or not: asked as other handlers ask for it."""
    if s.function is None:
        return
    holder = s.module.text(node.value)
    maker = _maker(s, node)
    if maker:
        yield Draft(f"Get it through {maker}", ((s.module, Replace(node, f"{maker}()")),), Answer.CORRECT, 0.92)
    spot = anchor(s.module, s.function, s.crash.statement, names_in(node))
    for refusal in s.refusals.all:
        test = refusal.module.text(refusal.test) if refusal.test is not None else ""
        if not _asks_for(test, node.attr, holder) or not _works_here(s, refusal):
            continue
        code = f"if {test}:\n    {refusal.text}\n"
        edits: tuple[tuple[Module, Edit], ...] = ((s.module, InsertBefore(spot, code)),)
        where = refusal.function.name if refusal.function is not None else refusal.module.name
        yield Draft(f"Refuse with {refusal.status}, as {where} does", edits, answer_of(refusal.status or 401), 0.94)
    test = f'"{node.attr}" not in g' if holder == "g" else f'not hasattr({holder}, "{node.attr}")'
    if _WHO.search(node.attr):
        said = [r.words for r in s.refusals.all if r.status == 401 and r.words and "{" not in r.words]
        wish = Wish(UNAUTHORISED, node.attr, says=said[0] if said else "not signed in")
        for wording in refuse(s.refusals, s.function, wish, 2):
            edits = (
                (s.module, InsertBefore(spot, f"if {test}:\n    {wording.code}\n")),
                *((s.module, a) for a in wording.imports),
            )
            yield Draft(f"Refuse with {wording.status} when {test}", edits, answer_of(wording.status), 0.82)
    for rank, value in enumerate(natural(s, s.module, node, s.function)[:2]):
        code = f'getattr({holder}, "{node.attr}", {value})'
        edits = ((s.module, Replace(node, code)),)
        yield Draft(f"Answer {value} where it is not set", edits, Answer.NATURAL_VALUE, 0.66 - 0.06 * rank)


def _asks_for(test: str, name: str, holder: str) -> bool:
    """Whether a test is only about that attribute being there."""
    return holder in test and (f'"{name}"' in test or f"'{name}'" in test) and " and " not in test


def _works_here(s: Situation, refusal: Refusal) -> bool:
    if s.function is None or (refusal.returns and route_path(s.function) is None):
        return False
    if refusal.module is not s.module:
        return False
    local = {a.arg for a in refusal.function.params} if refusal.function is not None else set()
    own = {a.arg for a in s.function.params}
    return not ((names_in(refusal.node) & local) - own)


def _maker(s: Situation, node: ast.Attribute) -> str:
    """A function without parameters that sets the attribute when it is not there, and answers it."""
    text = ast.unparse(node)
    for function in s.module.functions:
        asked = [n for n in function.own_nodes if isinstance(n, ast.Attribute) and ast.unparse(n) == text]
        sets = any(isinstance(n.ctx, ast.Store) for n in asked)
        gives = any(isinstance(function.module.parents.get(n), ast.Return) for n in asked)
        if sets and gives and not function.params and s.function is not None and function.node is not s.function.node:
            return function.name
    return ""


def _never_set(s: Situation, module: Module, node: ast.ClassDef, wrong: str) -> Iterator[Draft]:
    """Set by some method only, or by the constructor of a base class that this one's does not call."""
    own = next((f for f in module.functions if f.owner is node and f.name == "__init__"), None)
    if own is None or wrong not in members_of(s.project, module, node):
        return
    calls_base = "super().__init__" in ast.unparse(own.node)
    for base in node.bases:
        found = s.project.find_class(module, base)
        init = member(s.project, *found, "__init__") if found is not None else None
        if init is None or calls_base:
            continue
        given = [a.arg for a in own.params]
        needed = [a.arg for a in init.params[1:]]
        needed = needed[: len(needed) - len(init.node.args.defaults)] if init.node.args.defaults else needed
        if set(needed) <= set(given):
            code = f"super().__init__({', '.join(needed)})\n"
            yield Draft(
                "Let the base class set up its part",
                ((module, InsertBefore(own.node.body[0], code)),),
                Answer.CORRECT,
                0.94,
            )
    set_there = [f for f in module.functions if f.owner is node and wrong in _stored(f.node)]
    if set_there and wrong not in _stored(own.node):
        values = [v for f in set_there for v in natural_like(f, f"self.{wrong}")]
        sure = _may_be_none(s, wrong)
        for rank, value in enumerate(dict.fromkeys([*(["None"] if sure else []), *values, "None"])):
            edits = ((module, InsertAfter(own.node.body[-1], f"self.{wrong} = {value}\n")),)
            yield Draft(f"Begin with {wrong} = {value}", edits, Answer.CORRECT, (0.95 if sure else 0.86) - 0.09 * rank)


def _may_be_none(s: Situation, name: str) -> bool:
    """Whether the documentation, a field of a model, or another reader says that there may be none yet."""
    docs = " ".join(f.docstring for f in s.project.functions)
    if re.search(rf"\b{name}\b\W[^.;]{{0,30}}\b(null|None|none)\b|\b(null|None)\b[^.;]{{0,30}}\b{name}\b", docs):
        return True
    for module in s.project.modules.values():
        for node in module.nodes:
            if (
                isinstance(node, ast.AnnAssign)
                and ast.unparse(node.target) == name
                and "None" in ast.unparse(node.annotation)
            ):
                return True
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Is, ast.IsNot)):
                if (
                    isinstance(node.left, ast.Attribute)
                    and node.left.attr == name
                    and ast.unparse(node.comparators[0]) == "None"
                ):
                    return True
    return False


def _stored(node: ast.AST) -> set[str]:
    return {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}


def _of_a_sibling(s: Situation, node: ast.ClassDef, attribute: ast.Attribute) -> Iterator[Draft]:
    """Other classes of its family have it: only those are counted, or nothing stands in for it."""
    module = s.module
    bases = {ast.unparse(b) for b in node.bases} | {node.name}
    family = [
        (m, c)
        for m in s.project.modules.values()
        for c in m.classes.values()
        if c is not node and attribute.attr in members_of(s.project, m, c)
    ]
    related = [c for _, c in family if {ast.unparse(b) for b in c.bases} & bases] or [c for _, c in family]
    if not related:
        return
    inside = next((a for a in module.ancestors(attribute) if isinstance(a, COMPREHENSIONS)), None)
    names = [c.name for c in related if c.name in module.classes or c.name in module.imports]
    if inside is not None and len(related) == len(names) == 1 and len(inside.generators) == 1:
        loop = inside.generators[0]
        if ast.unparse(loop.target) == ast.unparse(attribute.value) and _sums(module, inside):
            test = f"isinstance({ast.unparse(loop.target)}, {names[0]})"
            narrowed = _narrowed(module, inside, test)
            if narrowed is not None:
                yield Draft(f"Count only what is a {names[0]}", ((module, narrowed),), Answer.CORRECT, 0.9)
    for rank, value in enumerate(natural(s, module, attribute, s.function)[:2]):
        code = f'getattr({module.text(attribute.value)}, "{attribute.attr}", {value})'
        summary = f"Answer {value} where there is no {attribute.attr}"
        edits = ((module, Replace(attribute, code)),)
        yield Draft(summary, edits, Answer.NATURAL_VALUE, 0.76 - 0.06 * rank)


def _narrowed(module: Module, node: ast.expr, test: str) -> Edit | None:
    """A comprehension of one loop with one more condition."""
    if not isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
        return None
    loop = node.generators[0]
    tests = "".join(f" if {module.text(one)}" for one in loop.ifs)
    inner = f"{module.text(node.elt)} for {module.text(loop.target)} in {module.text(loop.iter)} if {test}{tests}"
    if not isinstance(node, ast.GeneratorExp):
        return Replace(node, f"[{inner}]" if isinstance(node, ast.ListComp) else f"{{{inner}}}")
    call = module.parents.get(node)
    alone = isinstance(call, ast.Call) and call.args == [node] and not call.keywords
    return Replace(call, f"{module.text(call.func)}({inner})") if isinstance(call, ast.Call) and alone else None


def _sums(module: Module, node: ast.expr) -> bool:
    parent = module.parents.get(node)
    words = ("sum", "max", "min", "mean", "len", "any", "all")
    return isinstance(parent, ast.Call) and ast.unparse(parent.func).rpartition(".")[2] in words


def _of_a_plain_value(s: Situation, node: ast.Attribute, kind: str) -> Iterator[Draft]:
    """Sometimes a member of an enumeration or a date, sometimes what stands for it."""
    module = s.module
    text = module.text(node.value)
    if node.attr in ("value", "name"):
        shown = s.seen(node.value)
        for owner, enumeration in _enumerations(s):
            given = [p.value for p in enumeration.body if isinstance(p, ast.Assign)]
            held = [value.value for value in given if isinstance(value, ast.Constant)]
            named = enumeration.name if owner is module or enumeration.name in module.imports else ""
            if named and (shown in held or len(_enumerations(s)) == 1):
                edits = ((module, Replace(node.value, f"{named}({text})")),)
                yield Draft(f"Make it a {named} first", edits, Answer.CONVERT, 0.9)
        if node.attr == "value":
            code = f'getattr({text}, "value", {text})'
            yield Draft("Take a plain value as it is", ((module, Replace(node, code)),), Answer.CONVERT, 0.8)
    elif kind == "str" and node.attr in ("isoformat", "strftime"):
        whole = whole_of(module, node)
        assert isinstance(whole, ast.expr)
        if node.attr == "isoformat":
            code = wrap(module, whole, f"{text} if isinstance({text}, str) else {module.text(whole)}")
            fit = 0.97 if _holds_both(s, node.value) else 0.84
            yield Draft("Take text as it is", ((module, Replace(whole, code)),), Answer.CONVERT, fit)


def _holds_both(s: Situation, node: ast.expr) -> bool:
    """Whether tables of the service give that key or attribute moments in some places and text in others."""
    key = node.slice.value if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) else None
    key = node.attr if isinstance(node, ast.Attribute) else key
    given: list[ast.expr] = []
    for module in s.project.modules.values():
        for one in module.nodes:
            if isinstance(one, ast.Dict):
                pairs = zip(one.keys, one.values, strict=True)
                given += [v for k, v in pairs if isinstance(k, ast.Constant) and k.value == key]
            elif isinstance(one, ast.keyword) and one.arg == key:
                given.append(one.value)
    texts = any(isinstance(v, ast.Constant) and isinstance(v.value, str) for v in given)
    moments = any(
        isinstance(v, ast.Call) and re.search(r"\b(date|datetime|now|today)\b", ast.unparse(v.func)) for v in given
    )
    return texts and moments


def _enumerations(s: Situation) -> list[tuple[Module, ast.ClassDef]]:
    return [
        (m, c)
        for m in s.project.modules.values()
        for c in m.classes.values()
        if any(ast.unparse(b).rpartition(".")[2] in ("Enum", "StrEnum", "IntEnum") for b in c.bases)
    ]
