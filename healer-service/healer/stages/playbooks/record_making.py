"""Records that one place makes with fewer keys than another: completed where they are made, or read with a default."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Replace
from healer.syntax.project import Module, same
from healer.syntax.situation import Situation

_HOLDING = ("append", "appendleft", "add", "insert", "setdefault")


def in_the_making(s: Situation, expression: ast.expr, key: ast.Constant) -> Iterator[Draft]:
    """The key as the other maker of such records writes it, for the maker that forgot it and for the reader."""
    makers = list(_makers(s))
    # What a record of a table holds is its own; what a function writes into every record it makes is the default.
    with_key = [one for one in makers if _value_of(one[2], key) is not None and one[0].function_of(one[2]) is not None]
    for module, held, made in makers:
        like = next((m for m in with_key if same(m[1], held) and _alike(m[2], made)), None)
        if like is None or _value_of(made, key) is not None or None in made.keys:
            continue
        value = _value_of(like[2], key)
        code = _nothing(value) or _field_default(s, like[0], value) if value is not None else ""
        if not code:
            continue
        text = module.text(made)
        if "\n" not in text and s.project.constant(module, ast.unparse(held)) != (module, module.parents.get(made)):
            inner = text[1:-1].strip().rstrip(",")
            edits = ((module, Replace(made, f"{{{inner}, {s.module.text(key)}: {code}}}")),)
            summary = f"Give {key.value!s} to every record that is made"
            yield Draft(summary, edits, Answer.NATURAL_VALUE, 0.93 if len(_readers(s, key)) > 1 else 0.9)
        if isinstance(expression, ast.Subscript) and isinstance(expression.ctx, ast.Load):
            read = f"{s.module.text(expression.value)}.get({s.module.text(key)}, {code})"
            edits = ((s.module, Replace(expression, read)),)
            yield Draft(f"Take {code} where {key.value!s} is missing", edits, Answer.NATURAL_VALUE, 0.91)
        return


def _makers(s: Situation) -> Iterator[tuple[Module, ast.expr, ast.Dict]]:
    """Dicts that are put into a collection, and which one."""
    for module in s.project.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
                if isinstance(node.value, ast.Dict):
                    yield module, node.targets[0].value, node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                if node.func.attr in _HOLDING and isinstance(node.args[-1], ast.Dict):
                    yield module, node.func.value, node.args[-1]

    for module in s.project.modules.values():
        for name, value in module.constants.items():
            records = value.values if isinstance(value, ast.Dict) else value.elts if isinstance(value, ast.List) else []
            yield from ((module, ast.Name(name), record) for record in records if isinstance(record, ast.Dict))


def _value_of(made: ast.Dict, key: ast.Constant) -> ast.expr | None:
    return next((v for k, v in zip(made.keys, made.values, strict=True) if same(k, key)), None)


def _alike(one: ast.Dict, other: ast.Dict) -> bool:
    """Records of the same kind share most of their keys."""
    mine, theirs = ({ast.unparse(k) for k in made.keys if k is not None} for made in (one, other))
    return len(mine & theirs) * 2 >= len(theirs) > 0


def _nothing(value: ast.expr) -> str:
    """What the other maker writes when it has nothing to write: a constant, an empty collection, its own default."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "get":
        return _nothing(value.args[1]) if len(value.args) == 2 else "None"
    if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or):
        return _nothing(value.values[-1])
    if isinstance(value, ast.IfExp):
        return _nothing(value.orelse)
    if isinstance(value, ast.Constant):
        return ast.unparse(value).replace("'", '"')
    if isinstance(value, (ast.List, ast.Tuple, ast.Dict)):
        bare = not value.keys if isinstance(value, ast.Dict) else not value.elts
        return ast.unparse(value) if bare else ""
    return ast.unparse(value) if ast.unparse(value) in ("set()", "dict()", "list()") else ""


def _field_default(s: Situation, module: Module, value: ast.expr) -> str:
    """The default that the body's class gives the field: of `tags: list[str] = []` the empty list."""
    function = module.function_of(value)
    if function is None or not isinstance(value, ast.Attribute):
        return ""
    annotation = next((a.annotation for a in function.params if a.arg == ast.unparse(value.value)), None)
    found = s.project.find_class(module, annotation) if annotation is not None else None
    for part in found[1].body if found is not None else ():
        if isinstance(part, ast.AnnAssign) and ast.unparse(part.target) == value.attr and part.value is not None:
            return _nothing(part.value)
    return ""


def _readers(s: Situation, key: ast.Constant) -> list[ast.Subscript]:
    return [
        node
        for module in s.project.modules.values()
        for node in module.nodes
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and same(node.slice, key)
    ]
