"""How a repository's tests are written: quotes, indentation, names of answers, hints, docstrings, blank lines."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass

from healer.stages.regression.literals import Page
from healer.stages.regression.suite import tests_in
from healer.syntax.project import Function, Module

_ASYNC_MARK = re.compile(r"(?:pytest\.)?mark\.(?:asyncio|anyio|trio)\b")
_WIDTHS = (88, 100, 120)


@dataclass(frozen=True)
class Habits:
    page: Page
    answer: str = "response"  # the name that answers are given
    json: str = ".json()"  # how the JSON of an answer is read
    inline: bool = False  # a status is asserted on the call itself
    hints: bool = False
    docstrings: bool = False
    camel: bool = False  # testLikeThis
    blank_lines: int = 2  # between functions
    marks: tuple[str, ...] = ()  # decorators that an async test needs


def of(module: Module, test: Function | None, kind: str) -> Habits:
    """Of a test file, and of the test in it that is followed."""
    text = module.source
    tests = tests_in(module)
    answers = Counter(_answers(module))
    json = Counter(re.findall(r"\.get_json\(\)|\.json\b(?!\()", text)) if kind == "flask" else Counter[str]()
    inline = len(re.findall(r"assert\s+(?:await\s+)?[\w.]+\.\w+\(.*\)\.status_code\b", text))
    asked = len(re.findall(r"\bstatus_code\b", text))
    names = [function.name for function in tests]
    return Habits(
        Page(quote_of(text), _unit(module, test), _width(text)),
        answers.most_common(1)[0][0] if answers else "response",
        json.most_common(1)[0][0] if json else ".get_json()" if kind == "flask" else ".json()",
        inline * 2 > asked,
        test is not None and test.node.returns is not None,
        2 * sum(bool(function.docstring) for function in tests) > len(tests),
        2 * sum(bool(re.match(r"test[A-Z]", name)) for name in names) > len(names),
        _blank_lines(module, test),
        _marks(module, test),
    )


def quote_of(text: str) -> str:
    plain = text.replace('"""', "").replace("'''", "")
    return "'" if plain.count("'") > plain.count('"') else '"'


def _width(text: str) -> int:
    longest = max((len(line) for line in text.split("\n")), default=0)
    return next((width for width in _WIDTHS if longest <= width), _WIDTHS[-1])


def _unit(module: Module, test: Function | None) -> str:
    function = test or next(iter(module.functions), None)
    if function is None or function.node.body[0].lineno == function.node.lineno:
        return "    "
    node = function.node
    line = module.source.split("\n")[node.body[0].lineno - 1]
    return line[node.col_offset : node.body[0].col_offset] or "    "


def _answers(module: Module) -> list[str]:
    """Names that hold what a client answered: those whose status is looked at."""
    return [
        node.value.id
        for node in module.nodes
        if isinstance(node, ast.Attribute) and node.attr == "status_code" and isinstance(node.value, ast.Name)
    ]


def _blank_lines(module: Module, test: Function | None) -> int:
    """Above the functions beside the test."""
    lines = module.source.split("\n")
    beside = [f for f in tests_in(module) if test is None or f.owner is test.owner]
    found = Counter[int]()
    for function in beside[1:]:
        first = min([function.node.lineno, *(d.lineno for d in function.node.decorator_list)])
        above = 0
        while first - 2 - above >= 0 and not lines[first - 2 - above].strip():
            above += 1
        found[above] += 1
    usual = 1 if test is not None and test.owner is not None else 2
    return found.most_common(1)[0][0] if found else usual


def _marks(module: Module, test: Function | None) -> tuple[str, ...]:
    if test is None or not isinstance(test.node, ast.AsyncFunctionDef):
        return ()
    texts = [module.text(decorator) for decorator in test.node.decorator_list]
    return tuple(text for text in texts if _ASYNC_MARK.search(text))
