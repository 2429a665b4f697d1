"""A mapping unpacked into a call that does not take its keys: refused where the client sent them, else only those
that are known.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.attempts import sites
from healer.stages.playbooks.drafts import BAD_INPUT, Draft, Wish
from healer.syntax.edits import Replace
from healer.syntax.situation import Situation


def of_unpacked(s: Situation, call: ast.Call, mapping: ast.expr) -> Iterator[Draft]:
    if s.function is None:
        return
    sent = any(o.is_client for o in s.origins(mapping))
    ignored = any(
        re.search(r"ignor|extra (fields|keys)|unknown (fields|keys) are", f.docstring, re.I)
        for f in (s.function, s.route)
        if f is not None
    )
    unexpected = "unexpected keyword" in s.report.exception.message
    if unexpected and (ignored or not sent):
        yield from _known_only(s, call, mapping, 0.95 if ignored else 0.84)
    if not sent:
        return
    yield from sites(s, call, "TypeError", _wish(s), 0.88, s.module, s.function)
    if isinstance(mapping, ast.Name):
        outer = s.outer_place(mapping, s.function, s.crash.statement)
        spot = next((c for m, c in s.callers(s.function) if outer is not None and m is outer.module), None)
        if outer is not None and spot is not None:
            yield from sites(s, spot, "TypeError", _wish(s), 0.84, outer.module, outer.function)


def _wish(s: Situation) -> Wish:
    """One key that is missing is named; what else is wrong the error does not tell in full."""
    missing = re.search(r"missing 1 required (?:positional|keyword-only) argument: '(\w+)'", s.report.exception.message)
    says = f"{missing.group(1)} is required" if missing else "unknown or missing fields"
    return Wish(BAD_INPUT, missing.group(1) if missing else "body", says=says)


def _known_only(s: Situation, call: ast.Call, mapping: ast.expr, fit: float) -> Iterator[Draft]:
    """Without the keys that it does not take."""
    named = call.func
    if ast.unparse(named).rpartition(".")[2] == "replace" and call.args:
        return
    found = s.project.find_class(s.module, named)
    function = s.project.find_function(s.module, named, s.function)
    text = s.module.text(mapping)
    if found is not None and any("dataclass" in ast.unparse(d) for d in found[1].decorator_list):
        test = f"key in {s.module.text(named)}.__dataclass_fields__"
    else:
        takes = found[1].body if found is not None else []
        init = next((p for p in takes if isinstance(p, ast.FunctionDef) and p.name == "__init__"), None)
        node = init or (function.node if function is not None else None)
        if node is None:
            return
        names = [a.arg for a in [*node.args.args, *node.args.kwonlyargs] if a.arg not in ("self", "cls")]
        test = f"key in ({', '.join(repr(n) for n in names)},)".replace("'", '"')
    code = f"{{key: value for key, value in {text}.items() if {test}}}"
    yield Draft("Pass only what it takes", ((s.module, Replace(mapping, code)),), Answer.CORRECT, fit)
