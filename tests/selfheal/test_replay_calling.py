"""Calls of one function of a tree, with arguments as a report shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.selfheal.running_sandbox import RunningSandbox

PRICES = """
import functools
from decimal import Decimal

def logged(function):
    @functools.wraps(function)
    def wrapper(*values, **named):
        return "wrapped"
    return wrapper

def total(prices, *more, rate=1, **named):
    return sum(prices) / len(prices) * rate, more, named

@logged
def kind(value, /, shown=None):
    return type(value).__name__, value

async def later(n):
    return n * 2

def count():
    n = 0
    while True:
        yield (n := n + 1)

async def drip(n):
    for item in range(n):
        yield item

def stop():
    raise SystemExit("enough")

class Cart:
    rate = 3

    def total(self, extra):
        return self["sum"] + extra

    @classmethod
    def made(cls, n):
        return cls.__name__, n

    @staticmethod
    def half(n):
        return n / 2

    @property
    def size(self):
        return 1
"""
MODELS = """
import enum, os
from dataclasses import dataclass, field
from typing import NamedTuple

class Colour(enum.Enum):
    RED = "red"

class Point(NamedTuple):
    x: int
    y: int

@dataclass(frozen=True)
class Line:
    colour: Colour
    points: tuple = ()
    length: int = field(init=False, default=0)

    def __post_init__(self):
        if not isinstance(self.colour, Colour):
            raise ValueError("no colour")

    def end(self):
        return self.points[-1], self.length

class Plain:
    def __init__(self, x):
        os.write(2, b"called")
"""
FILES = {
    "shop/__init__.py": "",
    "shop/prices.py": PRICES,
    "shop/broken.py": "import nowhere",
    "notes.txt": "",
    "src/lib/models.py": MODELS,
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with RunningSandbox("--no-frameworks") as running:
        yield running


def call(sandbox: RunningSandbox, function: str, file: str = "shop/prices.py", **arguments: str) -> Any:
    job = {"kind": "call", "file": file, "function": function, "arguments": arguments}
    answer = sandbox.ask(job, FILES)
    assert answer["status"] == "ok", answer
    return answer["result"]


@pytest.mark.parametrize(
    ("function", "arguments", "value"),
    [
        ("total", {"prices": "[1, 2, 3]"}, "(2.0, (), {})"),
        ("total", {"prices": "[2]", "more": "(5, 6)", "rate": "-2", "named": "{'a': 1}"}, "(-4.0, (5, 6), {'a': 1})"),
        ("kind", {"value": "Decimal('1.50')"}, "('Decimal', Decimal('1.50'))"),
        ("kind", {"value": "datetime.timedelta(days=2)"}, "('timedelta', datetime.timedelta(days=2))"),
        (
            "kind",
            {"value": "{'at': [datetime.datetime(2024, 2, 29, 1, 2, tzinfo=datetime.timezone.utc), (None,)]}"},
            "('dict', {'at': [datetime.datetime(2024, 2, 29, 1, 2, tzinfo=datetime.timezone.utc), (None,)]})",
        ),
        (
            "kind",
            {"value": "UUID('12345678-1234-5678-1234-567812345678')", "shown": "datetime.date(2024, 1, 1)"},
            "('UUID', UUID('12345678-1234-5678-1234-567812345678'))",
        ),
        (
            "kind",
            {"value": "[PosixPath('a'), time(1, 2, 3, 4), frozenset({1}), set(), Counter({'a': -inf})]"},
            "('list', [PosixPath('a'), datetime.time(1, 2, 3, 4), frozenset({1}), set(), Counter({'a': -inf})])",
        ),
        (
            "kind",
            {"value": "lib.models.Line(colour=lib.models.Colour.RED, points=(lib.models.Point(x=1, y=2),), length=3)"},
            "('Line', Line(colour=<Colour.RED: 'red'>, points=(Point(x=1, y=2),), length=3))",
        ),
        ("later", {"n": "21"}, "42"),
        ("drip", {"n": "2000"}, f"[{', '.join(map(str, range(25)))}, <975 more>]"),
        ("count", {}, f"[{', '.join(map(str, range(1, 26)))}, <975 more>]"),
        ("Cart.made", {"n": "{1}"}, "('Cart', {1})"),
        ("Cart.half", {"n": "3"}, "1.5"),
        ("Cart.total", {"self": "{'sum': 2}", "extra": "1"}, "3"),
    ],
)
def test_what_a_function_returns(sandbox: RunningSandbox, function: str, arguments: dict[str, str], value: str) -> None:
    result = call(sandbox, function, **arguments)
    assert result["problem"] == ""
    exchange = result["exchanges"][0]
    assert (exchange["status"], exchange["exception"], exchange["frames"]) == (None, None, [])
    assert exchange["value"] == value


def test_a_crash_is_described_as_that_of_a_request(sandbox: RunningSandbox) -> None:
    (exchange,) = call(sandbox, "total", prices="[]")["exchanges"]
    assert (exchange["status"], exchange["value"], exchange["exception"]["type"]) == (None, None, "ZeroDivisionError")
    (frame,) = exchange["frames"]
    assert (frame["file"], frame["function"], frame["in_app"]) == ("shop/prices.py", "total", True)
    assert (frame["source"], frame["locals"]["prices"]) == (
        "return sum(prices) / len(prices) * rate, more, named",
        "[]",
    )
    (exchange,) = call(sandbox, "stop")["exchanges"]
    assert (exchange["exception"]["type"], exchange["exception"]["message"]) == ("SystemExit", "enough")


@pytest.mark.parametrize(
    ("function", "file", "arguments", "problem"),
    [
        ("total", "shop/missing.py", {}, "shop/missing.py is no module of the tree"),
        ("total", "notes.txt", {}, "notes.txt is no module of the tree"),
        ("total", "shop/broken.py", {}, "import: ModuleNotFoundError: No module named 'nowhere' (shop/broken.py:1)"),
        ("sum", "shop/prices.py", {}, "shop.prices has no sum"),
        ("total.<locals>.inner", "shop/prices.py", {}, "shop.prices has no total.<locals>.inner"),
        ("Cart", "shop/prices.py", {}, "Cart in shop.prices is no function"),
        ("Cart.size", "shop/prices.py", {}, "Cart.size in shop.prices is no function"),
        ("Cart.total", "shop/prices.py", {"extra": "1"}, "Cart.total is a method, and self is not given"),
        ("later", "shop/prices.py", {}, "later needs the argument n, which is not given"),
        ("later", "shop/prices.py", {"n": "1", "m": "2"}, "later takes no argument m"),
        ("total", "shop/prices.py", {"prices": "[]", "more": "1"}, "the argument more must be a list"),
        ("total", "shop/prices.py", {"prices": "[]", "named": "{1: 2}"}, "the argument named must be a dict of names"),
        ("later", "shop/prices.py", {"n": "<Order>"}, "the argument n cannot be read: '<Order>' is no Python literal"),
        ("later", "shop/prices.py", {"n": "[open('x')]"}, "the argument n cannot be read"),
        ("later", "shop/prices.py", {"n": "Decimal(**{'value': 1})"}, "the argument n cannot be read"),
        ("later", "shop/prices.py", {"n": "(" * 100_000}, "the argument n cannot be read"),
        ("later", "shop/prices.py", {"n": "ZoneInfo('No/Where')"}, "the argument n cannot be read: ZoneInfo does not"),
        ("later", "shop/prices.py", {"n": "os.system('id')"}, "the argument n cannot be read: os.system is no record"),
        ("later", "shop/prices.py", {"n": "lib.models.Plain(x=1)"}, "the argument n cannot be read: lib.models.Plain"),
        ("later", "shop/prices.py", {"n": "lib.models.os.sep"}, "the argument n cannot be read: lib.models.os.sep is"),
        (
            "later",
            "shop/prices.py",
            {"n": "lib.models.Line(colour=1)"},
            "the argument n cannot be read: lib.models.Line does not take what is shown of it (ValueError)",
        ),
        ("later", "shop/prices.py", {"n": "shop.broken.Item()"}, "import: ModuleNotFoundError"),
    ],
)
def test_what_keeps_a_function_from_being_called_is_told(
    sandbox: RunningSandbox, function: str, file: str, arguments: dict[str, str], problem: str
) -> None:
    result = call(sandbox, function, file, **arguments)
    assert result["exchanges"] == []
    assert result["problem"].startswith(problem)
    assert len(result["problem"]) < 300


@pytest.mark.parametrize(
    ("files", "file", "value"),
    [
        ({"src/a.py": "from b import X\ndef f(): return X", "src/b.py": "X = 1"}, "src/a.py", "1"),
        (
            {"src/__init__.py": "", "src/a.py": "from src.b import X\ndef f(): return X", "src/b.py": "X = 2"},
            "src/a.py",
            "2",
        ),
        ({"a/__init__.py": "def f(): return __name__"}, "a/__init__.py", "'a'"),
        ({"json.py": "def f(): return __name__"}, "json.py", "'json'"),
    ],
)
def test_a_module_is_imported_as_the_tree_imports_it(
    sandbox: RunningSandbox, files: dict[str, str], file: str, value: str
) -> None:
    answer = sandbox.ask({"kind": "call", "file": file, "function": "f"}, files)
    assert answer["result"]["exchanges"][0]["value"] == value
