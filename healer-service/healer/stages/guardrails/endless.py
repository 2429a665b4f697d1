"""Rule 29: loops, retries and recursion that nothing bounds, and values too large for any memory.

Sleeping itself is found with the other calls.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import FunctionNode, Side, Trees

_ENDLESS = frozenset({"itertools.count", "itertools.cycle", "iter"})
_RETRY = re.compile(r"retr(y|ies)|attempt|tries|backoff", re.IGNORECASE)
_MOST_ITEMS, _MOST_DIGITS = 10_000_000, 100
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


def about_endless(trees: Trees) -> Iterator[Finding]:
    side = trees.after
    known = Counter(ast.dump(n.test) for n in trees.before.nodes if isinstance(n, ast.While))
    for loop in trees.added(ast.While):
        if known[ast.dump(loop.test)] > 0:
            known[ast.dump(loop.test)] -= 1
            continue
        if _is_always(side, loop.test) or not _may_end(loop):
            yield finding(29, loop, "A loop without a bound.")
    for node in trees.added(ast.BinOp, ast.Call):
        if _is_huge(node):
            yield finding(29, node, "A value that takes all the memory there is.")
    for iterated in trees.added(ast.Call):
        if _is_endless(side, iterated) and isinstance(side.parents.get(iterated), (ast.For, ast.comprehension)):
            yield finding(29, iterated, "A loop without a bound.")
    for handler in trees.added(ast.ExceptHandler):
        yield from _tries_again(trees, handler)
    for call in trees.added(ast.Call):
        yield from _recursion(trees, call)
    for function in trees.added(ast.FunctionDef, ast.AsyncFunctionDef):
        for decorator in function.decorator_list:
            if _RETRY.search(ast.unparse(decorator)) and not _had(trees, function, decorator):
                yield finding(29, function, "Trying again repairs nothing.")


def _is_huge(node: ast.BinOp | ast.Call) -> bool:
    """`[0] * 10**12`, `bytes(10**12)`, `2 ** 10**9`."""
    if isinstance(node, ast.Call):
        sized = ast.unparse(node.func) in ("bytes", "bytearray") and len(node.args) == 1
        return sized and _size(node.args[0]) > _MOST_ITEMS
    if isinstance(node.op, ast.Pow):
        return _size(node) > 10.0**_MOST_DIGITS
    if not isinstance(node.op, ast.Mult):
        return False
    pairs = ((node.left, node.right), (node.right, node.left))
    return any(_is_sequence(items) and _size(times) > _MOST_ITEMS for items, times in pairs)


def _is_sequence(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | bytes)
    return isinstance(node, ast.List | ast.Tuple | ast.JoinedStr)


def _size(node: ast.expr) -> float:
    """Of a number that is written out, possibly as a sum, product or power; 0 for anything else."""
    if isinstance(node, ast.Constant):
        return float(min(node.value, 10**300)) if isinstance(node.value, int) else 0.0
    if isinstance(node, ast.BinOp):
        left, right = _size(node.left), _size(node.right)
        try:
            if isinstance(node.op, ast.Pow):
                return float(left**right)
            if isinstance(node.op, ast.LShift):
                return float(left * 2.0**right)
            return left * right if isinstance(node.op, ast.Mult) else left + right
        except OverflowError:
            return math.inf
    return 0.0


def _is_always(side: Side, test: ast.expr) -> bool:
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return isinstance(test.operand, ast.Constant) and not test.operand.value
    if isinstance(test, ast.Compare):
        return all(isinstance(part, ast.Constant) for part in (test.left, *test.comparators))
    if isinstance(test, ast.Name):
        given = side.names.assigned(test.id)
        return bool(given) and all(isinstance(value, ast.Constant) and value.value for value in given)
    return isinstance(test, (ast.List, ast.Tuple, ast.Dict))


def _may_end(loop: ast.While) -> bool:
    """Whether the body can change what the test asks for, or leave."""
    wanted = {n.id for n in ast.walk(loop.test) if isinstance(n, ast.Name)}
    if any(isinstance(n, (ast.Call, ast.NamedExpr, ast.Await)) for n in ast.walk(loop.test)):
        return True
    for statement in loop.body:
        for node in ast.walk(statement):
            if isinstance(node, (ast.Break, ast.Return, ast.Raise)):
                return True
            if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and _moves_on(node, wanted, loop):
                return True
            if isinstance(node, ast.Call) and wanted & {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}:
                return True
            if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
                return True
    return False


def _moves_on(node: ast.Assign | ast.AugAssign | ast.AnnAssign, wanted: set[str], loop: ast.While) -> bool:
    """Whether what the test asks for may get another value each time round."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if not wanted & {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}:
        return False
    if isinstance(node, ast.AugAssign) or node.value is None:
        return True
    changing = {n.id for n in ast.walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    inside = list(ast.walk(node.value))
    constant = isinstance(node.value, ast.Constant)
    return constant or any(
        isinstance(n, (ast.Call, ast.Await)) or (isinstance(n, ast.Name) and n.id in changing) for n in inside
    )


def _is_endless(side: Side, call: ast.Call) -> bool:
    called = side.names.meanings(call.func) & _ENDLESS
    if called == {"iter"}:
        return len(call.args) == 2 and ast.unparse(call.args[0]) in ("int", "str", "list", "dict", "bool", "object")
    return bool(called) or ("itertools.repeat" in side.names.meanings(call.func) and len(call.args) < 2)


def _tries_again(trees: Trees, handler: ast.ExceptHandler) -> Iterator[Finding]:
    """A handler in a loop that goes on to do the same again."""
    side = trees.after
    loop = next(
        (outer for outer in side.above(handler) if isinstance(outer, (*_LOOPS, ast.FunctionDef, ast.AsyncFunctionDef))),
        None,
    )
    if not isinstance(loop, _LOOPS) or _head(loop) in [_head(n) for n in trees.before.nodes if isinstance(n, _LOOPS)]:
        return
    if isinstance(handler.body[-1], (ast.Return, ast.Raise, ast.Break)):
        return
    counts = isinstance(loop, (ast.For, ast.AsyncFor)) and (
        (ast.unparse(loop.iter).startswith("range(") and not _uses(loop.body, loop.target))
        or _RETRY.search(ast.unparse(loop.target))
    )
    if counts or isinstance(loop, ast.While):
        yield finding(29, handler, "Trying again repairs nothing.")


def _head(loop: ast.For | ast.AsyncFor | ast.While) -> str:
    return ast.dump(loop.test if isinstance(loop, ast.While) else loop.iter)


def _uses(body: list[ast.stmt], target: ast.expr) -> bool:
    """Whether the loop does something with what it counts, apart from asking whether it was the last time."""
    names = {n.id for n in ast.walk(target) if isinstance(n, ast.Name)} - {"_"}
    tests = {id(n) for s in body for t in ast.walk(s) if isinstance(t, ast.If) for n in ast.walk(t.test)}
    return any(isinstance(n, ast.Name) and n.id in names and id(n) not in tests for s in body for n in ast.walk(s))


def _recursion(trees: Trees, call: ast.Call) -> Iterator[Finding]:
    """A function that calls itself in a handler, or with just what it was given."""
    side = trees.after
    function = side.function_of(call)
    if function is None or ast.unparse(call.func).removeprefix("self.").removeprefix("cls.") != function.name:
        return
    in_handler = any(isinstance(outer, ast.ExceptHandler) for outer in side.above(call))
    given = [ast.unparse(part) for part in (*call.args, *(keyword.value for keyword in call.keywords))]
    if in_handler or given == _parameters(function) or (not given and not _parameters(function)):
        yield finding(29, call, f"{function.name} calls itself without a bound.")


def _parameters(function: FunctionNode) -> list[str]:
    args = function.args
    names = [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    return [name for name in names if name not in ("self", "cls")]


def _had(trees: Trees, function: FunctionNode, decorator: ast.expr) -> bool:
    old = trees.before.functions.get(trees.after.name_of(function))
    return old is not None and ast.dump(decorator) in [ast.dump(d) for d in old.decorator_list]
