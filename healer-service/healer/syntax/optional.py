"""What a client may leave out: parameters and fields that the schema gives the default None. It reads text only."""

from __future__ import annotations

import ast

from healer.syntax.bindings import Definition, default_of
from healer.syntax.project import Function, Module
from healer.syntax.routes import route_path
from healer.syntax.situation import Situation


def declared_optional(s: Situation, made: Definition) -> bool:
    """Whether the value is a parameter or field of the request that is declared to be None when it is not given."""
    value, function = made.value, made.function
    if function is None:
        return False
    params = {arg.arg: arg for arg in function.params}
    if isinstance(value, ast.Name) and value.id in params:
        if route_path(function) is None:
            return False
        default = default_of(function, value.id)
        return default is not None and _is_none(default) and "Depends" not in ast.unparse(default)
    if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name) and value.value.id in params:
        annotation = params[value.value.id].annotation
        if annotation is None or not any(o.kind == "body" for o in s.tracer.origins(value, made.module, function)):
            return False
        return _field_is_optional(s, made.module, annotation, value.attr)
    return False


def _is_none(default: ast.expr) -> bool:
    if isinstance(default, ast.Call):
        given = [*default.args[:1], *(k.value for k in default.keywords if k.arg == "default")]
        return bool(given) and all(_is_none(one) for one in given)
    return isinstance(default, ast.Constant) and default.value is None


def _field_is_optional(s: Situation, module: Module, annotation: ast.expr, name: str) -> bool:
    found = s.project.find_class(module, annotation)
    while found is not None:
        owner, node = found
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == name:
                return statement.value is not None and _is_none(statement.value)
        found = next((f for b in node.bases if (f := s.project.find_class(owner, b)) and f[1] is not node), None)
    return False


def may_answer_none(s: Situation, module: Module, node: ast.expr) -> bool:
    """Whether what is answered there is declared to be None at times: a field of a model, a function's answer."""
    parent = module.parents.get(node)
    function = module.function_of(node)
    if isinstance(parent, ast.Return) and function is not None:
        if function.node.returns is not None or not s.callers(function):
            return _allows_none(function.node.returns)
        return all(_handed_on(s, other, call) for other, call in s.callers(function))
    if isinstance(parent, ast.keyword) and parent.arg:
        call = module.parents.get(parent)
        return isinstance(call, ast.Call) and _field_allows_none(s, module, call.func, parent.arg)
    if isinstance(parent, ast.Dict) and node in parent.values and function is not None:
        key = parent.keys[parent.values.index(node)]
        model = _response_model(function)
        if model is None or not isinstance(key, ast.Constant):
            return False
        return isinstance(key.value, str) and _field_allows_none(s, module, model, key.value)
    return False


def _handed_on(s: Situation, module: Module, call: ast.Call) -> bool:
    """Whether what a call gives goes as it is into a field that may be None."""
    return not isinstance(module.parents.get(call), ast.Return) and may_answer_none(s, module, call)


def _response_model(function: Function) -> ast.expr | None:
    """Of `response_model=State`, `-> State` and `-> list[State]` the class."""
    declared = [
        k.value
        for d in function.node.decorator_list
        if isinstance(d, ast.Call)
        for k in d.keywords
        if k.arg == "response_model"
    ]
    model = next(iter(declared), function.node.returns)
    return model.slice if isinstance(model, ast.Subscript) and ast.unparse(model.value).lower() == "list" else model


def _field_allows_none(s: Situation, module: Module, model: ast.expr, name: str) -> bool:
    found = s.project.find_class(module, model)
    body = found[1].body if found is not None else []
    return any(
        isinstance(n, ast.AnnAssign) and ast.unparse(n.target) == name and _allows_none(n.annotation) for n in body
    )


def _allows_none(annotation: ast.expr | None) -> bool:
    if annotation is None:
        return False
    text = ast.unparse(annotation).strip("'\"")
    return text.rpartition("typing.")[2].startswith("Optional[") or text.endswith("| None") or text.startswith("None |")
