"""Two versions of a syntax tree laid side by side: which parts are the same, which have become which.

It compares trees only and knows no text.
"""

from __future__ import annotations

import ast
import difflib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

from healer.syntax.walks import children

T = TypeVar("T")
Pair = tuple[T | None, T | None]
_MOST_PAIRS = 400  # larger regions are replaced whole; comparing all with all takes long there


def differences(old: ast.AST, new: ast.AST) -> list[tuple[ast.expr, ast.expr]] | None:
    """The smallest expressions that make one into the other; None when something else differs."""
    whole = [(old, new)] if isinstance(old, ast.expr) and isinstance(new, ast.expr) else None
    if type(old) is not type(new) or isinstance(old, (ast.JoinedStr, ast.FormattedValue, ast.Constant)):
        return whole
    found: list[tuple[ast.expr, ast.expr]] = []
    for name in old._fields:
        one, other = getattr(old, name, None), getattr(new, name, None)
        ones, others = (one, other) if isinstance(one, list) and isinstance(other, list) else ([one], [other])
        if len(ones) != len(others):
            return whole
        for left, right in zip(ones, others, strict=True):
            if isinstance(left, ast.AST) and isinstance(right, ast.AST):
                if key(left) == key(right):
                    continue
                inner = differences(left, right)
                if inner is None:
                    return whole
                found += inner
            elif left != right:
                return whole
    return found


def key(node: ast.AST) -> str:
    return ast.dump(node)


def aligned(
    old: Sequence[T], new: Sequence[T], keys: Callable[[T], str], alike: Callable[[T, T], float]
) -> list[Pair[T]]:
    """Both in order, each beside what it has become; None beside what is gone or fresh."""
    old_keys, new_keys = [keys(item) for item in old], [keys(item) for item in new]
    found: list[Pair[T]] = []
    matcher = difflib.SequenceMatcher(None, old_keys, new_keys, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        before, after = old[start:end], new[new_start:new_end]
        if tag == "equal":
            found.extend(zip(before, after, strict=True))
            continue
        pairs = _paired(before, after, alike)
        found.extend(pairs)
    return found


def _paired(old: Sequence[T], new: Sequence[T], alike: Callable[[T, T], float]) -> list[Pair[T]]:
    """The pairs in order whose likenesses add up to the most."""
    if not old or not new or len(old) * len(new) > _MOST_PAIRS:
        return [*((item, None) for item in old), *((None, item) for item in new)]
    scores = [[alike(one, other) for other in new] for one in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            both = scores[i][j] + best[i + 1][j + 1] if scores[i][j] > 0 else 0.0
            best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    found: list[Pair[T]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        if scores[i][j] > 0 and best[i][j] == scores[i][j] + best[i + 1][j + 1]:
            found.append((old[i], new[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            found.append((old[i], None))
            i += 1
        else:
            found.append((None, new[j]))
            j += 1
    return [*found, *((item, None) for item in old[i:]), *((None, item) for item in new[j:])]


def likeness(old: ast.stmt, new: ast.stmt) -> float:
    """0 for two that are not versions of one statement."""
    if type(old) is not type(new):
        return 0.0
    if isinstance(old, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return 1.0 if old.name == getattr(new, "name", "") else 0.0
    if (
        isinstance(old, ast.Assign)
        and isinstance(new, ast.Assign)
        and list(map(key, old.targets)) == list(map(key, new.targets))
    ):
        return 1.0
    ratio = _overlap(_words(old), _words(new))
    if isinstance(getattr(old, "body", None), list):
        mine = {key(statement) for statement in ast.walk(old) if isinstance(statement, ast.stmt)}
        shared = any(key(statement) in mine for statement in ast.walk(new) if isinstance(statement, ast.stmt))
        return max(ratio if ratio > 0.6 else 0.0, 0.5 if shared else 0.0)
    return ratio if ratio > 0.4 else 0.0


@lru_cache(maxsize=1024)
def _words(node: ast.stmt) -> Counter[str]:
    """What a statement is made of, of a compound one its header."""
    found: Counter[str] = Counter()
    todo: list[ast.AST] = [node]
    while todo:
        one = todo.pop()
        found[type(one).__name__] += 1
        for name in one._fields:
            value = getattr(one, name, None)
            if isinstance(value, (str, int)):
                found[str(value)] += 1
        todo += [
            child for child in children(one) if not isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case))
        ]
    return found


def _overlap(one: Counter[str], other: Counter[str]) -> float:
    return 2 * (one & other).total() / (one.total() + other.total())
