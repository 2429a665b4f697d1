"""Rules 6 and 33 where no name shows it: reflection, attributes by a name that is put together, encoded texts."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.rules import finding, words
from healer.stages.guardrails.trees import Side, Trees

_DUNDERS = words(
    "__globals__ __builtins__ __subclasses__ __bases__ __base__ __mro__ __code__ __closure__"
    " __getattribute__ __reduce__ __reduce_ex__ __import__ __loader__ __spec__ f_globals f_locals"
    " f_builtins f_back gi_frame cr_frame tb_frame tb_next __self__ __func__"
)


def about_tricks(trees: Trees) -> Iterator[Finding]:
    """Ways around names: reflection, attributes by computed name, encoded texts."""
    names = trees.after.names
    for node in trees.added(ast.Attribute):
        if node.attr in _DUNDERS or (node.attr == "__dict__" and names.meanings(node.value) & sys.stdlib_module_names):
            yield finding(6, node, f"Python's own internals are reached for ({node.attr}).")
    for constant in trees.added(ast.Constant):
        if isinstance(constant.value, str) and constant.value in _DUNDERS:
            yield finding(6, constant, f"Python's own internals are reached for ({constant.value}).")
        if _is_encoded(constant.value):
            yield finding(33, constant, "A text that looks encoded.")
    for call in trees.added(ast.Call):
        called = names.meanings(call.func)
        if called & {"getattr", "operator.attrgetter", "operator.methodcaller"} and call.args:
            wanted = call.args[1] if "getattr" in called and len(call.args) > 1 else call.args[0]
            text = names.text(wanted)
            if text in _DUNDERS or (text is None and isinstance(wanted, (ast.BinOp, ast.Call)) and "getattr" in called):
                yield finding(6, call, "An attribute is looked up by a name that is put together.")
        if called & {"vars", "locals", "dir"} and not call.args:
            yield finding(6, call, "All names in scope are looked at.")
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("format", "format_map"):
            if isinstance(call.func.value, ast.Name) and names.is_parameter(call.func.value.id):
                yield finding(6, call, "A text from elsewhere is taken as a format, which can read attributes.")
        yield from _encoded(trees.after, call, called)
    for part in trees.added(ast.Subscript):
        if isinstance(part.slice, ast.Slice) and isinstance(part.slice.step, ast.UnaryOp) and names.text(part.value):
            yield finding(33, part, "A text is written backwards.")


def _encoded(side: Side, node: ast.Call, called: set[str]) -> Iterator[Finding]:
    decoding = {name for name in called if re.fullmatch(r"base64\.\w*decode\w*|(bytes|bytearray)\.fromhex", name)}
    if decoding and node.args and side.names.text(node.args[0]) is not None:
        yield finding(33, node, "A text that is encoded in the source.")
    if called & {"chr", "bytes", "bytearray"} and node.args:
        inside = list(ast.walk(node.args[0]))
        numbers = [n for n in inside if isinstance(n, ast.Constant) and type(n.value) is int]
        if any(isinstance(n, ast.BitXor) for n in inside) or (
            numbers and ("chr" in called or isinstance(node.args[0], (ast.List, ast.Tuple)))
        ):
            yield finding(33, node, "A text is put together from numbers.")
    if isinstance(node.func, ast.Attribute) and node.func.attr == "join" and node.args:
        if any(side.names.meanings(n) & {"chr"} for n in ast.walk(node.args[0]) if isinstance(n, ast.Name)):
            yield finding(33, node, "A text is put together from numbers.")


def _is_encoded(value: object) -> bool:
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    if not isinstance(text, str) or len(text) < 48 or " " in text:
        return False
    if re.fullmatch(r"[0-9a-fA-F]+", text):
        return True
    kinds = (any(map(str.islower, text)), any(map(str.isupper, text)), any(map(str.isdigit, text)))
    return bool(re.fullmatch(r"[A-Za-z0-9+/_=-]+", text)) and all(kinds)
