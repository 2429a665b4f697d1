"""Rule 14 by name: what a settings module or a function of it gives, answered as a whole instead of one value of it.

What is read of the environment itself is followed in leaks.py.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.stages.guardrails.rules import words
from healer.stages.guardrails.trees import Side

_HOLDS = r"settings|config|configuration|conf|cfg|environment|environ|env|env_vars|secrets|credentials"
_NAME = re.compile(rf"(\w+\.)*_?({_HOLDS})", re.IGNORECASE)
_MAKER = re.compile(
    rf"(\w+\.)*_?((get|load|read|all|full|whole|current|dump|as)_)*({_HOLDS})(_(dict|values|all|vars|json))?",
    re.IGNORECASE,
)
_OF_MODULE = re.compile(
    rf"(\w+\.)*_?({_HOLDS})\.(load|read|all|everything|values|items|dict|json|copy|dump|export|snapshot|as_dict|to_dict"
    r"|asdict|_asdict|model_dump|model_dump_json|current|raw|get_all|load_all|read_all)",
    re.IGNORECASE,
)
_AS_IT_IS = words(
    "dict str repr vars asdict list sorted copy deepcopy jsonify dumps JSONResponse Response make_response"
)
_MOST = 8  # values of one name that are followed
_SAME = words("items values copy dict json model_dump _asdict")


def whole_settings(side: Side, value: ast.expr, depth: int = 3) -> Iterator[ast.expr]:
    """The parts of an answer that are settings as a whole. One value of them, by attribute or key, is none."""
    if isinstance(value, ast.Dict):
        yield from (one for part in value.values for one in whole_settings(side, part, depth))
    elif isinstance(value, (ast.List, ast.Tuple, ast.Set)):
        yield from (one for part in value.elts for one in whole_settings(side, part, depth))
    elif isinstance(value, (ast.Starred, ast.Await, ast.FormattedValue)):
        yield from whole_settings(side, value.value, depth)
    elif isinstance(value, (ast.JoinedStr, ast.BoolOp)):
        yield from (one for part in value.values for one in whole_settings(side, part, depth))
    elif isinstance(value, ast.BinOp):
        yield from whole_settings(side, value.left, depth)
        yield from whole_settings(side, value.right, depth)
    elif isinstance(value, ast.IfExp):
        yield from whole_settings(side, value.body, depth)
        yield from whole_settings(side, value.orelse, depth)
    elif isinstance(value, ast.DictComp) and not value.generators[0].ifs:
        yield from whole_settings(side, value.generators[0].iter, depth)
    elif isinstance(value, ast.Call):
        yield from _of_call(side, value, depth)
    elif isinstance(value, ast.Attribute):
        if value.attr == "__dict__":
            yield from whole_settings(side, value.value, depth)
        elif _NAME.fullmatch(ast.unparse(value)) and _is_of_service(side, value):
            yield value
    elif isinstance(value, ast.Name):
        yield from _of_name(side, value, depth)


def _of_call(side: Side, call: ast.Call, depth: int) -> Iterator[ast.expr]:
    name = ast.unparse(call.func)
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if name.rpartition(".")[2] in _AS_IT_IS and given:
        yield from (one for part in given for one in whole_settings(side, part, depth))
    elif isinstance(call.func, ast.Attribute) and call.func.attr in _SAME:
        yield from whole_settings(side, call.func.value, depth)
    elif not given and isinstance(call.func, ast.Name) and _answered(side, call):
        yield call
    elif not given and (_MAKER.fullmatch(name) or _OF_MODULE.fullmatch(name)) and _is_of_service(side, call.func):
        yield call  # what is given something, `settings.of(user)`, is about that


def _answered(side: Side, call: ast.Call) -> bool:
    """Whether a function of the module, by whatever name, answers them. Its own helpers are not followed."""
    function = side.functions.get(ast.unparse(call.func))
    answers = [n.value for n in ast.walk(function) if isinstance(n, ast.Return)] if function is not None else []
    plain = [a for a in answers if a is not None and not any(_is_helper(side, n) for n in ast.walk(a))]
    return any(True for answer in plain for _ in whole_settings(side, answer))


def _is_helper(side: Side, node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in side.functions


def _of_name(side: Side, name: ast.Name, depth: int) -> Iterator[ast.expr]:
    given = side.given_in(side.function_of(name), name.id)
    if given:
        yield from (one for value in given[:_MOST] if depth for one in whole_settings(side, value, depth - 1))
    elif _NAME.fullmatch(name.id) and _is_of_service(side, name):
        yield name


def _is_of_service(side: Side, node: ast.expr) -> bool:
    """Imported or of the module, and no parameter: those are somebody's settings, not the service's."""
    root = node
    while isinstance(root, (ast.Attribute, ast.Subscript, ast.Call)):
        root = root.func if isinstance(root, ast.Call) else root.value
    if not isinstance(root, ast.Name) or root.id in ("self", "cls"):
        return False
    function = side.function_of(node)
    inside = list(ast.walk(function)) if function is not None else []
    local = {n.arg for n in inside if isinstance(n, ast.arg)}
    local |= {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return root.id not in local
