"""What stands in for a key that a table lacks: a sibling's default, an entry that the documentation names, a constant
for that purpose. It changes nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from healer.syntax.examples import same_thing
from healer.syntax.project import Function, Module, same
from healer.syntax.situation import Situation

_NAMES = re.compile(r"^_?(DEFAULT|FALLBACK|UNKNOWN|STANDARD|OTHER|BASE|GENERIC|USUAL)|_(DEFAULTS?|FALLBACK)$", re.I)
_ENTRIES = ("default", "other", "others", "standard", "fallback", "unknown", "*", "misc", "else")
_SPEAKS = re.compile(
    r"\b(fall\w* ?backs?|defaults?|treated|counts? as|instead|otherwise|standard|usual|unknown|without|no longer|other|"
    r"missing|not (?:listed|known|in)|unlisted|rest|any other|everything else|none of|lacks?|where)\b",
    re.I,
)


@dataclass(frozen=True)
class Fallback:
    code: str  # source of the default, as the module of the table sees it
    fit: float
    promised: bool = False  # the documentation speaks of the case
    sibling: bool = False  # other code asks the same table so


def fallbacks(
    s: Situation, module: Module, table: ast.expr, key: ast.expr, function: Function | None
) -> Iterator[Fallback]:
    """Best first within each kind of evidence."""
    words = [ast.get_docstring(module.tree) or "", function.docstring if function is not None else ""]
    if s.route is not None:
        words.append(s.route.docstring)
    held = _entries(s, module, table)
    text = ast.unparse(table)
    seen = set()
    for found in (
        *_of_environment(text, words, key),
        *_of_siblings(s, module, table, key),
        *_of_words(text, held, words, key),
        *_of_other_table(s, module, table, key, words),
        *_of_constants(s, module, text, held, key, words),
        *_of_entries(text, held),
        *_of_kind(held),
    ):
        if found.code not in seen:
            seen.add(found.code)
            yield found


def _of_environment(text: str, words: list[str], key: ast.expr) -> Iterator[Fallback]:
    """The value that the documentation gives a setting that is not set: "30 unless LOG_DAYS says otherwise"."""
    if not text.endswith("environ"):
        return
    for doc in words:
        said = re.search(r"(?:(\S+) (?:unless|by default)|defaults? (?:to|is|of) (\S+))", doc)
        value = next((g for g in said.groups() if g), "").strip(".,;'\"`()") if said is not None else ""
        if value and (value.isdecimal() or f"'{value}'" in doc or f'"{value}"' in doc):
            yield Fallback(f'"{value}"', 0.94, True)


def _entries(s: Situation, module: Module, table: ast.expr) -> dict[object, ast.expr]:
    """Literal keys of the table and what they lead to."""
    found = s.project.constant(module, table.id) if isinstance(table, ast.Name) else None
    if found is None and isinstance(table, ast.Attribute) and isinstance(table.value, ast.Name):
        owner = s.project.module_named(module.imports.get(table.value.id, ""))
        found = s.project.constant(owner, table.attr) if owner is not None else None
    if found is None or not isinstance(found[1], ast.Dict):
        return {}
    pairs = zip(found[1].keys, found[1].values, strict=True)
    return {k.value: v for k, v in pairs if isinstance(k, ast.Constant)}


def _of_siblings(s: Situation, module: Module, table: ast.expr, key: ast.expr) -> Iterator[Fallback]:
    """`.get(other, default)` on the same table, this key put in the place of the other."""
    for other in s.project.modules.values():
        for node in other.nodes:
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"):
                continue
            if len(node.args) != 2:
                continue
            mine, default = node.args
            same_table = same_thing(node.func.value, table)
            if not same_table and not _alike(node.func.value, table, mine, key):
                continue
            text = other.text(default)
            if isinstance(default, ast.Constant):
                if not same_table or (isinstance(key, ast.Constant) and not same(mine, key)):
                    continue
            elif same(default, mine) or ast.unparse(mine) in ast.unparse(default):
                text = text.replace(other.text(mine), module.text(key))
            elif isinstance(key, ast.Constant) and not same(mine, key):
                continue
            if other is module or not _names(default):
                yield Fallback(text, 0.94 if same_table else 0.86, sibling=same_table)


def _names(node: ast.expr) -> bool:
    return any(isinstance(n, ast.Name) for n in ast.walk(node))


def _alike(one: ast.expr, other: ast.expr, mine: ast.expr, key: ast.expr) -> bool:
    """Two tables asked with the same kind of key, whose sibling answers the key itself."""
    if not (isinstance(one, ast.Name) and isinstance(other, ast.Name) and one.id.isupper() and other.id.isupper()):
        return False
    last = ast.unparse(mine).rpartition(".")[2].strip("[]'\"")
    return last == ast.unparse(key).rpartition(".")[2].rpartition("[")[2].strip("[]'\"")


def _of_words(text: str, held: dict[object, ast.expr], words: list[str], key: ast.expr) -> Iterator[Fallback]:
    """An entry that a sentence about the case names."""
    for sentence in (part for doc in words for part in re.split(r"(?<=[.;])\s+", doc)):
        if not _SPEAKS.search(sentence):
            continue
        quoted = re.findall(r"['\"`]+([\w .*-]+)['\"`]+", sentence)
        for name in held:
            if isinstance(name, str) and name in quoted:
                yield Fallback(f"{text}[{name!r}]".replace("'", '"'), 0.95, True)


def _of_constants(
    s: Situation, module: Module, text: str, held: dict[object, ast.expr], key: ast.expr, words: list[str]
) -> Iterator[Fallback]:
    """A constant whose name says that it stands in: itself, its entry, or the table's entry under it."""
    for name, value in module.constants.items():
        if not _NAMES.search(name):
            continue
        word = name.strip("_").lower().partition("_")[0].rstrip("s")
        promised = any(word in doc.lower() for doc in words)
        fit = 0.93 if promised else 0.82
        if isinstance(value, ast.Constant) and value.value in held:
            yield Fallback(f"{text}[{name}]", fit, promised)
        elif isinstance(value, ast.Dict) and isinstance(key, ast.Constant):
            if any(same(k, key) for k in value.keys if k is not None):
                yield Fallback(f"{name}[{module.text(key)}]", 0.93, promised)
        elif held and any(_kind(value) == _kind(v) for v in held.values()):
            yield Fallback(name, fit if _about(name, text) else fit - 0.1, promised)
        elif not held and not isinstance(value, (ast.Dict, ast.Call)) and _about(name, ast.unparse(key)):
            yield Fallback(name, fit, promised)


def _of_other_table(
    s: Situation, module: Module, table: ast.expr, key: ast.expr, words: list[str]
) -> Iterator[Fallback]:
    """Of tables by language, say, the entry of the one that a constant names."""
    if not isinstance(table, ast.Subscript):
        return
    tables = _entries(s, module, table.value)
    for name, _ in stand_in_constants(module, words):
        value = module.constants[name]
        if isinstance(value, ast.Constant) and value.value in tables and isinstance(tables[value.value], ast.Dict):
            promised = any(_SPEAKS.search(doc) for doc in words)
            code = f"{ast.unparse(table.value)}[{name}][{module.text(key)}]"
            yield Fallback(code, 0.95 if promised else 0.84, promised)


def stand_in_constants(module: Module, words: list[str]) -> list[tuple[str, bool]]:
    """Constants whose names say that they stand in, and whether the documentation speaks of them."""
    names = [name for name in module.constants if _NAMES.search(name)]
    return [(n, any(n.strip("_").lower().partition("_")[0] in doc.lower() for doc in words)) for n in names]


def _about(name: str, other: str) -> bool:
    """Whether two names share a word, or the name has but one: STANDARD, DEFAULT_FEE beside FEES."""
    parts = [p.lower().rstrip("s") for p in name.strip("_").split("_")]
    return len(parts) == 1 or any(len(p) > 2 and p in other.lower() for p in parts[1:])


def _kind(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return "number" if isinstance(node.value, (int, float)) else type(node.value).__name__
    return ast.unparse(node.func) if isinstance(node, ast.Call) else type(node).__name__


def _of_entries(text: str, held: dict[object, ast.expr]) -> Iterator[Fallback]:
    for name in held:
        if isinstance(name, str) and name.lower() in _ENTRIES:
            yield Fallback(f'{text}["{name}"]', 0.86)


def _of_kind(held: dict[object, ast.expr]) -> Iterator[Fallback]:
    """Nothing of the kind that all entries are: no next states, no parts."""
    if held and all(isinstance(value, ast.Tuple) for value in held.values()):
        empty = "()"
    elif held and all(isinstance(value, ast.List) for value in held.values()):
        empty = "[]"
    elif held and all(isinstance(value, ast.Set) or ast.unparse(value) == "set()" for value in held.values()):
        empty = "set()"
    else:
        return
    known = any(ast.unparse(value) == empty for value in held.values())
    yield Fallback(empty, 0.9 if known else 0.78)
