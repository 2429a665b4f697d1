"""Rule 25 in calls: weak hashes by whatever name, and secrets that can be guessed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import Side, Trees
from healer.stages.guardrails.values import off, value_of

_SECRET_NAMES = re.compile(
    (
        r"token|secret|passw|nonce|salt|otp|\bpin\b|reset|csrf|session|api_?key|_key|voucher|"
        r"invite|signature|verification|auth|\bcode\b|_code|ticket|uid|uuid|identifier|_id$"
    ),
    re.I,
)

_GUESSABLE = re.compile(r"(random|numpy\.random)\.(\w+)(\(\).*)?|uuid\.(uuid1|uuid3)|(random\.Random\(\))\.\w+")


def about_weak_secrets(trees: Trees) -> Iterator[Finding]:
    """Weak hashes by whatever name, and secrets that can be guessed."""
    if trees.is_test:
        return
    side = trees.after
    for call in trees.added(ast.Call):
        for name in side.names.meanings(call.func):
            hashed = re.fullmatch(r"hashlib\.(md4|md5|sha1)", name)
            by_name = (
                name == "hashlib.new"
                and call.args
                and re.fullmatch(r"(?i)md[245]|sha-?1|ripemd160", str(value_of(side, call.args[0])))
            )
            for_other = any(k.arg == "usedforsecurity" and off(value_of(side, k.value)) for k in call.keywords)
            if (hashed or by_name) and not for_other:
                yield finding(25, call, f"A weak hash ({ast.unparse(call.func)}).")
            if _GUESSABLE.fullmatch(name) and _SECRET_NAMES.search(" ".join(_around(side, call))):
                yield finding(25, call, f"A secret that can be guessed ({ast.unparse(call.func)}).")
    for name_node in trees.added(ast.Attribute, ast.Name):
        if not isinstance(side.parents.get(name_node), ast.Call) and isinstance(name_node.ctx, ast.Load):
            if side.names.meanings(name_node) & {"hashlib.md5", "hashlib.sha1", "hashlib.md4"}:
                yield finding(25, name_node, f"A weak hash ({ast.unparse(name_node)}).")


def _around(side: Side, node: ast.AST) -> Iterator[str]:
    """What the value is for: the variable, key, argument and function that it stands in."""
    for outer in side.above(node):
        if isinstance(outer, ast.Assign):
            yield from (ast.unparse(target) for target in outer.targets)
        elif isinstance(outer, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
            yield ast.unparse(outer.target)
        elif isinstance(outer, ast.keyword):
            yield outer.arg or ""
        elif isinstance(outer, ast.Dict):
            yield from (ast.unparse(key) for key in outer.keys if key is not None)
        elif isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield outer.name
            return
