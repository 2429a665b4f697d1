"""Rule 25 in numbers: the rounds of a hash, the length of a key, token or password must not become less.

A number is known by its name, or by the call that it is given to. That it becomes greater is free.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import Side, Trees

_HASH = r"pbkdf2|bcrypt|scrypt|argon2?|kdf|gensalt|password_?hash\w*|hash_?passw\w*"
_CALLS = re.compile(rf"({_HASH}|token_(bytes|hex|urlsafe)|urandom|getrandbits|randbits)\w*$", re.IGNORECASE)
_NAMES = re.compile(
    r"(?!max)((pbkdf2|bcrypt|scrypt|argon2?|kdf|hash|hashing|password|key_derivation)_(\w+_)?"
    r"(rounds?|iterations?|iter|cost|factor|n)|work_?factor|log_rounds|(time|memory)_cost|dklen|nbytes"
    r"|(\w+_)?(salt|key|token|nonce|secret|otp|pin|session_id)_?(len|length|bytes|size|bits)"
    r"|((\w+_)?(password|passphrase|passwd|pwd|pin|secret)_?)min(imum)?(_?(len|length|size|chars))?"
    r"|min(imum)?_?(password|passphrase|passwd|pwd|pin|secret)(_?(len|length|size|chars))?)",
    re.IGNORECASE,
)
_LOOSE = re.compile(r"(\w+_)?(rounds?|iterations?)", re.IGNORECASE)
_MANY = 10_000  # nothing but a hash is gone through so often
_HASHES = re.compile(rf"{_HASH}|passlib|hashlib", re.IGNORECASE)
_SIZES = ("cost", "factor", "n", "r", "p", "rounds", "iterations", "length")
_ASKED = re.compile(r"passw|passphrase|pwd|\bpin\b|secret|token(?!s)", re.IGNORECASE)
_LEAST = re.compile(r"min_?(length|len|size)", re.IGNORECASE)


def about_strength(trees: Trees) -> Iterator[Finding]:
    if trees.is_test:
        return
    after: dict[str, tuple[float, ast.AST]] = {}
    for slot, number, node in _numbers(trees.after, trees.after.nodes):
        if slot not in after or number < after[slot][0]:
            after[slot] = number, node
    before: dict[str, list[float]] = {}
    for slot, number, _ in _numbers(trees.before, trees.before.every) if after else ():
        before.setdefault(slot, []).append(number)
    for slot, (number, node) in after.items():
        if slot in before and number < min(before[slot]):
            yield finding(25, node, f"{slot} is less than it was: {number:g}, not {min(before[slot]):g}.")


def number_of(node: ast.expr | None) -> float | None:
    """A number that is written out, or that holds where the environment names none."""
    if isinstance(node, ast.Constant):
        text = node.value if isinstance(node.value, str) else ""
        if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            return float(max(min(node.value, 10**18), -(10**18)))
        return float(text) if re.fullmatch(r"[\d_]{1,12}", text) else None
    if isinstance(node, ast.BinOp):
        return _worked_out(node)
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func).rpartition(".")[2]
        if called in ("int", "float", "min") and node.args:
            known = [one for one in map(number_of, node.args) if one is not None]
            return min(known) if known else None
        return number_of(node.args[1]) if called in ("get", "getenv") and len(node.args) == 2 else None
    if isinstance(node, (ast.IfExp, ast.BoolOp)):
        parts = node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]
        known = [one for one in map(number_of, parts) if one is not None]
        return min(known) if known else None
    return None


def _worked_out(node: ast.BinOp) -> float | None:
    left, right = number_of(node.left), number_of(node.right)
    if left is None or right is None or max(abs(left), abs(right)) > 10**12 or min(left, right) < 0:
        return None
    if isinstance(node.op, ast.Pow | ast.LShift):
        base = left if isinstance(node.op, ast.Pow) else 2.0
        raised = base**right if right < 64 and base < 1000 else 1e18
        return raised if isinstance(node.op, ast.Pow) else left * raised
    if isinstance(node.op, ast.Mult):
        return left * right
    if isinstance(node.op, ast.Div | ast.FloorDiv):
        return left / right if right else None
    return left + right if isinstance(node.op, ast.Add) else left - right if isinstance(node.op, ast.Sub) else None


def is_only_raised(old: ast.Call, new: ast.Call) -> bool:
    """Whether a call that makes a hash, key or token is given the same, but for numbers that are greater."""
    if not _CALLS.search(ast.unparse(old.func)) or len(old.args) != len(new.args):
        return False
    if [k.arg for k in old.keywords] != [k.arg for k in new.keywords]:
        return False
    before, after = ([*call.args, *(k.value for k in call.keywords)] for call in (old, new))
    pairs = zip(before, after, strict=True)
    return all(ast.dump(one) == ast.dump(other) or is_raised(one, other) for one, other in pairs)


def is_raised(old: ast.expr, new: ast.expr) -> bool:
    before, after = number_of(old), number_of(new)
    return before is not None and after is not None and after >= before


def _numbers(side: Side, nodes: tuple[ast.AST, ...]) -> Iterator[tuple[str, float, ast.AST]]:
    """What each number is for, the number, and where it stands."""
    numbers = [(slot, number, value) for slot, value in _slots(side, nodes) if (number := number_of(value)) is not None]
    if not numbers:
        return
    given = {n.id for call in side.every if _makes_secret(call) for n in ast.walk(call) if isinstance(n, ast.Name)}
    hashes = any(_HASHES.search(text) for node in side.every for text in _said(node))
    for slot, number, value in numbers:
        name = slot.rpartition(".")[2]
        strong = _NAMES.fullmatch(name) or name in given or slot.startswith("len(") or _LEAST.fullmatch(name)
        if strong or (_LOOSE.fullmatch(name) and (hashes or number >= _MANY)):
            yield slot, number, value


def _makes_secret(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _CALLS.search(ast.unparse(node.func)) is not None


def _said(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [node.attr]
    return [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []


def _slots(side: Side, nodes: tuple[ast.AST, ...]) -> Iterator[tuple[str, ast.expr]]:
    for node in nodes:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((ast.unparse(target), node.value) for target in targets)
            yield from _least(ast.unparse(targets[0]), node.value)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _of_parameters(side, node)
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            secret = _makes_secret(node)
            yield from ((f"{called}.{k.arg}", k.value) for k in node.keywords if k.arg and not _LEAST.fullmatch(k.arg))
            given = [*node.args, *(k.value for k in node.keywords if k.arg in _SIZES)] if secret else []
            yield from ((f"{called}.nbytes", part) for part in given)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value
        elif isinstance(node, ast.Compare) and isinstance(node.ops[-1], (ast.Lt, ast.LtE, ast.GtE)):
            if ast.unparse(node.left).startswith("len(") and _ASKED.search(ast.unparse(node.left)):
                yield ast.unparse(node.left), node.comparators[-1]


def _of_parameters(side: Side, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, ast.expr]]:
    args = function.args
    plain = [*args.posonlyargs, *args.args]
    named = [*zip(plain[len(plain) - len(args.defaults) :], args.defaults, strict=True)]
    for arg, default in [*named, *zip(args.kwonlyargs, args.kw_defaults, strict=True)]:
        if default is not None:
            yield f"{side.name_of(function)}.{arg.arg}", default
            yield from _least(arg.arg, default)


def _least(name: str, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """`password: str = Field(min_length=12)`."""
    if isinstance(value, ast.Call) and _ASKED.search(name):
        yield from ((f"{name}.{k.arg}", k.value) for k in value.keywords if k.arg and _LEAST.fullmatch(k.arg))
