"""One bad item among many, or a bad value in a helper: given up as the function gives up on other bad ones, so that its
callers do what they do for those.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer, Frame
from healer.stages.playbooks.drafts import Draft, chained
from healer.stages.playbooks.normalised import as_code, chain_of
from healer.stages.playbooks.parse_errors import errors_of
from healer.syntax.bailouts import Bailout, bailouts, is_collected, loop_of
from healer.syntax.edits import Edit, Guarded, InsertBefore, Replace
from healer.syntax.examples import handlers_around
from healer.syntax.expressions import fresh_name, in_lazy_part
from healer.syntax.project import Function, Module, names_in
from healer.syntax.situation import Situation

_LONE = (ast.Assign, ast.AnnAssign, ast.Expr)


def given_up(s: Situation, failing: ast.expr, says: str) -> Iterator[Draft]:
    """At the crash and at each call on the stack. `says` is what is wrong with the value."""
    frames = [f for f in s.report.app_frames if f.file in s.project.modules]
    inner: Function | None = None
    for level, frame in enumerate(reversed(frames)):
        module = s.project.modules[frame.file]
        function = module.function_at(frame.line)
        if function is None:
            return
        call = failing if level == 0 else _call_at(s, module, function, frame.line, inner)
        inner = function
        if call is None:
            return
        found = next((b for b in _nearest(function, call) if _works(s, frames, b, call, level)), None)
        if found is not None:
            yield from _guarded(s, failing, call, found, says, 0.97 - 0.01 * level)
            return


def _call_at(s: Situation, module: Module, function: Function, line: int, inner: Function | None) -> ast.Call | None:
    for node in function.own_nodes:
        if isinstance(node, ast.Call) and node.lineno <= line <= (node.end_lineno or 0) and inner is not None:
            callee = s.project.find_function(module, node.func, function)
            if callee is not None and callee.node is inner.node:
                return node
    return None


def _nearest(function: Function, call: ast.expr) -> list[Bailout]:
    return sorted(bailouts(function), key=lambda b: abs(b.body[0].lineno - call.lineno))


def _works(s: Situation, frames: list[Frame], found: Bailout, call: ast.expr, level: int) -> bool:
    """Whether the same statements give up the item here, and mean what they mean there."""
    module = found.function.module
    if isinstance(found.end, ast.Continue):
        return loop_of(module, found.end) is loop_of(module, call) and loop_of(module, call) is not None
    if s.refusals.is_route(found.function) or s.refusals.read(module, found.end) is not None:
        return False
    if isinstance(found.end, ast.Raise):
        return is_collected(s.project, frames, found, level)
    value = found.end.value if isinstance(found.end, ast.Return) else None
    return value is found.message


def _guarded(s: Situation, failing: ast.expr, call: ast.expr, found: Bailout, says: str, fit: float) -> Iterator[Draft]:
    module = found.function.module
    errors, imports = errors_of(s, module, failing)
    text, message = _prepared(s, module, call), _words(s, module, found, call, says)
    body = "\n".join(f"    {line}" for line in _closed(s, found.saying(message)).splitlines())
    statement = module.statement_of(call)
    needs = tuple((module, added) for added in imports)
    handler = f"except {errors}:\n{body}\n"
    edits: tuple[tuple[Module, Edit], ...]
    if isinstance(statement, _LONE) and statement.value is call and text == module.text(call):
        edits = ((module, Guarded(statement, handler)),)
    elif in_lazy_part(module, call) or not isinstance(statement, (*_LONE, ast.Return, ast.If, ast.AugAssign)):
        return
    else:
        name = _name(module, found.function, call)
        code = f"try:\n    {name} = {text}\n{handler}"
        edits = ((module, InsertBefore(statement, code)), (module, Replace(call, name)))
    where = found.function.name
    fit += 0.02 * (text != module.text(call))
    yield Draft(f"Give up a bad one as {where} does others", (*edits, *needs), Answer.CORRECT, fit)


def _closed(s: Situation, code: str) -> str:
    """Without the cause of the example; with the one that the service's handlers use."""
    lines = code.splitlines()
    if lines[-1].startswith("raise "):
        lines[-1] = chained(s, re.sub(r" from \w+$", "", lines[-1]))
    return "\n".join(lines)


def _name(module: Module, function: Function, call: ast.expr) -> str:
    """What the answer or the record calls it, if that is free."""
    parent = module.parents.get(call)
    key = ""
    if isinstance(parent, ast.Dict):
        node = next((k for k, v in zip(parent.keys, parent.values, strict=True) if v is call), None)
        key = str(node.value) if isinstance(node, ast.Constant) else ""
    elif isinstance(parent, ast.keyword):
        key = parent.arg or ""
    return key if key.isidentifier() and key not in names_in(function.node) else fresh_name(call, function)


def _words(s: Situation, module: Module, found: Bailout, call: ast.expr, says: str) -> str:
    """What a handler around the same call says elsewhere, else what is wrong in the pattern of the function."""
    quote = '"' if module.source.count('"') >= module.source.count("'") else "'"
    if isinstance(call, ast.Call):
        callee = s.project.find_function(module, call.func, found.function)
        for handled in handlers_around(s, callee.name) if callee is not None else ():
            if handled.refusal is not None and isinstance(handled.refusal.message, ast.Constant):
                return f"{quote}{handled.refusal.words}{quote}"
    said = [b.words for b in bailouts(found.function)]
    said += [b.words for f in module.functions if f.node is not found.function.node for b in bailouts(f)]
    if any(re.search(r"\w is not (an?|in|UTC)\b", words) for words in said):
        says = says.replace(" must be ", " is not ")
    if found.words[:1].isupper():
        says = says[:1].upper() + says[1:]
    says = _counted(found.message, quote) + says
    return f"{'f' if '{' in says else ''}{quote}{says}{'.' if found.words.endswith('.') else ''}{quote}"


def _counted(message: ast.expr, quote: str) -> str:
    """`line {number}: ` of the pattern: it says which item, and so has this one to."""
    parts = message.values if isinstance(message, ast.JoinedStr) else []
    before = ""
    for index, part in enumerate(parts):
        if isinstance(part, ast.Constant):
            text = str(part.value)
            if index and ": " in text:
                return before + text[: text.index(": ") + 2]
            before += text
        elif isinstance(part, ast.FormattedValue):
            if (not index and not isinstance(part.value, (ast.Name, ast.BinOp))) or part.format_spec is not None:
                return ""
            shown = ast.unparse(part.value)
            if quote in shown:
                return ""
            before += f"{{{shown}}}"
    return ""


def _prepared(s: Situation, module: Module, call: ast.expr) -> str:
    """The call with its argument prepared as the other callers prepare theirs."""
    text = module.text(call)
    changed = prepared_argument(s, module, call)
    if changed is None:
        return text
    argument, code = changed
    start = text.index(module.text(argument), text.index("("))
    return text[:start] + code + text[start + len(module.text(argument)) :]


def prepared_argument(s: Situation, module: Module, call: ast.expr) -> tuple[ast.expr, str] | None:
    """Of `to_cents(tidy(price))` elsewhere, `tidy(…)` around this one's argument; None when others do nothing to it."""
    function = module.function_of(call)
    if not isinstance(call, ast.Call) or not call.args or isinstance(call.args[0], (ast.Call, ast.Constant)):
        return None
    callee = s.project.find_function(module, call.func, function)
    others = [c for _, c in s.project.calls_of(callee) if c is not call] if callee is not None else []
    wraps = [c.args[0] for c in others if c.args and isinstance(c.args[0], ast.Call)]
    for wrap in wraps:
        owner = next((m for m in s.project.modules.values() if any(n is wrap for n in m.nodes)), None)
        helper = s.project.find_function(owner, wrap.func) if owner is not None else None
        if helper is None or len(wrap.args) != 1 or len(wraps) * 2 < len(others):
            continue
        name = _reach(module, call, helper)
        if name:
            return call.args[0], f"{name}({module.text(call.args[0])})"
    chains = [chain for c in others if c.args and (chain := chain_of(c.args[0]))]
    if chains and len(chains) * 2 >= len(others):
        return call.args[0], as_code(module, call.args[0], chains[0])
    return None


def _reach(module: Module, call: ast.Call, helper: Function) -> str:
    """The helper's name as this module can say it: as its own, as imported, or beside the function it calls."""
    if helper.module is module or helper.name in module.imports:
        return helper.name
    base = call.func.value if isinstance(call.func, ast.Attribute) else None
    if (
        isinstance(base, ast.Name)
        and module.imports.get(base.id, "").rpartition(".")[2] == helper.module.name.rpartition(".")[2]
    ):
        return f"{base.id}.{helper.name}"
    return ""


def prepared_alike(s: Situation) -> Iterator[Draft]:
    """The argument prepared as other callers prepare theirs, and nothing else."""
    frames = [f for f in s.report.app_frames if f.file in s.project.modules]
    for inner, outer in zip(reversed(frames[1:]), reversed(frames[:-1]), strict=True):
        module = s.project.modules[outer.file]
        function, called = module.function_at(outer.line), s.project.modules[inner.file].function_at(inner.line)
        call = _call_at(s, module, function, outer.line, called) if function is not None else None
        changed = prepared_argument(s, module, call) if call is not None else None
        if changed is not None:
            edits: tuple[tuple[Module, Edit], ...] = ((module, Replace(*changed)),)
            yield Draft("Prepare the value as the other callers do", edits, Answer.CONVERT, 0.93)
