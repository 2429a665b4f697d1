"""Rule 28: personal data in a log line, by its name or by the field that a local name was taken from.

Whether redaction is still there is found out in protections.py and redaction.py.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.names import given_by, one_by_one
from healer.stages.guardrails.rules import finding, words
from healer.stages.guardrails.trees import FunctionNode, Trees

HIDING = re.compile(
    r"redact|mask|scrub|anonymi|hash|saniti|censor|len$|sha\d+|hexdigest|bool$|type$|id$", re.IGNORECASE
)
LOGS = re.compile(
    r"(^|[._])(log|logger|logging|_log|audit|sentry_sdk)\w*(\.\w+)?(\(.*\))?\.(debug|info|warn|"
    r"warning|error|exception|critical|log|fatal|msg|bind|set_user|set_context|"
    r"capture_message)$"
    r"|^(print|pprint|warnings\.warn|sys\.std(out|err)\.write|sentry_sdk\.\w+)$",
    re.IGNORECASE,
)
_PERSONAL = words(
    "password passwd pwd secret token tokens authorization cookie cookies email mail phone mobile ssn"
    " iban bic card cvv cvc birthday birthdate birth dob address street passport salary username surname"
    " firstname lastname fullname credentials credential headers payload body form user customer account"
    " patient person profile ip apikey session useragent"
)
_PERSONAL_PAIRS = re.compile(
    (
        r"(first|last|full|user|customer|patient|display|real)_?name|api_?key|remote_addr|"
        r"client_?(host|ip)|tax_?(id|number)|credit_?card|request\.(get_)?(json|data|args|values|form|"
        r"body|headers|cookies)|date_of_birth"
    ),
    re.IGNORECASE,
)
_COUNTED = words("id ids count length size type kind status")
_PERSON = r"\b(\w+_)?(customer|user|patient|person|guest|employee|recipient|buyer|subscriber|passenger)['\"\])]*"
_PERSONS = re.compile(_PERSON + "$", re.IGNORECASE)
_PERSONS_NAME = re.compile(_PERSON + r"(\.name|\[['\"]name['\"]\]|\.get\(['\"]name['\"])", re.IGNORECASE)
_SAME = words("strip lower upper title casefold encode decode replace")
_STEPS = 3  # of names for names
_Taken = list[tuple[ast.AST, str, ast.expr]]  # of one function: where, which name, what it is given


def about_personal_data(trees: Trees) -> Iterator[Finding]:
    if trees.is_test:
        return
    added = set(trees.added(ast.AST))
    taken: dict[FunctionNode, _Taken] = {}
    for call in (node for node in trees.after.nodes if isinstance(node, ast.Call)):
        if not LOGS.search(ast.unparse(call.func)):
            continue
        for word in _personal(given_to(call)) if call in added else ():
            yield finding(28, call, f"Personal data goes to the log ({word[:60]}).")
        function = trees.after.function_of(call)
        if function is not None and function not in taken:
            taken[function] = [(node, *one) for node in ast.walk(function) for one in _taken(node)]
        for statement, field in _aliases(call, taken.get(function, []) if function is not None else []):
            if call in added or statement in added:
                yield finding(28, call, f"Personal data goes to the log under another name ({field[:60]}).")


def _aliases(call: ast.Call, taken: _Taken) -> Iterator[tuple[ast.AST, str]]:
    """`whom = customer["name"]` for a call that is given `whom`: where it is taken, and what."""
    names = {n.id for part in given_to(call) for n in _plain(part) if isinstance(n, ast.Name)}
    for _ in range(_STEPS):
        names |= {
            n.id for _, target, value in taken if target in names for n in _plain(value) if isinstance(n, ast.Name)
        }
    for node, target, value in taken:
        if target in names:
            yield from ((node, field) for part in _plain(value) for field in _field(part, taken))


def _taken(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names with what they are given, or with what is gone through."""
    yield from one_by_one(node.target, node.iter) if isinstance(node, (ast.For, ast.AsyncFor)) else given_by(node)


def _plain(value: ast.expr) -> Iterator[ast.expr]:
    """What a value is as it stands, without what calls make of it."""
    if isinstance(value, (ast.Name, ast.Attribute, ast.Subscript)):
        yield value
    elif isinstance(value, ast.Call):
        method = value.func if isinstance(value.func, ast.Attribute) else None
        if method is not None and method.attr == "get" and value.args:
            yield ast.Subscript(method.value, value.args[0], ast.Load())
        elif method is not None and method.attr in _SAME:
            yield from _plain(method.value)
        elif (method is not None and method.attr in ("format", "join")) or ast.unparse(value.func) in ("str", "repr"):
            yield from (one for part in value.args for one in _plain(part))
    elif not isinstance(value, (ast.Compare, ast.Lambda)):
        parts = [value.body, value.orelse] if isinstance(value, ast.IfExp) else list(ast.iter_child_nodes(value))
        yield from (one for part in parts if isinstance(part, ast.expr) for one in _plain(part))


def _field(value: ast.expr, taken: _Taken) -> Iterator[str]:
    if isinstance(value, ast.Attribute):
        key, owner = value.attr, value.value
    elif isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
        key, owner = str(value.slice.value), value.value
    else:
        return
    if key == "name":
        owners = [given for _, name, given in taken if isinstance(owner, ast.Name) and name == owner.id]
        if any(_PERSONS.search(ast.unparse(one)) for one in (owner, *owners)):
            yield ast.unparse(value)
        return
    said = _words(key)
    if {*said, *(word.removesuffix("s") for word in said)} & _PERSONAL and said[-1] not in _COUNTED:
        yield ast.unparse(value)


def given_to(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _personal(parts: list[ast.expr]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, ast.Call):
            called = ast.unparse(part.func)
            if HIDING.search(called):
                continue
            if isinstance(part.func, ast.Attribute) and part.func.attr == "get" and part.args:
                yield from _named(ast.unparse(part.args[0]), part)
            elif _PERSONAL_PAIRS.search(called):
                yield called
            elif isinstance(part.func, ast.Attribute):
                yield from _personal([part.func.value, *given_to(part)])
            else:
                yield from _personal(given_to(part))
        elif isinstance(part, ast.Attribute):
            yield from _named(part.attr, part)
        elif isinstance(part, ast.Subscript):
            yield from _named(ast.unparse(part.slice), part)
        elif isinstance(part, ast.Name):
            yield from _named(part.id, part)
        elif isinstance(part, ast.Compare):
            continue
        elif isinstance(part, ast.IfExp):
            yield from _personal([part.body, part.orelse])
        else:
            yield from _personal([child for child in ast.iter_child_nodes(part) if isinstance(child, ast.expr)])


def _named(name: str, node: ast.expr) -> Iterator[str]:
    said = _words(name)
    text = ast.unparse(node)
    counted = said[-1:] and said[-1] in _COUNTED
    if not counted and (set(said) & _PERSONAL or _PERSONAL_PAIRS.search(text) or _PERSONS_NAME.search(text)):
        yield text


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
