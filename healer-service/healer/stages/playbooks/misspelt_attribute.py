"""An attribute that is there under another name: misspelt, of another language or version, or one level further in."""

from __future__ import annotations

import ast
import difflib
import importlib
import re
import sys
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import AddImport, Edit, Replace
from healer.syntax.failing import visible
from healer.syntax.members import find_class, is_property, member, members_of
from healer.syntax.project import Module
from healer.syntax.scopes import top_names
from healer.syntax.situation import Situation

CATEGORIES = ("missing-attribute",)
NAME = "misspelt-attribute"
_BUILTIN = {"dict": dict, "list": list, "str": str, "set": set, "tuple": tuple, "int": int, "bytes": bytes}
_OTHER_WORDS = {
    **{("list", word): "append" for word in ("add", "push", "append_item")},
    **{("deque", word): "append" for word in ("add", "push")},
    **{("set", word): "add" for word in ("append", "push", "insert")},
    **{("dict", f"iter{word}"): word for word in ("items", "keys", "values")},
    ("set", "extend"): "update",
    ("list", "update"): "extend",
    ("str", "trim"): "strip",
}
_AS_IT_IS = {("str", "decode"), ("bytes", "encode"), ("list", "tolist"), ("dict", "model_dump"), ("dict", "to_dict")}
"""What gives the value itself where it is of that kind already."""


def draft(s: Situation) -> Iterator[Draft]:
    message = s.report.exception.message
    told = re.search(r"'([\w.]+)' object has no attribute '(\w+)'", message)
    module_told = re.search(r"(?:partially initialized )?module '([\w.]+)' has no attribute '(\w+)'", message)
    type_told = re.search(r"type object '([\w.]+)' has no attribute '(\w+)'", message)
    if module_told:
        yield from _of_module(s, *module_told.groups())
    elif type_told:
        yield from _of_type(s, *type_told.groups())
    elif message.isidentifier():
        # Members of an enumeration that are not there are reported by their bare name.
        for node in _nodes(s, message):
            yield from _of_type(s, ast.unparse(node.value), message)
    elif told:
        kind, wrong = told.group(1).rpartition(".")[2], told.group(2)
        if (kind, wrong) in _AS_IT_IS:
            yield from _as_it_is(s, wrong)
        if (kind, wrong) in _OTHER_WORDS:
            yield from _written(s, wrong, _OTHER_WORDS[kind, wrong], 0.93)
        known = _attributes(s, kind)
        yield from _further_in(s, kind, wrong)
        for other in sorted(n for n in known if _plain(n) == _plain(wrong)):
            yield from _written(s, wrong, other, 0.93)
        for rank, other in enumerate(difflib.get_close_matches(wrong, sorted(known), 2, 0.7)):
            yield from _written(s, wrong, other, 0.9 - 0.1 * rank)
        if kind not in _BUILTIN:
            yield from _renamed(s, kind, wrong)


def _renamed(s: Situation, kind: str, wrong: str) -> Iterator[Draft]:
    """The one method, or the one field, that says the same with other small words: `count_of` for `get_count`."""
    found = find_class(s.project, kind)
    nodes = _nodes(s, wrong)
    if found is None or not nodes:
        return
    call = s.module.parents.get(nodes[0])
    called = isinstance(call, ast.Call) and call.func is nodes[0]
    alike = []
    for name in sorted(members_of(s.project, *found)):
        made = member(s.project, *found, name)
        if _tokens(name) == _tokens(wrong) and called == (made is not None and not is_property(made)):
            alike.append(name)
    if len(alike) == 1 and _tokens(wrong):
        yield from _written(s, wrong, alike[0], 0.86)


_SMALL = {"get", "set", "is", "has", "of", "by", "the", "to", "for", "find", "fetch", "load", "all", "a", "in", "do"}


def _tokens(name: str) -> frozenset[str]:
    return frozenset(word.rstrip("s") for word in name.lower().split("_") if word and word not in _SMALL)


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _nodes(s: Situation, wrong: str) -> list[ast.Attribute]:
    return [n for n in visible(s.crash.statement) if isinstance(n, ast.Attribute) and n.attr == wrong]


def _written(s: Situation, wrong: str, other: str, fit: float) -> Iterator[Draft]:
    for node in _nodes(s, wrong)[:2]:
        edits = ((s.module, Replace(node, f"{s.module.text(node.value)}.{other}")),)
        yield Draft(f"Write .{other} for .{wrong}", edits, Answer.CORRECT, fit)


def _as_it_is(s: Situation, wrong: str) -> Iterator[Draft]:
    for node in _nodes(s, wrong):
        call = s.module.parents.get(node)
        if isinstance(call, ast.Call) and call.func is node:
            edits = ((s.module, Replace(call, s.module.text(node.value))),)
            yield Draft(f"Take the value as it is, without {wrong}()", edits, Answer.CONVERT, 0.86)


def _attributes(s: Situation, name: str) -> set[str]:
    if name in _BUILTIN:
        return {n for n in dir(_BUILTIN[name]) if not n.startswith("_")}
    found = find_class(s.project, name)
    return members_of(s.project, *found) if found is not None else set()


def _further_in(s: Situation, kind: str, wrong: str) -> Iterator[Draft]:
    """`order.customer_name` where an order has a customer, and the customer a name."""
    found = find_class(s.project, kind)
    if found is None:
        return
    known = members_of(s.project, *found)
    for first in sorted(n for n in known if wrong.startswith(f"{n}_")):
        rest = wrong[len(first) + 1 :]
        holders = [m.classes[c] for m in s.project.modules.values() for c in m.classes if c.lower() == _plain(first)]
        if holders and any(rest in members_of(s.project, found[0], one) for one in holders):
            yield from _written(s, wrong, f"{first}.{rest}", 0.92)


def _of_module(s: Situation, dotted: str, wrong: str) -> Iterator[Draft]:
    owner = s.project.module_named(dotted)
    if owner is not None:
        known = sorted(top_names(owner))
    elif dotted in sys.stdlib_module_names:
        module = importlib.import_module(dotted)
        # `datetime.now` of the module means its class of the same name.
        inner = getattr(module, dotted.rpartition(".")[2], None)
        if hasattr(inner, wrong):
            yield from _written(s, wrong, f"{dotted}.{wrong}", 0.94)
        known = [n for n in dir(module) if not n.startswith("_")]
    else:
        return
    for other in sorted(n for n in known if _plain(n) == _plain(wrong)):
        yield from _written(s, wrong, other, 0.93)
    for rank, other in enumerate(difflib.get_close_matches(wrong, known, 2, 0.7)):
        yield from _written(s, wrong, other, 0.9 - 0.1 * rank)


def _of_type(s: Situation, dotted: str, wrong: str) -> Iterator[Draft]:
    """`datetime.timedelta` where datetime is the class: what stands beside it in its module."""
    home, _, last = dotted.rpartition(".")
    if home in sys.stdlib_module_names and hasattr(importlib.import_module(home), wrong):
        for node in _nodes(s, wrong):
            edits: tuple[tuple[Module, Edit], ...] = ((s.module, Replace(node, wrong)),)
            if wrong not in s.module.imports:
                edits = (*edits, (s.module, AddImport(home, wrong)))
            yield Draft(f"Write {wrong}, which is no part of {last}", edits, Answer.CORRECT, 0.94)
    found = find_class(s.project, last)
    known = members_of(s.project, *found) if found is not None else set()
    for other in sorted(n for n in known if _plain(n) == _plain(wrong)):
        yield from _written(s, wrong, other, 0.93)
    for rank, other in enumerate(difflib.get_close_matches(wrong, sorted(known), 2, 0.7)):
        yield from _written(s, wrong, other, 0.9 - 0.1 * rank)
