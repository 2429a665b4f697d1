"""An error class of the service that stands outside the family its handler answers for: it joins the others."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft, reference
from healer.syntax.edits import Edit, Replace
from healer.syntax.project import Module
from healer.syntax.situation import Situation

_REGISTERING = ("errorhandler", "exception_handler", "app_errorhandler")
_ADDING = ("add_exception_handler", "register_error_handler")
_PLAIN = ("Exception", "ValueError", "RuntimeError", "LookupError", "KeyError")


def joining(s: Situation) -> Iterator[Draft]:
    name = s.report.exception.type
    found = next(((m, m.classes[name]) for m in s.project.modules.values() if name in m.classes), None)
    if found is None or len(found[1].bases) != 1 or ast.unparse(found[1].bases[0]) not in _PLAIN:
        return
    module, node = found
    family = _family(s, module)
    if not family or family == name:
        return
    owner = next((m for m in s.project.modules.values() if family in m.classes), None)
    named = reference(s, module, owner, family) if owner is not None else None
    if named is None or (owner is module and owner.classes[family].lineno > node.lineno):
        return
    edits: tuple[tuple[Module, Edit], ...] = (
        (module, Replace(node.bases[0], named[0])),
        *((module, added) for added in named[1]),
    )
    yield Draft(f"Make {name} one of the {family}s that are answered", edits, Answer.REFUSE, 0.93)


def _family(s: Situation, module: Module) -> str:
    """The class with a registered handler that most other errors of the service derive from."""
    handled = set(_handled(s))
    tally: Counter[str] = Counter()
    for one in s.project.modules.values():
        for node in one.classes.values():
            for base in node.bases:
                word = ast.unparse(base).rpartition(".")[2]
                if word in handled:
                    tally[word] += 2 if one is module else 1
    return tally.most_common(1)[0][0] if tally else ""


def _handled(s: Situation) -> Iterator[str]:
    for module in s.project.modules.values():
        for node in module.nodes:
            if not isinstance(node, ast.Call) or not node.args:
                continue
            word = ast.unparse(node.func).rpartition(".")[2]
            if word in (*_REGISTERING, *_ADDING):
                yield ast.unparse(node.args[0]).rpartition(".")[2]
        for handlers in [n.value for n in module.nodes if isinstance(n, ast.keyword) and n.arg == "exception_handlers"]:
            yield from (ast.unparse(k) for k in getattr(handlers, "keys", []) if k is not None)
