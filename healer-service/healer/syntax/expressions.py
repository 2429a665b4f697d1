"""Expressions as parts of what stands around them: where they end, when they run, and names for them in new code.

It changes nothing.
"""

from __future__ import annotations

import ast

from healer.syntax.nouns import LOOK_UPS, noun_of, singular
from healer.syntax.project import Function, Module


def in_lazy_part(module: Module, node: ast.AST) -> bool:
    """Inside a comprehension, a lambda, a loop's head or a branch of an expression, where evaluating once before is
    something else.
    """
    lazy = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)
    inner = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, ast.While) or is_branch(ancestor, inner):
            return True
        if isinstance(ancestor, lazy):
            first = getattr(ancestor, "generators", None)
            if not first or not any(n is node for n in ast.walk(first[0].iter)):
                return True
        if isinstance(ancestor, ast.stmt):
            return False
        inner = ancestor
    return False


def is_branch(whole: ast.AST, part: ast.AST) -> bool:
    """A part of `x if … else y`, `… and x` or `… or x` that is evaluated only when the rest asks for it."""
    if isinstance(whole, ast.IfExp):
        return part is not whole.test
    return isinstance(whole, ast.BoolOp) and part is not whole.values[0]


def condition_of(module: Module, node: ast.AST) -> str:
    """What must hold for the expression to be evaluated in its statement, as source that stands before ` and `; ""
    for one that always is.
    """
    found: list[str] = []
    inner = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, ast.stmt):
            break
        if isinstance(ancestor, ast.IfExp) and inner is not ancestor.test:
            test = _operand(module, ancestor.test)
            found.append(test if inner is ancestor.body else f"not ({module.text(ancestor.test)})")
        elif isinstance(ancestor, ast.BoolOp) and isinstance(ancestor.op, ast.And) and inner in ancestor.values:
            found += [_operand(module, v) for v in reversed(ancestor.values[: ancestor.values.index(inner)])]
        inner = ancestor
    return " and ".join(reversed(found))


def _operand(module: Module, node: ast.expr) -> str:
    """As one side of an `and`."""
    loose = isinstance(node, (ast.BoolOp, ast.IfExp, ast.NamedExpr, ast.Lambda))
    return f"({module.text(node)})" if loose else module.text(node)


_CONVERSIONS = ("int", "float", "str", "Decimal", "bool", "UUID", "fromisoformat")


def _key_of(node: ast.expr) -> str:
    """The name under which a value is read: of `params["page"]` and `args.get("page")` page."""
    key: ast.expr | None = node.slice if isinstance(node, ast.Subscript) else None
    if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).endswith(".get"):
        key = node.args[0]
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def fresh_name(value: ast.expr, function: Function) -> str:
    module = function.module
    taken = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)} | {a.arg for a in function.params}
    taken |= {*module.imports, *module.classes, *module.constants, *(f.name for f in module.functions)}
    inner = value.value if isinstance(value, ast.Await) else value
    word = "value"
    if isinstance(inner, ast.Call):
        last = ast.unparse(inner.func).rpartition(".")[2]
        constant = next((a.value for a in inner.args if isinstance(a, ast.Constant) and isinstance(a.value, str)), "")
        if last in ("split", "rsplit", "partition"):
            word = "parts"
        elif last in ("match", "search", "fullmatch"):
            word = "match"
        elif last in ("get", "pop") and constant.isidentifier():
            word = constant
        elif last in ("get_json", "json"):
            word = "payload"
        elif last in LOOK_UPS:
            word = noun_of(inner).replace(" ", "_")
        elif last in _CONVERSIONS and len(inner.args) == 1 and (key := _key_of(inner.args[0])):
            word = key
        elif last not in ("get", "pop", "next", "first", "one_or_none", "scalar", "fetchone"):
            word = singular(last).replace(" ", "_")
        elif isinstance(inner.func, ast.Attribute) and isinstance(inner.func.value, (ast.Name, ast.Attribute)):
            word = singular(ast.unparse(inner.func.value).rpartition(".")[2]).replace(" ", "_")
        elif inner.args and isinstance(inner.args[0], ast.Name):
            word = singular(inner.args[0].id).replace(" ", "_")
    elif isinstance(inner, ast.Attribute):
        word = inner.attr
    elif isinstance(inner, ast.ListComp):
        word = f"{noun_of(inner.generators[0].iter)}s".replace(" ", "_")
    word = word if word.isidentifier() else "value"
    return next(
        n for n in (word, f"found_{word}", f"{word}_value", *(f"{word}_{i}" for i in range(2, 99))) if n not in taken
    )


def wrap(module: Module, node: ast.expr, code: str) -> str:
    """Parentheses around an expression of low precedence where its parent would tear it apart."""
    parent = module.parents.get(node)
    loose = (ast.BinOp, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Attribute, ast.Starred, ast.Await, ast.IfExp)
    tight = isinstance(parent, loose) or (isinstance(parent, ast.Subscript) and parent.value is node)
    tight = tight or (isinstance(parent, ast.Call) and parent.func is node)
    tight = tight or isinstance(parent, ast.comprehension)
    return f"({code})" if tight else code


def whole_of(module: Module, node: ast.expr) -> ast.expr:
    """The chain that an expression begins: of `a.b` in `a.b.c().d` all of it."""
    current = node
    while True:
        parent = module.parents.get(current)
        if (isinstance(parent, (ast.Attribute, ast.Subscript)) and parent.value is current) or (
            isinstance(parent, ast.Call) and parent.func is current
        ):
            current = parent
        else:
            return current
