"""A coroutine used without await, an await of something that is none, and loops of the wrong kind."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import AddImport, Asynchronous, Edit, InsertBefore, Replace
from healer.syntax.expressions import fresh_name, in_lazy_part, wrap
from healer.syntax.failing import visible
from healer.syntax.nouns import singular
from healer.syntax.project import COMPREHENSIONS, Function, Module
from healer.syntax.routes import route_path
from healer.syntax.situation import Situation, block_of

CATEGORIES = ("await",)
NAME = "await"
_ASYNC_REQUEST = ("request.json", "request.body", "request.form")
_ASYNC_LIBRARY = ("asyncio.gather", "asyncio.wait_for", "asyncio.to_thread", "asyncio.create_task", "asyncio.sleep")


def draft(s: Situation) -> Iterator[Draft]:
    if s.function is None:
        return
    message = s.report.exception.message
    if "running event loop" in message or "already running" in message:
        yield from _no_second_loop(s)
    elif "async_generator" in message:
        yield from _collected(s)
    elif "'async for' requires" in message:
        yield from _plain_loop(s)
    elif "context manager protocol" in message:
        yield from _other_with(s, "asynchronous" not in message)
    elif "can't be used in 'await'" in message:
        yield from _not_awaited(s)
    else:
        yield from _awaited(s)


def _awaited(s: Situation) -> Iterator[Draft]:
    assert s.function is not None
    for rank, call in enumerate(c for c in _calls(s) if _is_async(s, c) and not _in_await(s, c)):
        if rank == 4:
            return
        text = s.module.text(call)
        edits = _with_await(s, call)
        name = ast.unparse(call.func)
        if isinstance(s.function.node, ast.AsyncFunctionDef):
            asked = tuple(_asked_for_nothing(s, call))
            if asked:
                summary = f"Await {name}, which may find nothing"
                yield Draft(summary, (*edits, *asked), Answer.CORRECT, 0.95 - 0.05 * rank)
            yield Draft(f"Await {name}", edits, Answer.CORRECT, 0.92 - 0.05 * rank)
        elif route_path(s.function) is not None and s.refusals.framework != "flask":
            edits = ((s.module, Asynchronous(s.function.node, "async")), *edits)
            yield Draft(f"Await {name} in an async handler", edits, Answer.CORRECT, 0.9 - 0.05 * rank)
        else:
            yield from _through_callers(s, edits, name, 0.88 - 0.05 * rank)
            edits = ((s.module, Replace(call, f"asyncio.run({text})")), (s.module, AddImport("", "asyncio")))
            flask = s.refusals.framework == "flask"
            yield Draft(f"Run {name} to its end", edits, Answer.CORRECT, (0.85 if flask else 0.7) - 0.05 * rank)


def _asked_for_nothing(s: Situation, call: ast.Call) -> Iterator[tuple[Module, Edit]]:
    """Where the coroutine may give None and the condition after it takes for granted that it does not."""
    statement = s.module.statement_of(call)
    callee = s.project.find_function(s.module, call.func, s.function)
    block = block_of(s.module, statement)
    if callee is None or callee.node.returns is None or block is None or not isinstance(statement, ast.Assign):
        return
    nullable = re.search(r"\bOptional\b|\bNone\b", ast.unparse(callee.node.returns))
    target = statement.targets[0]
    following = block[block.index(statement) + 1 :][:1]
    if nullable is None or statement.value is not call or not isinstance(target, ast.Name) or not following:
        return
    after = following[0]
    if isinstance(after, ast.If) and any(
        isinstance(n, ast.Attribute) and ast.unparse(n.value) == target.id for n in ast.walk(after.test)
    ):
        test = s.module.text(after.test)
        test = f"({test})" if isinstance(after.test, ast.BoolOp) and isinstance(after.test.op, ast.Or) else test
        yield s.module, Replace(after.test, f"{target.id} is not None and {test}")


def _with_await(s: Situation, call: ast.Call) -> tuple[tuple[Module, Edit], ...]:
    """A generator expression with an await in it is an asynchronous one: a list takes its place."""
    text = s.module.text(call)
    outer = next((a for a in s.module.ancestors(call) if isinstance(a, (ast.stmt, *COMPREHENSIONS))), None)
    if isinstance(outer, ast.GeneratorExp) and any(n is call for n in ast.walk(outer.elt)):
        whole = s.module.text(outer)
        whole = whole[1:-1] if whole.startswith("(") and whole.endswith(")") else whole
        item = s.module.text(outer.elt)
        changed = item.replace(text, f"await {text}" if item == text else f"(await {text})", 1)
        code = f"[{whole.replace(item, changed, 1).strip()}]"
        holder = s.module.parents.get(outer)
        alone = isinstance(holder, ast.Call) and len(holder.args) == 1 and not holder.keywords
        if not alone:
            return _one(s, outer, code)
        assert isinstance(holder, ast.Call)
        return _one(s, holder, f"{s.module.text(holder.func)}({code})")
    return _one(s, call, wrap(s.module, call, f"await {text}"))


def _through_callers(s: Situation, edits: tuple[tuple[Module, Edit], ...], name: str, fit: float) -> Iterator[Draft]:
    """A plain helper of async handlers: it becomes async, and they await it."""
    assert s.function is not None
    calls = s.project.calls_of(s.function)
    owners = [module.function_of(call) for module, call in calls]
    if not calls or not all(o is not None and isinstance(o.node, ast.AsyncFunctionDef) for o in owners):
        return
    if any(in_lazy_part(module, call) for module, call in calls):
        return
    awaits = [(m, Replace(c, wrap(m, c, f"await {m.text(c)}"))) for m, c in calls]
    every = ((s.module, Asynchronous(s.function.node, "async")), *edits, *awaits)
    yield Draft(f"Await {name}, and {s.function.name} where it is called", every, Answer.CORRECT, fit)


def _not_awaited(s: Situation) -> Iterator[Draft]:
    rank = 0
    for node in [n for n in visible(s.crash.statement) if isinstance(n, ast.Await)]:
        call = node.value
        if not isinstance(call, ast.Call):
            yield Draft("Do not await what is no coroutine", _one(s, node, s.module.text(call)), Answer.CORRECT, 0.85)
            continue
        callee = s.project.find_function(s.module, call.func, s.function)
        if callee is not None and _gives_coroutine(s, callee):
            continue
        name = ast.unparse(call.func)
        if callee is None and _is_chosen(s, call.func):
            yield from _either(s, node, call)
        edits = _one(s, node, s.module.text(call))
        yield Draft(f"Do not await {name}, which is no coroutine", edits, Answer.CORRECT, 0.9 - 0.05 * rank)
        rank += 1


def _is_chosen(s: Situation, func: ast.expr) -> bool:
    """Whether the function is taken from a table or handed in, so that another one may be a coroutine function."""
    if isinstance(func, (ast.Subscript, ast.Call)):
        return True
    if not isinstance(func, ast.Name) or s.function is None:
        return False
    return bool(s.tracer.definitions(func.id, s.module, s.function, func)) or any(
        arg.arg == func.id for arg in s.function.params
    )


def _either(s: Situation, node: ast.Await, call: ast.Call) -> Iterator[Draft]:
    if s.function is None or in_lazy_part(s.module, node):
        return
    used = {n.id for n in ast.walk(s.function.node) if isinstance(n, ast.Name)}
    name = "result" if "result" not in used else fresh_name(call, s.function)
    code = f"{name} = {s.module.text(call)}\nif inspect.isawaitable({name}):\n    {name} = await {name}\n"
    edits = (
        (s.module, InsertBefore(s.crash.statement, code)),
        (s.module, Replace(node, name)),
        (s.module, AddImport("", "inspect")),
    )
    yield Draft("Await only what can be awaited", edits, Answer.CORRECT, 0.93)


def _no_second_loop(s: Situation) -> Iterator[Draft]:
    if s.function is None or not isinstance(s.function.node, ast.AsyncFunctionDef):
        return
    for node in [n for n in visible(s.crash.statement) if isinstance(n, ast.Call) and n.args]:
        if ast.unparse(node.func).rpartition(".")[2] in ("run", "run_until_complete"):
            inner = s.module.text(node.args[0])
            edits = _one(s, node, wrap(s.module, node, f"await {inner}"))
            yield Draft("Await it in the loop that runs", edits, Answer.CORRECT, 0.93)


def _collected(s: Situation) -> Iterator[Draft]:
    """An asynchronous generator where a plain one was meant."""
    if s.function is None or not isinstance(s.function.node, ast.AsyncFunctionDef):
        return
    module, statement = s.module, s.crash.statement
    if isinstance(statement, ast.For):
        edits: tuple[tuple[Module, Edit], ...] = ((module, Asynchronous(statement, "async")),)
        yield Draft("Loop over it with async for", edits, Answer.CORRECT, 0.92)
    for node in visible(statement):
        if isinstance(node, COMPREHENSIONS) and any(_is_async_generator(s, g.iter) for g in node.generators):
            yield Draft("Go over it with async for", _one(s, node, _with_async(s, node)), Answer.CORRECT, 0.93)
        elif isinstance(node, ast.Await) and _is_async_generator(s, node.value):
            items = _all_of(s, node.value)
            yield Draft("Collect its items", _one(s, node, items), Answer.CORRECT, 0.9)
        elif isinstance(node, ast.Call) and node.args and _is_async_generator(s, node.args[0]):
            whole = ast.unparse(node.func) == "list" and len(node.args) == 1
            edits = _one(s, node if whole else node.args[0], _all_of(s, node.args[0]))
            yield Draft("Collect its items with async for", edits, Answer.CORRECT, 0.91)


def _is_async_generator(s: Situation, node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        found = s.tracer.definitions(node.id, s.module, s.function, node)
        node = found[0].value if found and not found[0].item else node
    callee = s.project.find_function(s.module, node.func, s.function) if isinstance(node, ast.Call) else None
    return callee is not None and isinstance(callee.node, ast.AsyncFunctionDef) and _yields(callee)


def _all_of(s: Situation, node: ast.expr) -> str:
    word = ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ast.unparse(node)
    item = singular(word).replace(" ", "_")
    item = item if item.isidentifier() and item not in s.module.imports else "item"
    return f"[{item} async for {item} in {s.module.text(node)}]"


def _with_async(s: Situation, node: ast.expr) -> str:
    module = s.module
    assert isinstance(node, COMPREHENSIONS)
    loops = "".join(
        f" {'async ' if g.is_async or _is_async_generator(s, g.iter) else ''}for {module.text(g.target)} in "
        f"{module.text(g.iter)}" + "".join(f" if {module.text(test)}" for test in g.ifs)
        for g in node.generators
    )
    if isinstance(node, ast.DictComp):
        return f"{{{module.text(node.key)}: {module.text(node.value)}{loops}}}"
    left, right = ("{", "}") if isinstance(node, ast.SetComp) else ("[", "]")
    return f"{left}{module.text(node.elt)}{loops}{right}"


def _plain_loop(s: Situation) -> Iterator[Draft]:
    statement = s.crash.statement
    if not isinstance(statement, ast.AsyncFor):
        return
    edits: tuple[tuple[Module, Edit], ...] = ((s.module, Asynchronous(statement, "")),)
    inner = statement.iter
    if "coroutine" in s.report.exception.message:
        edits = (*edits, (s.module, Replace(inner, f"await {s.module.text(inner)}")))
    yield Draft("Loop over it with a plain for", edits, Answer.CORRECT, 0.92)


def _other_with(s: Situation, to_async: bool) -> Iterator[Draft]:
    statement = s.crash.statement
    if to_async and (s.function is None or not isinstance(s.function.node, ast.AsyncFunctionDef)):
        return
    if isinstance(statement, ast.With if to_async else ast.AsyncWith) and len(statement.items) == 1:
        edits = ((s.module, Asynchronous(statement, "async" if to_async else "")),)
        said = "async with" if to_async else "a plain with"
        yield Draft(f"Enter it by {said}", edits, Answer.CORRECT, 0.92)


def _one(s: Situation, node: ast.expr, code: str) -> tuple[tuple[Module, Edit], ...]:
    return ((s.module, Replace(node, code)),)


def _in_await(s: Situation, call: ast.Call) -> bool:
    return isinstance(s.module.parents.get(call), ast.Await)


def _yields(function: Function) -> bool:
    return any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in function.own_nodes)


def _gives_coroutine(s: Situation, function: Function) -> bool:
    """An async function, or one that hands on what an async function gives."""
    if isinstance(function.node, ast.AsyncFunctionDef):
        return not _yields(function)
    returned = [n.value for n in function.own_nodes if isinstance(n, ast.Return) and n.value is not None]
    inner = [s.project.find_function(function.module, v.func, function) for v in returned if isinstance(v, ast.Call)]
    return (
        bool(inner)
        and len(inner) == len(returned)
        and all(f is not None and isinstance(f.node, ast.AsyncFunctionDef) and not _yields(f) for f in inner)
    )


def _is_async(s: Situation, call: ast.Call) -> bool:
    callee = s.project.find_function(s.module, call.func, s.function)
    if callee is not None:
        return _gives_coroutine(s, callee)
    text = ast.unparse(call.func)
    if text in _ASYNC_REQUEST or text in _ASYNC_LIBRARY:
        return True
    # Several classes may have a method of that name: it is enough that one of them is async.
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    named = [f for f in s.project.functions if f.owner is not None and f.name == method]
    return any(isinstance(f.node, ast.AsyncFunctionDef) for f in named)


def _calls(s: Situation) -> list[ast.Call]:
    """Calls of the crashing statement, then of what its names were given."""
    assert s.function is not None
    statement = s.crash.statement
    found = [n for n in visible(statement) if isinstance(n, ast.Call)]
    for name in [n for n in visible(statement) if isinstance(n, ast.Name)]:
        for one in s.tracer.definitions(name.id, s.module, s.function, name):
            found += [n for n in ast.walk(one.value) if isinstance(n, ast.Call) and n not in found]
    return found
